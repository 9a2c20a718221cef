// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Win32

/// A control transfer of those bytes, whose number is the setup packet's wLength.
///
/// STATUS_INVALID_PARAMETER: more bytes than wLength can say.
private func control(_ setup: PWDF_USB_CONTROL_SETUP_PACKET, _ part: MemoryPart) throws(Refusal) -> Operation {
    guard let length = USHORT(exactly: unsafe part.bytes.count) else { throw Refusal(.invalidParameter) }
    var packet = unsafe setup.pointee
    unsafe packet.Packet.wLength = length
    return unsafe .control(packet, part)
}

extension MemoryPart {
    /// The memory of a control transfer: a descriptor without its pointer stands for no bytes, if it has no length.
    fileprivate init(ofControl descriptor: PWDF_MEMORY_DESCRIPTOR?, in name: String) throws(Refusal) {
        if let given = unsafe descriptor?.pointee {
            let isEmpty =
                switch unsafe given.Type {
                case WdfMemoryDescriptorTypeBuffer:
                    unsafe given.u.BufferType.Buffer == nil && given.u.BufferType.Length == 0
                case WdfMemoryDescriptorTypeMdl: unsafe given.u.MdlType.Mdl == nil && given.u.MdlType.BufferLength == 0
                case WdfMemoryDescriptorTypeHandle: unsafe given.u.HandleType.Memory == nil
                default: false
                }
            guard !isEmpty else {
                self = .empty
                return
            }
        }
        self = unsafe try MemoryPart(descriptor, in: name)
    }
}

/// Sends a control transfer on the default pipe and waits for its end. The setup packet says in which direction; its
/// length is that of the memory. A device may send fewer bytes.
///
/// `Request`, `RequestOptions`, `MemoryDescriptor` and `BytesTransferred` may be NULL. `*BytesTransferred` is 0 unless the
/// transfer succeeds.
///
/// At PASSIVE_LEVEL. Bug check 0x10D: a handle is wrong, `SetupPacket` is NULL, or the request has been sent (as
/// documented: STATUS_INVALID_DEVICE_REQUEST). STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or
/// as documented. STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER: the options. STATUS_INVALID_PARAMETER: more than
/// 65535 bytes; a memory descriptor without its pointer, but with a length (as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INTEGER_OVERFLOW: the offsets. STATUS_INVALID_DEVICE_STATE: the target is closed
/// or purged. STATUS_REQUEST_NOT_ACCEPTED. STATUS_IO_TIMEOUT, and what the transfer ends with.
///
/// Microsoft's page: "WdfUsbTargetDeviceSendControlTransferSynchronously function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceSendControlTransferSynchronously(
    _ UsbDevice: WDFUSBDEVICE!, _ Request: WDFREQUEST!, _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!,
    _ SetupPacket: PWDF_USB_CONTROL_SETUP_PACKET!, _ MemoryDescriptor: PWDF_MEMORY_DESCRIPTOR!,
    _ BytesTransferred: PULONG!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceSendControlTransferSynchronously"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let setup = unsafe try required(SetupPacket, "SetupPacket", in: name)
        unsafe BytesTransferred?.pointee = 0
        return unsafe device.call(
            Request, RequestOptions, in: name,
            ended: { result in
                guard result.status >= 0 else { return }
                unsafe BytesTransferred?.pointee = ULONG(clamping: result.byteCount)
            }
        ) { () throws(Refusal) in
            unsafe try control(setup, MemoryPart(ofControl: MemoryDescriptor, in: name))
        }
    }
}

/// Makes a request ready to send a control transfer on the default pipe. The setup packet, which is copied, says in which
/// direction; its length is that of the memory, which the request keeps until its end.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: a handle is wrong, `SetupPacket` is NULL, or the request has been
/// sent (as documented: STATUS_INVALID_DEVICE_REQUEST). STATUS_INTEGER_OVERFLOW: the offsets. STATUS_INVALID_PARAMETER:
/// more than 65535 bytes. STATUS_INVALID_DEVICE_STATE: the target is closed. STATUS_REQUEST_NOT_ACCEPTED.
///
/// Microsoft's page: "WdfUsbTargetDeviceFormatRequestForControlTransfer function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceFormatRequestForControlTransfer(
    _ UsbDevice: WDFUSBDEVICE!, _ Request: WDFREQUEST!, _ SetupPacket: PWDF_USB_CONTROL_SETUP_PACKET!,
    _ TransferMemory: WDFMEMORY!, _ TransferOffset: PWDFMEMORY_OFFSET!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceFormatRequestForControlTransfer"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let setup = unsafe try required(SetupPacket, "SetupPacket", in: name)
        return unsafe device.format(Request, in: name) { () throws(Refusal) in
            unsafe try control(setup, MemoryPart(handle: TransferMemory, TransferOffset, in: name))
        }
    }
}
