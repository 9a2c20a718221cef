// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import VirtualUSB

/// Calls on this thread mean a bus of its own, whose time moves by hand.
private func onManualBus<Value>(_ body: (VirtualBus) throws -> Value) rethrows -> Value {
    let bus = VirtualBus(flow: .manual, seed: 0, driver: .caller)
    return try ProcessHost.withHost(bus) { try body(bus) }
}

/// Memory for an object of a driver's, which stays where it is.
@safe private final class Box<Value>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Value>

    init(_ value: Value) {
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: value)
    }

    deinit { unsafe pointer.deallocate() }
}

@Suite("levels, locks and events")
struct ExecutionTests {
    @Test("a thread's level goes up and comes down, and is the thread's own")
    func levels() {
        #expect(KeGetCurrentIrql() == 0)
        var old: KIRQL = 9
        unsafe KeRaiseIrql(1, &old)
        #expect(old == 0)
        #expect(KeRaiseIrqlToDpcLevel() == 1)
        #expect(KeGetCurrentIrql() == 2)
        KeLowerIrql(0)
        #expect(KeGetCurrentIrql() == 0)
    }

    @Test("to raise a level downwards or lower it upwards is a bug check, and changes nothing")
    func wrongLevels() {
        let found = BugCheck.intercepting {
            KeLowerIrql(1)
            _ = KeRaiseIrqlToDpcLevel()
            KeRaiseIrql(1, nil)
        }
        #expect(found.map(\.code) == [0x0A, 0x09])
        #expect(found.map(\.function) == ["KeLowerIrql", "KeRaiseIrql"])
        #expect(KeGetCurrentIrql() == 2)
        KeLowerIrql(0)
    }

    @Test("a bug check has a code, four parameters, the call and the reason, and reads so")
    func text() {
        let check = BugCheck(0x10D, [5, 0x1234], in: "WdfUsbTargetPipeGetType", "the handle is none of a pipe")
        #expect(
            check.text
                == "bug check 0x10D (0x5, 0x1234, 0x0, 0x0) in WdfUsbTargetPipeGetType: the handle is none of a pipe")
    }

    @Test("a spin lock raises its holder, and knows who it is")
    func spinLocks() {
        let lock = Box<KSPIN_LOCK>(7)
        unsafe KeInitializeSpinLock(lock.pointer)
        let old = unsafe KeAcquireSpinLockRaiseToDpc(lock.pointer)
        #expect(old == 0 && KeGetCurrentIrql() == 2)
        let again = BugCheck.intercepting { unsafe KeAcquireSpinLockAtDpcLevel(lock.pointer) }
        #expect(again.map(\.code) == [0x0F])
        unsafe KeReleaseSpinLock(lock.pointer, old)
        #expect(KeGetCurrentIrql() == 0)
        let twice = BugCheck.intercepting { unsafe KeReleaseSpinLock(lock.pointer, 0) }
        #expect(twice.map(\.code) == [0x10])
    }

    @Test("a notification event stays set, a synchronisation event lets one pass", arguments: [false, true])
    func events(isSynchronization: Bool) {
        onManualBus { _ in
            let event = unsafe Box(KEVENT())
            unsafe KeInitializeEvent(event.pointer, isSynchronization ? SynchronizationEvent : NotificationEvent, 0)
            var look = LARGE_INTEGER(QuadPart: 0)
            func wait() -> NTSTATUS { unsafe KeWaitForSingleObject(event.pointer, Executive, 0, 0, &look) }
            #expect(wait() == 0x102)
            #expect(unsafe KeSetEvent(event.pointer, 0, 0) == 0)
            #expect(unsafe KeSetEvent(event.pointer, 0, 0) == 1)
            #expect(wait() == 0)
            #expect(wait() == (isSynchronization ? 0x102 : 0))
            unsafe KeClearEvent(event.pointer)
            #expect(unsafe KeReadStateEvent(event.pointer) == 0)
        }
    }

    @Test("a wait ends after so many units of 100 ns, from now or since 1601", arguments: [false, true])
    func timeouts(isAbsolute: Bool) {
        onManualBus { bus in
            let event = unsafe Box(KEVENT())
            unsafe KeInitializeEvent(event.pointer, NotificationEvent, 0)
            let before = bus.clock.presentInstant.nanoseconds
            var timeout = LARGE_INTEGER()
            if isAbsolute {
                unsafe KeQuerySystemTime(&timeout)
                unsafe timeout.QuadPart += 25_000
            } else {
                unsafe timeout.QuadPart = -25_000
            }
            #expect(unsafe KeWaitForSingleObject(event.pointer, Executive, 0, 0, &timeout) == 0x102)
            #expect(bus.clock.presentInstant.nanoseconds - before == 2_500_000)
            #expect(unsafe KeDelayExecutionThread(0, 0, &timeout) == 0)
        }
    }

    @Test("an event that is set by another thread ends a wait")
    func otherThread() {
        let bus = VirtualBus(flow: .free, seed: 0)
        ProcessHost.withHost(bus) {
            let event = unsafe Box(KEVENT())
            unsafe KeInitializeEvent(event.pointer, SynchronizationEvent, 0)
            startThread(name: "setter") {
                ProcessHost.withHost(bus) { _ = unsafe KeSetEvent(event.pointer, 0, 0) }
            }
            #expect(unsafe KeWaitForSingleObject(event.pointer, Executive, 0, 0, nil) == 0)
            #expect(unsafe KeReadStateEvent(event.pointer) == 0)
        }
    }

    @Test("a wait that can never end says so, and one above its level is a bug check")
    func impossibleWaits() {
        onManualBus { _ in
            let event = unsafe Box(KEVENT())
            unsafe KeInitializeEvent(event.pointer, NotificationEvent, 0)
            #expect(
                unsafe KeWaitForSingleObject(event.pointer, Executive, 0, 0, nil)
                    == NTSTATUS(bitPattern: 0xC000_0194))
            let found = BugCheck.intercepting {
                let old = KeRaiseIrqlToDpcLevel()
                #expect(unsafe KeWaitForSingleObject(event.pointer, Executive, 0, 0, nil) < 0)
                KeLowerIrql(old)
            }
            #expect(found.map(\.code) == [0x0A])
        }
    }

    @Test("the handler of the process gets the code, the parameters, the call and the reason")
    func handler() {
        final class Seen { var text = "" }
        let seen = Seen()
        // The one test that sets the process's handler; other threads' faults are intercepted by themselves.
        unsafe SwiftUsbSetBugCheckHandler(
            { check, context in
                guard let check = unsafe check?.pointee, let context = unsafe context else { return }
                unsafe Unmanaged<Seen>.fromOpaque(context).takeUnretainedValue().text =
                    unsafe "\(check.Code) \(check.Parameters.0) \(check.Parameters.3) \(String(cString: check.Function))"
            }, Unmanaged.passUnretained(seen).toOpaque())
        KeBugCheckEx(0xE2, 1, 2, 3, 4)
        SwiftUsbSetBugCheckHandler(nil, nil)
        #expect(seen.text == "226 1 4 KeBugCheckEx")
    }
}
