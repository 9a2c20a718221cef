// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import Win32

@testable import WDF

@Suite("Queues")
struct QueueTests {
    /// The state of a queue, and what is in it and of it with the driver.
    private func state(_ queue: WDFQUEUE) -> (bits: UInt32, waiting: UInt32, held: UInt32) {
        var waiting: ULONG = 0
        var held: ULONG = 0
        let bits = unsafe WdfIoQueueGetState(queue, &waiting, &held)
        return (bits.rawValue, waiting, held)
    }

    @Test("A sequential queue presents the next request when the last has been completed")
    func sequential() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue()
            let outcomes = (0..<3).map { _ in unsafe driver.present(outputCount: 4) }
            #expect(outcomes.allSatisfy { $0.answer == 0x103 })
            for index in 0..<3 {
                #expect(unsafe state(queue).waiting == UInt32(2 - index))
                #expect(unsafe state(queue).held == 1)
                let request = unsafe try driver.request()
                unsafe complete(request, 0, 4)
                #expect(outcomes[index].status == 0)
                #expect(outcomes[index].information == 4)
            }
            #expect(unsafe state(queue) == (0x0F, 0, 0))
        }
    }

    @Test("A parallel queue presents as many requests as the driver wants to have", arguments: [1, 2, 5])
    func parallel(limit: UInt32) throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue(WdfIoQueueDispatchParallel) {
                unsafe $0.Settings.Parallel.NumberOfPresentedRequests = limit
            }
            for _ in 0..<8 { unsafe driver.present(outputCount: 1) }
            var held = unsafe driver.calls().map(unsafe \.request)
            #expect(unsafe held.count == Int(limit))
            for _ in 0..<8 {
                unsafe complete(held.removeFirst())
                unsafe held += driver.calls().map(\.request)
                #expect(unsafe state(queue).held == UInt32(held.count))
            }
            #expect(unsafe state(queue) == (0x0F, 0, 0))
        }
    }

    @Test("A parallel queue without a limit presents everything at once")
    func unlimited() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue(WdfIoQueueDispatchParallel)
            let outcomes = (0..<100).map { _ in unsafe driver.present(outputCount: 1) }
            let calls = driver.calls()
            #expect(calls.count == 100)
            for call in calls.reversed() { unsafe complete(call.request) }
            #expect(outcomes.allSatisfy { $0.completionCount == 1 })
        }
    }

    @Test("A driver that completes within the callback goes through any number of requests without a deeper stack")
    func longChain() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            unsafe driver.whenCalled { _, call in unsafe complete(call.request) }
            var left = 20_000
            func next(_ outcome: Outcome) {
                left -= 1
                if left > 0 { unsafe driver.present(outputCount: 1, completed: next) }
            }
            unsafe driver.present(outputCount: 1, completed: next)
            #expect(left == 0)
        }
    }

    @Test("The same of a parallel queue, whose requests are presented from completions")
    func longParallelChain() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue(WdfIoQueueDispatchParallel)
            unsafe driver.whenCalled { _, call in unsafe complete(call.request) }
            var left = 20_000
            func next(_ outcome: Outcome) {
                left -= 1
                if left > 0 { unsafe driver.present(outputCount: 1, completed: next) }
            }
            unsafe driver.present(outputCount: 1, completed: next)
            #expect(left == 0)
        }
    }

    @Test("Each type of request has its callback, and that for all where there is none")
    func callbacks() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue(WdfIoQueueDispatchParallel) { unsafe $0.EvtIoInternalDeviceControl = nil }
            unsafe driver.present(WdfRequestTypeRead, outputCount: 3)
            unsafe driver.present(WdfRequestTypeWrite, input: [1, 2])
            unsafe driver.present(WdfRequestTypeDeviceControl, code: 0x22_2400, input: [1], outputCount: 5)
            unsafe driver.present(WdfRequestTypeDeviceControlInternal, code: 0x22_0003)
            let calls = driver.calls()
            #expect(calls.map(\.kind) == [.read, .write, .control, .standard])
            #expect(calls.map(\.output) == [3, 0, 5, 0])
            #expect(calls.map(\.input) == [0, 2, 1, 0])
            #expect(calls[2].code == 0x22_2400)
            for call in calls { unsafe complete(call.request) }
        }
    }

    @Test("A type of its own queue goes there, others to the default one")
    func dispatching() throws {
        try QueueDriver.run { driver in
            let standard = unsafe try driver.queue()
            let writes = unsafe try driver.queue(isDefault: false)
            #expect(unsafe WdfDeviceGetDefaultQueue(driver.device) == standard)
            #expect(unsafe WdfIoQueueGetDevice(writes) == driver.device)
            #expect(unsafe WdfDeviceConfigureRequestDispatching(driver.device, writes, WdfRequestTypeWrite) == 0)
            unsafe driver.present(WdfRequestTypeWrite, input: [1])
            unsafe driver.present(WdfRequestTypeRead, outputCount: 1)
            #expect(unsafe state(writes).held == 1)
            #expect(unsafe state(standard).held == 1)
            for call in driver.calls() { unsafe complete(call.request) }
        }
    }

    @Test("What cannot be dispatched is refused")
    func dispatchingRefusals() throws {
        try QueueDriver.run { driver in
            let standard = unsafe try driver.queue()
            let reads = unsafe try driver.queue(isDefault: false) {
                unsafe $0.EvtIoDefault = nil
                unsafe $0.EvtIoWrite = nil
            }
            let others = unsafe try driver.queue(isDefault: false)
            func bind(_ queue: WDFQUEUE, _ type: WDF_REQUEST_TYPE) -> NTSTATUS {
                unsafe WdfDeviceConfigureRequestDispatching(driver.device, queue, type)
            }
            #expect(unsafe bind(others, WdfRequestTypeClose) == STATUS_INVALID_PARAMETER)
            #expect(unsafe bind(others, WdfRequestTypeCreate) == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe bind(standard, WdfRequestTypeRead) == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe bind(reads, WdfRequestTypeWrite) == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe bind(reads, WdfRequestTypeRead) == 0)
            #expect(unsafe bind(others, WdfRequestTypeRead) == STATUS_WDF_BUSY)
        }
    }

    @Test("A queue that cannot be is refused, one fault before the other")
    func creation() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            func create(_ type: WDF_IO_QUEUE_DISPATCH_TYPE, _ change: (inout WDF_IO_QUEUE_CONFIG) -> Void) -> NTSTATUS {
                var config = unsafe QueueDriver.config(type, isDefault: false)
                unsafe change(&config)
                var queue: WDFQUEUE?
                return unsafe WdfIoQueueCreate(driver.device, &config, nil, &queue)
            }
            let none = WDF_IO_QUEUE_DISPATCH_TYPE(7)
            #expect(unsafe create(none) { unsafe $0.Size -= 4 } == STATUS_INFO_LENGTH_MISMATCH)
            #expect(unsafe create(none) { _ in } == STATUS_INVALID_PARAMETER)
            #expect(
                unsafe create(WdfIoQueueDispatchSequential) {
                    unsafe $0 = unsafe WDF_IO_QUEUE_CONFIG()
                    unsafe WDF_IO_QUEUE_CONFIG_INIT(&$0, WdfIoQueueDispatchSequential)
                } == STATUS_WDF_NO_CALLBACK)
            #expect(
                unsafe create(WdfIoQueueDispatchManual) {
                    unsafe $0.EvtIoDefault = unsafe QueueDriver.config(WdfIoQueueDispatchParallel).EvtIoDefault
                } == STATUS_INVALID_PARAMETER)
            #expect(
                unsafe create(WdfIoQueueDispatchSequential) {
                    unsafe $0.Settings.Parallel.NumberOfPresentedRequests = 1
                } == STATUS_INVALID_PARAMETER)
            #expect(
                unsafe create(WdfIoQueueDispatchSequential) { unsafe $0.DefaultQueue = 1 } == STATUS_UNSUCCESSFUL)
            var config = unsafe QueueDriver.config(WdfIoQueueDispatchParallel, isDefault: false)
            #expect(unsafe WdfIoQueueCreate(driver.device, &config, nil, nil) == STATUS_INVALID_PARAMETER_4)
            let checks = BugCheck.intercepting { _ = unsafe WdfIoQueueCreate(driver.device, nil, nil, nil) }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 4]])
        }
    }

    @Test("A read or write without bytes succeeds by itself, unless the queue takes those")
    func emptyTransfers() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue()
            let held = unsafe driver.present(outputCount: 1)
            let empty = unsafe driver.present(WdfRequestTypeWrite)
            // In its turn.
            #expect(empty.status == nil)
            unsafe complete(unsafe try driver.request())
            #expect(held.status == 0)
            #expect(empty.status == 0)
            #expect(driver.calls().isEmpty)
            #expect(unsafe state(queue).held == 0)
            // A control code without bytes is one all the same.
            unsafe driver.present(WdfRequestTypeDeviceControl)
            unsafe complete(unsafe try driver.request())
        }
        try QueueDriver.run { driver in
            unsafe try driver.queue { unsafe $0.AllowZeroLengthRequests = 1 }
            let empty = unsafe driver.present(WdfRequestTypeWrite)
            #expect(empty.status == nil)
            unsafe complete(unsafe try driver.request())
            #expect(empty.status == 0)
        }
    }

    @Test("A manual queue tells that it has got a request, and the driver takes them in order")
    func manual() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue(WdfIoQueueDispatchManual)
            var taken: WDFREQUEST?
            #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == STATUS_NO_MORE_ENTRIES)
            #expect(unsafe WdfIoQueueReadyNotify(queue, queueState, nil) == 0)
            #expect(unsafe WdfIoQueueReadyNotify(queue, queueState, nil) == STATUS_INVALID_DEVICE_REQUEST)
            let outcomes = (1...3).map { unsafe driver.present(outputCount: $0) }
            // Not again while it has some.
            #expect(driver.kinds() == [.state])
            for index in 0..<3 {
                #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == 0)
                var parameters = unsafe WDF_REQUEST_PARAMETERS()
                unsafe WDF_REQUEST_PARAMETERS_INIT(&parameters)
                unsafe WdfRequestGetParameters(taken, &parameters)
                #expect(unsafe parameters.Parameters.Read.Length == index + 1)
                unsafe complete(taken)
                #expect(outcomes[index].status == 0)
            }
            unsafe driver.present(outputCount: 1)
            #expect(driver.kinds() == [.state])
            #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == 0)
            // Back to the head.
            unsafe driver.present(outputCount: 2)
            #expect(unsafe WdfRequestRequeue(taken) == 0)
            let first = unsafe taken
            #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == 0)
            #expect(unsafe taken == first)
            unsafe complete(taken)
            #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == 0)
            unsafe complete(taken)
        }
    }

    @Test("What a queue is not for, is refused")
    func wrongQueues() throws {
        try QueueDriver.run { driver in
            let parallel = unsafe try driver.queue(WdfIoQueueDispatchParallel)
            var taken: WDFREQUEST?
            #expect(unsafe WdfIoQueueRetrieveNextRequest(parallel, &taken) == STATUS_INVALID_DEVICE_STATE)
            #expect(unsafe WdfIoQueueReadyNotify(parallel, queueState, nil) == STATUS_INVALID_DEVICE_REQUEST)
            unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            #expect(unsafe WdfRequestRequeue(request) == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe WdfRequestForwardToIoQueue(request, parallel) == STATUS_INVALID_DEVICE_REQUEST)
            unsafe complete(request)
        }
    }

    @Test("A stopped queue takes requests and presents none; who waits for the driver is told when it has no more")
    func stopping() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue()
            unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            unsafe WdfIoQueueStop(queue, queueState, WDFCONTEXT(bitPattern: 7))
            let second = unsafe driver.present(outputCount: 1)
            #expect(driver.calls().isEmpty)
            #expect(unsafe state(queue) == (WdfIoQueueAcceptRequests.rawValue, 1, 1))
            unsafe complete(request)
            let told = driver.calls()
            #expect(told.map(\.kind) == [.state])
            #expect(told.first?.code == 7)
            #expect(unsafe WDF_IO_QUEUE_STOPPED(WdfIoQueueGetState(queue, nil, nil)) != 0)
            unsafe WdfIoQueueStart(queue)
            unsafe complete(unsafe try driver.request())
            #expect(second.status == 0)
        }
    }

    @Test("A stopped manual queue gives nothing out, and tells again when it starts")
    func stoppedManual() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue(WdfIoQueueDispatchManual)
            unsafe WdfIoQueueStopSynchronously(queue)
            #expect(unsafe WdfIoQueueReadyNotify(queue, queueState, nil) == 0)
            unsafe driver.present(outputCount: 1)
            #expect(driver.calls().isEmpty)
            var taken: WDFREQUEST?
            #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == STATUS_WDF_PAUSED)
            unsafe WdfIoQueueStart(queue)
            #expect(driver.kinds() == [.state])
            #expect(unsafe WdfIoQueueReadyNotify(queue, nil, nil) == STATUS_INVALID_DEVICE_REQUEST)
            unsafe WdfIoQueueStop(queue, nil, nil)
            #expect(unsafe WdfIoQueueReadyNotify(queue, nil, nil) == 0)
            unsafe WdfIoQueueStart(queue)
            #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == 0)
            unsafe complete(taken)
        }
    }

    @Test("A purge cancels what waits, and is over when the driver has completed the rest")
    func purging() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue { unsafe $0.EvtIoStop = nil }
            let first = unsafe driver.present(outputCount: 1)
            let second = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            unsafe WdfIoQueuePurge(queue, queueState, nil)
            #expect(second.status == STATUS_CANCELLED)
            #expect(first.status == nil)
            #expect(unsafe WdfRequestIsCanceled(request) == 0)
            unsafe #expect(driver.present(outputCount: 1).answer == STATUS_INVALID_DEVICE_STATE)
            #expect(driver.calls().isEmpty)
            unsafe complete(request)
            #expect(driver.kinds() == [.state])
            #expect(unsafe WDF_IO_QUEUE_PURGED(WdfIoQueueGetState(queue, nil, nil)) != 0)
            unsafe WdfIoQueueStart(queue)
            unsafe driver.present(outputCount: 1)
            unsafe complete(unsafe try driver.request())
        }
    }

    @Test("During a purge the driver is asked about what is in its hands, and may put it back, where it is cancelled")
    func asking() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue(WdfIoQueueDispatchParallel)
            let kept = unsafe driver.present(outputCount: 1)
            let returned = unsafe driver.present(outputCount: 1)
            let requests = unsafe driver.calls().map(unsafe \.request)
            unsafe driver.whenCalled { _, call in
                guard call.kind == .stop else { return }
                unsafe WdfRequestStopAcknowledge(call.request, call.request == requests[1] ? 1 : 0)
            }
            unsafe WdfIoQueuePurge(queue, nil, nil)
            let calls = driver.calls()
            #expect(calls.map(\.kind) == [.stop, .stop, .canceledOnQueue])
            #expect(calls.prefix(2).allSatisfy { $0.code == WdfRequestStopActionPurge.rawValue })
            #expect(unsafe calls[2].request == requests[1])
            #expect(unsafe WdfRequestIsCanceled(requests[1]) == 1)
            unsafe complete(requests[1], STATUS_CANCELLED)
            #expect(returned.status == STATUS_CANCELLED)
            #expect(kept.status == nil)
            unsafe complete(requests[0])
            #expect(kept.status == 0)
        }
    }

    @Test("A call that waits for the end of the callback that it is in, is a bug check", arguments: [true, false])
    func waitingForItself(purges: Bool) throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue()
            unsafe driver.whenCalled { queue, call in
                let checks = BugCheck.intercepting {
                    if purges {
                        unsafe WdfIoQueuePurgeSynchronously(queue)
                    } else {
                        unsafe WdfIoQueueStopSynchronously(queue)
                    }
                }
                #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 0xA]])
                unsafe complete(call.request)
            }
            unsafe #expect(driver.present(outputCount: 1).status == 0)
            unsafe WdfIoQueueStop(queue, nil, nil)
        }
    }

    @Test("Two calls that wait for one state are a bug check")
    func twoWaits() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue()
            unsafe driver.present(outputCount: 1)
            unsafe WdfIoQueueStop(queue, queueState, nil)
            let checks = BugCheck.intercepting { unsafe WdfIoQueueStop(queue, queueState, nil) }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 0xA]])
            for call in driver.calls() { unsafe complete(call.request) }
        }
    }

    @Test("A call that waits goes on when another thread has completed the last request", arguments: [true, false])
    func waiting(purges: Bool) throws {
        try QueueDriver.run(flow: .free) { driver in
            let queue = unsafe try driver.queue { unsafe $0.EvtIoStop = nil }
            let outcome = unsafe driver.present(outputCount: 1)
            let completer = unsafe Completer(unsafe try driver.request(), on: driver.bus)
            completer.start()
            if purges { unsafe WdfIoQueuePurgeSynchronously(queue) } else { unsafe WdfIoQueueStopSynchronously(queue) }
            #expect(outcome.status == 0)
            #expect(unsafe state(queue).held == 0)
            completer.wait()
        }
    }

    @Test("A request that is forwarded comes by the other queue, and makes room in the first")
    func forwarding() throws {
        try QueueDriver.run { driver in
            let first = unsafe try driver.queue()
            let second = unsafe try driver.queue(WdfIoQueueDispatchManual, isDefault: false)
            let outcome = unsafe driver.present(outputCount: 1)
            unsafe driver.present(outputCount: 2)
            let request = unsafe try driver.request()
            #expect(unsafe WdfRequestGetIoQueue(request) == first)
            #expect(unsafe WdfRequestForwardToIoQueue(request, second) == 0)
            #expect(unsafe WdfRequestGetIoQueue(request) == second)
            // The next one of the first queue.
            unsafe complete(unsafe try driver.request())
            #expect(unsafe state(second) == (0x0B, 1, 0))
            var taken: WDFREQUEST?
            #expect(unsafe WdfIoQueueRetrieveNextRequest(second, &taken) == 0)
            #expect(unsafe taken == request)
            #expect(outcome.status == nil)
            unsafe complete(taken)
            #expect(outcome.status == 0)
            unsafe WdfIoQueuePurge(second, nil, nil)
            unsafe driver.present(outputCount: 1)
            let last = unsafe try driver.request()
            #expect(unsafe WdfRequestForwardToIoQueue(last, second) == STATUS_WDF_BUSY)
            unsafe complete(last)
        }
    }

    @Test("Every function knows a wrong handle")
    func wrongHandles() {
        let found = BugCheck.intercepting {
            WdfIoQueueStart(nil)
            WdfIoQueueStop(nil, nil, nil)
            WdfIoQueueStopSynchronously(nil)
            WdfIoQueuePurge(nil, nil, nil)
            WdfIoQueuePurgeSynchronously(nil)
            #expect(unsafe WdfIoQueueGetDevice(nil) == nil)
            #expect(WdfIoQueueGetState(nil, nil, nil).rawValue == 0)
            #expect(WdfIoQueueRetrieveNextRequest(nil, nil) == STATUS_UNSUCCESSFUL)
            #expect(WdfIoQueueReadyNotify(nil, nil, nil) == STATUS_UNSUCCESSFUL)
        }
        #expect(found.count == 9)
        #expect(found.allSatisfy { $0.code == 0x10D && $0.parameters == [5, 0, 0x1003, 0] })
        let devices = BugCheck.intercepting {
            #expect(unsafe WdfDeviceGetDefaultQueue(nil) == nil)
            #expect(unsafe WdfDeviceGetIoTarget(nil) == nil)
            #expect(unsafe WdfDeviceWdmGetDeviceObject(nil) == nil)
            #expect(unsafe WdfDeviceWdmGetAttachedDevice(nil) == nil)
            #expect(WdfDeviceConfigureRequestDispatching(nil, nil, WdfRequestTypeRead) == STATUS_UNSUCCESSFUL)
        }
        #expect(devices.count == 5)
        #expect(devices.allSatisfy { $0.code == 0x10D && $0.parameters == [5, 0, 0x1002, 0] })
    }

    @Test("NULL where a request goes, or for a function, is a bug check")
    func missing() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue(WdfIoQueueDispatchManual)
            unsafe driver.present(outputCount: 1)
            let found = BugCheck.intercepting {
                #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, nil) == STATUS_UNSUCCESSFUL)
            }
            #expect(found.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 4]])
            var taken: WDFREQUEST?
            #expect(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == 0)
            let marks = BugCheck.intercepting {
                unsafe WdfRequestMarkCancelable(taken, nil)
                #expect(unsafe WdfRequestMarkCancelableEx(taken, nil) == STATUS_UNSUCCESSFUL)
            }
            #expect(marks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 4], [0x10D, 4]])
            unsafe complete(taken)
        }
    }

    @Test("A driver may not delete a queue that requests come to by themselves")
    func deletion() throws {
        try QueueDriver.run { driver in
            let standard = unsafe try driver.queue()
            let other = unsafe try driver.queue(isDefault: false)
            let checks = BugCheck.intercepting { unsafe WdfObjectDelete(standard) }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 7]])
            unsafe WdfObjectDelete(other)
            let wrong = BugCheck.intercepting { _ = unsafe WdfIoQueueGetState(other, nil, nil) }
            #expect(wrong.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 5]])
        }
    }
}

/// Completes a request on a thread of its own.
@safe final class Completer: @unchecked Sendable {
    // Sound: a token.
    private let request: WDFREQUEST
    private let bus: any HostController
    private let isDone: BusEvent
    private let body: (WDFREQUEST) -> Void

    init(
        _ request: WDFREQUEST, on bus: any HostController,
        _ body: @escaping (WDFREQUEST) -> Void = { unsafe complete($0) }
    ) {
        unsafe self.request = unsafe request
        self.bus = bus
        unsafe self.body = unsafe body
        isDone = BusEvent(on: bus.executor)
    }

    func start() {
        startThread(name: "completer") { [self] in
            ProcessHost.withHost(bus) { unsafe body(request) }
            isDone.set()
        }
    }

    func wait() { _ = isDone.wait() }
}
