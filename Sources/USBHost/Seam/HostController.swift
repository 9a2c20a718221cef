// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A USB host controller, real or not: the one seam between the engine and a wire.
///
/// A wire does four things: it lists devices, opens one, moves transfers and tells the time. Everything that must behave
/// the same on every wire (splitting, timeouts, cancellation, queues, streams) stands above this protocol. A wrapper
/// round a wire (a capture, a fault injector) is a host controller too.
///
/// Unless a requirement says otherwise it may be called on any thread, must not block for longer than a system call
/// takes, and must not call back into the engine before it returns.
public protocol HostController: AnyObject, Sendable {
    /// What this wire can and cannot do. Constant for the life of the controller.
    var capabilities: ControllerCapabilities { get }

    /// The clock by which everything on this bus is timed.
    var clock: BusClock { get }

    /// Runs the controller's event loop; hot loops run their tasks on it.
    var executor: BusExecutor { get }

    /// Arrivals and removals, from the moment of subscription on.
    var events: DeviceEvents { get }

    /// The devices that are present, in the order of their paths. Touches and wakes no device.
    ///
    /// Throws when the bus cannot be read at all; a device that cannot be read is left out.
    func devices() throws(USBError) -> [DeviceDescription]

    /// Opens a device. The wire calls `sink` when the device goes; it holds the sink weakly.
    ///
    /// Throws `.notFound` when it is no longer there, `.accessDenied` or `.busy` when it may not be opened.
    func openDevice(_ id: DeviceID, sink: any DeviceSink) throws(USBError) -> any WireDevice

    /// The frame count as the wire knows it, with its quality.
    func frame() -> FrameReading
}

/// An open device of a wire.
public protocol WireDevice: AnyObject, Sendable {
    /// Reserves an interface, detaching another driver when `detach` is true. May block for one system call.
    ///
    /// Throws `.busy` when somebody else has it.
    func claim(interface: UInt8, detach: Bool) throws(USBError)

    /// Gives an interface back, which is at alternate setting 0 from then on, for whoever claims it next. The engine has
    /// cancelled and drained its pipes before.
    func release(interface: UInt8)

    /// Opens a pipe of a claimed interface, or the control pipe. Completions go to `sink`, which the wire holds unowned:
    /// it outlives the pipe's ``WirePipe/close()``.
    func openPipe(_ endpoint: EndpointInfo, sink: any CompletionSink) throws(USBError) -> any WirePipe

    /// Memory that the wire can use without a copy; nil when it has none, or none left. May block for one system call.
    func makeBuffer(byteCount: Int) -> (any WireBuffer)?

    /// Gives bulk endpoints of a claimed interface streams, numbered from 1, and returns how many there are: `count` or
    /// fewer. Nothing is outstanding on the endpoints. May block for one system call.
    func allocateStreams(_ count: Int, on endpoints: [EndpointAddress]) throws(USBError) -> Int

    /// Takes the streams of endpoints back. Nothing is outstanding on them. May block for one system call.
    func freeStreams(on endpoints: [EndpointAddress]) throws(USBError)

    /// Closes the device; the engine has closed all pipes before. Completions still outstanding are not delivered.
    func close()
}

extension WireDevice {
    /// No such memory.
    public func makeBuffer(byteCount: Int) -> (any WireBuffer)? { nil }

    /// No streams.
    public func allocateStreams(_ count: Int, on endpoints: [EndpointAddress]) throws(USBError) -> Int {
        throw USBError(.unsupported, message: "this wire has no bulk streams")
    }

    /// No streams.
    public func freeStreams(on endpoints: [EndpointAddress]) throws(USBError) {
        throw USBError(.unsupported, message: "this wire has no bulk streams")
    }
}

/// Memory of a wire, zeroed, which it can use without a copy. It stays until this object goes.
@safe public protocol WireBuffer: AnyObject, Sendable {
    /// The bytes, always at the same address.
    var bytes: UnsafeMutableRawBufferPointer { get }
}

/// An open pipe of a wire.
///
/// Calls for one pipe are serialised by the engine. `submit` and `cancel` are called with the pipe's lock held, so a
/// wire never completes a request from inside them: it queues the completion and delivers it from its event source.
public protocol WirePipe: AnyObject, Sendable {
    /// What this pipe can do, where that differs from its controller's capabilities; nil where it does not. Constant for
    /// the life of the pipe. A wrapper hands on what the inner layer says.
    var capabilities: ControllerCapabilities? { get }

    /// Makes this layer's own record for a request slot, once for the life of the slot. A wrapper keeps the inner
    /// layer's record inside its own.
    ///
    /// The engine keeps what the outermost layer makes and hands it back with every call; a wrapper hands the inner
    /// record on, so that no layer writes into another's memory.
    func makeRecord(for request: WireRequest) -> AnyObject?

    /// Starts a request. `request` and the memory that it names stay put until its completion has been delivered.
    ///
    /// Throwing means that the request was not accepted and will never complete.
    func submit(_ request: WireRequest, record: AnyObject?) throws(USBError)

    /// Asks for the early end of a submitted request. Its completion is still delivered, exactly once, in bounded time;
    /// a real completion that comes first keeps its own status. A request that is not pending is left alone.
    func cancel(_ request: WireRequest, record: AnyObject?)

    /// Closes the pipe. Nothing is outstanding on it.
    func close()
}

extension WirePipe {
    /// Nothing of its own: the controller's capabilities hold.
    public var capabilities: ControllerCapabilities? { nil }
}

/// Where a wire delivers completions: the engine's pipe, or the wrapper between.
public protocol CompletionSink: AnyObject, Sendable {
    /// Delivers the one completion of `request`. Called from the wire's event source only, never from inside `submit`
    /// or `cancel`, and with no lock of the wire held. Afterwards the wire does not touch the request's memory.
    ///
    /// The call may be the last use of a pipe and end in its ``WirePipe/close()``. A new pipe to the same endpoint may
    /// have been opened before that, so that a wire tells pipes apart by identity and not by address.
    func complete(_ request: WireRequest, _ completion: WireCompletion)
}

/// What a wire tells about an open device.
public protocol DeviceSink: AnyObject, Sendable {
    /// The device has gone. All outstanding requests complete with `.deviceGone`, before or after this call.
    func deviceGone()
}

/// What the event loop of a controller waits on: the wire's half of its executor.
public protocol EventSource: AnyObject, Sendable {
    /// Waits for events and delivers the completions they bring.
    ///
    /// Called by one thread at a time. Returns after delivering something, when `deadline` has come, when ``wake()`` was
    /// called since the last return, or at once when `wait` is false and nothing is ready.
    ///
    /// The result tells whether waiting again can bring anything: `.exhausted` when no event is scheduled at all and
    /// only a call from outside can change that.
    func poll(until deadline: BusInstant?, wait: Bool) -> PollResult

    /// Makes a `poll` that is under way, or else the next one, return soon. Any thread.
    func wake()
}

/// What a ``EventSource/poll(until:wait:)`` found.
public enum PollResult: Sendable, Hashable {
    /// Something was delivered, or time moved on.
    case progressed
    /// Woken, or the deadline came, or nothing was ready.
    case idle
    /// Nothing is scheduled: only a call from outside can bring an event.
    case exhausted
}
