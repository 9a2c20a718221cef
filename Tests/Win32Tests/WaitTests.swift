// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import Win32

@Suite("Events, semaphores, mutexes and waits")
struct WaitTests {
    @Test("An automatic event lets one wait pass, a manual one all until it is reset")
    func events() {
        onABus { bus in
            let automatic = unsafe CreateEventA(nil, FALSE, TRUE, nil)
            let manual = unsafe CreateEventW(nil, TRUE, FALSE, nil)
            #expect(unsafe WaitForSingleObject(automatic, 0) == WAIT_OBJECT_0)
            #expect(unsafe WaitForSingleObject(automatic, 0) == DWORD(WAIT_TIMEOUT))
            #expect(unsafe SetEvent(manual) == TRUE)
            for _ in 0..<3 { #expect(unsafe WaitForSingleObjectEx(manual, INFINITE, TRUE) == WAIT_OBJECT_0) }
            #expect(unsafe ResetEvent(manual) == TRUE)
            #expect(unsafe WaitForSingleObject(manual, 250) == DWORD(WAIT_TIMEOUT))
            #expect(milliseconds(bus) == 250)
            unsafe close([automatic, manual])
        }
    }

    @Test("The flags of CreateEventEx mean what the truth values of CreateEvent do", arguments: [DWORD(0), 1, 2, 3, 4])
    func eventFlags(flags: DWORD) {
        onABus { _ in
            for isWide in [false, true] {
                SetLastError(0)
                let event = unsafe isWide ? CreateEventExW(nil, nil, flags, 0) : CreateEventExA(nil, nil, flags, 0)
                guard flags < 4 else {
                    #expect(unsafe event == nil)
                    #expect(GetLastError() == DWORD(ERROR_INVALID_PARAMETER))
                    continue
                }
                let isSet = flags & DWORD(CREATE_EVENT_INITIAL_SET) != 0
                let isManual = flags & DWORD(CREATE_EVENT_MANUAL_RESET) != 0
                #expect(unsafe WaitForSingleObject(event, 0) == (isSet ? WAIT_OBJECT_0 : DWORD(WAIT_TIMEOUT)))
                let again = unsafe WaitForSingleObject(event, 0)
                #expect(again == (isSet && isManual ? WAIT_OBJECT_0 : DWORD(WAIT_TIMEOUT)))
                #expect(unsafe CloseHandle(event) == TRUE)
            }
        }
    }

    @Test("An object is found again by its name, and only by those of its kind")
    func names() {
        onABus { _ in
            let first = unsafe CreateEventA(nil, TRUE, FALSE, "ready")
            #expect(GetLastError() == 0)
            let second = unsafe CreateEventW(nil, FALSE, TRUE, wide("ready"))
            #expect(GetLastError() == DWORD(ERROR_ALREADY_EXISTS))
            #expect(unsafe first != second)
            #expect(unsafe SetEvent(second) == TRUE)
            #expect(unsafe WaitForSingleObject(first, 0) == WAIT_OBJECT_0)
            #expect(unsafe answer { unsafe CreateMutexA(nil, FALSE, "ready") } == Answer(nil, ERROR_INVALID_HANDLE))
            #expect(unsafe answer { unsafe CreateSemaphoreA(nil, 0, 1, "ready") } == Answer(nil, ERROR_INVALID_HANDLE))
            #expect(unsafe CloseHandle(first) == TRUE)
            #expect(unsafe WaitForSingleObject(second, 0) == WAIT_OBJECT_0, "the object lives on by its other handle")
            #expect(unsafe CloseHandle(second) == TRUE)
            let third = unsafe CreateMutexW(nil, FALSE, wide("ready"))
            #expect(unsafe third != nil)
            #expect(GetLastError() == 0, "the name is free again")
            #expect(unsafe CloseHandle(third) == TRUE)
        }
    }

    @Test("A semaphore counts to its maximum and no further")
    func semaphores() {
        onABus { _ in
            for (initial, maximum) in [(-1, 1), (0, 0), (2, 1), (0, -1)] as [(LONG, LONG)] {
                let refused = unsafe answer { unsafe CreateSemaphoreW(nil, initial, maximum, nil) }
                #expect(unsafe refused == Answer(nil, ERROR_INVALID_PARAMETER))
            }
            let semaphore = unsafe CreateSemaphoreA(nil, 1, 3, nil)
            var before: LONG = -1
            #expect(unsafe ReleaseSemaphore(semaphore, 2, &before) == TRUE)
            #expect(before == 1)
            #expect(answer { unsafe ReleaseSemaphore(semaphore, 1, nil) } == Answer(FALSE, ERROR_TOO_MANY_POSTS))
            #expect(answer { unsafe ReleaseSemaphore(semaphore, 0, nil) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
            for _ in 0..<3 { #expect(unsafe WaitForSingleObject(semaphore, 0) == WAIT_OBJECT_0) }
            #expect(unsafe WaitForSingleObject(semaphore, 0) == DWORD(WAIT_TIMEOUT))
            #expect(unsafe CloseHandle(semaphore) == TRUE)
            let single = unsafe CreateSemaphoreA(nil, 1, 1, nil)
            #expect(answer { unsafe ReleaseSemaphore(single, 1, nil) } == Answer(FALSE, ERROR_TOO_MANY_POSTS))
            #expect(unsafe WaitForSingleObject(single, 0) == WAIT_OBJECT_0)
            #expect(unsafe ReleaseSemaphore(single, 1, nil) == TRUE)
            #expect(unsafe CloseHandle(single) == TRUE)
        }
    }

    @Test("A mutex belongs to a thread, as often as it has waited for it")
    func mutexes() {
        onABus { bus in
            let mutex = unsafe CreateMutexA(nil, TRUE, nil)
            #expect(unsafe WaitForSingleObject(mutex, 0) == WAIT_OBJECT_0)
            let carried = unsafe Carried(mutex)
            let results = Log<Answer<DWORD>>()
            let thread = unsafe start {
                results.add(answer { unsafe WaitForSingleObject(carried.handle, 10) })
                results.add(answer { DWORD(unsafe ReleaseMutex(carried.handle)) })
                results.add(answer { unsafe WaitForSingleObject(carried.handle, INFINITE) })
                results.add(answer { DWORD(unsafe ReleaseMutex(carried.handle)) })
                return 0
            }
            Sleep(20)
            #expect(unsafe ReleaseMutex(mutex) == TRUE)
            Sleep(20)
            #expect(results.elements.count == 2, "it was taken twice")
            #expect(unsafe ReleaseMutex(mutex) == TRUE)
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            #expect(
                results.elements == [
                    Answer(DWORD(WAIT_TIMEOUT)), Answer(0, ERROR_NOT_OWNER), Answer(WAIT_OBJECT_0), Answer(1),
                ])
            #expect(answer { unsafe ReleaseMutex(mutex) } == Answer(FALSE, ERROR_NOT_OWNER))
            #expect(unsafe WaitForSingleObject(mutex, 0) == WAIT_OBJECT_0)
            unsafe close([mutex, thread])
        }
    }

    @Test("A wait for any names the first that is set; one for all takes from all or from none")
    func multiple() {
        onABus { bus in
            let events = unsafe (0..<3).map { _ in unsafe CreateEventA(nil, FALSE, FALSE, nil) }
            unsafe SetEvent(events[2])
            unsafe SetEvent(events[1])
            #expect(unsafe WaitForMultipleObjects(3, events, TRUE, 5) == DWORD(WAIT_TIMEOUT))
            #expect(unsafe WaitForMultipleObjects(3, events, FALSE, 5) == WAIT_OBJECT_0 + 1)
            #expect(unsafe WaitForMultipleObjectsEx(3, events, FALSE, 5, FALSE) == WAIT_OBJECT_0 + 2)
            #expect(unsafe WaitForMultipleObjects(3, events, FALSE, 5) == DWORD(WAIT_TIMEOUT))
            #expect(milliseconds(bus) == 10)
            for index in 0..<3 { unsafe SetEvent(events[index]) }
            #expect(unsafe WaitForMultipleObjects(3, events, TRUE, INFINITE) == WAIT_OBJECT_0)
            #expect(unsafe WaitForSingleObject(events[0], 0) == DWORD(WAIT_TIMEOUT))
            unsafe close(events)
        }
    }

    @Test("The list of a wait has 1 to 64 handles, and names none twice when all are waited for")
    func limits() {
        onABus { _ in
            let failed = WAIT_FAILED
            let event = unsafe CreateEventA(nil, TRUE, TRUE, nil)
            let many = unsafe [HANDLE?](repeating: event, count: 65)
            #expect(
                answer { unsafe WaitForMultipleObjects(0, many, FALSE, 0) } == Answer(failed, ERROR_INVALID_PARAMETER))
            #expect(
                answer { unsafe WaitForMultipleObjects(65, many, FALSE, 0) } == Answer(failed, ERROR_INVALID_PARAMETER))
            #expect(
                answer { WaitForMultipleObjects(2, nil, FALSE, 0) } == Answer(failed, ERROR_INVALID_PARAMETER))
            #expect(
                answer { unsafe WaitForMultipleObjects(2, many, TRUE, 0) } == Answer(failed, ERROR_INVALID_PARAMETER))
            #expect(unsafe WaitForMultipleObjects(64, many, FALSE, 0) == WAIT_OBJECT_0)
            let bad = unsafe [event, nil]
            #expect(answer { unsafe WaitForMultipleObjects(2, bad, FALSE, 0) } == Answer(failed, ERROR_INVALID_HANDLE))
            #expect(unsafe CloseHandle(event) == TRUE)
        }
    }

    @Test("On a clock that moves by hand a wait that nothing can end fails; one with a time steps the clock")
    func manualClock() {
        onABus(.manual) { bus in
            let event = unsafe CreateEventA(nil, TRUE, FALSE, nil)
            #expect(
                answer { unsafe WaitForSingleObject(event, INFINITE) } == Answer(WAIT_FAILED, ERROR_POSSIBLE_DEADLOCK))
            #expect(unsafe WaitForSingleObject(event, 40) == DWORD(WAIT_TIMEOUT))
            Sleep(2)
            #expect(SleepEx(3, TRUE) == 0)
            #expect(milliseconds(bus) == 45)
            #expect(unsafe CloseHandle(event) == TRUE)
        }
    }

    @Test("Closing an event sets it for nobody")
    func closing() {
        onABus { bus in
            let event = unsafe CreateEventA(nil, TRUE, FALSE, nil)
            let carried = unsafe Carried(event)
            let thread = unsafe start { unsafe WaitForSingleObject(carried.handle, 100) }
            Sleep(10)
            #expect(unsafe CloseHandle(event) == TRUE)
            #expect(answer { unsafe SetEvent(event) } == Answer(FALSE, ERROR_INVALID_HANDLE))
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            var code: DWORD = 0
            #expect(unsafe GetExitCodeThread(thread, &code) == TRUE)
            #expect(code == DWORD(WAIT_TIMEOUT))
            #expect(milliseconds(bus) == 100)
            #expect(unsafe CloseHandle(thread) == TRUE)
        }
    }

    @Test("Two threads hand a token round in the bus's time", arguments: [2, 4])
    func handingRound(count: Int) {
        onABus { bus in
            let events = (0..<count).map { _ in unsafe Carried(CreateEventA(nil, FALSE, FALSE, nil)) }
            let turns = Log<Int>()
            let threads = unsafe (0..<count).map { index in
                unsafe start {
                    for _ in 0..<20 {
                        _ = unsafe WaitForSingleObject(events[index].handle, INFINITE)
                        turns.add(index)
                        Sleep(1)
                        unsafe SetEvent(events[(index + 1) % count].handle)
                    }
                    return DWORD(index)
                }
            }
            unsafe SetEvent(events[0].handle)
            #expect(unsafe WaitForMultipleObjects(DWORD(count), threads, TRUE, INFINITE) == WAIT_OBJECT_0)
            #expect(turns.elements == (0..<20 * count).map { $0 % count })
            #expect(milliseconds(bus) == Int64(20 * count))
            unsafe close(threads)
            for event in events { #expect(unsafe CloseHandle(event.handle) == TRUE) }
        }
    }
}
