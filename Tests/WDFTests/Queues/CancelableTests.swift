// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import Win32

@testable import WDF

@Suite("Cancelling presented requests")
struct CancelableTests {
    @Test("What waits in a queue is completed as cancelled, and nobody else is troubled")
    func waiting() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcomes = (0..<3).map { _ in unsafe driver.present(outputCount: 1) }
            #expect(outcomes[1].cancel())
            #expect(outcomes[1].status == STATUS_CANCELLED)
            #expect(!outcomes[1].cancel())
            unsafe complete(unsafe try driver.request())
            unsafe complete(unsafe try driver.request())
            #expect(outcomes.map(\.status) == [0, STATUS_CANCELLED, 0])
            #expect(outcomes.allSatisfy { !$0.cancel() })
        }
    }

    @Test("A request in the driver's hands goes on until the driver looks")
    func held() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            #expect(unsafe WdfRequestIsCanceled(request) == 0)
            #expect(outcome.cancel())
            #expect(outcome.status == nil)
            #expect(unsafe WdfRequestIsCanceled(request) == 1)
            unsafe complete(request, STATUS_CANCELLED)
            #expect(outcome.status == STATUS_CANCELLED)
        }
    }

    @Test("The function of a cancelable request is called when the program cancels it")
    func cancelable() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            unsafe WdfRequestMarkCancelable(request, requestCancelled)
            #expect(driver.calls().isEmpty)
            #expect(outcome.cancel())
            let call = try #require(driver.calls().first)
            #expect(call.kind == .cancel)
            #expect(unsafe call.request == request)
            // Whoever unmarks it now is too late.
            #expect(unsafe WdfRequestUnmarkCancelable(request) == STATUS_CANCELLED)
            unsafe complete(request, STATUS_CANCELLED)
            #expect(outcome.status == STATUS_CANCELLED)
        }
    }

    @Test("A request that is no longer cancelable is the driver's to complete")
    func unmarking() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            #expect(unsafe WdfRequestUnmarkCancelable(request) == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe WdfRequestMarkCancelableEx(request, requestCancelled) == 0)
            #expect(unsafe WdfRequestMarkCancelableEx(request, requestCancelled) == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe WdfRequestUnmarkCancelable(request) == 0)
            #expect(outcome.cancel())
            #expect(driver.calls().isEmpty)
            unsafe complete(request)
            #expect(outcome.status == 0)
        }
    }

    @Test("A request that is cancelled already is not marked; of the older function's the callback is called at once")
    func lateMark() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            outcome.cancel()
            #expect(unsafe WdfRequestMarkCancelableEx(request, requestCancelled) == STATUS_CANCELLED)
            #expect(driver.calls().isEmpty)
            unsafe WdfRequestMarkCancelable(request, requestCancelled)
            #expect(driver.kinds() == [.cancel])
            unsafe complete(request, STATUS_CANCELLED)
            #expect(outcome.completionCount == 1)
        }
    }

    @Test("Within the queue's callback the cancel callback comes when that has returned")
    func markWithinCallback() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            var tokens: [ULONGLONG] = []
            var order: [String] = []
            unsafe driver.whenCalled { _, call in
                switch call.kind {
                case .read:
                    for token in tokens { _ = SwiftUsbCancelRequest(token) }
                    unsafe WdfRequestMarkCancelable(call.request, requestCancelled)
                    order.append("marked")
                case .cancel:
                    order.append("cancelled")
                    unsafe complete(call.request, STATUS_CANCELLED)
                default: break
                }
            }
            // The token is known before the driver is called.
            let first = unsafe driver.present(outputCount: 1)
            #expect(order == ["marked"])
            let second = unsafe driver.present(outputCount: 1)
            tokens = [second.token]
            first.cancel()
            #expect(order == ["marked", "cancelled", "marked", "cancelled"])
            #expect([first.status, second.status] == [STATUS_CANCELLED, STATUS_CANCELLED])
        }
    }

    @Test("A cancelable request cannot be completed before it is unmarked")
    func completionWhileMarked() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let other = unsafe try driver.queue(isDefault: false)
            let outcome = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            unsafe WdfRequestMarkCancelable(request, requestCancelled)
            let checks = BugCheck.intercepting { unsafe complete(request) }
            #expect(checks.map(\.code) == [0x48])
            #expect(outcome.status == nil)
            #expect(unsafe WdfRequestForwardToIoQueue(request, other) == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe WdfRequestUnmarkCancelable(request) == 0)
            unsafe complete(request)
        }
    }

    @Test("A purge calls the functions of what is cancelable, and asks about the rest")
    func purge() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue(WdfIoQueueDispatchParallel)
            let outcomes = (0..<2).map { _ in unsafe driver.present(outputCount: 1) }
            let requests = unsafe driver.calls().map(unsafe \.request)
            unsafe WdfRequestMarkCancelable(requests[0], requestCancelled)
            unsafe driver.whenCalled { _, call in
                if call.kind == .cancel { unsafe complete(call.request, STATUS_CANCELLED) }
            }
            unsafe WdfIoQueuePurge(queue, nil, nil)
            let calls = driver.calls()
            #expect(calls.map(\.kind) == [.cancel, .stop])
            #expect(unsafe calls.map(\.request) == requests)
            #expect(outcomes.map(\.status) == [STATUS_CANCELLED, nil])
            // What is marked while the queue is purged, is cancelled.
            #expect(unsafe WdfRequestMarkCancelableEx(requests[1], requestCancelled) == STATUS_CANCELLED)
            unsafe complete(requests[1], STATUS_CANCELLED)
        }
    }

    @Test("A request that has been in the driver's hands comes back to them when it is cancelled in a queue")
    func cancelledOnQueue() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let second = unsafe try driver.queue(WdfIoQueueDispatchManual, isDefault: false)
            let outcome = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            #expect(unsafe WdfRequestForwardToIoQueue(request, second) == 0)
            #expect(outcome.cancel())
            let calls = driver.calls()
            #expect(calls.map(\.kind) == [.canceledOnQueue])
            #expect(outcome.status == nil)
            unsafe complete(unsafe calls.first?.request, STATUS_CANCELLED)
            #expect(outcome.status == STATUS_CANCELLED)
        }
    }

    @Test("With nobody to hand it to it is completed, and a cancelled one that is forwarded as well")
    func cancelledOnQueueAlone() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let second = unsafe try driver.queue(WdfIoQueueDispatchManual, isDefault: false) {
                unsafe $0.EvtIoCanceledOnQueue = nil
            }
            let outcomes = (0..<2).map { _ in unsafe driver.present(outputCount: 1) }
            #expect(unsafe WdfRequestForwardToIoQueue(try driver.request(), second) == 0)
            outcomes[0].cancel()
            #expect(outcomes[0].status == STATUS_CANCELLED)
            outcomes[1].cancel()
            #expect(outcomes[1].status == nil)
            #expect(unsafe WdfRequestForwardToIoQueue(try driver.request(), second) == 0)
            #expect(outcomes[1].status == STATUS_CANCELLED)
        }
    }

    @Test("Of a cancel, an unmarking and a completion on two threads there is one end")
    func race() throws {
        try QueueDriver.run(flow: .free) { driver in
            unsafe try driver.queue(WdfIoQueueDispatchParallel)
            unsafe driver.whenCalled { _, call in
                if call.kind == .cancel { unsafe complete(call.request, STATUS_CANCELLED) }
            }
            for _ in 0..<300 {
                let outcome = unsafe driver.present(outputCount: 1)
                let request = unsafe try #require(unsafe driver.calls().last { $0.kind == .read }?.request)
                // The handle is to be there although the other thread is first.
                unsafe WdfObjectReferenceActual(request, nil, 0, nil)
                unsafe WdfRequestMarkCancelable(request, requestCancelled)
                let completer = unsafe Completer(request, on: driver.bus) { request in
                    if unsafe WdfRequestUnmarkCancelable(request) == 0 { unsafe complete(request) }
                }
                completer.start()
                outcome.cancel()
                let status = outcome.wait()
                completer.wait()
                unsafe WdfObjectDereferenceActual(request, nil, 0, nil)
                #expect(status == 0 || status == STATUS_CANCELLED)
                #expect(outcome.completionCount == 1)
            }
        }
    }
}
