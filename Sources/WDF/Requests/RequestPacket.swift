// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// The packet (IRP) of a request: its own, or a driver's.
@safe final class RequestPacket: @unchecked Sendable {
    // Sound: the library's own is freed when this goes; a driver keeps its own as long as the request.
    let pointer: PIRP
    private let isFreedAtEnd: Bool
    /// Whether the library made it, and may make another in its place.
    let isReplaceable: Bool
    private let stackSize: CCHAR

    /// Makes a packet with so many stack locations; of a presented request, with one more in front that says what was
    /// asked, and one behind for sending it on without any of its own. Nil when there is no memory.
    init?(stackSize: CCHAR, for presented: PresentedRequest?) {
        let free = presented.map { CCHAR(clamping: min(100, $0.stackLocations) + 2) }
        self.stackSize = free ?? stackSize
        guard let pointer = unsafe IoAllocateIrp(self.stackSize, 0) else { return nil }
        unsafe self.pointer = unsafe pointer
        isFreedAtEnd = true
        isReplaceable = presented == nil
        guard let presented else { return }
        unsafe IoSetNextIrpStackLocation(pointer)
        if let location = unsafe IoGetCurrentIrpStackLocation(pointer) { unsafe presented.fill(pointer, location) }
    }

    /// Takes a driver's packet.
    init(_ pointer: PIRP, isFreedAtEnd: Bool) {
        unsafe self.pointer = unsafe pointer
        self.isFreedAtEnd = isFreedAtEnd
        isReplaceable = isFreedAtEnd
        stackSize = unsafe pointer.pointee.StackCount
    }

    deinit {
        if isFreedAtEnd { unsafe IoFreeIrp(pointer) }
    }

    /// Whether a target that uses so many stack locations can be sent the packet.
    func hasRoom(for stackSize: CCHAR) -> Bool {
        // The first location has the number 1.
        unsafe pointer.pointee.CurrentLocation > stackSize
    }

    /// Writes an operation with a control code into the next stack location.
    func write(_ operation: Operation) throws(Refusal) {
        guard case .others(let code, let first, let second, let fourth, _) = operation else { return }
        guard hasRoom(for: 1), let next = unsafe IoGetNextIrpStackLocation(pointer) else {
            throw Refusal(.requestNotAccepted)
        }
        unsafe next.pointee = unsafe IO_STACK_LOCATION()
        unsafe next.pointee.MajorFunction = UCHAR(IRP_MJ_INTERNAL_DEVICE_CONTROL)
        unsafe next.pointee.Parameters.Others.Argument1 = unsafe first
        unsafe next.pointee.Parameters.Others.Argument2 = unsafe second
        unsafe next.pointee.Parameters.Others.Argument4 = unsafe fourth
        unsafe next.pointee.Parameters.DeviceIoControl.IoControlCode = code
    }

    /// Writes a stack location over the next one, but for the completion routine: one of the driver's, or for nil the
    /// current one.
    func writeNext(_ location: PIO_STACK_LOCATION?) {
        guard let next = unsafe IoGetNextIrpStackLocation(pointer) else { return }
        unsafe next.pointee = IO_STACK_LOCATION()
        // Who made the packet has no location of its own.
        let hasOwn = unsafe pointer.pointee.CurrentLocation <= pointer.pointee.StackCount
        let current = unsafe hasOwn ? IoGetCurrentIrpStackLocation(pointer) : nil
        guard let source = unsafe location ?? current else { return }
        unsafe next.pointee = unsafe source.pointee
        unsafe next.pointee.CompletionRoutine = nil
        unsafe next.pointee.Context = nil
        unsafe next.pointee.Control = 0
    }

    /// Makes the packet as new, with this status.
    func reuse(_ status: NTSTATUS, for presented: PresentedRequest?) {
        unsafe IoReuseIrp(pointer, status)
        guard let presented else { return }
        unsafe IoSetNextIrpStackLocation(pointer)
        if let location = unsafe IoGetCurrentIrpStackLocation(pointer) { unsafe presented.fill(pointer, location) }
    }

    /// Notes the request's end, for a driver that looks at the packet.
    func note(_ status: NTSTATUS, information: UInt) {
        unsafe pointer.pointee.IoStatus.Status = status
        unsafe pointer.pointee.IoStatus.Information = ULONG_PTR(information)
    }
}
