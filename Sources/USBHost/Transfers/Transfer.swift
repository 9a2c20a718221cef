// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// An idle transfer: memory, packet table and the wire's records, allocated once and used again and again.
///
/// A transfer belongs to the pipe that made it and has one owner at a time. Submitting consumes it and gives an
/// ``InFlight``, whose completion gives it back:
///
///     var transfer = pipe.makeTransfer(capacity: 4096)
///     while let next = source.next() {
///         try transfer.fill(from: next.span)
///         let done = await transfer.submit().completion()
///         if let error = done.outcome.error { throw error }
///         transfer = done.transfer
///     }
public struct Transfer<Kind: PipeKind>: ~Copyable, Sendable {
    let core: TransferCore

    init(core: TransferCore) {
        self.core = core
    }

    /// The size of the transfer's memory in bytes.
    public var capacity: Int { unsafe core.memory.bytes.count }

    /// The bytes to move: to send, or to ask for. Of an isochronous transfer the sum over its packets.
    public var byteCount: Int { core.length }

    /// Whether the transfer goes through where others wait or are refused: a held or purged pipe lets it pass, and an
    /// open one that is being aborted keeps it until the abort has ended. For recovering a stopped pipe, and for
    /// submitting again from the completion of an aborted transfer.
    public var ignoresPipeState: Bool {
        get { core.ignoresGate }
        set { core.ignoresGate = newValue }
    }

    /// A handle that cancels the next use of the transfer, for one that is submitted with a handler. Before that use has
    /// been submitted, and after it has ended, it does nothing.
    public var canceller: Canceller { Canceller(nextUseOf: core) }

    /// Gives the transfer other memory, that of the caller, who keeps it valid until the transfer is gone or has other
    /// memory again. What it had as its own is freed. The transfer then moves as many bytes as there are.
    ///
    /// An isochronous transfer loses its packets, and needs a new plan.
    @unsafe public mutating func borrow(_ bytes: UnsafeMutableRawBufferPointer) {
        core.memory.free()
        unsafe core.memory = .borrowed(bytes)
        core.length = bytes.count
        core.keepPackets(0, byteCount: bytes.count)
    }

    /// Calls `body` with the transfer's memory, all of it.
    public func withBytes<Value: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        // Sound: idle memory is this transfer's alone, and the span does not outlive the call.
        let bytes = unsafe UnsafeRawBufferPointer(core.memory.bytes)
        return try body(unsafe Span(_unsafeBytes: bytes))
    }

    /// Calls `body` with the transfer's memory, all of it, to be changed.
    public mutating func withMutableBytes<Value: ~Copyable, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        // Sound for the same reason as in `withBytes`.
        var span = unsafe MutableSpan<UInt8>(_unsafeBytes: core.memory.bytes)
        return try body(&span)
    }
}

extension Transfer where Kind: DataKind {
    /// Sets how many bytes the next submit moves.
    ///
    /// Throws `.invalidArgument` when there is not so much memory.
    public mutating func setByteCount(_ count: Int) throws(USBError) {
        guard count >= 0, count <= capacity else {
            throw core.pipe.error(.invalidArgument, "\(count) bytes do not fit a transfer of \(capacity)")
        }
        core.length = count
    }

    /// Copies `bytes` into the transfer and sets its length.
    ///
    /// Throws `.invalidArgument` when they do not fit.
    public mutating func fill(from bytes: Span<UInt8>) throws(USBError) {
        try setByteCount(bytes.count)
        unsafe bytes.withUnsafeBytes { unsafe core.memory.bytes.copyMemory(from: $0) }
    }

    /// Submits the transfer.
    ///
    /// `timeout` counts as the pipe's policy says; nil means never. A refusal is thrown, and the transfer's memory is
    /// freed, unless `deliveringRefusal` asks for the refusal as the completion.
    public consuming func submit(
        timeout: Duration? = nil, deliveringRefusal: Bool = false
    ) throws(USBError) -> InFlight<Kind> {
        core.prepare(timeout: timeout, deliveringRefusal: deliveringRefusal)
        try core.pipe.submit(core, asynchronous: true)
        return InFlight(core: core)
    }

    /// Submits the transfer; `completion` runs on the bus's executor, or where `place` says, with a refusal too if
    /// `deliveringRefusal` asks for that.
    public consuming func submit(
        timeout: Duration? = nil, deliveringRefusal: Bool = false, at place: HandlerPlace = .executor,
        completion: @escaping @Sendable (consuming Completed<Kind>) -> Void
    ) throws(USBError) {
        core.prepare(timeout: timeout, deliveringRefusal: deliveringRefusal)
        try submit(at: place, handler: completion)
    }
}

extension Transfer where Kind == Control {
    /// Submits a request. Its data, `setup.length` bytes, lie at the start of the transfer's memory, or go there.
    ///
    /// Throws `.invalidArgument` when the memory is too small, and for the requests that change the host's own view of
    /// the device, which have methods of their own; see ``Device/control(_:timeout:)``.
    public consuming func submit(
        _ setup: SetupPacket, timeout: Duration? = Device.controlTimeout, deliveringRefusal: Bool = false
    ) throws(USBError) -> InFlight<Control> {
        try core.prepare(setup, timeout: timeout, deliveringRefusal: deliveringRefusal)
        try core.pipe.submit(core, asynchronous: true)
        return InFlight(core: core)
    }

    /// Submits a request; `completion` runs on the bus's executor, or where `place` says, with a refusal too if
    /// `deliveringRefusal` asks for that.
    public consuming func submit(
        _ setup: SetupPacket, timeout: Duration? = Device.controlTimeout, deliveringRefusal: Bool = false,
        at place: HandlerPlace = .executor,
        completion: @escaping @Sendable (consuming Completed<Control>) -> Void
    ) throws(USBError) {
        try core.prepare(setup, timeout: timeout, deliveringRefusal: deliveringRefusal)
        try submit(at: place, handler: completion)
    }
}

extension Transfer where Kind == Bulk {
    /// The stream that the transfer belongs to, on an endpoint whose streams are enabled: 1 to as many as were granted by
    /// `Interface.enableStreams(_:on:)`. 0 where there are none, as at first; a wire without streams refuses any other
    /// with `.unsupported`.
    ///
    /// Transfers of one stream keep their order; those of different streams end as the device serves them (USB 3.2
    /// section 8.12.1.4).
    public var streamID: UInt16 {
        get { core.streamID }
        set { core.streamID = newValue }
    }
}

extension Transfer where Kind == Isochronous {
    /// The number of packets.
    public var packetCount: Int { core.packetCount }

    /// Cuts the transfer's memory into packets of these sizes, back to back. One packet goes out per service interval.
    ///
    /// Throws `.invalidArgument` when a packet exceeds the interval's limit or the sum exceeds the memory.
    public mutating func setPackets(_ sizes: some Collection<Int>) throws(USBError) {
        try core.layOut(sizes, count: sizes.count)
    }

    /// Cuts the transfer's memory as `plan` says.
    public mutating func setPackets(_ plan: PacketPlan) throws(USBError) {
        try core.layOut(plan, count: plan.packetCount)
    }

    /// What became of a packet in the last use, and where its bytes lie. Traps when there is no such packet.
    public func packet(_ index: Int) -> IsochronousPacket {
        precondition(index >= 0 && index < core.packetCount, "no such packet")
        return IsochronousPacket(unsafe core.packetTable[index])
    }

    /// Calls `body` with the bytes that packet `index` moved, and nothing of the gap behind a short one.
    public func withPacket<Value: ~Copyable, Failure: Error>(
        _ index: Int, _ body: (Span<UInt8>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let packet = packet(index)
        return try withBytes { (bytes) throws(Failure) in
            try body(bytes.extracting(packet.offset..<packet.offset + packet.actualLength))
        }
    }

    /// Submits the transfer. See ``submit(timeout:deliveringRefusal:)`` for what is common to all types.
    public consuming func submit(
        _ start: IsochronousStart, policy: StartPolicy = StartPolicy(), timeout: Duration? = nil,
        deliveringRefusal: Bool = false
    ) throws(USBError) -> InFlight<Isochronous> {
        core.prepare(timeout: timeout, deliveringRefusal: deliveringRefusal)
        core.start = start
        core.startPolicy = policy
        try core.pipe.submit(core, asynchronous: true)
        return InFlight(core: core)
    }

    /// Submits the transfer; `completion` runs on the bus's executor, or where `place` says, with a refusal too if
    /// `deliveringRefusal` asks for that.
    public consuming func submit(
        _ start: IsochronousStart, policy: StartPolicy = StartPolicy(), timeout: Duration? = nil,
        deliveringRefusal: Bool = false, at place: HandlerPlace = .executor,
        completion: @escaping @Sendable (consuming Completed<Isochronous>) -> Void
    ) throws(USBError) {
        core.prepare(timeout: timeout, deliveringRefusal: deliveringRefusal)
        core.start = start
        core.startPolicy = policy
        try submit(at: place, handler: completion)
    }
}

extension TransferCore {
    func prepare(_ setup: SetupPacket, timeout: Duration?, deliveringRefusal: Bool) throws(USBError) {
        let capacity = unsafe memory.bytes.count
        guard Int(setup.length) <= capacity else {
            throw pipe.error(
                .invalidArgument, "wLength is \(setup.length), but the transfer has room for \(capacity) bytes")
        }
        try Device.checkReserved(setup)
        self.setup = setup
        length = Int(setup.length)
        prepare(timeout: timeout, deliveringRefusal: deliveringRefusal)
    }

    func prepare(timeout: Duration?, deliveringRefusal: Bool) {
        self.timeout = timeout
        isRefusalDelivered = deliveringRefusal
    }
}

/// What became of one packet of an isochronous transfer.
public struct IsochronousPacket: Sendable, Hashable {
    /// Where its bytes begin in the transfer's memory. Packets keep their places: nothing is moved up behind a short
    /// one.
    public var offset: Int
    /// The bytes that were asked for.
    public var length: Int
    /// The bytes that moved.
    public var actualLength: Int
    /// What became of it.
    public var status: PacketStatus
    /// When it was served, as the bus's clock counts.
    public var time: BusInstant

    init(_ packet: WirePacket) {
        offset = packet.offset
        length = packet.length
        actualLength = packet.actualLength
        status = packet.status
        time = packet.time
    }
}
