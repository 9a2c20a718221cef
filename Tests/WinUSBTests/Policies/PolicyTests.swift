// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification
import VirtualUSB
import WinUSB

@Suite("Policies")
struct PolicyTests {
    private static let flags: [Int32] = [
        SHORT_PACKET_TERMINATE, AUTO_CLEAR_STALL, IGNORE_SHORT_PACKETS, ALLOW_PARTIAL_READS, AUTO_FLUSH, RAW_IO,
        RESET_PIPE_ON_RESUME,
    ]
    private static let pipes: [UInt8] = [0x00, 0x80, 0x01, 0x81, 0x82, 0x02]

    private func get(_ device: Device, _ pipe: UInt8, _ policy: Int32, room: ULONG) -> (UInt32, UInt32, ULONG) {
        var value: UInt32 = 0
        var length = room
        let code = errorCode { unsafe WinUsb_GetPipePolicy(device.handle, pipe, ULONG(policy), &length, &value) }
        return (code, value, length)
    }

    @Test("Flags have their defaults, take what they are set to, and are one byte", arguments: pipes)
    func flags(_ pipe: UInt8) throws {
        try Device.with(ScriptedDevice()) { device in
            for policy in Self.flags {
                #expect(get(device, pipe, policy, room: 1) == (0, policy == ALLOW_PARTIAL_READS ? 1 : 0, 1))
                for flag in [true, false, true] {
                    #expect(device.set(pipe, policy, flag) == 0)
                    #expect(get(device, pipe, policy, room: 4) == (0, flag ? 1 : 0, 1))
                }
                #expect(get(device, pipe, policy, room: 0) == (122, 0, 1))
                var value: UInt32 = 1
                for length: ULONG in [0, 2, 4] {
                    let code = errorCode {
                        unsafe WinUsb_SetPipePolicy(device.handle, pipe, ULONG(policy), length, &value)
                    }
                    #expect(code == 87)
                }
            }
        }
    }

    @Test("The time limit is 5 seconds on the control pipe and none elsewhere, and four bytes", arguments: pipes)
    func timeout(_ pipe: UInt8) throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(get(device, pipe, PIPE_TRANSFER_TIMEOUT, room: 4) == (0, pipe & 0x0F == 0 ? 5000 : 0, 4))
            #expect(device.setTimeout(pipe, 1234) == 0)
            #expect(get(device, pipe, PIPE_TRANSFER_TIMEOUT, room: 4) == (0, 1234, 4))
            #expect(get(device, pipe, PIPE_TRANSFER_TIMEOUT, room: 3) == (122, 0, 4))
            #expect(device.set(pipe, PIPE_TRANSFER_TIMEOUT, true) == 87)
        }
    }

    @Test(
        "The largest request depends on type and speed, and cannot be set",
        arguments: [
            (Speed.full, 4 << 20), (.high, 4 << 20), (.superSpeed, 32 << 20),
        ] as [(Speed, UInt32)])
    func maximumTransferSize(_ speed: Speed, _ bulk: UInt32) throws {
        try Device.with(ScriptedDevice(speed: speed)) { device in
            #expect(get(device, 0x81, MAXIMUM_TRANSFER_SIZE, room: 4) == (0, bulk, 4))
            #expect(get(device, 0x82, MAXIMUM_TRANSFER_SIZE, room: 4) == (0, 4 << 20, 4))
            var value: UInt32 = 4096
            #expect(
                errorCode {
                    unsafe WinUsb_SetPipePolicy(device.handle, 0x81, ULONG(MAXIMUM_TRANSFER_SIZE), 4, &value)
                } == 87)
        }
    }

    @Test("What is no policy, no pipe or NULL is error 87")
    func wrongArguments() throws {
        try Device.with(ScriptedDevice()) { device in
            #expect(get(device, 0x81, 0x0A, room: 4).0 == 87)
            #expect(get(device, 0x81, 0, room: 4).0 == 87)
            #expect(get(device, 0x85, RAW_IO, room: 4).0 == 87)
            #expect(device.set(0x85, RAW_IO, true) == 87)
            #expect(device.set(0x81, 0x0A, true) == 87)
            var length: ULONG = 4
            #expect(errorCode { unsafe WinUsb_GetPipePolicy(device.handle, 0x81, 7, &length, nil) } == 87)
            #expect(errorCode { unsafe WinUsb_GetPipePolicy(device.handle, 0x81, 7, nil, &length) } == 87)
            #expect(errorCode { unsafe WinUsb_SetPipePolicy(device.handle, 0x81, 7, 1, nil) } == 87)
        }
    }

    @Test("Power policies are remembered")
    func power() throws {
        try Device.with(ScriptedDevice()) { device in
            func get(_ policy: Int32, _ room: ULONG) -> (UInt32, UInt32, ULONG) {
                var value: UInt32 = 0
                var length = room
                let code = errorCode { unsafe WinUsb_GetPowerPolicy(device.handle, ULONG(policy), &length, &value) }
                return (code, value, length)
            }
            func set(_ policy: Int32, _ length: ULONG, _ value: UInt32) -> UInt32 {
                var copy = value
                return errorCode { unsafe WinUsb_SetPowerPolicy(device.handle, ULONG(policy), length, &copy) }
            }
            #expect(get(AUTO_SUSPEND, 1) == (0, 1, 1))
            #expect(get(SUSPEND_DELAY, 4) == (0, 5000, 4))
            #expect(set(AUTO_SUSPEND, 1, 0) == 0)
            #expect(set(SUSPEND_DELAY, 4, 100) == 0)
            #expect(get(AUTO_SUSPEND, 1) == (0, 0, 1))
            #expect(get(SUSPEND_DELAY, 4) == (0, 100, 4))
            #expect(get(SUSPEND_DELAY, 1) == (122, 0, 4))
            #expect(get(ENABLE_WAKE, 4).0 == 87)
            #expect(set(AUTO_SUSPEND, 4, 1) == 87)
            #expect(set(SUSPEND_DELAY, 1, 1) == 87)
            #expect(set(ENABLE_WAKE, 1, 1) == 87)
            var length: ULONG = 1
            #expect(errorCode { unsafe WinUsb_GetPowerPolicy(device.handle, 0x81, &length, nil) } == 87)
            #expect(errorCode { unsafe WinUsb_SetPowerPolicy(device.handle, 0x81, 1, nil) } == 87)
        }
    }

    @Test("Transfers on pipes that are none, of the other direction or isochronous are error 87")
    func wrongPipes() throws {
        try Device.with(ScriptedDevice()) { device in
            for pipe: UInt8 in [0x00, 0x01, 0x85, 0x02] { #expect(device.read(pipe, 64).error == 87) }
            for pipe: UInt8 in [0x00, 0x81, 0x05, 0x82] { #expect(device.write(pipe, [1]).error == 87) }
            var moved: ULONG = 0
            var byte: UInt8 = 0
            #expect(errorCode { unsafe WinUsb_ReadPipe(device.handle, 0x81, nil, 64, &moved, nil) } == 87)
            #expect(errorCode { unsafe WinUsb_ReadPipe(device.handle, 0x81, &byte, 1, nil, nil) } == 87)
            #expect(errorCode { unsafe WinUsb_WritePipe(device.handle, 0x01, nil, 64, &moved, nil) } == 87)
            #expect(errorCode { unsafe WinUsb_WritePipe(device.handle, 0x01, &byte, 1, nil, nil) } == 87)
            #expect(errorCode { unsafe WinUsb_AbortPipe(device.handle, 0x85) } == 87)
            #expect(errorCode { unsafe WinUsb_FlushPipe(device.handle, 0x85) } == 87)
            #expect(errorCode { unsafe WinUsb_ResetPipe(device.handle, 0x85) } == 87)
            #expect(errorCode { unsafe WinUsb_ResetPipe(device.handle, 0) } == 0)
            let wrongEvent = Overlapped(64)
            unsafe CloseHandle(wrongEvent.block.pointee.hEvent)
            #expect(wrongEvent.read(device, 0x81, 64) == 6, "its event is a handle of nothing")
            unsafe wrongEvent.block.pointee.hEvent = nil
            #expect(errorCode { unsafe WinUsb_GetOverlappedResult(device.handle, nil, &moved, 0) } == 87)
            #expect(errorCode { unsafe WinUsb_GetOverlappedResult(device.handle, wrongEvent.block, nil, 0) } == 87)
        }
    }
}
