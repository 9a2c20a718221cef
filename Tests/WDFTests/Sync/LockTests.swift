// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import NTKernel
import Testing
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("Wait locks, spin locks and the locks of callbacks")
struct LockTests {
    private func makeWaitLock() throws -> WDFWAITLOCK {
        var lock: WDFWAITLOCK?
        try #require(unsafe WdfWaitLockCreate(nil, &lock) == 0)
        return unsafe try #require(unsafe lock)
    }

    private func makeSpinLock() throws -> WDFSPINLOCK {
        var lock: WDFSPINLOCK?
        try #require(unsafe WdfSpinLockCreate(nil, &lock) == 0)
        return unsafe try #require(unsafe lock)
    }

    private func acquire(_ lock: WDFWAITLOCK?, _ timeout: Int64? = nil) -> NTSTATUS {
        guard var timeout else { return unsafe WdfWaitLockAcquire(lock, nil) }
        return unsafe WdfWaitLockAcquire(lock, &timeout)
    }

    // MARK: Wait locks

    @Test("A wait lock is waited for in bus time: none, so long, or until it is given back")
    func waitLock() throws {
        try withDevice(.free) { _ in
            let lock = unsafe try makeWaitLock()
            let begin = busMilliseconds
            #expect(unsafe acquire(lock) == 0)
            let carried = unsafe Carried(lock)
            let results = ThreadResults()
            let thread = unsafe startThread {
                let lock = unsafe WDFWAITLOCK(bitPattern: carried.address)
                var timeout: Int64 = 0
                results.add(Int64(unsafe WdfWaitLockAcquire(lock, &timeout)))
                results.add(busMilliseconds - begin)
                timeout = -30_000
                results.add(Int64(unsafe WdfWaitLockAcquire(lock, &timeout)))
                results.add(busMilliseconds - begin)
                timeout = KernelTime.system + 20_000
                results.add(Int64(unsafe WdfWaitLockAcquire(lock, &timeout)))
                results.add(busMilliseconds - begin)
                results.add(Int64(unsafe WdfWaitLockAcquire(lock, nil)))
                results.add(busMilliseconds - begin)
                unsafe WdfWaitLockRelease(lock)
            }
            Sleep(20)
            unsafe WdfWaitLockRelease(lock)
            unsafe join(thread)
            #expect(results.list == [258, 0, 258, 3, 258, 5, 0, 20])
            unsafe WdfObjectDelete(lock)
        }
    }

    @Test("Waiting for a lock that the thread has is a bug check; a wait that ends is none")
    func recursive() throws {
        try withDevice { _ in
            let lock = unsafe try makeWaitLock()
            #expect(unsafe acquire(lock) == 0)
            let found = BugCheck.intercepting {
                #expect(unsafe acquire(lock) == NTStatus.unsuccessful.rawValue)
            }
            #expect(found.map(\.parameters) == [[2, UInt(bitPattern: lock), 0, 0]])
            #expect(unsafe acquire(lock, 0) == NTStatus.timeout.rawValue)
            #expect(unsafe acquire(lock, -10_000) == NTStatus.timeout.rawValue)
            unsafe WdfWaitLockRelease(lock)
            expectBugChecks([0xB]) { unsafe WdfWaitLockRelease(lock) }
            unsafe WdfObjectDelete(lock)
        }
    }

    @Test("A lock that another thread has is not this thread's to give back")
    func notOwner() throws {
        try withDevice(.free) { _ in
            let lock = unsafe try makeWaitLock()
            let carried = unsafe Carried(lock)
            unsafe join(
                startThread { _ = unsafe WdfWaitLockAcquire(WDFWAITLOCK(bitPattern: carried.address), nil) })
            expectBugChecks([0xB]) { unsafe WdfWaitLockRelease(lock) }
            #expect(unsafe acquire(lock, 0) == NTStatus.timeout.rawValue)
            unsafe WdfObjectDelete(lock)
        }
    }

    @Test("At DISPATCH_LEVEL a wait lock is only looked at: with the verifier a status says so, else a bug check")
    func levels() throws {
        let lock = unsafe try makeWaitLock()
        InterruptLevel.atDispatch {
            #expect(unsafe acquire(lock, 0) == 0)
            unsafe WdfWaitLockRelease(lock)
            Verifier.with(true) {
                expectBugChecks([]) { #expect(unsafe acquire(lock) == NTStatus.invalidDeviceRequest.rawValue) }
            }
            Verifier.with(false) { expectBugChecks([0xA]) { _ = unsafe acquire(lock, -1) } }
        }
        unsafe WdfObjectDelete(lock)
    }

    @Test("Threads that take a wait lock in turn are never inside together")
    func exclusion() throws {
        try withDevice(.free) { _ in
            let lock = unsafe try makeWaitLock()
            let carried = unsafe Carried(lock)
            let inside = ThreadResults()
            let threads = unsafe (0..<4).map { number in
                unsafe startThread {
                    let lock = unsafe WDFWAITLOCK(bitPattern: carried.address)
                    for _ in 0..<25 {
                        _ = unsafe WdfWaitLockAcquire(lock, nil)
                        inside.add(number)
                        Sleep(1)
                        inside.add(number)
                        unsafe WdfWaitLockRelease(lock)
                    }
                }
            }
            for index in unsafe threads.indices { unsafe join(threads[index]) }
            let list = inside.list
            #expect(list.count == 200)
            #expect(stride(from: 0, to: list.count - 1, by: 2).allSatisfy { list[$0] == list[$0 + 1] })
            unsafe WdfObjectDelete(lock)
        }
    }

    // MARK: Spin locks

    @Test(
        "Who has a spin lock is at DISPATCH_LEVEL, and afterwards at the level before", arguments: [0, 1, 2] as [UInt8])
    func spinLock(_ level: UInt8) throws {
        let lock = unsafe try makeSpinLock()
        InterruptLevel.current = level
        defer { InterruptLevel.current = 0 }
        unsafe WdfSpinLockAcquire(lock)
        #expect(InterruptLevel.current == 2)
        unsafe WdfSpinLockRelease(lock)
        #expect(InterruptLevel.current == level)
        InterruptLevel.current = 0
        unsafe WdfObjectDelete(lock)
    }

    @Test("A spin lock taken twice, given back twice, or taken at too high a level is a bug check")
    func spinLockFaults() throws {
        let lock = unsafe try makeSpinLock()
        unsafe WdfSpinLockAcquire(lock)
        expectBugChecks([2]) { unsafe WdfSpinLockAcquire(lock) }
        unsafe WdfSpinLockRelease(lock)
        expectBugChecks([0xB]) { unsafe WdfSpinLockRelease(lock) }
        InterruptLevel.current = 3
        expectBugChecks([0xA]) { unsafe WdfSpinLockAcquire(lock) }
        InterruptLevel.current = 0
        let wrong = unsafe WDFWAITLOCK(bitPattern: UInt(bitPattern: lock))
        let found = BugCheck.intercepting { _ = unsafe acquire(wrong) }
        #expect(found.map(\.parameters) == [[5, UInt(bitPattern: lock), 0x1023, 0]])
        unsafe WdfObjectDelete(lock)
    }

    // MARK: Locks of callbacks

    @Test("A device's lock raises the level, unless the device's callbacks are called at PASSIVE_LEVEL only")
    func presentationLock() throws {
        try withDevice { device in
            unsafe WdfObjectAcquireLock(device.handle)
            #expect(InterruptLevel.current == 2)
            expectBugChecks([2]) { unsafe WdfObjectAcquireLock(device.handle) }
            unsafe WdfObjectReleaseLock(device.handle)
            #expect(InterruptLevel.current == 0)
            expectBugChecks([0xB]) { unsafe WdfObjectReleaseLock(device.handle) }
        }
        unsafe try withDevice(.manual, plain { unsafe $0.ExecutionLevel = WdfExecutionLevelPassive }) { device in
            unsafe WdfObjectAcquireLock(device.handle)
            #expect(InterruptLevel.current == 0)
            unsafe WdfObjectReleaseLock(device.handle)
            InterruptLevel.atDispatch { expectBugChecks([0xA]) { unsafe WdfObjectAcquireLock(device.handle) } }
        }
    }

    @Test("A queue has its own lock, or with its device's scope that of the device")
    func queueLock() throws {
        let scope = unsafe plain { unsafe $0.SynchronizationScope = WdfSynchronizationScopeDevice }
        try withDevice(.manual, scope) { device in
            let same = FrameworkObject(.queue)
            try same.publish(.none, parent: device)
            #expect(same.constraints?.lock === device.constraints?.lock)
            var own = unsafe plain { unsafe $0.SynchronizationScope = WdfSynchronizationScopeQueue }
            let other = FrameworkObject(.queue)
            try other.publish(
                unsafe ObjectAttributes(&own, choices: .synchronizationScope, in: "test"), parent: device)
            #expect(other.constraints?.lock !== device.constraints?.lock)
            var level = unsafe plain { unsafe $0.ExecutionLevel = WdfExecutionLevelPassive }
            let wrong = FrameworkObject(.queue)
            let refused = #expect(throws: Refusal.self) {
                try wrong.publish(
                    unsafe ObjectAttributes(&level, choices: .executionLevel, in: "test"), parent: device)
            }
            #expect(refused?.status == NTStatus.invalidParameter.rawValue)
        }
    }

    @Test("Objects without callbacks of their own have no lock")
    func noLock() throws {
        let object = unsafe try makeObject()
        let found = BugCheck.intercepting {
            unsafe WdfObjectAcquireLock(object)
            unsafe WdfObjectReleaseLock(object)
        }
        #expect(found.map(\.parameters) == Array(repeating: [0xB, UInt(bitPattern: object), 0, 0], count: 2))
        expectBugChecks([5]) { WdfObjectAcquireLock(nil) }
        unsafe WdfObjectDelete(object)
    }
}

/// Keeps what several threads report.
final class ThreadResults: @unchecked Sendable {
    private let lock = Lock()
    private var results: [Int64] = []

    func add(_ result: some BinaryInteger) { lock.withLock { results.append(Int64(result)) } }
    var list: [Int64] { lock.withLock { results } }
}
