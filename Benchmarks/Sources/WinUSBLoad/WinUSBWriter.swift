// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB
import USBHost
import USBSpecification
import VirtualUSB
import WinUSB

/// Writes to an isochronous pipe in steps of 1 ms at named frames, four of them in flight: as a program does it that calls
/// WinUSB, and as one that calls the library itself, on the same bus in free time.
@safe package final class WinUSBWriter {
    private static let depth = 4
    private static let length = 8 * 192

    private let interface: WINUSB_INTERFACE_HANDLE
    private let buffer: WINUSB_ISOCH_BUFFER_HANDLE
    private let blocks: UnsafeMutablePointer<OVERLAPPED>

    /// Opens a device of its own and runs `body`.
    package static func run<Value>(_ body: (WinUSBWriter) throws -> Value) throws -> Value {
        let bus = VirtualBus(flow: .free)
        _ = try bus.attach(GadgetZero(options: .init(isochronousInterval: 1, isochronousPacketSize: 192)))
        return try ProcessHost.withHost(bus) { try body(WinUSBWriter()) }
    }

    private init() {
        let file = unsafe CreateFileA(
            "usb:0525:A4A0", 0, 0, nil, DWORD(OPEN_EXISTING), DWORD(FILE_FLAG_OVERLAPPED), nil)
        var interface: WINUSB_INTERFACE_HANDLE?
        var buffer: WINUSB_ISOCH_BUFFER_HANDLE?
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.depth * Self.length)
        unsafe memory.initialize(repeating: 0, count: Self.depth * Self.length)
        let isOpen =
            unsafe WinUsb_Initialize(file, &interface) == 1 && WinUsb_SetCurrentAlternateSetting(interface, 1) == 1
            && WinUsb_RegisterIsochBuffer(interface, 0x02, memory, ULONG(Self.depth * Self.length), &buffer) == 1
        guard isOpen, let interface = unsafe interface, let buffer = unsafe buffer else {
            fatalError("the device cannot be opened: error \(GetLastError())")
        }
        unsafe self.interface = unsafe interface
        unsafe self.buffer = unsafe buffer
        unsafe blocks = .allocate(capacity: Self.depth)
        unsafe blocks.initialize(repeating: OVERLAPPED(), count: Self.depth)
        for index in 0..<Self.depth { unsafe blocks[index].hEvent = unsafe CreateEventA(nil, 1, 0, nil) }
    }

    /// Writes so many milliseconds.
    package func write(_ count: Int) {
        var frame: ULONG = 0
        var time = LARGE_INTEGER()
        unsafe WinUsb_GetCurrentFrameNumber(interface, &frame, &time)
        frame += 5
        for index in 0..<count + Self.depth {
            let slot = index % Self.depth
            if index >= Self.depth {
                var bytes: DWORD = 0
                precondition(
                    unsafe WinUsb_GetOverlappedResult(interface, &blocks[slot], &bytes, 1) == 1, "a write failed")
            }
            guard index < count else { continue }
            unsafe WinUsb_WriteIsochPipe(
                buffer, ULONG(slot * Self.length), ULONG(Self.length), &frame, &blocks[slot])
            precondition(GetLastError() == 997, "a write was refused")
        }
    }

    /// The same through the library itself.
    package static func writeDirectly(_ count: Int) throws {
        final class Slot {
            var flight: InFlight<Isochronous>?
            var transfer: Transfer<Isochronous>?
            init(_ transfer: consuming Transfer<Isochronous>) { self.transfer = consume transfer }
        }
        let bus = VirtualBus(flow: .free)
        _ = try bus.attach(GadgetZero(options: .init(isochronousInterval: 1, isochronousPacketSize: 192)))
        let device = try bus.open(vendorID: 0x0525, productID: 0xA4A0)
        let interface = try device.claim(0)
        try device.blocking.selectAlternateSetting(1, of: interface)
        let pipe = try interface.outPipe(0x02, Isochronous.self)
        let slots = (0..<depth).map { _ in Slot(pipe.makeTransfer(capacity: length)) }
        let policy = StartPolicy(window: .windows, late: .dropExpired, accuracy: .bestEffort, grid: .frames)
        var frame = bus.frame().frame + 5
        for index in 0..<count + depth {
            let slot = slots[index % depth]
            if index >= depth, let flight = slot.flight.take() {
                let completed = flight.blockingCompletion()
                precondition(completed.outcome.status == .completed, "a write failed")
                let transfer = completed.transfer
                slot.transfer = consume transfer
            }
            guard index < count, let transfer = slot.transfer.take() else { continue }
            slot.flight = try transfer.submit(.at(frame), policy: policy)
            frame = frame + 1
        }
    }
}
