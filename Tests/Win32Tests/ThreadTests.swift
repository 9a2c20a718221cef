// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import Win32

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Threads and critical sections")
struct ThreadTests {
    @Test("A thread is signalled when it ends, and has its exit code then")
    func exitCode() {
        onABus { _ in
            let thread = unsafe start {
                Sleep(5)
                return 42
            }
            var code: DWORD = 0
            #expect(unsafe GetExitCodeThread(thread, &code) == TRUE)
            #expect(code == DWORD(STILL_ACTIVE))
            #expect(unsafe WaitForSingleObject(thread, 4) == DWORD(WAIT_TIMEOUT))
            #expect(unsafe WaitForSingleObject(thread, 2) == WAIT_OBJECT_0)
            #expect(unsafe GetExitCodeThread(thread, &code) == TRUE)
            #expect(code == 42)
            #expect(answer { unsafe GetExitCodeThread(thread, nil) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
            #expect(unsafe CloseHandle(thread) == TRUE)
        }
    }

    @Test("A thread means the bus of the thread that made it, at any depth")
    func inheritance() {
        onABus { bus in
            let executors = Log<ObjectIdentifier>()
            let thread = unsafe start {
                executors.add(ObjectIdentifier(ProcessHost.current.executor))
                let inner = unsafe start {
                    executors.add(ObjectIdentifier(ProcessHost.current.executor))
                    return 0
                }
                return unsafe WaitForSingleObject(inner, INFINITE)
            }
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            #expect(executors.elements == [ObjectIdentifier(bus.executor), ObjectIdentifier(bus.executor)])
            #expect(unsafe CloseHandle(thread) == TRUE)
        }
    }

    @Test("A clock that runs free waits for a thread that was only just made")
    func newThreadIsAClient() {
        for _ in 0..<50 {
            onABus { bus in
                let times = Log<Int64>()
                let thread = unsafe start {
                    times.add(milliseconds(bus))
                    Sleep(10)
                    times.add(milliseconds(bus))
                    return 0
                }
                #expect(unsafe WaitForSingleObject(thread, 1_000) == WAIT_OBJECT_0)
                #expect(times.elements == [0, 10])
                #expect(unsafe CloseHandle(thread) == TRUE)
            }
        }
    }

    @Test("ExitThread ends a thread from inside its functions")
    func exitThread() {
        onABus { _ in
            let thread = unsafe start {
                func deeper(_ depth: Int) -> DWORD {
                    guard depth > 0 else { ExitThread(7) }
                    return deeper(depth - 1) + 1
                }
                return deeper(5)
            }
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            var code: DWORD = 0
            #expect(unsafe GetExitCodeThread(thread, &code) == TRUE)
            #expect(code == 7)
            #expect(unsafe CloseHandle(thread) == TRUE)
        }
    }

    @Test("A thread that was made to wait runs when it is resumed")
    func suspended() {
        onABus { bus in
            let runs = Log<Int64>()
            let thread = unsafe start(flags: DWORD(CREATE_SUSPENDED)) {
                runs.add(milliseconds(bus))
                return 0
            }
            #expect(unsafe WaitForSingleObject(thread, 30) == DWORD(WAIT_TIMEOUT))
            #expect(unsafe ResumeThread(thread) == 1)
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            #expect(unsafe ResumeThread(thread) == 0)
            #expect(runs.elements == [30])
            #expect(unsafe CloseHandle(thread) == TRUE)
        }
    }

    @Test("CreateThread refuses no function and unknown flags")
    func refusals() {
        onABus { _ in
            let none = unsafe answer { unsafe CreateThread(nil, 0, nil, nil, 0, nil) }
            #expect(unsafe none == Answer(nil, ERROR_INVALID_PARAMETER))
            let flags = unsafe answer { unsafe CreateThread(nil, 0, { _ in 0 }, nil, 0x100, nil) }
            #expect(unsafe flags == Answer(nil, ERROR_INVALID_PARAMETER))
        }
    }

    @Test("Threads have numbers of their own, which their makers are told")
    func numbers() {
        onABus { _ in
            let own = GetCurrentThreadId()
            #expect(own == GetCurrentThreadId())
            var told: DWORD = 0
            let thread = unsafe CreateThread(nil, 1 << 20, { _ in GetCurrentThreadId() }, nil, 0, &told)
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            var code: DWORD = 0
            #expect(unsafe GetExitCodeThread(thread, &code) == TRUE)
            #expect(code == told && told != own && told != 0)
            #expect(unsafe CloseHandle(thread) == TRUE)
            #expect(unsafe GetExitCodeThread(GetCurrentThread(), &code) == TRUE)
            #expect(code == DWORD(STILL_ACTIVE))
            #expect(unsafe CloseHandle(GetCurrentThread()) == TRUE)
            #expect(GetCurrentProcessId() != 0)
        }
    }

    @Test("Priorities are kept", arguments: [-15, -2, -1, 0, 1, 2, 15] as [CInt])
    func priorities(priority: CInt) {
        onABus { _ in
            let thread = unsafe start(flags: DWORD(CREATE_SUSPENDED)) { 0 }
            #expect(unsafe GetThreadPriority(thread) == 0)
            #expect(unsafe SetThreadPriority(thread, priority) == TRUE)
            #expect(unsafe GetThreadPriority(thread) == priority)
            #expect(answer { unsafe SetThreadPriority(thread, 3) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
            unsafe ResumeThread(thread)
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            #expect(unsafe CloseHandle(thread) == TRUE)
            #expect(unsafe SetPriorityClass(GetCurrentProcess(), DWORD(HIGH_PRIORITY_CLASS)) == TRUE)
            #expect(
                answer { unsafe SetPriorityClass(GetCurrentProcess(), 1) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
        }
    }

    @Test("The C library's functions start threads too")
    func runtimeThreads() {
        onABus { _ in
            var number: UInt32 = 0
            let value = unsafe _beginthreadex(
                nil, 0,
                { _ in
                    if GetCurrentThreadId() != 0 { _endthreadex(9) }
                    return 0
                }, nil, 0, &number)
            let thread = unsafe HANDLE(bitPattern: value)
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            var code: DWORD = 0
            #expect(unsafe GetExitCodeThread(thread, &code) == TRUE)
            #expect(code == 9 && number != 0)
            #expect(unsafe CloseHandle(thread) == TRUE)
            #expect(answer { _beginthreadex(nil, 0, nil, nil, 0, nil) } == Answer(0, ERROR_INVALID_PARAMETER))
            #expect(answer { _beginthread(nil, 0, nil) } == Answer(.max, ERROR_INVALID_PARAMETER))
            let event = unsafe CreateEventA(nil, TRUE, FALSE, nil)
            let started = unsafe _beginthread(
                { event in
                    unsafe SetEvent(event)
                    _endthread()
                }, 0, event)
            #expect(started != 0 && started != .max)
            #expect(unsafe WaitForSingleObject(event, INFINITE) == WAIT_OBJECT_0)
            #expect(unsafe CloseHandle(event) == TRUE)
        }
    }

    @Test("One thread at a time is inside a critical section, and time goes on outside")
    func criticalSections() {
        onABus { bus in
            let section = LPCRITICAL_SECTION.allocate(capacity: 1)
            defer { unsafe section.deallocate() }
            #expect(unsafe InitializeCriticalSectionAndSpinCount(section, 4_000) == TRUE)
            nonisolated(unsafe) let shared = unsafe section
            let inside = Log<Int>()
            let threads = unsafe (0..<4).map { index in
                unsafe start {
                    for _ in 0..<5 {
                        unsafe EnterCriticalSection(shared)
                        unsafe EnterCriticalSection(shared)
                        inside.add(index)
                        Sleep(1)
                        inside.add(index)
                        unsafe LeaveCriticalSection(shared)
                        unsafe LeaveCriticalSection(shared)
                    }
                    return 0
                }
            }
            #expect(unsafe WaitForMultipleObjects(4, threads, TRUE, INFINITE) == WAIT_OBJECT_0)
            let visits = inside.elements
            #expect(visits.count == 40)
            for visit in 0..<20 { #expect(visits[2 * visit] == visits[2 * visit + 1]) }
            #expect(milliseconds(bus) == 20)
            unsafe close(threads)
            unsafe DeleteCriticalSection(section)
        }
    }

    @Test("TryEnter goes in only where nobody else is; a wrong section harms nobody")
    func tryEnter() {
        onABus { _ in
            var section = unsafe CRITICAL_SECTION()
            unsafe LeaveCriticalSection(&section)
            #expect(unsafe TryEnterCriticalSection(&section) == TRUE, "a section that was not made is made")
            #expect(unsafe TryEnterCriticalSection(&section) == TRUE)
            nonisolated(unsafe) let copy = unsafe section
            let thread = unsafe start {
                var section = unsafe copy
                return DWORD(unsafe TryEnterCriticalSection(&section))
            }
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            var code: DWORD = 5
            #expect(unsafe GetExitCodeThread(thread, &code) == TRUE)
            #expect(code == 0)
            #expect(unsafe CloseHandle(thread) == TRUE)
            unsafe DeleteCriticalSection(&section)
            unsafe DeleteCriticalSection(&section)
            EnterCriticalSection(nil)
            LeaveCriticalSection(nil)
            unsafe InitializeCriticalSection(&section)
            unsafe DeleteCriticalSection(&section)
            #expect(answer { InitializeCriticalSectionEx(nil, 0, 0) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
        }
    }

    @Test("Handlers of Ctrl+C are asked from the last to the first, until one answers")
    func consoleControl() {
        onABus { _ in
            let control = ConsoleControl.shared
            let silent: PHANDLER_ROUTINE = { event in
                SetLastError(1_000 + event)
                return 0
            }
            // Runs on another thread, which means the same bus: the name is found there.
            let answering: PHANDLER_ROUTINE = { event in
                let heard = unsafe CreateSemaphoreA(nil, 0, 10, "heard")
                _ = unsafe ReleaseSemaphore(heard, LONG(event) + 1, nil)
                return unsafe CloseHandle(heard)
            }
            let refused = answer { SetConsoleCtrlHandler(silent, FALSE) }
            #expect(refused == Answer(FALSE, ERROR_INVALID_PARAMETER))
            #expect(SetConsoleCtrlHandler(silent, TRUE) == TRUE)
            #expect(answer { control.dispatch(DWORD(CTRL_BREAK_EVENT)) } == Answer(false, 1_001), "nobody has answered")
            #expect(SetConsoleCtrlHandler(answering, TRUE) == TRUE)

            let heard = unsafe CreateSemaphoreA(nil, 0, 10, "heard")
            kill(getpid(), SIGINT)
            #expect(unsafe WaitForSingleObject(heard, INFINITE) == WAIT_OBJECT_0)
            kill(getpid(), SIGTERM)
            for _ in 0...CTRL_SHUTDOWN_EVENT { #expect(unsafe WaitForSingleObject(heard, INFINITE) == WAIT_OBJECT_0) }

            #expect(SetConsoleCtrlHandler(nil, TRUE) == TRUE)
            #expect(control.dispatch(DWORD(CTRL_C_EVENT)))
            #expect(unsafe WaitForSingleObject(heard, 0) == DWORD(WAIT_TIMEOUT), "it was ignored")
            #expect(SetConsoleCtrlHandler(nil, FALSE) == TRUE)
            #expect(SetConsoleCtrlHandler(answering, FALSE) == TRUE && SetConsoleCtrlHandler(silent, FALSE) == TRUE)
            #expect(!control.dispatch(DWORD(CTRL_C_EVENT)))
            unsafe close([heard])
        }
    }
}
