// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import USBHost

/// Memory that transfers move data from or to, or that holds a frame list (DriverKit: IOMemoryDescriptor).
///
/// A call that uses it keeps it until its completion has returned: a buffer outlives its transfer, whatever the caller
/// lets go of. While a transfer is under way its bytes belong to the bus.
@safe public class IOMemoryDescriptor: OSObject, @unchecked Sendable {
    // Sound: whoever made the descriptor keeps the memory at its address as long as the descriptor is there.
    fileprivate let base: UnsafeMutableRawPointer
    fileprivate let lock = Lock()
    fileprivate var described: Int
    /// What keeps the memory.
    private let owner: AnyObject?

    fileprivate init(base: UnsafeMutableRawPointer, described: Int, owner: AnyObject?) {
        unsafe self.base = unsafe base
        self.described = described
        self.owner = owner
    }

    /// Describes memory of the caller, who keeps it where it is until the descriptor has gone.
    @unsafe public init(borrowing bytes: UnsafeMutableRawBufferPointer) {
        // Memory without bytes is never looked at.
        unsafe base = unsafe bytes.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 16)!
        described = bytes.count
        owner = nil
    }

    /// The bytes that are described, at their fixed place.
    final var bytes: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: base, count: lock.withLock { described })
    }

    /// How many bytes are described.
    public final var length: Int { lock.withLock { described } }

    /// Tells how many bytes are described.
    @discardableResult
    public final func GetLength(length: inout UInt64) -> kern_return_t {
        length = UInt64(self.length)
        return kIOReturnSuccess
    }

    /// Maps the memory into the process, where it is already: `address` and `alignment` are not looked at.
    ///
    /// - Parameters:
    ///   - options: 0.
    ///   - address: 0.
    ///   - offset: where in the described memory the mapping begins.
    ///   - length: its bytes; 0 for all that are left.
    ///   - alignment: 0.
    ///   - map: the mapping, which keeps the memory.
    /// - Returns: kIOReturnBadArgument when there is not so much memory.
    public final func CreateMapping(
        options: UInt64 = 0, address: UInt64 = 0, offset: UInt64 = 0, length: UInt64 = 0, alignment: UInt64 = 0,
        map: inout IOMemoryMap?
    ) -> kern_return_t {
        guard let range = range(offset, length == 0 ? nil : length) else { return kIOReturnBadArgument }
        map = unsafe IOMemoryMap(base + range.lowerBound, range.count, offset: offset, of: self)
        return kIOReturnSuccess
    }

    /// Describes a part of other memory, which it keeps.
    ///
    /// Returns kIOReturnBadArgument when there is not so much memory.
    public static func CreateSubMemoryDescriptor(
        memoryDescriptorCreateOptions: IOOptionBits, offset: UInt64, length: UInt64, ofDescriptor: IOMemoryDescriptor,
        memory: inout IOMemoryDescriptor?
    ) -> kern_return_t {
        guard let range = ofDescriptor.range(offset, length) else { return kIOReturnBadArgument }
        memory = unsafe IOMemoryDescriptor(
            base: ofDescriptor.base + range.lowerBound, described: range.count, owner: ofDescriptor)
        return kIOReturnSuccess
    }

    private func range(_ offset: UInt64, _ length: UInt64?) -> Range<Int>? {
        let described = self.length
        guard let start = Int(exactly: offset), start <= described else { return nil }
        guard let count = length.map({ Int(exactly: $0) }) ?? described - start, count <= described - start else {
            return nil
        }
        return start..<start + count
    }

    /// Calls `body` with the described bytes. No transfer may be under way on them.
    public final func withBytes<Value: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        // Sound: the memory is there as long as this object, and the span does not outlive the call.
        let span = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(bytes))
        return try body(span)
    }

    /// Calls `body` with the described bytes, to be changed. No transfer may be under way on them.
    public final func withMutableBytes<Value: ~Copyable, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        // Sound for the same reason as in `withBytes`.
        var span = unsafe MutableSpan<UInt8>(_unsafeBytes: bytes)
        return try body(&span)
    }
}

/// Memory of its own, zeroed (DriverKit: IOBufferMemoryDescriptor).
@safe public final class IOBufferMemoryDescriptor: IOMemoryDescriptor, @unchecked Sendable {
    /// The bytes that there are.
    public let capacity: Int

    private init(capacity: Int, alignment: Int) {
        self.capacity = capacity
        // One byte at least, so that there is an address.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, capacity), alignment: alignment)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: max(1, capacity))
        unsafe super.init(base: memory, described: capacity, owner: nil)
    }

    deinit { unsafe base.deallocate() }

    /// Makes a buffer, all of whose bytes are described at first.
    ///
    /// - Parameters:
    ///   - options: the direction, one of kIOMemoryDirectionIn, Out and InOut. Here every buffer serves both.
    ///   - capacity: its bytes.
    ///   - alignment: a power of two; 0 for that of the page.
    ///   - memory: the buffer.
    /// - Returns: kIOReturnBadArgument for an alignment that is none, kIOReturnNoMemory for a size that cannot be.
    public static func Create(
        options: IOOptionBits, capacity: UInt64, alignment: UInt64, memory: inout IOBufferMemoryDescriptor?
    ) -> kern_return_t {
        guard alignment & (alignment &- 1) == 0, alignment <= 1 << 30 else { return kIOReturnBadArgument }
        guard capacity <= 1 << 40 else { return kIOReturnNoMemory }
        memory = IOBufferMemoryDescriptor(
            capacity: Int(capacity), alignment: alignment == 0 ? 4096 : max(16, Int(alignment)))
        return kIOReturnSuccess
    }

    /// Sets how many bytes from the beginning are described.
    ///
    /// Returns kIOReturnBadArgument when there are not so many.
    @discardableResult
    public func SetLength(length: UInt64) -> kern_return_t {
        guard length <= UInt64(capacity) else { return kIOReturnBadArgument }
        lock.withLock { described = Int(length) }
        return kIOReturnSuccess
    }

    /// Tells where the memory is, and how many bytes are described.
    @discardableResult
    public func GetAddressRange(range: inout IOAddressSegment) -> kern_return_t {
        let bytes = unsafe bytes
        range = IOAddressSegment(
            address: UInt64(UInt(bitPattern: bytes.baseAddress)), length: UInt64(bytes.count))
        return kIOReturnSuccess
    }
}

/// Described memory where a program reaches it (DriverKit: IOMemoryMap). It keeps the memory.
@safe public final class IOMemoryMap: OSObject, @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    private let count: Int
    private let offset: UInt64
    private let memory: IOMemoryDescriptor

    fileprivate init(_ base: UnsafeMutableRawPointer, _ count: Int, offset: UInt64, of memory: IOMemoryDescriptor) {
        unsafe self.base = unsafe base
        self.count = count
        self.offset = offset
        self.memory = memory
    }

    /// Where the memory is.
    public func GetAddress() -> UInt64 { UInt64(UInt(bitPattern: unsafe base)) }
    /// How many bytes there are.
    public func GetLength() -> UInt64 { UInt64(count) }
    /// Where in the described memory the mapping begins.
    public func GetOffset() -> UInt64 { offset }
}
