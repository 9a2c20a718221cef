// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import Win32

@Suite("Files, their operations, and time")
struct FileTests {
    private func open(_ name: String, share: Int32 = 3, disposition: Int32 = 3, isWide: Bool) -> Answer<Bool> {
        SetLastError(0)
        let handle =
            unsafe isWide
            ? CreateFileW(wide(name), GENERIC_READ, DWORD(share), nil, DWORD(disposition), 0, nil)
            : CreateFileA(name, GENERIC_READ, DWORD(share), nil, DWORD(disposition), 0, nil)
        let error = GetLastError()
        let isOpen = unsafe handle != HANDLE(bitPattern: -1)
        if isOpen { unsafe close([handle]) }
        return Answer(isOpen, error)
    }

    @Test("Names and arguments of CreateFile are checked", arguments: [false, true])
    func createFile(isWide: Bool) throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            #expect(open("usb:0525:A4A0", isWide: isWide) == Answer(true))
            #expect(open("usb:0525:a4a0/0", disposition: 4, isWide: isWide) == Answer(true, ERROR_ALREADY_EXISTS))
            let refusals: [(String, Int32, Int32, Int32)] = [
                ("usb:0525:a4a1", 3, 3, ERROR_FILE_NOT_FOUND), ("usb:0525:a4a0/7", 3, 3, ERROR_FILE_NOT_FOUND),
                ("usb:0525", 3, 3, ERROR_INVALID_NAME), ("usb:", 3, 3, ERROR_INVALID_NAME),
                ("", 3, 3, ERROR_PATH_NOT_FOUND), ("C:\\folder\\file", 3, 3, ERROR_PATH_NOT_FOUND),
                ("/tmp/file", 3, 3, ERROR_PATH_NOT_FOUND), ("file", 3, 3, ERROR_FILE_NOT_FOUND),
                ("what?", 3, 3, ERROR_INVALID_NAME), ("\\\\.\\", 3, 3, ERROR_INVALID_NAME),
                ("\\\\.\\COM1", 3, 3, ERROR_FILE_NOT_FOUND), ("usb:0525:a4a0", 8, 3, ERROR_INVALID_PARAMETER),
                ("usb:0525:a4a0", 3, 0, ERROR_INVALID_PARAMETER), ("usb:0525:a4a0", 3, 1, ERROR_INVALID_PARAMETER),
                ("usb:0525:a4a0", 3, 2, ERROR_INVALID_PARAMETER), ("usb:0525:a4a0", 3, 5, ERROR_INVALID_PARAMETER),
            ]
            for (name, share, disposition, error) in refusals {
                #expect(
                    open(name, share: share, disposition: disposition, isWide: isWide) == Answer(false, error),
                    "\(name), \(share), \(disposition)")
            }
            SetLastError(0)
            #expect(unsafe CreateFileA(nil, 0, 0, nil, 3, 0, nil) == HANDLE(bitPattern: -1))
            #expect(GetLastError() == DWORD(ERROR_PATH_NOT_FOUND))
        }
    }

    @Test("An interface can be open once, and again when its file is closed")
    func sharing() throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let file = unsafe CreateFileA("usb:0525:a4a0", GENERIC_READ | GENERIC_WRITE, 3, nil, 3, 0, nil)
            #expect(open("usb:0525:a4a0", isWide: false) == Answer(false, ERROR_ACCESS_DENIED))
            unsafe close([file])
            #expect(open("usb:0525:a4a0", isWide: false) == Answer(true))
        }
    }

    @Test("A device's file is not read or written, and has nothing to cancel")
    func operations() throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let file = unsafe CreateFileA("usb:0525:a4a0", GENERIC_READ, 3, nil, 3, FILE_FLAG_OVERLAPPED, nil)
            var byte: UInt8 = 0
            var count: DWORD = 0
            #expect(answer { unsafe ReadFile(file, &byte, 1, &count, nil) } == Answer(FALSE, ERROR_INVALID_FUNCTION))
            #expect(answer { unsafe WriteFile(file, &byte, 1, &count, nil) } == Answer(FALSE, ERROR_INVALID_FUNCTION))
            #expect(unsafe CancelIo(file) == TRUE)
            var block = unsafe OVERLAPPED()
            #expect(answer { unsafe CancelIoEx(file, nil) } == Answer(FALSE, ERROR_NOT_FOUND))
            #expect(answer { unsafe CancelIoEx(file, &block) } == Answer(FALSE, ERROR_NOT_FOUND))
            unsafe close([file])
        }
    }

    /// Remembers what it was asked to cancel.
    private final class Client: FileClient, @unchecked Sendable {
        let log = Log<UInt64?>()
        let isClosed = Log<Bool>()
        func cancelOperations(of overlapped: LPOVERLAPPED?, begunBy thread: UInt64?) -> Bool {
            log.add(thread)
            return true
        }
        func fileClosed() { isClosed.add(true) }
    }

    @Test("CancelIo asks for the calling thread's operations, CancelIoEx for everybody's, and a close is told")
    func cancelling() throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let handle = unsafe CreateFileA("usb:0525:a4a0", GENERIC_READ, 3, nil, 3, FILE_FLAG_OVERLAPPED, nil)
            let file = try #require(unsafe HandleTable.shared.object(handle, as: DeviceFile.self))
            #expect(file.isOverlapped)
            let client = Client()
            #expect(file.add(client))
            #expect(unsafe CancelIo(handle) == TRUE)
            #expect(unsafe CancelIoEx(handle, nil) == TRUE)
            #expect(client.log.elements == [CurrentThread.id, nil])
            unsafe close([handle])
            #expect(client.isClosed.elements == [true])
            #expect(!file.add(client))
        }
    }

    @Test("The result of an operation is waited for in the bus's time", arguments: [false, true])
    func overlappedResult(hasEvent: Bool) throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let handle = unsafe CreateFileA("usb:0525:a4a0", GENERIC_READ, 3, nil, 3, FILE_FLAG_OVERLAPPED, nil)
            let file = try #require(unsafe HandleTable.shared.object(handle, as: DeviceFile.self))
            let event = unsafe hasEvent ? CreateEventA(nil, TRUE, TRUE, nil) : nil
            let block = LPOVERLAPPED.allocate(capacity: 1)
            defer { unsafe block.deallocate() }
            unsafe block.initialize(to: OVERLAPPED())
            unsafe block.pointee.hEvent = unsafe event
            let operation = try #require(unsafe OverlappedBlock(beginning: block, on: file))
            var bytes: DWORD = 99
            #expect(
                answer { unsafe GetOverlappedResult(handle, block, &bytes, FALSE) }
                    == Answer(FALSE, ERROR_IO_INCOMPLETE))
            #expect(
                answer { unsafe GetOverlappedResultEx(handle, block, &bytes, 0, FALSE) }
                    == Answer(FALSE, ERROR_IO_INCOMPLETE))
            #expect(
                answer { unsafe GetOverlappedResultEx(handle, block, &bytes, 20, FALSE) } == Answer(FALSE, WAIT_TIMEOUT)
            )
            #expect(milliseconds(bus) == 20)
            #expect(bytes == 99)
            let thread = unsafe start {
                Sleep(30)
                operation.finish(.success, byteCount: 1_234)
                return 0
            }
            #expect(unsafe GetOverlappedResult(handle, block, &bytes, TRUE) == TRUE)
            #expect(bytes == 1_234)
            #expect(milliseconds(bus) == 50)
            #expect(unsafe WaitForSingleObject(hasEvent ? event : handle, 0) == WAIT_OBJECT_0)
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            #expect(
                answer { unsafe GetOverlappedResult(handle, nil, &bytes, TRUE) }
                    == Answer(FALSE, ERROR_INVALID_PARAMETER))
            #expect(
                answer { unsafe GetOverlappedResult(handle, block, nil, TRUE) }
                    == Answer(FALSE, ERROR_INVALID_PARAMETER))
            unsafe close([thread, handle])
            if hasEvent { unsafe close([event]) }
        }
    }

    @Test(
        "An operation's status becomes its error",
        arguments: [
            (NTStatus.cancelled, ERROR_OPERATION_ABORTED), (.unsuccessful, ERROR_GEN_FAILURE),
            (.ioTimeout, ERROR_SEM_TIMEOUT), (.noSuchDevice, ERROR_NO_SUCH_DEVICE),
            (.invalidParameter, ERROR_INVALID_PARAMETER),
        ])
    func statuses(status: NTStatus, error: Int32) throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let handle = unsafe CreateFileA("usb:0525:a4a0", GENERIC_READ, 3, nil, 3, FILE_FLAG_OVERLAPPED, nil)
            let file = try #require(unsafe HandleTable.shared.object(handle, as: DeviceFile.self))
            let block = LPOVERLAPPED.allocate(capacity: 1)
            defer { unsafe block.deallocate() }
            unsafe block.initialize(to: OVERLAPPED())
            let operation = try #require(unsafe OverlappedBlock(beginning: block, on: file))
            operation.finish(status, byteCount: 3)
            var bytes: DWORD = 0
            #expect(answer { unsafe GetOverlappedResult(handle, block, &bytes, TRUE) } == Answer(FALSE, error))
            #expect(bytes == 3)
            unsafe block.pointee.hEvent = unsafe HANDLE(bitPattern: 0x44)
            #expect(unsafe OverlappedBlock(beginning: block, on: file) == nil, "its event is none")
            unsafe close([handle])
        }
    }

    @Test("Every clock of a program shows the bus's time", arguments: [TimeFlow.free, .manual])
    func clocks(flow: TimeFlow) {
        onABus(flow) { bus in
            var before = LARGE_INTEGER()
            var after = LARGE_INTEGER()
            var frequency = LARGE_INTEGER()
            var early = FILETIME()
            var late = FILETIME()
            #expect(unsafe QueryPerformanceFrequency(&frequency) == TRUE)
            #expect(unsafe frequency.QuadPart == 10_000_000)
            unsafe GetSystemTimeAsFileTime(&early)
            let ticks = GetTickCount64()
            #expect(unsafe QueryPerformanceCounter(&before) == TRUE)
            Sleep(3_600_000)
            #expect(unsafe QueryPerformanceCounter(&after) == TRUE)
            #expect((36_000_000_000...36_000_000_100).contains(unsafe after.QuadPart - before.QuadPart))
            #expect((3_600_000...3_600_001).contains(GetTickCount64() - ticks))
            #expect(DWORD(truncatingIfNeeded: GetTickCount64()) == GetTickCount())
            unsafe GetSystemTimePreciseAsFileTime(&late)
            let passed =
                (UInt64(late.dwHighDateTime) << 32 | UInt64(late.dwLowDateTime))
                - (UInt64(early.dwHighDateTime) << 32 | UInt64(early.dwLowDateTime))
            #expect((36_000_000_000...36_000_001_000).contains(passed))
            var parts = SYSTEMTIME()
            unsafe GetSystemTime(&parts)
            #expect(parts.wYear >= 2024 && (1...12).contains(parts.wMonth) && (1...31).contains(parts.wDay))
            var local = SYSTEMTIME()
            unsafe GetLocalTime(&local)
            #expect(local.wYear >= 2024 && local.wSecond < 61 && local.wMilliseconds < 1_000)
            #expect(answer { QueryPerformanceCounter(nil) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
            #expect(answer { QueryPerformanceFrequency(nil) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
        }
    }

    @Test("A loop that only looks at the time comes to an end on a clock that runs free")
    func polling() {
        onABus { _ in
            let start = GetTickCount()
            while GetTickCount() - start < 2 { _ = SwitchToThread() }
            while GetTickCount() - start < 4 { Sleep(0) }
            #expect(GetTickCount() - start >= 4)
        }
    }
}
