// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// Sends a request on the control pipe (WinUsb_ControlTransfer function, winusb.h).
///
/// Where the request is for an interface, the low byte of `Index` is replaced by the number of this one. As many bytes
/// move as `Length` of the packet and `BufferLength` both allow, and no more than 4096 can. A request ends after
/// 5 seconds unless the control pipe's policy says otherwise.
///
/// Fails with ERROR_IO_PENDING (997) when the request goes on, ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87),
/// also for SET_ADDRESS, SET_CONFIGURATION and SET_INTERFACE, ERROR_SEM_TIMEOUT (121), ERROR_GEN_FAILURE (31) for a stall,
/// ERROR_OPERATION_ABORTED (995), ERROR_DEVICE_NOT_CONNECTED (1167).
@c @implementation
public func WinUsb_ControlTransfer(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ SetupPacket: WINUSB_SETUP_PACKET, _ Buffer: PUCHAR!,
    _ BufferLength: ULONG, _ LengthTransferred: PULONG!, _ Overlapped: LPOVERLAPPED!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    let count = min(Int(SetupPacket.Length), Int(BufferLength))
    guard unsafe BufferLength == 0 || LengthTransferred != nil || Overlapped != nil,
        count <= ControlOperation.maximumByteCount, let bytes = unsafe callersMemory(Buffer, count)
    else { return failure(SystemError.invalidParameter) }
    var setup = USBSpecification.SetupPacket(SetupPacket)
    setup.length = UInt16(count)
    if setup.requestType.recipient == .interface {
        setup.index = setup.index & 0xFF00 | UInt16(object.interface.number)
    }
    guard !setup.changesTheHostsView else { return failure(SystemError.invalidParameter) }
    return unsafe object.request(setup, bytes, LengthTransferred, Overlapped)
}

/// Reads a descriptor from the device (WinUsb_GetDescriptor function, winusb.h), as much of it as the buffer has room for.
///
/// Fails with ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for NULL, ERROR_GEN_FAILURE (31) when the device has
/// no such descriptor, ERROR_SEM_TIMEOUT (121), ERROR_DEVICE_NOT_CONNECTED (1167).
@c @implementation
public func WinUsb_GetDescriptor(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ DescriptorType: UCHAR, _ Index: UCHAR, _ LanguageID: USHORT,
    _ Buffer: PUCHAR!, _ BufferLength: ULONG, _ LengthTransferred: PULONG!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    let count = min(Int(BufferLength), Int(UInt16.max))
    guard unsafe LengthTransferred != nil, let bytes = unsafe callersMemory(Buffer, count) else {
        return failure(SystemError.invalidParameter)
    }
    let setup = USBSpecification.SetupPacket(
        requestType: RequestType(direction: .in, kind: .standard, recipient: .device),
        request: UInt8(USB_REQUEST_GET_DESCRIPTOR), value: UInt16(DescriptorType) << 8 | UInt16(Index),
        index: LanguageID, length: UInt16(count))
    return unsafe object.request(setup, bytes, LengthTransferred, nil)
}

extension InterfaceObject {
    fileprivate func request(
        _ setup: SetupPacket, _ bytes: UnsafeMutableRawBufferPointer, _ transferred: PULONG?,
        _ overlapped: LPOVERLAPPED?
    ) -> BOOL {
        let timeout = controlPolicies.timeLimit
        let operation = takeRequest()
        return unsafe run(operation, on: file, overlapped, transferred) {
            unsafe operation.start(setup, bytes, timeout: timeout)
        }
    }
}

extension SetupPacket {
    init(_ packet: WINUSB_SETUP_PACKET) {
        self.init(
            requestType: RequestType(rawValue: packet.RequestType), request: packet.Request, value: packet.Value,
            index: packet.Index, length: packet.Length)
    }

    /// Whether the host would no longer know the device's address, configuration or alternate setting.
    fileprivate var changesTheHostsView: Bool {
        guard requestType.kind == .standard else { return false }
        switch (Int32(request), requestType.recipient) {
        case (USB_REQUEST_SET_ADDRESS, .device), (USB_REQUEST_SET_CONFIGURATION, .device),
            (USB_REQUEST_SET_INTERFACE, .interface):
            return true
        default: return false
        }
    }
}
