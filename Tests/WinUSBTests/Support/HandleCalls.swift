// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import WinUSB

/// A function that takes the handle of an interface, with arguments that are right otherwise.
@safe struct HandleCall {
    let name: String
    private let call: (WINUSB_INTERFACE_HANDLE?) -> BOOL

    init(_ name: String, _ call: @escaping (WINUSB_INTERFACE_HANDLE?) -> BOOL) {
        self.name = name
        unsafe self.call = unsafe call
    }

    /// Calls the function and returns the code that it fails with.
    func code(_ handle: WINUSB_INTERFACE_HANDLE?) -> UInt32 { errorCode { unsafe call(handle) } }
}

/// Memory for the arguments of such calls. Nothing reads what is there.
@safe private final class Scratch: @unchecked Sendable {
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)
    init() { unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: 4096) }
    deinit { unsafe bytes.deallocate() }
}

/// The calls of this module that take the handle of an interface.
var handleCalls: [HandleCall] {
    let scratch = Scratch()
    let memory = unsafe scratch.bytes.assumingMemoryBound(to: UInt8.self)
    func place<Value>(_ type: Value.Type) -> UnsafeMutablePointer<Value> {
        unsafe (scratch.bytes + 1024).assumingMemoryBound(to: type)
    }
    let length = unsafe (scratch.bytes + 2048).assumingMemoryBound(to: ULONG.self)
    return unsafe [
        HandleCall("Free") { unsafe WinUsb_Free($0) },
        HandleCall("GetAssociatedInterface") { unsafe WinUsb_GetAssociatedInterface($0, 0, place(HANDLE?.self)) },
        HandleCall("GetDescriptor") { unsafe WinUsb_GetDescriptor($0, 1, 0, 0, memory, 18, length) },
        HandleCall("QueryInterfaceSettings") {
            unsafe WinUsb_QueryInterfaceSettings($0, 0, place(USB_INTERFACE_DESCRIPTOR.self))
        },
        HandleCall("QueryDeviceInformation") { unsafe WinUsb_QueryDeviceInformation($0, 1, length, memory) },
        HandleCall("SetCurrentAlternateSetting") { unsafe WinUsb_SetCurrentAlternateSetting($0, 0) },
        HandleCall("GetCurrentAlternateSetting") { unsafe WinUsb_GetCurrentAlternateSetting($0, memory) },
        HandleCall("QueryPipe") { unsafe WinUsb_QueryPipe($0, 0, 0, place(WINUSB_PIPE_INFORMATION.self)) },
        HandleCall("QueryPipeEx") { unsafe WinUsb_QueryPipeEx($0, 0, 0, place(WINUSB_PIPE_INFORMATION_EX.self)) },
        HandleCall("SetPipePolicy") { unsafe WinUsb_SetPipePolicy($0, 0x81, ULONG(RAW_IO), 1, memory) },
        HandleCall("GetPipePolicy") { unsafe WinUsb_GetPipePolicy($0, 0x81, ULONG(RAW_IO), length, memory) },
        HandleCall("SetPowerPolicy") { unsafe WinUsb_SetPowerPolicy($0, ULONG(AUTO_SUSPEND), 1, memory) },
        HandleCall("GetPowerPolicy") { unsafe WinUsb_GetPowerPolicy($0, ULONG(AUTO_SUSPEND), length, memory) },
        HandleCall("ReadPipe") { unsafe WinUsb_ReadPipe($0, 0x81, memory, 64, length, nil) },
        HandleCall("WritePipe") { unsafe WinUsb_WritePipe($0, 0x01, memory, 64, length, nil) },
        HandleCall("ControlTransfer") {
            unsafe WinUsb_ControlTransfer($0, WINUSB_SETUP_PACKET(), memory, 0, length, nil)
        },
        HandleCall("ResetPipe") { unsafe WinUsb_ResetPipe($0, 0x81) },
        HandleCall("AbortPipe") { unsafe WinUsb_AbortPipe($0, 0x81) },
        HandleCall("FlushPipe") { unsafe WinUsb_FlushPipe($0, 0x81) },
        HandleCall("GetOverlappedResult") { unsafe WinUsb_GetOverlappedResult($0, place(OVERLAPPED.self), length, 0) },
    ]
}
