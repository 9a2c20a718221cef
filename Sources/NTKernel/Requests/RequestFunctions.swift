// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Win32

/// The size of a request's structure with so many stack locations.
///
/// Microsoft's page: "IoSizeOfIrp macro (wdm.h)".
@c @implementation
public func IoSizeOfIrp(_ StackSize: CCHAR) -> USHORT { USHORT(Request.byteCount(stackSize: Int(StackSize))) }

/// Makes a request with so many stack locations; NULL if there is no memory, or for a negative number.
///
/// Microsoft's page: "IoAllocateIrp function (wdm.h)".
@c @implementation
public func IoAllocateIrp(_ StackSize: CCHAR, _ ChargeQuota: BOOLEAN) -> PIRP! {
    // The place behind the last location has a number too.
    guard StackSize >= 0, StackSize < CCHAR.max else { return nil }
    let size = Request.byteCount(stackSize: Int(StackSize))
    guard let memory = unsafe Pool.shared.allocate(size, tag: libraryTag, zeroed: true) else { return nil }
    // Sound: as large as that, and nobody else's.
    let pointer = unsafe memory.bindMemory(to: IRP.self, capacity: 1)
    unsafe Request(pointer).initialize(
        byteCount: size, stackSize: StackSize, allocationFlags: Request.isAllocated)
    return unsafe pointer
}

/// Frees a request of IoAllocateIrp.
///
/// Bug check 0x44: it was freed before, or is no such request.
///
/// Microsoft's page: "IoFreeIrp function (wdm.h)".
@c @implementation
public func IoFreeIrp(_ Irp: PIRP!) {
    guard let pointer = unsafe Irp else { return }
    guard unsafe Pool.shared.takeRequest(pointer) else {
        return BugCheck(
            BugCheckCode.multipleCompletion, [UInt(bitPattern: pointer)], in: "IoFreeIrp",
            "the request was freed before, or was not made by IoAllocateIrp"
        ).report()
    }
}

/// Makes a request as new, in the same memory.
///
/// Microsoft's page: "IoReuseIrp function (wdm.h)".
@c @implementation
public func IoReuseIrp(_ Irp: PIRP!, _ Status: NTSTATUS) {
    guard let pointer = unsafe Irp else { return }
    let flags = unsafe pointer.pointee.AllocationFlags
    let stackSize = unsafe pointer.pointee.StackCount
    unsafe Request(pointer).initialize(
        byteCount: Request.byteCount(stackSize: Int(stackSize)), stackSize: stackSize, allocationFlags: flags)
    unsafe pointer.pointee.IoStatus.Status = Status
}

/// Makes a request in memory of the driver's, of at least IoSizeOfIrp(`StackSize`) bytes.
///
/// Microsoft's page: "IoInitializeIrp function (wdm.h)".
@c @implementation
public func IoInitializeIrp(_ Irp: PIRP!, _ PacketSize: USHORT, _ StackSize: CCHAR) {
    let needed = Request.byteCount(stackSize: Int(StackSize))
    guard let pointer = unsafe Irp else { return }
    guard StackSize >= 0, StackSize < CCHAR.max, Int(PacketSize) >= needed else {
        return BugCheck(
            BugCheckCode.noMoreStackLocations, [UInt(bitPattern: pointer)], in: "IoInitializeIrp",
            "\(PacketSize) bytes are too few for \(StackSize) stack locations"
        ).report()
    }
    unsafe Request(pointer).initialize(byteCount: Int(PacketSize), stackSize: StackSize, allocationFlags: 0)
}

/// Makes a request with a control code, which frees itself when it completes, after it has filled `IoStatusBlock`; then
/// `Event` is set.
///
/// Input and output go the way that the code's two lowest bits say: through memory of the request's, through a descriptor
/// list, or as they are. NULL if there is no memory, or no device.
///
/// Microsoft's page: "IoBuildDeviceIoControlRequest function (wdm.h)".
@c @implementation
public func IoBuildDeviceIoControlRequest(
    _ IoControlCode: ULONG, _ DeviceObject: PDEVICE_OBJECT!, _ InputBuffer: PVOID!, _ InputBufferLength: ULONG,
    _ OutputBuffer: PVOID!, _ OutputBufferLength: ULONG, _ InternalDeviceIoControl: BOOLEAN, _ Event: PKEVENT!,
    _ IoStatusBlock: PIO_STATUS_BLOCK!
) -> PIRP! {
    guard let device = unsafe DeviceObject, let pointer = unsafe IoAllocateIrp(device.pointee.StackSize, 0) else {
        return nil
    }
    unsafe pointer.pointee.AllocationFlags |= Request.isFreedAtEnd
    unsafe pointer.pointee.UserEvent = unsafe Event
    unsafe pointer.pointee.UserIosb = unsafe IoStatusBlock
    // Sound: the request has a location for the device.
    guard let location = unsafe IoGetNextIrpStackLocation(pointer) else { return nil }
    unsafe location.pointee.MajorFunction = UCHAR(
        InternalDeviceIoControl != 0 ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL)
    unsafe location.pointee.Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength
    unsafe location.pointee.Parameters.DeviceIoControl.InputBufferLength = InputBufferLength
    unsafe location.pointee.Parameters.DeviceIoControl.IoControlCode = IoControlCode
    let method = IoControlCode & 3
    if method == 3 {
        unsafe location.pointee.Parameters.DeviceIoControl.Type3InputBuffer = unsafe InputBuffer
        unsafe pointer.pointee.UserBuffer = unsafe OutputBuffer
        return unsafe pointer
    }
    let count = Int(method == 0 ? max(InputBufferLength, OutputBufferLength) : InputBufferLength)
    if count > 0 {
        guard let buffer = unsafe Pool.shared.allocate(count, tag: libraryTag, zeroed: true) else {
            unsafe IoFreeIrp(pointer)
            return nil
        }
        if let input = unsafe InputBuffer {
            // Sound: the driver says that so many bytes are there.
            unsafe buffer.copyMemory(from: input, byteCount: Int(InputBufferLength))
        }
        unsafe pointer.pointee.AssociatedIrp.SystemBuffer = unsafe buffer
    }
    if method == 0 {
        unsafe pointer.pointee.UserBuffer = unsafe OutputBuffer
    } else if unsafe OutputBuffer != nil, OutputBufferLength > 0 {
        _ = unsafe IoAllocateMdl(OutputBuffer, OutputBufferLength, 0, 0, pointer)
    }
    return unsafe pointer
}

/// Hands a request to a device object: its next stack location becomes the current one.
///
/// STATUS_PENDING, or what became of it; then its completion routines have been called. Bug check 0x35: the request has no
/// stack location left. 0x1E: the device object is none of the library's.
///
/// Microsoft's page: "IofCallDriver function (wdm.h)".
@c @implementation
public func IoCallDriver(_ DeviceObject: PDEVICE_OBJECT!, _ Irp: PIRP!) -> NTSTATUS {
    guard let pointer = unsafe Irp, let device = unsafe NTKernel.DeviceObject.named(by: DeviceObject) else {
        BugCheck(
            BugCheckCode.wrongPointer, [0xC000_0005, 0, UInt(bitPattern: DeviceObject)], in: "IoCallDriver",
            "the request is NULL, or there is no such device object"
        ).report()
        return NTStatus.unsuccessful.rawValue
    }
    guard unsafe pointer.pointee.CurrentLocation > 1 else {
        BugCheck(
            BugCheckCode.noMoreStackLocations, [UInt(bitPattern: pointer)], in: "IoCallDriver",
            "the request has no stack location left"
        ).report()
        return NTStatus.unsuccessful.rawValue
    }
    unsafe IoSetNextIrpStackLocation(pointer)
    guard let location = unsafe IoGetCurrentIrpStackLocation(pointer) else { return NTStatus.unsuccessful.rawValue }
    unsafe location.pointee.DeviceObject = unsafe DeviceObject
    return unsafe device.take(pointer, location)
}

/// Asks for the early end of a request, whose completion comes as ever. FALSE: nobody is to be asked, since it has ended
/// or is just ending.
///
/// Microsoft's page: "IoCancelIrp function (wdm.h)".
@c @implementation
public func IoCancelIrp(_ Irp: PIRP!) -> BOOLEAN {
    guard let pointer = unsafe Irp else { return 0 }
    unsafe Request(pointer).markCancelled()
    guard let routine = unsafe IoSetCancelRoutine(pointer, nil) else { return 0 }
    // Whoever has the request does not let it end before the routine has been called.
    unsafe routine(IoGetCurrentIrpStackLocation(pointer)?.pointee.DeviceObject, pointer)
    return 1
}
