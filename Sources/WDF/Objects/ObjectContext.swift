// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers

/// Memory of a driver's own that lives as long as an object, and what the driver wants to be told of the object's end.
@safe final class ObjectContext: @unchecked Sendable {
    let type: PCWDF_OBJECT_CONTEXT_TYPE_INFO?
    /// The driver's bytes, zero at first; nil when only callbacks are wanted.
    // Sound: allocated here behind a head, never moved, freed when the object goes.
    let memory: UnsafeMutableRawPointer?
    let cleanup: ObjectAttributes.Callback?
    let destroy: ObjectAttributes.Callback?

    /// What stands before the bytes: the object's handle, and a sign that this is a context.
    @safe private struct Head {
        // Sound: a token, never followed.
        var handle: UnsafeMutableRawPointer?
        var sign: UInt

        /// The sign of a context whose bytes begin there.
        static func sign(of memory: UnsafeMutableRawPointer) -> UInt {
            UInt(bitPattern: memory) ^ 0x5753_4243_7478_7457
        }
    }
    private static let headSize = 16

    /// More than any driver has; what is larger is a mistake, and not to be had.
    private static let largestSize = 1 << 30

    /// Makes what the attributes want; nil when that is neither memory nor a callback.
    ///
    /// STATUS_INSUFFICIENT_RESOURCES: so much memory is not to be had.
    init?(_ attributes: ObjectAttributes) throws(Refusal) {
        guard (0...ObjectContext.largestSize).contains(attributes.contextSize) else {
            throw Refusal(.insufficientResources)
        }
        guard unsafe attributes.contextType != nil || attributes.cleanup != nil || attributes.destroy != nil else {
            return nil
        }
        unsafe type = unsafe attributes.contextType
        unsafe cleanup = unsafe attributes.cleanup
        unsafe destroy = unsafe attributes.destroy
        guard unsafe type != nil else {
            unsafe memory = nil
            return
        }
        let count = ObjectContext.headSize + max(1, attributes.contextSize)
        let start = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)
        unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        let memory = unsafe start + ObjectContext.headSize
        unsafe start.initializeMemory(as: Head.self, to: Head(handle: nil, sign: Head.sign(of: memory)))
        unsafe self.memory = unsafe memory
    }

    deinit {
        guard let memory = unsafe memory else { return }
        let start = unsafe memory - ObjectContext.headSize
        // What is looked at too late is not to be taken for a context.
        unsafe start.storeBytes(of: 0, toByteOffset: 8, as: UInt.self)
        unsafe start.deallocate()
    }

    /// Notes whose context it is.
    func name(_ handle: UnsafeMutableRawPointer?) {
        unsafe memory?.storeBytes(of: handle, toByteOffset: -ObjectContext.headSize, as: UnsafeMutableRawPointer?.self)
    }

    /// The handle of the object whose context begins at an address; nil when none does.
    static func owner(of memory: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        // Sound as far as the driver's word is: the bytes before a context are its head.
        let head = unsafe (memory - headSize).loadUnaligned(as: Head.self)
        return unsafe head.sign == Head.sign(of: memory) ? head.handle : nil
    }
}
