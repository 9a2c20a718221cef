// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import Win32

/// Every function that takes a handle, and what it says to a wrong one.
struct HandleFunction: CustomTestStringConvertible, Sendable {
    let name: String
    /// The kind of handle that it takes.
    let kind: Kind
    /// Whether it says that the handle is wrong.
    let isRefused: @Sendable (UInt) -> Bool

    var testDescription: String { name }

    enum Kind: CaseIterable { case event, semaphore, mutex, thread, file, library, heap, list, notification }

    init(_ name: String, _ kind: Kind, _ call: @escaping @Sendable (Carried) -> Bool) {
        self.name = name
        self.kind = kind
        isRefused = { value in
            SetLastError(0)
            // Sound: handles are tokens, and nobody looks behind them.
            let isRefused = call(unsafe Carried(HANDLE(bitPattern: value)))
            return isRefused && GetLastError() == DWORD(ERROR_INVALID_HANDLE)
        }
    }

    static let all: [HandleFunction] = [
        HandleFunction("SetEvent", .event) { unsafe SetEvent($0.handle) == FALSE },
        HandleFunction("ResetEvent", .event) { unsafe ResetEvent($0.handle) == FALSE },
        HandleFunction("ReleaseSemaphore", .semaphore) { unsafe ReleaseSemaphore($0.handle, 1, nil) == FALSE },
        HandleFunction("ReleaseMutex", .mutex) { unsafe ReleaseMutex($0.handle) == FALSE },
        HandleFunction("GetExitCodeThread", .thread) {
            var code: DWORD = 0
            return unsafe GetExitCodeThread($0.handle, &code) == FALSE
        },
        HandleFunction("ResumeThread", .thread) { unsafe ResumeThread($0.handle) == .max },
        HandleFunction("SetThreadPriority", .thread) { unsafe SetThreadPriority($0.handle, 0) == FALSE },
        HandleFunction("GetThreadPriority", .thread) { unsafe GetThreadPriority($0.handle) == CInt.max },
        HandleFunction("ReadFile", .file) { unsafe ReadFile($0.handle, nil, 0, nil, nil) == FALSE },
        HandleFunction("WriteFile", .file) { unsafe WriteFile($0.handle, nil, 0, nil, nil) == FALSE },
        HandleFunction("GetOverlappedResult", .file) {
            var block = unsafe OVERLAPPED()
            var bytes: DWORD = 0
            return unsafe GetOverlappedResult($0.handle, &block, &bytes, FALSE) == FALSE
        },
        HandleFunction("GetOverlappedResultEx", .file) {
            var block = unsafe OVERLAPPED()
            var bytes: DWORD = 0
            return unsafe GetOverlappedResultEx($0.handle, &block, &bytes, 0, FALSE) == FALSE
        },
        HandleFunction("CancelIo", .file) { unsafe CancelIo($0.handle) == FALSE },
        HandleFunction("CancelIoEx", .file) { unsafe CancelIoEx($0.handle, nil) == FALSE },
        HandleFunction("FreeLibrary", .library) {
            unsafe FreeLibrary(HMODULE(bitPattern: UInt(bitPattern: $0.handle))) == FALSE
        },
        HandleFunction("GetProcAddress", .library) {
            unsafe GetProcAddress(HMODULE(bitPattern: UInt(bitPattern: $0.handle)), "CloseHandle") == nil
        },
        HandleFunction("HeapAlloc", .heap) { unsafe HeapAlloc($0.handle, 0, 1) == nil },
        HandleFunction("HeapReAlloc", .heap) { unsafe HeapReAlloc($0.handle, 0, nil, 1) == nil },
        HandleFunction("HeapFree", .heap) { unsafe HeapFree($0.handle, 0, nil) == FALSE },
        HandleFunction("HeapSize", .heap) { unsafe HeapSize($0.handle, 0, nil) == .max },
        HandleFunction("SetupDiDestroyDeviceInfoList", .list) {
            unsafe SetupDiDestroyDeviceInfoList($0.handle) == FALSE
        },
        HandleFunction("SetupDiEnumDeviceInfo", .list) { unsafe SetupDiEnumDeviceInfo($0.handle, 0, nil) == FALSE },
        HandleFunction("SetupDiEnumDeviceInterfaces", .list) {
            unsafe SetupDiEnumDeviceInterfaces($0.handle, nil, nil, 0, nil) == FALSE
        },
        HandleFunction("SetupDiGetDeviceInterfaceDetailA", .list) {
            unsafe SetupDiGetDeviceInterfaceDetailA($0.handle, nil, nil, 0, nil, nil) == FALSE
        },
        HandleFunction("SetupDiGetDeviceInterfaceDetailW", .list) {
            unsafe SetupDiGetDeviceInterfaceDetailW($0.handle, nil, nil, 0, nil, nil) == FALSE
        },
        HandleFunction("SetupDiGetDeviceRegistryPropertyA", .list) {
            unsafe SetupDiGetDeviceRegistryPropertyA($0.handle, nil, 0, nil, nil, 0, nil) == FALSE
        },
        HandleFunction("SetupDiGetDeviceRegistryPropertyW", .list) {
            unsafe SetupDiGetDeviceRegistryPropertyW($0.handle, nil, 0, nil, nil, 0, nil) == FALSE
        },
        HandleFunction("SetupDiGetDeviceInstanceIdA", .list) {
            unsafe SetupDiGetDeviceInstanceIdA($0.handle, nil, nil, 0, nil) == FALSE
        },
        HandleFunction("SetupDiGetDeviceInstanceIdW", .list) {
            unsafe SetupDiGetDeviceInstanceIdW($0.handle, nil, nil, 0, nil) == FALSE
        },
        HandleFunction("SetupDiGetDevicePropertyW", .list) {
            unsafe SetupDiGetDevicePropertyW($0.handle, nil, nil, nil, nil, 0, nil, 0) == FALSE
        },
        HandleFunction("CM_Unregister_Notification", .notification) {
            SetLastError(DWORD(ERROR_INVALID_HANDLE))
            return unsafe CM_Unregister_Notification(HCMNOTIFICATION(bitPattern: UInt(bitPattern: $0.handle)))
                == CONFIGRET(CR_INVALID_DATA)
        },
    ]
}

@Suite("Handles")
struct HandleTests {
    /// A handle of every kind.
    private func handles() -> [HandleFunction.Kind: UInt] {
        var handles: [HandleFunction.Kind: UInt] = [:]
        handles[.event] = UInt(bitPattern: unsafe CreateEventA(nil, TRUE, TRUE, nil))
        handles[.semaphore] = UInt(bitPattern: unsafe CreateSemaphoreA(nil, 1, 1, nil))
        handles[.mutex] = UInt(bitPattern: unsafe CreateMutexA(nil, FALSE, nil))
        handles[.thread] = UInt(bitPattern: unsafe start { 0 })
        handles[.file] = UInt(bitPattern: unsafe CreateFileA("usb:0525:A4A0", 0, 3, nil, 3, 0, nil))
        handles[.library] = UInt(bitPattern: unsafe LoadLibraryA("winusb"))
        handles[.heap] = UInt(bitPattern: unsafe GetProcessHeap())
        var guid = Discovery.deviceInterface
        handles[.list] = UInt(bitPattern: unsafe SetupDiGetClassDevsA(&guid, nil, nil, DWORD(DIGCF_DEVICEINTERFACE)))
        var filter = unsafe CM_NOTIFY_FILTER()
        unsafe filter.cbSize = unsafe DWORD(MemoryLayout<CM_NOTIFY_FILTER>.size)
        var notification: HCMNOTIFICATION?
        #expect(unsafe CM_Register_Notification(&filter, nil, { _, _, _, _, _ in 0 }, &notification) == 0)
        handles[.notification] = UInt(bitPattern: notification)
        return handles
    }

    private func giveBack(_ handles: [HandleFunction.Kind: UInt]) {
        for (kind, value) in handles {
            switch kind {
            case .library, .heap: break
            case .list: #expect(unsafe SetupDiDestroyDeviceInfoList(HDEVINFO(bitPattern: value)) == TRUE)
            case .notification: #expect(unsafe CM_Unregister_Notification(HCMNOTIFICATION(bitPattern: value)) == 0)
            case .thread:
                _ = unsafe WaitForSingleObject(HANDLE(bitPattern: value), INFINITE)
                #expect(unsafe CloseHandle(HANDLE(bitPattern: value)) == TRUE)
            default: #expect(unsafe CloseHandle(HANDLE(bitPattern: value)) == TRUE)
            }
        }
    }

    @Test("A wrong handle is an error code, for every function", arguments: HandleFunction.all)
    func misuse(function: HandleFunction) throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let handles = handles()
            #expect(handles.count == HandleFunction.Kind.allCases.count)
            #expect(!handles.values.contains(0) && !handles.values.contains(.max))
            for kind in HandleFunction.Kind.allCases where kind != function.kind {
                #expect(function.isRefused(handles[kind] ?? 0), "a handle of another kind: \(kind)")
            }
            giveBack(handles)
            // The library and the heap are never closed.
            if function.kind != .library, function.kind != .heap {
                #expect(function.isRefused(handles[function.kind] ?? 0), "a closed one")
            }
            for value in [0, 1, 4, 0x1234, UInt.max, 0x7FFF_FFFF_FFFF_FFFC, 1 << 63] {
                #expect(function.isRefused(value), "\(value)")
            }
        }
    }

    @Test("CloseHandle and waits refuse what is not theirs")
    func closing() throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let handles = handles()
            for kind in [HandleFunction.Kind.library, .heap, .list, .notification] {
                let handle = unsafe HANDLE(bitPattern: handles[kind] ?? 0)
                #expect(answer { unsafe CloseHandle(handle) } == Answer(FALSE, ERROR_INVALID_HANDLE))
                #expect(
                    answer { unsafe WaitForSingleObject(handle, 0) } == Answer(WAIT_FAILED, ERROR_INVALID_HANDLE))
            }
            giveBack(handles)
            for kind in [HandleFunction.Kind.event, .semaphore, .mutex, .thread, .file] {
                let handle = unsafe HANDLE(bitPattern: handles[kind] ?? 0)
                #expect(answer { unsafe CloseHandle(handle) } == Answer(FALSE, ERROR_INVALID_HANDLE), "closed twice")
                #expect(
                    answer { unsafe WaitForSingleObject(handle, 0) } == Answer(WAIT_FAILED, ERROR_INVALID_HANDLE))
            }
            for value in [0, -1, 6] {
                #expect(answer { unsafe CloseHandle(HANDLE(bitPattern: value)) } == Answer(FALSE, ERROR_INVALID_HANDLE))
            }
        }
    }

    @Test("The last error is each thread's own")
    func lastError() {
        onABus { _ in
            SetLastError(0xDEAD_BEEF)
            let thread = unsafe start {
                let first = GetLastError()
                SetLastError(5)
                return first
            }
            #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
            var code: DWORD = 1
            #expect(unsafe GetExitCodeThread(thread, &code) == TRUE)
            #expect(code == 0)
            #expect(GetLastError() == 0xDEAD_BEEF)
            unsafe close([thread])
        }
    }
}
