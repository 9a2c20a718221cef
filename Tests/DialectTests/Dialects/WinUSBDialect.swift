// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import Testing
import USBHost
import WinUSB

/// Plays the plan with the functions of WinUSB.
func playByWinUSB(_ stage: borrowing Stage) throws -> Report {
    let plan = stage.plan
    let file = unsafe CreateFileA(
        "usb:\(StreamingDevice.name)", 0xC000_0000, 3, nil, DWORD(OPEN_EXISTING), DWORD(FILE_FLAG_OVERLAPPED), nil)
    defer { unsafe CloseHandle(file) }
    var handle: WINUSB_INTERFACE_HANDLE?
    try #require(unsafe WinUsb_Initialize(file, &handle) == 1)
    let interface = unsafe try #require(unsafe handle)
    defer { unsafe WinUsb_Free(interface) }
    try #require(unsafe WinUsb_SetCurrentAlternateSetting(interface, 1) == 1)

    let writes = try plan.out.indices.map { index in
        unsafe try WinUSBTransfer(interface, StreamingDevice.out, plan.out[index], plan.bytes(of: index))
    }
    let reads = try plan.in.map { planned in
        unsafe try WinUSBTransfer(
            interface, StreamingDevice.in, planned, [UInt8](repeating: 0, count: planned.byteCount))
    }
    try stage.approach()
    for (write, read) in zip(writes, reads) {
        try write.submit()
        try read.submit()
    }
    stage.run()
    for write in writes { #expect(write.finish()) }
    return Report(sent: nil, came: reads.map { $0.packetsRead() })
}

/// A call of WinUsb_WriteIsochPipe or WinUsb_ReadIsochPipe with all that belongs to it.
@safe private final class WinUSBTransfer {
    private let interface: WINUSB_INTERFACE_HANDLE
    private let endpoint: UInt8
    private let planned: Plan.Transfer
    // Sound: there until the registration has ended, which waits for the call.
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private let overlapped: UnsafeMutablePointer<OVERLAPPED>
    private let packets: UnsafeMutableBufferPointer<USBD_ISO_PACKET_DESCRIPTOR>
    private var registration: WINUSB_ISOCH_BUFFER_HANDLE?

    init(
        _ interface: WINUSB_INTERFACE_HANDLE, _ endpoint: UInt8, _ planned: Plan.Transfer, _ content: [UInt8]
    ) throws {
        unsafe self.interface = unsafe interface
        self.endpoint = endpoint
        self.planned = planned
        unsafe bytes = .allocate(capacity: content.count)
        _ = unsafe bytes.initialize(from: content)
        unsafe overlapped = .allocate(capacity: 1)
        unsafe overlapped.initialize(to: OVERLAPPED())
        unsafe packets = .allocate(capacity: planned.sizes.count)
        unsafe packets.initialize(repeating: USBD_ISO_PACKET_DESCRIPTOR())
        unsafe overlapped.pointee.hEvent = unsafe CreateEventA(nil, 1, 0, nil)
        try #require(
            unsafe WinUsb_RegisterIsochBuffer(interface, endpoint, bytes.baseAddress, ULONG(bytes.count), &registration)
                == 1)
    }

    deinit {
        unsafe WinUsb_UnregisterIsochBuffer(registration)
        unsafe CloseHandle(overlapped.pointee.hEvent)
        unsafe overlapped.deallocate()
        unsafe packets.deallocate()
        unsafe bytes.deallocate()
    }

    func submit() throws {
        var frame = planned.frame
        let length = ULONG(planned.byteCount)
        let answer =
            endpoint & 0x80 == 0
            ? unsafe WinUsb_WriteIsochPipe(registration, 0, length, &frame, overlapped)
            : unsafe WinUsb_ReadIsochPipe(
                registration, 0, length, &frame, ULONG(packets.count), packets.baseAddress, overlapped)
        try #require(answer == 0 && GetLastError() == 997)
    }

    /// Waits for the end. Returns whether it is a success.
    func finish() -> Bool {
        var moved: DWORD = 0
        return unsafe WinUsb_GetOverlappedResult(interface, overlapped, &moved, 1) == 1
    }

    func packetsRead() -> [[UInt8]?] {
        let isSuccess = finish()
        let read: [[UInt8]?] = unsafe packets.map { packet in
            packet.Status < 0 ? nil : unsafe Array(bytes[Int(packet.Offset)..<Int(packet.Offset + packet.Length)])
        }
        // It fails only when all of its packets do.
        #expect(isSuccess == read.contains { $0 != nil })
        return read
    }
}
