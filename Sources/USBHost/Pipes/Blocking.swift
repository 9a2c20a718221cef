// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// The blocking forms of an OUT pipe's methods. The calling thread itself delivers completions while it waits.
///
/// They stand apart, and are not available from asynchronous code, because a blocked thread runs no tasks.
public struct BlockingOutPipe<Kind: DataKind>: Sendable {
    let handle: PipeHandle
    private var core: PipeCore { handle.core }

    /// Writes `bytes`. See ``OutPipe/write(_:timeout:terminated:)-(Span<UInt8>,_,_)``; on a manual clock the call steps
    /// the time to its own end, and throws `.neverCompletes` when there is none.
    @available(*, noasync, message: "use write(_:timeout:), which suspends the task instead of blocking its thread")
    @discardableResult
    public func write(_ bytes: Span<UInt8>, timeout: Duration? = nil, terminated: Bool = false) throws(USBError) -> Int
    {
        // Sound: the caller lends the bytes until this call returns, which is after the completion.
        let memory = unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(mutating: $0) }
        return try core.performBlocking(unsafe core.loan(memory, timeout: timeout, terminated: terminated))
    }

    /// Cancels everything that is queued and returns when all of it has been handed back.
    @available(*, noasync, message: "use abort(), which suspends the task instead of blocking its thread")
    public func abort() { core.abortBlocking() }

    /// Clears the halt. See ``PipeProtocol/clearHalt()``.
    @available(*, noasync, message: "use clearHalt(), which suspends the task instead of blocking its thread")
    public func clearHalt() throws(USBError) { try core.clearHaltBlocking() }
}

/// The blocking forms of an IN pipe's methods. See ``BlockingOutPipe``.
public struct BlockingInPipe<Kind: DataKind>: Sendable {
    let handle: PipeHandle
    private var core: PipeCore { handle.core }

    /// Reads into `buffer`. See ``InPipe/read(into:timeout:)``; on a manual clock the call steps the time to its own end,
    /// and throws `.neverCompletes` when there is none.
    @available(*, noasync, message: "use read(into:timeout:), which suspends the task instead of blocking its thread")
    public func read(into buffer: inout MutableSpan<UInt8>, timeout: Duration? = nil) throws(USBError) -> Int {
        // Sound: the caller lends the buffer until this call returns, which is after the completion.
        let memory = unsafe buffer.withUnsafeMutableBytes { unsafe $0 }
        return try core.performBlocking(unsafe core.loan(memory, timeout: timeout))
    }

    /// Reads at most `count` bytes into an array.
    @available(*, noasync, message: "use read(upTo:timeout:), which suspends the task instead of blocking its thread")
    public func read(upTo count: Int, timeout: Duration? = nil) throws(USBError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(0, count))
        var span = bytes.mutableSpan
        let moved = try read(into: &span, timeout: timeout)
        bytes.removeLast(bytes.count - moved)
        return bytes
    }

    /// Cancels everything that is queued and returns when all of it has been handed back.
    @available(*, noasync, message: "use abort(), which suspends the task instead of blocking its thread")
    public func abort() { core.abortBlocking() }

    /// Clears the halt. See ``PipeProtocol/clearHalt()``.
    @available(*, noasync, message: "use clearHalt(), which suspends the task instead of blocking its thread")
    public func clearHalt() throws(USBError) { try core.clearHaltBlocking() }
}

/// The blocking forms of what every pipe can do. See ``BlockingOutPipe``.
public struct BlockingPipe: Sendable {
    let core: PipeCore

    /// Cancels everything that is queued and returns when all of it has been handed back.
    @available(*, noasync, message: "use abort(), which suspends the task instead of blocking its thread")
    public func abort() { core.abortBlocking() }

    /// Clears the halt. See ``PipeProtocol/clearHalt()``.
    ///
    /// With `sendingRequest` false the device is not told: what is queued is aborted and the host goes on, but a device
    /// that stalls keeps doing so, and its data toggle stays as it is.
    @available(*, noasync, message: "use clearHalt(), which suspends the task instead of blocking its thread")
    public func clearHalt(sendingRequest: Bool = true) throws(USBError) {
        try core.clearHaltBlocking(sendingRequest: sendingRequest)
    }
}

/// The blocking forms of a device's methods. See ``BlockingOutPipe``.
public struct BlockingDevice: Sendable {
    let device: Device

    /// Sends a control request without data.
    @available(*, noasync, message: "use control(_:timeout:), which suspends the task instead of blocking its thread")
    public func control(_ setup: SetupPacket, timeout: Duration? = Device.controlTimeout) throws(USBError) {
        try device.checkControl(setup, direction: nil, count: 0)
        _ = try device.sendControlBlocking(setup, .none, count: 0, timeout: timeout)
    }

    /// Sends a control request whose data go to the device.
    @available(*, noasync, message: "use control(_:sending:timeout:), which suspends the task instead of blocking")
    @discardableResult
    public func control(
        _ setup: SetupPacket, sending bytes: Span<UInt8>, timeout: Duration? = Device.controlTimeout
    ) throws(USBError) -> Int {
        try device.checkControl(setup, direction: .out, count: bytes.count)
        // Sound: the caller lends the bytes until this call returns, which is after the completion.
        let memory = unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(mutating: $0) }
        return try unsafe device.sendControlBlocking(setup, .borrowed(memory), count: bytes.count, timeout: timeout)
    }

    /// Sends a control request whose data come from the device, and returns them.
    @available(*, noasync, message: "use read(_:timeout:), which suspends the task instead of blocking its thread")
    public func read(_ setup: SetupPacket, timeout: Duration? = Device.controlTimeout) throws(USBError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(setup.length))
        try device.checkControl(setup, direction: .in, count: bytes.count)
        var span = bytes.mutableSpan
        // Sound: the array is not touched until this call returns, which is after the completion.
        let memory = unsafe span.withUnsafeMutableBytes { unsafe $0 }
        let count = try unsafe device.sendControlBlocking(
            setup, .borrowed(memory), count: bytes.count, timeout: timeout)
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Resets the device's port. See ``Device/reset()``.
    @available(*, noasync, message: "use reset(), which suspends the task instead of blocking its thread")
    public func reset() throws(USBError) {
        _ = try device.sendControlBlocking(
            SetupPacket(packed: 0), .none, count: 0, timeout: Device.controlTimeout, isPortReset: true)
    }

    /// The string with this index; nil when `index` is 0, which means that there is none.
    @available(*, noasync, message: "use string(_:language:), which suspends the task instead of blocking its thread")
    public func string(_ index: UInt8, language: LanguageID = 0x0409) throws(USBError) -> String? {
        guard index != 0 else { return nil }
        let bytes = try read(.getDescriptor(type: .string, index: index, language: language, length: 255))
        return try Device.parseString(bytes)
    }

    /// Selects a configuration. See ``Device/selectConfiguration(_:)``.
    @available(
        *, noasync, message: "use selectConfiguration(_:), which suspends the task instead of blocking its thread"
    )
    public func selectConfiguration(_ value: UInt8) throws(USBError) {
        try device.checkConfiguration(value)
        _ = try device.sendControlBlocking(.setConfiguration(value), .none, count: 0, timeout: Device.controlTimeout)
        device.configurationWasSelected(value)
    }

    /// Selects an alternate setting. See ``Interface/selectAlternateSetting(_:)``.
    @available(*, noasync, message: "use selectAlternateSetting(_:), which suspends the task instead of blocking")
    public func selectAlternateSetting(_ setting: UInt8, of interface: Interface) throws(USBError) {
        try interface.selectAlternateSettingBlocking(setting)
    }

    /// Gives an interface back. See ``Interface/release()``.
    @available(*, noasync, message: "use release(), which suspends the task instead of blocking its thread")
    public func release(_ interface: Interface) {
        interface.releaseBlocking()
    }
}

extension PipeCore {
    func clearHaltBlocking(sendingRequest: Bool = true) throws(USBError) {
        abortBlocking()
        guard sendingRequest else { return haltWasCleared() }
        guard let device else { return }
        _ = try device.sendControlBlocking(.clearHalt(address), .none, count: 0, timeout: Device.controlTimeout)
        haltWasCleared()
    }

    func clearHalt(completion: @escaping @Sendable (USBError?) -> Void) {
        abort { [self] in
            guard let device else { return completion(nil) }
            let transfer = device.makeControlTransfer(capacity: 0)
            do throws(USBError) {
                try transfer.submit(.clearHalt(address), at: .anyThread) { done in
                    if done.outcome.status == .completed { self.haltWasCleared() }
                    completion(done.outcome.error)
                }
            } catch {
                completion(error)
            }
        }
    }

    func clearHalt() async throws(USBError) {
        await abort()
        guard let device else { return }
        _ = try await device.sendControl(.clearHalt(address), .none, count: 0, timeout: Device.controlTimeout)
        haltWasCleared()
    }
}
