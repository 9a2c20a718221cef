// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import USBHost
import USBSpecification

/// One endpoint of an open interface (DriverKit: IOUSBHostPipe).
///
/// It comes from ``IOUSBHostInterface/CopyPipe(address:pipe:)``, and is dead (kIOReturnNoDevice) once its interface has
/// been closed or has selected an alternate setting. Every call may be made on any thread and from inside a completion.
public final class IOUSBHostPipe: OSObject, @unchecked Sendable {
    let device: IOUSBHostDevice
    let engine: AnyPipe
    let layout: EndpointLayout

    // Guards everything below. Never held while a transfer is submitted.
    let lock = Lock()
    private var idleData: [DataRequest] = []
    private var idleIsochronous: [IsochronousRequest] = []
    private var idleTimeout: UInt32 = 0
    var adjusted: EndpointLayout
    /// The most bytes of one service interval, as adjusted.
    var intervalLimit: Int
    var ring: DescriptorRing?

    private var abortCode = kIOReturnAborted
    private var synchronousAborts = 0
    private var asynchronousAborts = 0
    /// Threads that run a completion of an aborted request.
    private var abortedThreads: [UInt] = []

    init(_ engine: AnyPipe, _ layout: EndpointLayout, of device: IOUSBHostDevice) {
        self.device = device
        self.engine = engine
        self.layout = layout
        adjusted = layout
        intervalLimit = engine.endpoint.maximumBytesPerInterval
        super.init()
        // Every error but a timeout halts a bulk or interrupt endpoint.
        engine.policy.haltsOnErrors = true
    }

    var info: EndpointInfo { engine.endpoint }

    // MARK: What it is

    /// Tells the speed of the device, one of tIOUSBHostConnectionSpeed.
    @discardableResult
    public func GetSpeed(speed: inout UInt8) -> kern_return_t { device.GetSpeed(speed: &speed) }

    /// Tells the address of the device. See ``IOUSBHostDevice/GetAddress(address:)``.
    @discardableResult
    public func GetDeviceAddress(address: inout UInt8) -> kern_return_t { device.GetAddress(address: &address) }

    /// Sets how long the pipe is idle, in milliseconds, before that counts for suspending the device. The number is kept;
    /// no wire of this library suspends a device.
    ///
    /// Returns kIOReturnUnsupported for an isochronous pipe, which is never idle.
    public func SetIdlePolicy(idleTimeoutMs: UInt32) -> kern_return_t {
        guard info.type != .isochronous else { return kIOReturnUnsupported }
        lock.withLock { idleTimeout = idleTimeoutMs }
        return kIOReturnSuccess
    }

    /// Tells what ``SetIdlePolicy(idleTimeoutMs:)`` has set; 0 at first.
    ///
    /// Returns kIOReturnUnsupported for an isochronous pipe, which is never idle.
    public func GetIdlePolicy(idleTimeoutMs: inout UInt32) -> kern_return_t {
        guard info.type != .isochronous else { return kIOReturnUnsupported }
        idleTimeoutMs = lock.withLock { idleTimeout }
        return kIOReturnSuccess
    }

    // MARK: Bulk and interrupt transfers

    /// Moves `dataBufferLength` bytes from or to the start of `dataBuffer`, and returns when that is done.
    ///
    /// - Parameters:
    ///   - dataBuffer: the memory; nil for a zero-length packet.
    ///   - dataBufferLength: the bytes to move, no more than the memory has.
    ///   - bytesTransferred: the bytes that moved, also when the transfer failed; 0 when it was refused.
    ///   - completionTimeoutMs: how long to wait in all, in milliseconds of the bus's clock; 0 for ever, as it must be on
    ///     interrupt pipes.
    /// - Returns: kIOReturnTimeout when the time was up; kUSBHostReturnPipeStalled when the device answered STALL, and from
    ///   then on, or from another error on, until ``ClearStall(withRequest:)``; kIOReturnAborted; kIOReturnNotPermitted
    ///   during a synchronous abort; kIOReturnNoDevice for a dead pipe; kIOReturnNotResponding, kIOReturnOverrun for
    ///   errors of the bus; kIOReturnBadArgument; kIOReturnUnsupported on an isochronous pipe.
    public func IO(
        dataBuffer: IOMemoryDescriptor?, dataBufferLength: UInt32, bytesTransferred: inout UInt32,
        completionTimeoutMs: UInt32
    ) -> kern_return_t {
        bytesTransferred = 0
        var call = DataRequest.Call(buffer: dataBuffer, length: dataBufferLength, timeout: completionTimeoutMs)
        if let refusal = check(call) { return refusal }
        guard let request = takeDataRequest() else { return kIOReturnUnsupported }
        request.begin(on: self, nil)
        let status = passingAborts { (passes) throws(USBError) in
            call.passesAbort = passes
            return try request.submitAndWait(call)
        }
        bytesTransferred = request.byteCount
        request.finish()
        return status
    }

    /// Moves bytes as ``IO(dataBuffer:dataBufferLength:bytesTransferred:completionTimeoutMs:)`` does, and calls
    /// `completion`, an action made by `OSAction.CompleteAsyncIO`, when that is done.
    ///
    /// Returns kIOReturnSuccess when the completion will be called, and what refuses the transfer otherwise.
    public func AsyncIO(
        dataBuffer: IOMemoryDescriptor?, dataBufferLength: UInt32, completion: OSAction?, completionTimeoutMs: UInt32
    ) -> kern_return_t {
        guard let completion, case .io = completion.method else { return kIOReturnBadArgument }
        let call = DataRequest.Call(buffer: dataBuffer, length: dataBufferLength, timeout: completionTimeoutMs)
        if let refusal = check(call) { return refusal }
        guard let request = takeDataRequest() else { return kIOReturnUnsupported }
        return submit(request, call, completion)
    }

    /// Submits a request that is idle.
    func submit(_ request: DataRequest, _ call: DataRequest.Call, _ completion: OSAction) -> kern_return_t {
        var call = call
        request.begin(on: self, completion)
        let status = passingAborts { (passes) throws(USBError) in
            call.passesAbort = passes
            try request.submit(call)
            return kIOReturnSuccess
        }
        if status != kIOReturnSuccess { request.finish() }
        return status
    }

    /// Why a transfer is refused whatever the pipe's state; nil when it is not.
    func check(_ call: DataRequest.Call) -> kern_return_t? {
        guard info.type == .bulk || info.type == .interrupt else { return kIOReturnUnsupported }
        guard Int(call.length) <= call.buffer?.length ?? 0 else { return kIOReturnBadArgument }
        guard call.timeout == 0 || info.type == .bulk else { return kIOReturnBadArgument }
        return nil
    }

    // MARK: Requests

    private static let idleLimit = 16

    func takeDataRequest() -> DataRequest? {
        lock.withLock { idleData.popLast() } ?? DataRequest.make(on: engine)
    }

    func takeIsochronousRequest() -> IsochronousRequest? {
        lock.withLock { idleIsochronous.popLast() } ?? IsochronousRequest(on: engine)
    }

    func putBack(_ request: DataRequest) {
        lock.withLock { if idleData.count < Self.idleLimit { idleData.append(request) } }
    }

    func putBack(_ request: IsochronousRequest) {
        lock.withLock { if idleIsochronous.count < Self.idleLimit { idleIsochronous.append(request) } }
    }

    // MARK: Aborting

    /// Ends every transfer of the pipe.
    ///
    /// - Parameters:
    ///   - options: kIOUSBAbortSynchronous returns when every transfer has ended and its completion is on its queue, and
    ///     refuses new ones meanwhile (kIOReturnNotPermitted) but for those that the completions of aborted transfers
    ///     submit, which follow when the abort is over. kIOUSBAbortAsynchronous returns at once; new transfers follow.
    ///   - withError: what the aborted transfers end with: kIOReturnAborted.
    ///   - forClient: nil; only a control pipe would have clients.
    /// - Returns: kIOReturnSuccess, also when there was nothing to end.
    @discardableResult
    public func Abort(
        options: IOUSBAbortOptions, withError: kern_return_t, forClient: IOService?
    ) -> kern_return_t {
        if options == kIOUSBAbortSynchronous {
            lock.withLock {
                abortCode = withError
                synchronousAborts += 1
            }
            engine.blocking.abort()
            lock.withLock { synchronousAborts -= 1 }
        } else {
            lock.withLock {
                abortCode = withError
                asynchronousAborts += 1
            }
            engine.abort { [self] in lock.withLock { asynchronousAborts -= 1 } }
        }
        return kIOReturnSuccess
    }

    /// What a transfer ends with that was cancelled.
    var abortStatus: kern_return_t { lock.withLock { abortCode } }

    /// From now on cancels mean that the pipe is closed.
    func willClose() { lock.withLock { abortCode = kIOReturnAborted } }

    func abortedCompletionBegins() { lock.withLock { abortedThreads.append(BusExecutor.currentThread) } }

    func abortedCompletionEnds() {
        let thread = BusExecutor.currentThread
        lock.withLock {
            if let index = abortedThreads.lastIndex(of: thread) { abortedThreads.remove(at: index) }
        }
    }

    /// Whether what the calling thread submits now waits for the end of an abort that is under way.
    private var passesAbort: Bool {
        lock.withLock {
            if synchronousAborts > 0 {
                return !abortedThreads.isEmpty && abortedThreads.contains(BusExecutor.currentThread)
            }
            return asynchronousAborts > 0
        }
    }

    /// Calls `body`, telling it whether its transfer waits out an abort, and gives its result or the code of its refusal.
    func passingAborts(_ body: (_ passes: Bool) throws(USBError) -> kern_return_t) -> kern_return_t {
        let passes = passesAbort
        do throws(USBError) {
            return try body(passes)
        } catch {
            guard error.kind == .notAccepting, !passes, passesAbort else { return ReturnCode.of(error.kind) }
        }
        // The abort began in between.
        do throws(USBError) {
            return try body(true)
        } catch {
            return ReturnCode.of(error.kind)
        }
    }

    /// Lets the pipe go on after an error: clears the host's halt and aborts what is queued.
    ///
    /// - Parameter withRequest: whether the device is sent CLEAR_FEATURE(ENDPOINT_HALT) too, which resets the data toggle
    ///   at both ends. Without it a device that stalls keeps stalling.
    /// - Returns: what the request failed with; kIOReturnNoDevice for a dead pipe.
    @discardableResult
    public func ClearStall(withRequest: Bool) -> kern_return_t {
        lock.withLock {
            abortCode = kIOReturnAborted
            synchronousAborts += 1
        }
        defer { lock.withLock { synchronousAborts -= 1 } }
        do throws(USBError) {
            try engine.blocking.clearHalt(sendingRequest: withRequest)
            return kIOReturnSuccess
        } catch {
            return ReturnCode.of(error.kind)
        }
    }
}
