// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import USBHost
import USBSpecification

/// The descriptors that were asked for, so that the device is asked once.
final class DescriptorCache: @unchecked Sendable {
    struct Key: Hashable {
        var type: UInt8
        var index: UInt8
        var language: UInt16
        var kind: UInt8
        var recipient: UInt8
    }

    private let lock = Lock()
    private var known: [Key: [UInt8]] = [:]

    subscript(key: Key) -> [UInt8]? {
        get { lock.withLock { known[key] } }
        set { lock.withLock { known[key] = newValue } }
    }
}

/// Gives back what a method whose name begins with Copy and ends with Descriptor has returned. Swift code that has let the
/// library read the descriptor needs nothing else.
@unsafe public func IOUSBHostFreeDescriptor(_ descriptor: UnsafeRawPointer?) {
    // Sound: it is one of those, whose memory `copy(_:)` has allocated.
    unsafe descriptor?.deallocate()
}

/// A copy for the caller to free.
private func copy<Descriptor>(_ bytes: [UInt8]?, as type: Descriptor.Type) -> UnsafePointer<Descriptor>? {
    guard let bytes, bytes.count >= 2 else { return nil }
    // A descriptor that is shorter than its type is followed by zeros.
    let size = max(bytes.count, MemoryLayout<Descriptor>.size)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    unsafe bytes.withUnsafeBytes { unsafe memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    return unsafe UnsafePointer(memory.assumingMemoryBound(to: type))
}

extension IOUSBHostDevice {
    /// Copies a descriptor, of those that are known without asking, or as the device gave it the first time it was asked.
    ///
    /// - Parameters:
    ///   - type: bDescriptorType.
    ///   - length: the room in `descriptor`; afterwards the bytes written.
    ///   - index: which of the type.
    ///   - languageID: of strings; 0 otherwise.
    ///   - requestType: of the request: kIOUSBDeviceRequestTypeValueStandard and so on.
    ///   - requestRecipient: of the request: kIOUSBDeviceRequestRecipientValueDevice and so on.
    ///   - descriptor: where the bytes go. Sound as long as there is the room that `length` says.
    /// - Returns: what the request fails with, kUSBHostReturnPipeStalled where the device has no such descriptor;
    ///   kIOReturnNoDevice.
    @unsafe public func CopyDescriptor(
        type: UInt8, length: inout UInt16, index: UInt8, languageID: UInt16, requestType: UInt8,
        requestRecipient: UInt8, descriptor: UnsafeMutablePointer<UInt8>
    ) -> kern_return_t {
        guard !isGone else { return kIOReturnNoDevice }
        let key = DescriptorCache.Key(
            type: type, index: index, language: languageID, kind: requestType, recipient: requestRecipient)
        do throws(USBError) {
            let bytes = try self.descriptor(key)
            let count = min(Int(length), bytes.count)
            for position in 0..<count { unsafe descriptor[position] = bytes[position] }
            length = UInt16(count)
            return kIOReturnSuccess
        } catch {
            return ReturnCode.of(error.kind)
        }
    }

    /// The device's descriptor, for IOUSBHostFreeDescriptor; nil once the device is gone.
    public func CopyDeviceDescriptor() -> UnsafePointer<IOUSBDeviceDescriptor>? {
        unsafe copied(DescriptorCache.Key(type: 1, index: 0, language: 0, kind: 0, recipient: 0))
    }

    /// The descriptors of a configuration by its place, for IOUSBHostFreeDescriptor; nil when there is none.
    public func CopyConfigurationDescriptor(index: UInt8) -> UnsafePointer<IOUSBConfigurationDescriptor>? {
        let configurations = engine.description.configurations
        guard !isGone, Int(index) < configurations.count else { return nil }
        return unsafe copy(configurations[Int(index)].bytes, as: IOUSBConfigurationDescriptor.self)
    }

    /// The descriptors of a configuration by its bConfigurationValue, for IOUSBHostFreeDescriptor; nil when there is none.
    public func CopyConfigurationDescriptorWithValue(
        configurationValue: UInt8
    ) -> UnsafePointer<IOUSBConfigurationDescriptor>? {
        guard !isGone else { return nil }
        let found = engine.description.configurations.first { $0.value == configurationValue }
        return unsafe copy(found?.bytes, as: IOUSBConfigurationDescriptor.self)
    }

    /// The descriptors of the selected configuration, for IOUSBHostFreeDescriptor; nil when the client has no session, or
    /// the device no configuration.
    public func CopyConfigurationDescriptor(forClient: IOService) -> UnsafePointer<IOUSBConfigurationDescriptor>? {
        guard refusal(to: forClient) == nil else { return nil }
        return unsafe copy(engine.configuration?.bytes, as: IOUSBConfigurationDescriptor.self)
    }

    /// The device's binary object store, for IOUSBHostFreeDescriptor; nil when it has none.
    public func CopyCapabilityDescriptors() -> UnsafePointer<IOUSBBOSDescriptor>? {
        unsafe copied(DescriptorCache.Key(type: 15, index: 0, language: 0, kind: 0, recipient: 0))
    }

    /// A string descriptor, for IOUSBHostFreeDescriptor; nil when there is none.
    public func CopyStringDescriptor(
        index: UInt8, languageID: UInt16 = UInt16(kIOUSBLanguageIDEnglishUS)
    ) -> UnsafePointer<IOUSBStringDescriptor>? {
        unsafe copied(DescriptorCache.Key(type: 3, index: index, language: languageID, kind: 0, recipient: 0))
    }

    private func copied<Descriptor>(_ key: DescriptorCache.Key) -> UnsafePointer<Descriptor>? {
        guard !isGone, let bytes = try? descriptor(key) else { return nil }
        return unsafe copy(bytes, as: Descriptor.self)
    }

    /// The bytes of a descriptor: what is known, or what the device says.
    private func descriptor(_ key: DescriptorCache.Key) throws(USBError) -> [UInt8] {
        if key.kind == 0, key.recipient == 0 {
            if key.type == 1 {
                var bytes: [UInt8] = []
                engine.description.descriptor.encode(into: &bytes)
                return bytes
            }
            let configurations = engine.description.configurations
            if key.type == 2, Int(key.index) < configurations.count { return configurations[Int(key.index)].bytes }
        }
        if let known = descriptors[key] { return known }
        var bytes = try read(key, count: key.type == 15 ? 5 : 255)
        // Configurations and object stores say how long they are with what follows them.
        if [2, 7, 15].contains(key.type), bytes.count >= 4 {
            let total = Int(bytes[2]) | Int(bytes[3]) << 8
            if total > bytes.count { bytes = try read(key, count: total) }
        }
        descriptors[key] = bytes
        return bytes
    }

    private func read(_ key: DescriptorCache.Key, count: Int) throws(USBError) -> [UInt8] {
        let type: UInt8 = 0x80 | (key.kind & 3) << 5 | key.recipient & 0x1F
        return try engine.blocking.read(
            SetupPacket(
                requestType: RequestType(rawValue: type), request: 6, value: UInt16(key.type) << 8 | UInt16(key.index),
                index: key.language, length: UInt16(count)))
    }
}

extension IOUSBHostInterface {
    /// The descriptors of the configuration that the interface belongs to, for IOUSBHostFreeDescriptor; nil once it is
    /// gone.
    public func CopyConfigurationDescriptor() -> UnsafePointer<IOUSBConfigurationDescriptor>? {
        guard refusal != kIOReturnNoDevice else { return nil }
        return unsafe copy(configuration?.bytes, as: IOUSBConfigurationDescriptor.self)
    }

    /// The interface's descriptor in its selected setting, inside a copy of its configuration that the caller has; nil when
    /// it is not there.
    @unsafe public func GetInterfaceDescriptor(
        configurationDescriptor: UnsafePointer<IOUSBConfigurationDescriptor>?
    ) -> UnsafePointer<IOUSBInterfaceDescriptor>? {
        let setting = alternateSetting
        var next = unsafe IOUSBGetNextInterfaceDescriptor(configurationDescriptor, nil)
        // Sound: the walk stays within the configuration's own length.
        while let found = unsafe next {
            if unsafe found.pointee.bInterfaceNumber == layout.number, unsafe found.pointee.bAlternateSetting == setting
            {
                return unsafe found
            }
            let header = unsafe UnsafeRawPointer(found).assumingMemoryBound(to: IOUSBDescriptorHeader.self)
            unsafe next = IOUSBGetNextInterfaceDescriptor(configurationDescriptor, header)
        }
        return nil
    }

    /// A string descriptor, for IOUSBHostFreeDescriptor; nil when there is none.
    public func CopyStringDescriptor(
        index: UInt8, languageID: UInt16 = UInt16(kIOUSBLanguageIDEnglishUS)
    ) -> UnsafePointer<IOUSBStringDescriptor>? {
        unsafe device.CopyStringDescriptor(index: index, languageID: languageID)
    }
}
