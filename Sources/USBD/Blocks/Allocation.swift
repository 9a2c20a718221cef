// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBRequests
import Win32

/// Allocates a block of so many bytes with a handle, both of which are right or are not.
private func allocate(
    _ handle: USBD_HANDLE?, _ out: UnsafeMutablePointer<PURB?>?, byteCount: Int?, isIsochronous: Bool,
    in function: String
) -> NTSTATUS {
    unsafe out?.pointee = nil
    guard let handle = unsafe handle, let out = unsafe out else { return STATUS_INVALID_PARAMETER }
    guard unsafe ClientHandle.named(by: handle, in: function) != nil else { return STATUS_UNSUCCESSFUL }
    guard let byteCount else { return STATUS_INVALID_PARAMETER }
    let block = unsafe BlockMemory.shared.allocate(
        byteCount: byteCount, isIsochronous: isIsochronous, owner: handle.owner)
    unsafe out.pointee = unsafe block
    return unsafe block == nil ? STATUS_INSUFFICIENT_RESOURCES : NTStatus.success.rawValue
}

/// Allocates a block for any request but an isochronous one, every member zero (USBD_UrbAllocate function, usbdlib.h). At
/// any level up to DISPATCH_LEVEL.
///
/// On failure `*Urb` is NULL. STATUS_INVALID_PARAMETER: the handle or `Urb` is NULL. STATUS_INSUFFICIENT_RESOURCES. Bug
/// check 0xFE: the handle is none.
@c @implementation
public func USBD_UrbAllocate(_ USBDHandle: USBD_HANDLE!, _ Urb: UnsafeMutablePointer<PURB?>!) -> NTSTATUS {
    unsafe allocate(
        USBDHandle, Urb, byteCount: MemoryLayout<URB>.size, isIsochronous: false, in: "USBD_UrbAllocate")
}

/// Allocates a block for an isochronous request with up to `NumberOfIsochPacket` packets, every member zero
/// (USBD_IsochUrbAllocate function, usbdlib.h). At any level up to DISPATCH_LEVEL.
///
/// The number is limited only by the block's length of 16 bits: 5448. How many packets a pipe takes, and whether they
/// fill whole frames, counts when the block is submitted; fewer than allocated are fine.
///
/// On failure `*Urb` is NULL. STATUS_INVALID_PARAMETER: the handle or `Urb` is NULL, or there are more packets than that.
/// STATUS_INSUFFICIENT_RESOURCES. Bug check 0xFE: the handle is none.
@c @implementation
public func USBD_IsochUrbAllocate(
    _ USBDHandle: USBD_HANDLE!, _ NumberOfIsochPacket: ULONG, _ Urb: UnsafeMutablePointer<PURB?>!
) -> NTSTATUS {
    let fits = NumberOfIsochPacket <= BlockMemory.maximumPacketCount
    let byteCount = fits ? BlockMemory.byteCount(packets: Int(NumberOfIsochPacket)) : nil
    return unsafe allocate(USBDHandle, Urb, byteCount: byteCount, isIsochronous: true, in: "USBD_IsochUrbAllocate")
}

/// Frees a block that was allocated with the handle (USBD_UrbFree function, usbdlib.h). At any level up to
/// DISPATCH_LEVEL. NULL is left alone.
///
/// Bug check 0xFE: the block was freed before, was not allocated with this handle, or is under way; or the handle is none.
@c @implementation
public func USBD_UrbFree(_ USBDHandle: USBD_HANDLE!, _ Urb: PURB!) {
    guard let handle = unsafe handle(USBDHandle, "USBD_UrbFree"), let block = unsafe Urb else { return }
    unsafe BlockMemory.shared.free(block, owner: handle.owner, in: "USBD_UrbFree")
}

/// Puts a block that was allocated with the handle into a request's stack location (USBD_AssignUrbToIoStackLocation
/// function, usbdlib.h).
///
/// Bug check 0xFE: the block was freed, or was not allocated with this handle; or the handle is none.
@c @implementation
public func USBD_AssignUrbToIoStackLocation(
    _ USBDHandle: USBD_HANDLE!, _ IoStackLocation: PIO_STACK_LOCATION!, _ Urb: PURB!
) {
    let name = "USBD_AssignUrbToIoStackLocation"
    guard let handle = unsafe handle(USBDHandle, name), let location = unsafe IoStackLocation else { return }
    guard let block = unsafe Urb, unsafe BlockMemory.shared.isKnown(block, owner: handle.owner) else {
        return BugCheck(
            BugCheckCode.usbDriver, [1, UInt(bitPattern: Urb)], in: name,
            "the block was freed, or was not allocated with this handle"
        ).report()
    }
    unsafe location.pointee.Parameters.Others.Argument1 = UnsafeMutableRawPointer(block)
}

/// A handle that is right; a wrong one, NULL included, is a bug check, since the function has no status.
private func handle(_ handle: USBD_HANDLE?, _ function: String) -> USBD_HANDLE? {
    guard let handle = unsafe handle else {
        BugCheck(BugCheckCode.usbDriver, [1], in: function, "the handle is NULL").report()
        return nil
    }
    return unsafe ClientHandle.named(by: handle, in: function) == nil ? nil : handle
}
