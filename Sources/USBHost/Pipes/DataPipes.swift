// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

extension OutPipe where Kind: DataKind {
    /// Writes `bytes` and returns when the device has taken them all. An empty span sends a zero-length packet.
    ///
    /// - Parameters:
    ///   - bytes: what to write; it is read in place, without a copy.
    ///   - timeout: how long to wait, as the bus's clock counts; nil for ever.
    ///   - terminated: whether a zero-length packet follows if the bytes fill their last packet.
    /// - Returns: the bytes written, which is all of them.
    /// - Throws: `.timedOut`, `.cancelled` (also when the task is), `.stalled`, `.deviceGone`, `.closed` or a bus error;
    ///   the error says how many bytes had moved.
    @discardableResult
    public func write(
        _ bytes: Span<UInt8>, timeout: Duration? = nil, terminated: Bool = false
    ) async throws(USBError) -> Int {
        // Sound: the caller lends the bytes until this call returns, which is after the completion.
        let memory = unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(mutating: $0) }
        return try await core.perform(unsafe core.loan(memory, timeout: timeout, terminated: terminated))
    }

    /// Writes an array. See ``write(_:timeout:terminated:)-(Span<UInt8>,_,_)``.
    @discardableResult
    public func write(
        _ bytes: [UInt8], timeout: Duration? = nil, terminated: Bool = false
    ) async throws(USBError) -> Int {
        try await write(bytes.span, timeout: timeout, terminated: terminated)
    }

    /// A transfer with memory of its own, zeroed, for use again and again.
    public func makeTransfer(capacity: Int) -> Transfer<Kind> { core.makeTransfer(capacity: capacity) }

    /// A transfer that sends a part of a registered buffer.
    public func makeTransfer(using buffer: RegisteredBuffer, offset: Int, count: Int) throws(USBError) -> Transfer<Kind>
    {
        try core.makeTransfer(using: buffer, offset: offset, count: count)
    }

    /// A transfer that sends memory of the caller, who keeps it valid until the transfer is gone.
    @unsafe public func makeTransfer(borrowing bytes: UnsafeMutableRawBufferPointer) -> Transfer<Kind> {
        unsafe core.makeTransfer(borrowing: bytes)
    }

    /// Blocking forms, for threads that run no tasks.
    public var blocking: BlockingOutPipe<Kind> { BlockingOutPipe(handle: handle) }
}

extension InPipe where Kind: DataKind {
    /// Reads until `buffer` is full or the device ends the transfer with a short packet.
    ///
    /// - Parameters:
    ///   - buffer: where the bytes go, in place. A whole number of packets, unless the device is known to send less: a
    ///     device that sends more than fits makes the read fail with `.overflow`.
    ///   - timeout: how long to wait, as the bus's clock counts; nil for ever.
    /// - Returns: the bytes read; fewer than asked are no error.
    /// - Throws: `.timedOut`, `.cancelled` (also when the task is), `.stalled`, `.overflow`, `.deviceGone`, `.closed` or
    ///   a bus error. What had arrived is in the buffer, and the error says how many bytes those are.
    public func read(into buffer: inout MutableSpan<UInt8>, timeout: Duration? = nil) async throws(USBError) -> Int {
        // Sound: the caller lends the buffer until this call returns, which is after the completion.
        let memory = unsafe buffer.withUnsafeMutableBytes { unsafe $0 }
        return try await core.perform(unsafe core.loan(memory, timeout: timeout))
    }

    /// Reads at most `count` bytes into an array. See ``read(into:timeout:)``.
    public func read(upTo count: Int, timeout: Duration? = nil) async throws(USBError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(0, count))
        var span = bytes.mutableSpan
        let moved = try await read(into: &span, timeout: timeout)
        bytes.removeLast(bytes.count - moved)
        return bytes
    }

    /// A transfer with memory of its own, zeroed, for use again and again.
    public func makeTransfer(capacity: Int) -> Transfer<Kind> { core.makeTransfer(capacity: capacity) }

    /// A transfer that fills a part of a registered buffer.
    public func makeTransfer(using buffer: RegisteredBuffer, offset: Int, count: Int) throws(USBError) -> Transfer<Kind>
    {
        try core.makeTransfer(using: buffer, offset: offset, count: count)
    }

    /// A transfer that fills memory of the caller, who keeps it valid until the transfer is gone.
    @unsafe public func makeTransfer(borrowing bytes: UnsafeMutableRawBufferPointer) -> Transfer<Kind> {
        unsafe core.makeTransfer(borrowing: bytes)
    }

    /// Blocking forms, for threads that run no tasks.
    public var blocking: BlockingInPipe<Kind> { BlockingInPipe(handle: handle) }
}

extension OutPipe where Kind == Isochronous {
    /// A transfer with memory of its own, zeroed, for use again and again. Its packets fill every interval until
    /// ``Transfer/setPackets(_:)-(PacketPlan)`` says otherwise.
    public func makeTransfer(capacity: Int) -> Transfer<Isochronous> { core.makeTransfer(capacity: capacity) }

    /// A transfer that sends memory of the caller, who keeps it valid until the transfer is gone.
    @unsafe public func makeTransfer(borrowing bytes: UnsafeMutableRawBufferPointer) -> Transfer<Isochronous> {
        unsafe core.makeTransfer(borrowing: bytes)
    }

    /// A transfer that sends a part of a registered buffer.
    public func makeTransfer(
        using buffer: RegisteredBuffer, offset: Int, count: Int
    ) throws(USBError) -> Transfer<Isochronous> {
        try core.makeTransfer(using: buffer, offset: offset, count: count)
    }
}

extension InPipe where Kind == Isochronous {
    /// A transfer with memory of its own, zeroed, for use again and again. Its packets fill every interval until
    /// ``Transfer/setPackets(_:)-(PacketPlan)`` says otherwise.
    public func makeTransfer(capacity: Int) -> Transfer<Isochronous> { core.makeTransfer(capacity: capacity) }

    /// A transfer that fills memory of the caller, who keeps it valid until the transfer is gone.
    @unsafe public func makeTransfer(borrowing bytes: UnsafeMutableRawBufferPointer) -> Transfer<Isochronous> {
        unsafe core.makeTransfer(borrowing: bytes)
    }

    /// A transfer that fills a part of a registered buffer.
    public func makeTransfer(
        using buffer: RegisteredBuffer, offset: Int, count: Int
    ) throws(USBError) -> Transfer<Isochronous> {
        try core.makeTransfer(using: buffer, offset: offset, count: count)
    }
}

extension PipeCore {
    func makeTransfer<Kind: PipeKind>(capacity: Int) -> Transfer<Kind> {
        makeTransfer(.allocate(capacity: max(0, capacity)), count: max(0, capacity))
    }

    func makeTransfer<Kind: PipeKind>(
        using buffer: RegisteredBuffer, offset: Int, count: Int
    ) throws(USBError) -> Transfer<Kind> {
        let bytes = unsafe try buffer.range(offset: offset, count: count)
        return unsafe makeTransfer(.registered(buffer, bytes), count: count)
    }

    func makeTransfer<Kind: PipeKind>(borrowing bytes: UnsafeMutableRawBufferPointer) -> Transfer<Kind> {
        unsafe makeTransfer(.borrowed(bytes), count: bytes.count)
    }

    private func makeTransfer<Kind: PipeKind>(_ memory: TransferMemory, count: Int) -> Transfer<Kind> {
        let core = TransferCore(pipe: self, memory: memory)
        core.loan = handle
        core.length = count
        if info.type == .isochronous, count > 0 {
            let plan = PacketPlan.filling(bytes: count, maximum: info.maximumBytesPerInterval)
            // Cannot fail: the packets are cut from the memory's size and the interval's limit.
            try? core.layOut(plan, count: plan.packetCount)
        }
        return Transfer(core: core)
    }
}
