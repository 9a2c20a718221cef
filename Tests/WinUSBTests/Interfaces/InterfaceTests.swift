// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBSpecification
import VirtualUSB
import WinUSB

@Suite("Interfaces, settings and descriptors")
struct InterfaceTests {
    private func associated(_ device: Device, _ index: UInt8) -> (code: UInt32, handle: HANDLE?) {
        var handle: HANDLE?
        let code = errorCode { unsafe WinUsb_GetAssociatedInterface(device.handle, index, &handle) }
        return unsafe (code, handle)
    }

    @Test("An associated interface is given out once, and again when it is free")
    func associatedInterfaces() throws {
        try Device.with(ScriptedDevice()) { device in
            let second = unsafe associated(device, 0)
            #expect(unsafe second.code == 0)
            #expect(unsafe associated(device, 0).code == 183)
            let third = unsafe associated(device, 1)
            #expect(unsafe third.code == 0)
            #expect(unsafe associated(device, 2).code == 259)
            #expect(unsafe associated(device, 254).code == 259)
            #expect(unsafe associated(device, 255).code == 87)
            #expect(errorCode { unsafe WinUsb_GetAssociatedInterface(device.handle, 0, nil) } == 87)
            var descriptor = USB_INTERFACE_DESCRIPTOR()
            #expect(errorCode { unsafe WinUsb_QueryInterfaceSettings(second.handle, 1, &descriptor) } == 0)
            #expect(descriptor.bInterfaceNumber == 1 && descriptor.bAlternateSetting == 1)
            #expect(descriptor.bNumEndpoints == 2 && descriptor.bInterfaceSubClass == 1 && descriptor.bLength == 9)
            #expect(errorCode { unsafe WinUsb_Free(second.handle) } == 0)
            #expect(errorCode { unsafe WinUsb_Free(second.handle) } == 6)
            let again = unsafe associated(device, 0)
            #expect(unsafe again.code == 0)
            #expect(errorCode { unsafe WinUsb_Free(again.handle) } == 0)
            #expect(errorCode { unsafe WinUsb_Free(third.handle) } == 0)
        }
    }

    @Test("Initialize takes an overlapped file and nothing else, and gives default policies each time")
    func initialize() throws {
        try Device.with(ScriptedDevice()) { device in
            var handle: HANDLE?
            #expect(errorCode { unsafe WinUsb_Initialize(nil, &handle) } == 6)
            #expect(errorCode { unsafe WinUsb_Initialize(device.handle, &handle) } == 6)
            #expect(errorCode { unsafe WinUsb_Initialize(device.file, nil) } == 87)
            #expect(device.setTimeout(0x81, 77) == 0)
            #expect(errorCode { unsafe WinUsb_Initialize(device.file, &handle) } == 0)
            var value: UInt32 = 5
            var length: ULONG = 4
            #expect(
                errorCode {
                    unsafe WinUsb_GetPipePolicy(device.handle, 0x81, ULONG(PIPE_TRANSFER_TIMEOUT), &length, &value)
                } == 0)
            #expect(value == 0)
            // The first handle goes on when the second is freed.
            #expect(errorCode { unsafe WinUsb_Free(handle) } == 0)
            device.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[3]] }
            #expect(device.read(0x81, 64) == Transferred([3]))
        }
    }

    @Test("A file that is not overlapped is no file for WinUSB")
    func notOverlapped() throws {
        let bus = VirtualBus(flow: .free)
        _ = try bus.attach(ScriptedDevice())
        ProcessHost.withHost(bus) {
            let file = unsafe CreateFileA(
                "usb:1209:2", DWORD(GENERIC_READ) | DWORD(GENERIC_WRITE), 0, nil, DWORD(OPEN_EXISTING), 0, nil)
            var handle: HANDLE?
            #expect(errorCode { unsafe WinUsb_Initialize(file, &handle) } == 6)
            #expect(errorCode { unsafe CloseHandle(file) } == 0)
        }
    }

    @Test(
        "The speed is told as low or high",
        arguments: [(Speed.full, 1), (.high, 3), (.superSpeed, 3)] as [(Speed, UInt8)]
    )
    func speed(_ speed: Speed, _ code: UInt8) throws {
        try Device.with(ScriptedDevice(speed: speed)) { device in
            var value: UInt8 = 0
            var length: ULONG = 4
            #expect(errorCode { unsafe WinUsb_QueryDeviceInformation(device.handle, 1, &length, &value) } == 0)
            #expect(value == code && length == 1)
            length = 0
            #expect(errorCode { unsafe WinUsb_QueryDeviceInformation(device.handle, 1, &length, &value) } == 122)
            #expect(length == 1)
            #expect(errorCode { unsafe WinUsb_QueryDeviceInformation(device.handle, 2, &length, &value) } == 87)
            #expect(errorCode { unsafe WinUsb_QueryDeviceInformation(device.handle, 1, nil, &value) } == 87)
        }
    }

    @Test("Settings are told one by one until there are no more")
    func queryInterfaceSettings() throws {
        try Device.with(ScriptedDevice()) { device in
            var descriptor = USB_INTERFACE_DESCRIPTOR()
            #expect(errorCode { unsafe WinUsb_QueryInterfaceSettings(device.handle, 0, &descriptor) } == 0)
            #expect(descriptor.bNumEndpoints == 4 && descriptor.bInterfaceClass == 0xFF)
            #expect(errorCode { unsafe WinUsb_QueryInterfaceSettings(device.handle, 1, &descriptor) } == 259)
            #expect(errorCode { unsafe WinUsb_QueryInterfaceSettings(device.handle, 0, nil) } == 87)
        }
    }

    @Test("Endpoints are told of every setting, selected or not")
    func queryPipe() throws {
        try Device.with(ScriptedDevice()) { device in
            var pipe = WINUSB_PIPE_INFORMATION()
            #expect(errorCode { unsafe WinUsb_QueryPipe(device.handle, 0, 2, &pipe) } == 0)
            #expect(pipe.PipeType == UsbdPipeTypeInterrupt && pipe.PipeId == 0x82)
            #expect(pipe.MaximumPacketSize == 16 && pipe.Interval == 1)
            #expect(errorCode { unsafe WinUsb_QueryPipe(device.handle, 0, 4, &pipe) } == 259)
            #expect(errorCode { unsafe WinUsb_QueryPipe(device.handle, 1, 0, &pipe) } == 87)
            #expect(errorCode { unsafe WinUsb_QueryPipe(device.handle, 0, 0, nil) } == 87)
            let second = unsafe associated(device, 0)
            var more = WINUSB_PIPE_INFORMATION_EX()
            #expect(errorCode { unsafe WinUsb_QueryPipeEx(second.handle, 1, 1, &more) } == 0)
            #expect(more.PipeType == UsbdPipeTypeIsochronous && more.PipeId == 0x04)
            #expect(more.MaximumBytesPerInterval == 64)
            #expect(errorCode { unsafe WinUsb_QueryPipeEx(second.handle, 1, 0, &more) } == 0)
            #expect(more.MaximumBytesPerInterval == 0)
            #expect(errorCode { unsafe WinUsb_QueryPipeEx(second.handle, 0, 0, &more) } == 259)
            #expect(errorCode { unsafe WinUsb_QueryPipeEx(second.handle, 2, 0, &more) } == 87)
            #expect(errorCode { unsafe WinUsb_QueryPipeEx(second.handle, 1, 0, nil) } == 87)
            unsafe WinUsb_Free(second.handle)
        }
    }

    @Test("An alternate setting is selected only while nothing is under way, and its pipes begin anew")
    func alternateSettings() throws {
        try Device.with(ScriptedDevice()) { device in
            let second = unsafe associated(device, 0)
            let handle = unsafe second.handle
            func select(_ setting: UInt8) -> UInt32 {
                errorCode { unsafe WinUsb_SetCurrentAlternateSetting(handle, setting) }
            }
            var current: UInt8 = 9
            #expect(errorCode { unsafe WinUsb_GetCurrentAlternateSetting(handle, &current) } == 0)
            #expect(current == 0)
            #expect(errorCode { unsafe WinUsb_GetCurrentAlternateSetting(handle, nil) } == 87)
            let read = Overlapped(64)
            func begin() -> UInt32 {
                errorCode { unsafe WinUsb_ReadPipe(handle, 0x83, read.buffer.baseAddress, 64, nil, read.block) }
            }
            #expect(begin() == 87, "the setting has no such pipe")
            #expect(select(2) == 87)
            #expect(select(1) == 0)
            #expect(errorCode { unsafe WinUsb_GetCurrentAlternateSetting(handle, &current) } == 0)
            #expect(current == 1)
            #expect(begin() == 997)
            #expect(select(0) == 170)
            #expect(read.isPending)
            #expect(errorCode { unsafe WinUsb_AbortPipe(handle, 0x83) } == 0)
            var flag: UInt8 = 1
            #expect(errorCode { unsafe WinUsb_SetPipePolicy(handle, 0x83, ULONG(AUTO_FLUSH), 1, &flag) } == 0)
            #expect(select(1) == 0)
            var length: ULONG = 1
            #expect(errorCode { unsafe WinUsb_GetPipePolicy(handle, 0x83, ULONG(AUTO_FLUSH), &length, &flag) } == 0)
            #expect(flag == 0)
            unsafe WinUsb_Free(handle)
        }
    }

    @Test(
        "A descriptor is read as far as the buffer goes",
        arguments: [(1, 18), (1, 8), (2, 9), (2, 512), (3, 255)] as [(UInt8, Int)])
    func descriptors(_ type: UInt8, _ room: Int) throws {
        try Device.with(ScriptedDevice()) { device in
            let model = device.attachment.withPeripheral { $0.model }
            let text = Array("Scripted".utf16).flatMap { (unit: UInt16) -> [UInt8] in
                [UInt8(truncatingIfNeeded: unit), 0]
            }
            var whole: [UInt8] = []
            switch type {
            case 1: model.device.encode(into: &whole)
            case 2: model.configurations[0].encode(into: &whole)
            default: whole = [UInt8(text.count + 2), 3] + text
            }
            var bytes = [UInt8](repeating: 0xEE, count: room)
            var length: ULONG = 0
            let index: UInt8 = type == 3 ? 2 : 0
            let code = errorCode {
                unsafe WinUsb_GetDescriptor(device.handle, type, index, 0x0409, &bytes, ULONG(room), &length)
            }
            #expect(code == 0)
            #expect(Array(bytes.prefix(Int(length))) == Array(whole.prefix(room)))
        }
    }

    @Test("A descriptor that the device does not have is error 31, and NULL is 87")
    func missingDescriptors() throws {
        try Device.with(ScriptedDevice()) { device in
            var bytes = [UInt8](repeating: 0, count: 64)
            var length: ULONG = 0
            #expect(errorCode { unsafe WinUsb_GetDescriptor(device.handle, 3, 9, 0x0409, &bytes, 64, &length) } == 31)
            #expect(errorCode { unsafe WinUsb_GetDescriptor(device.handle, 1, 0, 0, nil, 18, &length) } == 87)
            #expect(errorCode { unsafe WinUsb_GetDescriptor(device.handle, 1, 0, 0, &bytes, 18, nil) } == 87)
        }
    }
}
