// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Synchronization

/// The memory of one transfer. It stays at its address from submit to completion, whoever owns it.
@safe enum TransferMemory {
    /// Allocated with the transfer and freed with it.
    case owned(UnsafeMutableRawBufferPointer)
    /// A part of a registered buffer, which is not given back while a transfer is in flight.
    case registered(RegisteredBuffer, UnsafeMutableRawBufferPointer)
    /// The caller's own, lent until completion.
    case borrowed(UnsafeMutableRawBufferPointer)

    /// The bytes.
    var bytes: UnsafeMutableRawBufferPointer {
        switch self {
        case .owned(let bytes): unsafe bytes
        case .registered(_, let bytes): unsafe bytes
        case .borrowed(let bytes): unsafe bytes
        }
    }

    /// No memory at all.
    static var none: TransferMemory { unsafe .borrowed(UnsafeMutableRawBufferPointer(start: nil, count: 0)) }

    /// Allocates zeroed memory.
    static func allocate(capacity: Int) -> TransferMemory {
        // Page alignment lets a wire hand the memory to the kernel without crossing more pages than needed.
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(capacity, 1), alignment: capacity >= 4096 ? 4096 : 16)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
        return unsafe .owned(UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(capacity)))
    }

    /// Frees owned memory.
    func free() {
        if case .owned(let bytes) = self { unsafe bytes.baseAddress?.deallocate() }
    }
}

/// A buffer registered once and used by many transfers, each by offset and length.
///
/// It refuses to go away while a transfer uses it. Copying in and out is checked against its size.
@safe public final class RegisteredBuffer: @unchecked Sendable {
    private let bytes: UnsafeMutableRawBufferPointer
    private let ownsBytes: Bool
    private let wireBuffer: (any WireBuffer)?
    /// The transfers in flight, or -1 when the registration has ended.
    private let uses = Atomic(0)

    /// The size in bytes.
    public let byteCount: Int

    /// Allocates and registers a zeroed buffer.
    public init(byteCount: Int) {
        self.byteCount = max(0, byteCount)
        unsafe bytes = .allocate(byteCount: max(1, byteCount), alignment: 4096)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
        ownsBytes = true
        wireBuffer = nil
    }

    /// Takes memory of a wire.
    init(_ buffer: any WireBuffer) {
        unsafe bytes = buffer.bytes
        byteCount = unsafe buffer.bytes.count
        ownsBytes = false
        wireBuffer = buffer
    }

    /// Whether the wire uses the memory without a copy. What a transfer is to send then stays unchanged until it has
    /// completed, and what lies behind the bytes that came keeps what it was.
    public var isZeroCopy: Bool { wireBuffer != nil }

    /// Registers memory of the caller, who keeps it valid until ``unregister()`` has succeeded.
    @unsafe public init(borrowing bytes: UnsafeMutableRawBufferPointer) {
        unsafe self.bytes = bytes
        byteCount = bytes.count
        ownsBytes = false
        wireBuffer = nil
    }

    deinit {
        // Sound: a transfer in flight keeps a reference, so nothing uses the memory now.
        if ownsBytes { unsafe bytes.deallocate() }
    }

    /// How many transfers in flight use the buffer.
    public var transferCount: Int { max(0, uses.load(ordering: .acquiring)) }

    /// Ends the registration: no transfer can use the buffer any more.
    ///
    /// Throws `.busy` while a transfer in flight uses it.
    public func unregister() throws(USBError) {
        let (exchanged, count) = uses.compareExchange(expected: 0, desired: -1, ordering: .acquiringAndReleasing)
        guard exchanged || count < 0 else {
            throw USBError(.busy, message: "\(count) transfers in flight use the registered buffer")
        }
    }

    /// Copies `source` into the buffer. Throws `.invalidArgument` when it does not fit at `offset`.
    public func store(_ source: Span<UInt8>, at offset: Int) throws(USBError) {
        let target = unsafe try range(offset: offset, count: source.count)
        unsafe source.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }

    /// Copies from the buffer into `target`. Throws `.invalidArgument` when the buffer ends before that.
    public func load(into target: inout MutableSpan<UInt8>, from offset: Int) throws(USBError) {
        let source = unsafe try range(offset: offset, count: target.count)
        unsafe target.withUnsafeMutableBytes { unsafe $0.copyMemory(from: UnsafeRawBufferPointer(source)) }
    }

    /// The memory from `offset` on.
    func range(offset: Int, count: Int) throws(USBError) -> UnsafeMutableRawBufferPointer {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
            throw USBError(
                .invalidArgument,
                message: "bytes \(offset) to \(offset.addingReportingOverflow(count).partialValue) lie outside the "
                    + "registered buffer of \(byteCount) bytes")
        }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    func beginTransfer() throws(USBError) {
        var count = uses.load(ordering: .relaxed)
        while count >= 0 {
            let result = uses.compareExchange(
                expected: count, desired: count + 1, ordering: .acquiringAndReleasing)
            if result.exchanged { return }
            count = result.original
        }
        throw USBError(.invalidArgument, message: "the buffer's registration has ended")
    }

    func endTransfer() {
        uses.subtract(1, ordering: .acquiringAndReleasing)
    }
}
