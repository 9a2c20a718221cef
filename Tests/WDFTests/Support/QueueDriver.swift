// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import VirtualUSB
import Win32

@testable import WDF

/// What a driver was called with.
@safe struct DriverCall: @unchecked Sendable {
    enum Kind: Hashable, Sendable {
        case read, write, control, internalControl, standard, cancel, canceledOnQueue, stop, state
    }

    var kind: Kind
    // Sound: a token.
    var request: WDFREQUEST?
    var output = 0
    var input = 0
    /// The control code, or the flags of EvtIoStop.
    var code: UInt32 = 0
    var level = KeGetCurrentIrql()
}

/// A driver with queues, and the program that asks it for things, on a bus of its own.
@safe final class QueueDriver: @unchecked Sendable {
    let bus: VirtualBus
    private(set) var device: WDFDEVICE?
    private(set) var usb: WDFUSBDEVICE?
    private let lock = Lock()
    private var list: [DriverCall] = []
    private var handler: ((WDFQUEUE?, DriverCall) -> Void)?
    private let called: BusEvent

    private init(_ bus: VirtualBus, withUsb: Bool) throws {
        self.bus = bus
        called = BusEvent(on: bus.executor, limit: .max, reset: .automatic)
        if withUsb {
            try #require(unsafe SwiftUsbOpenTarget(nil, &device, &usb) == 0)
        } else {
            try #require(unsafe SwiftUsbOpenTarget(nil, &device, nil) == 0)
        }
    }

    /// Runs `body` with a driver of `peripheral` that has no queue yet. Afterwards the device is closed, unless it is
    /// already.
    static func run<P: Peripheral>(
        _ peripheral: sending P, flow: TimeFlow = .manual, withUsb: Bool = false,
        _ body: (QueueDriver, AttachedPeripheral<P>) throws -> Void
    ) throws {
        let bus = flow == .manual ? VirtualBus(flow: flow, seed: 0, driver: .caller) : VirtualBus(flow: flow, seed: 0)
        let attached = try bus.attach(peripheral)
        try ProcessHost.withHost(bus) {
            let driver = try QueueDriver(bus, withUsb: withUsb)
            defer {
                driver.close()
                driver.forget()
            }
            try body(driver, attached)
        }
    }

    /// The same for a device that is not looked at.
    static func run(flow: TimeFlow = .manual, _ body: (QueueDriver) throws -> Void) throws {
        try run(TargetDevice(), flow: flow) { driver, _ in try body(driver) }
    }

    func close() {
        guard let device = unsafe device else { return }
        unsafe self.device = nil
        unsafe SwiftUsbCloseTarget(device)
        Drivers.shared.remove(self)
    }

    /// Lets go of what the driver was to do, which may hold the driver itself.
    private func forget() { lock.withLock { unsafe handler = nil } }

    // MARK: The driver

    /// Has the driver do this when it is called; it is noted in any case.
    func whenCalled(_ body: @escaping (WDFQUEUE?, DriverCall) -> Void) {
        lock.withLock { unsafe handler = unsafe body }
    }

    /// What the driver was called with since it was last asked.
    func calls() -> [DriverCall] {
        lock.withLock {
            defer { list = [] }
            return list
        }
    }

    /// The kinds of calls since it was last asked.
    func kinds() -> [DriverCall.Kind] { calls().map(\.kind) }

    /// The one request that the driver was called with since it was last asked.
    func request() throws -> WDFREQUEST {
        let calls = calls()
        try #require(calls.count == 1)
        return unsafe try #require(unsafe calls[0].request)
    }

    fileprivate func note(_ queue: WDFQUEUE?, _ call: DriverCall) {
        let handler = unsafe lock.withLock {
            list.append(call)
            return unsafe self.handler
        }
        unsafe handler?(queue, call)
        called.set()
    }

    /// Waits until the driver has been called once more.
    func waitForCall() { _ = called.wait() }

    /// Makes a queue with all callbacks, but for those that `change` takes away.
    @discardableResult
    func queue(
        _ type: WDF_IO_QUEUE_DISPATCH_TYPE = WdfIoQueueDispatchSequential, isDefault: Bool = true,
        level: WDF_EXECUTION_LEVEL = WdfExecutionLevelInheritFromParent,
        scope: WDF_SYNCHRONIZATION_SCOPE = WdfSynchronizationScopeInheritFromParent,
        _ change: (inout WDF_IO_QUEUE_CONFIG) -> Void = { _ in }
    ) throws -> WDFQUEUE {
        var config = unsafe QueueDriver.config(type, isDefault: isDefault)
        unsafe change(&config)
        var attributes = unsafe WDF_OBJECT_ATTRIBUTES()
        unsafe WDF_OBJECT_ATTRIBUTES_INIT(&attributes)
        unsafe attributes.ExecutionLevel = level
        unsafe attributes.SynchronizationScope = scope
        var queue: WDFQUEUE?
        try #require(unsafe WdfIoQueueCreate(device, &config, &attributes, &queue) == 0)
        let made = unsafe try #require(unsafe queue)
        unsafe Drivers.shared.add(self, made)
        return unsafe made
    }

    /// What a queue with all callbacks is made from.
    static func config(_ type: WDF_IO_QUEUE_DISPATCH_TYPE, isDefault: Bool = true) -> WDF_IO_QUEUE_CONFIG {
        var config = unsafe WDF_IO_QUEUE_CONFIG()
        unsafe WDF_IO_QUEUE_CONFIG_INIT(&config, type)
        unsafe config.DefaultQueue = isDefault ? 1 : 0
        unsafe config.EvtIoStop = unsafe ioStop
        unsafe config.EvtIoCanceledOnQueue = unsafe ioCanceledOnQueue
        guard type != WdfIoQueueDispatchManual else { return unsafe config }
        unsafe config.EvtIoRead = unsafe ioRead
        unsafe config.EvtIoWrite = unsafe ioWrite
        unsafe config.EvtIoDeviceControl = unsafe ioControl
        unsafe config.EvtIoInternalDeviceControl = unsafe ioInternalControl
        unsafe config.EvtIoDefault = unsafe ioDefault
        return unsafe config
    }

    // MARK: The program

    /// Presents a request; what becomes of it stands in what is returned.
    @discardableResult
    func present(
        _ type: WDF_REQUEST_TYPE = WdfRequestTypeRead, code: UInt32 = 0, input: [UInt8] = [], outputCount: Int = 0,
        offset: Int64 = 0, file: WDFFILEOBJECT? = nil, completed: ((Outcome) -> Void)? = nil
    ) -> Outcome {
        let outcome = Outcome(input, outputCount, on: bus, completed)
        var request = unsafe SwiftUsbRequest()
        unsafe request.Type = type
        unsafe request.IoControlCode = code
        unsafe request.Input = UnsafeRawPointer(outcome.input.baseAddress)
        unsafe request.InputLength = outcome.input.count
        unsafe request.Output = outcome.output.baseAddress
        unsafe request.OutputLength = outcome.output.count
        unsafe request.DeviceOffset = offset
        unsafe request.FileObject = unsafe file
        let context = unsafe Unmanaged.passRetained(outcome)
        outcome.answer = unsafe SwiftUsbPresent(
            device, &request,
            { context, status, information in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<Outcome>.fromOpaque(context).takeRetainedValue().end(status, information)
            }, context.toOpaque(), &outcome.token)
        if outcome.answer != NTStatus.pending.rawValue { unsafe context.release() }
        return outcome
    }
}

/// What became of a request that was presented.
@safe final class Outcome: @unchecked Sendable {
    // Sound: there until nobody looks at the outcome, and the request has completed.
    let input: UnsafeMutableRawBufferPointer
    let output: UnsafeMutableRawBufferPointer
    fileprivate(set) var answer: NTSTATUS = 0
    fileprivate(set) var token: ULONGLONG = 0
    private(set) var status: NTSTATUS?
    private(set) var information = 0
    private(set) var completionCount = 0
    private let event: BusEvent
    private let completed: ((Outcome) -> Void)?

    fileprivate init(_ input: [UInt8], _ outputCount: Int, on bus: VirtualBus, _ completed: ((Outcome) -> Void)?) {
        unsafe self.input = .allocate(byteCount: input.count, alignment: 16)
        unsafe self.output = .allocate(byteCount: outputCount, alignment: 16)
        event = BusEvent(on: bus.executor)
        self.completed = completed
        unsafe self.input.copyBytes(from: input)
        unsafe output.initializeMemory(as: UInt8.self, repeating: 0xEE)
    }

    deinit {
        unsafe input.deallocate()
        unsafe output.deallocate()
    }

    fileprivate func end(_ status: NTSTATUS, _ information: Int) {
        self.status = status
        self.information = information
        completionCount += 1
        completed?(self)
        event.set()
    }

    /// Waits for the completion. Returns its status.
    @discardableResult
    func wait() -> NTSTATUS? {
        _ = event.wait()
        return status
    }

    /// What the driver has filled in.
    var bytes: [UInt8] { unsafe Array(output) }

    /// The program cancels the request.
    @discardableResult
    func cancel() -> Bool { SwiftUsbCancelRequest(token) != 0 }
}

/// Which driver a queue is of: the functions that a framework calls know nothing else.
final class Drivers: @unchecked Sendable {
    static let shared = Drivers()

    private let lock = Lock()
    private var byQueue: [UInt: QueueDriver] = [:]

    func add(_ driver: QueueDriver, _ queue: WDFQUEUE) {
        lock.withLock { byQueue[UInt(bitPattern: queue)] = driver }
    }

    func remove(_ driver: QueueDriver) {
        lock.withLock { byQueue = byQueue.filter { $0.value !== driver } }
    }

    func note(_ queue: WDFQUEUE?, _ call: DriverCall) {
        let driver = lock.withLock { byQueue[UInt(bitPattern: queue)] }
        unsafe driver?.note(queue, call)
    }
}

private func ioRead(_ queue: WDFQUEUE?, _ request: WDFREQUEST?, _ length: Int) {
    unsafe Drivers.shared.note(queue, DriverCall(kind: .read, request: request, output: length))
}

private func ioWrite(_ queue: WDFQUEUE?, _ request: WDFREQUEST?, _ length: Int) {
    unsafe Drivers.shared.note(queue, DriverCall(kind: .write, request: request, input: length))
}

private func ioControl(_ queue: WDFQUEUE?, _ request: WDFREQUEST?, _ output: Int, _ input: Int, _ code: ULONG) {
    unsafe Drivers.shared.note(
        queue, DriverCall(kind: .control, request: request, output: output, input: input, code: code))
}

private func ioInternalControl(
    _ queue: WDFQUEUE?, _ request: WDFREQUEST?, _ output: Int, _ input: Int, _ code: ULONG
) {
    unsafe Drivers.shared.note(
        queue, DriverCall(kind: .internalControl, request: request, output: output, input: input, code: code))
}

private func ioDefault(_ queue: WDFQUEUE?, _ request: WDFREQUEST?) {
    unsafe Drivers.shared.note(queue, DriverCall(kind: .standard, request: request))
}

private func ioStop(_ queue: WDFQUEUE?, _ request: WDFREQUEST?, _ flags: ULONG) {
    unsafe Drivers.shared.note(queue, DriverCall(kind: .stop, request: request, code: flags))
}

private func ioCanceledOnQueue(_ queue: WDFQUEUE?, _ request: WDFREQUEST?) {
    unsafe Drivers.shared.note(queue, DriverCall(kind: .canceledOnQueue, request: request))
}

/// What a test marks a request as cancelable with.
func requestCancelled(_ request: WDFREQUEST?) {
    unsafe Drivers.shared.note(WdfRequestGetIoQueue(request), DriverCall(kind: .cancel, request: request))
}

/// What a test is told of a queue's states by.
func queueState(_ queue: WDFQUEUE?, _ context: WDFCONTEXT?) {
    unsafe Drivers.shared.note(queue, DriverCall(kind: .state, request: nil, code: UInt32(UInt(bitPattern: context))))
}

/// Completes a request as most tests do.
func complete(_ request: WDFREQUEST?, _ status: NTSTATUS = 0, _ information: UInt = 0) {
    unsafe WdfRequestCompleteWithInformation(request, status, ULONG_PTR(information))
}
