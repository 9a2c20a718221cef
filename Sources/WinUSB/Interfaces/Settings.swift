// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// Gives a handle for an interface behind the one that the file stands for: 0 is the next of the configuration
/// (WinUsb_GetAssociatedInterface function, winusb.h). It is given back with WinUsb_Free; until then there is no other.
///
/// Fails with ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for NULL, or an index that no interface can have,
/// ERROR_NO_MORE_ITEMS (259), ERROR_ALREADY_EXISTS (183), ERROR_ACCESS_DENIED (5) when another program has the interface,
/// ERROR_NOT_ENOUGH_MEMORY (8).
@c @implementation
public func WinUsb_GetAssociatedInterface(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ AssociatedInterfaceIndex: UCHAR,
    _ AssociatedInterfaceHandle: PWINUSB_INTERFACE_HANDLE!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    let first = object.file.interface.number
    guard let out = unsafe AssociatedInterfaceHandle, Int(first) + 1 + Int(AssociatedInterfaceIndex) <= 255 else {
        return failure(SystemError.invalidParameter)
    }
    let interfaces = object.file.device.configuration?.interfaces ?? []
    let behind = interfaces.drop { $0.number != first }.dropFirst().dropFirst(Int(AssociatedInterfaceIndex))
    guard let number = behind.first?.number else { return failure(SystemError.noMoreItems) }
    guard !object.group.hasHandle(for: number) else { return failure(SystemError.alreadyExists) }
    do throws(USBError) {
        let interface = try object.file.claim(number)
        guard let associated = object.group.add(interface) else {
            object.file.device.blocking.release(interface)
            return failure(SystemError.alreadyExists)
        }
        guard let handle = unsafe associated.makeHandle() else { return failure(SystemError.notEnoughMemory) }
        // Sound: the caller's place for the handle, not NULL.
        unsafe out.pointee = unsafe handle
        return 1
    } catch {
        return failure(NTStatus(error.kind).systemError)
    }
}

/// Tells the interface descriptor of an alternate setting (WinUsb_QueryInterfaceSettings function, winusb.h).
///
/// Fails with ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for NULL, ERROR_NO_MORE_ITEMS (259).
@c @implementation
public func WinUsb_QueryInterfaceSettings(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ AlternateInterfaceNumber: UCHAR,
    _ UsbAltInterfaceDescriptor: PUSB_INTERFACE_DESCRIPTOR!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let out = unsafe UsbAltInterfaceDescriptor else { return failure(SystemError.invalidParameter) }
    guard let setting = object.interface.layout.alternateSetting(AlternateInterfaceNumber)?.descriptor else {
        return failure(SystemError.noMoreItems)
    }
    let descriptor = USB_INTERFACE_DESCRIPTOR(
        bLength: UCHAR(InterfaceDescriptor.fixedLength), bDescriptorType: UCHAR(USB_INTERFACE_DESCRIPTOR_TYPE),
        bInterfaceNumber: setting.number, bAlternateSetting: setting.alternateSetting,
        bNumEndpoints: setting.endpointCount, bInterfaceClass: setting.interfaceClass.base,
        bInterfaceSubClass: setting.interfaceClass.subclass, bInterfaceProtocol: setting.interfaceClass.protocol,
        iInterface: setting.nameString)
    // Sound: the caller's structure, not NULL.
    unsafe out.pointee = descriptor
    return 1
}

/// Tells the speed of the device (WinUsb_QueryDeviceInformation function, winusb.h), the only information that there is:
/// 1 for full speed or lower, 3 for high speed or higher.
///
/// `BufferLength` holds the room at `Buffer`, and the length of the answer afterwards. Fails with
/// ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for NULL or another type, ERROR_INSUFFICIENT_BUFFER (122).
@c @implementation
public func WinUsb_QueryDeviceInformation(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ InformationType: ULONG, _ BufferLength: PULONG!, _ Buffer: PVOID!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let length = unsafe BufferLength, let out = unsafe Buffer, InformationType == DEVICE_SPEED else {
        return failure(SystemError.invalidParameter)
    }
    let room = unsafe length.pointee
    unsafe length.pointee = 1
    guard room >= 1 else { return failure(SystemError.insufficientBuffer) }
    let speed = object.file.device.speed >= .high ? HighSpeed : LowSpeed
    // Sound: the caller says that a byte is there.
    unsafe out.storeBytes(of: UInt8(speed), as: UInt8.self)
    return 1
}

/// Selects an alternate setting (WinUsb_SetCurrentAlternateSetting function, winusb.h). The policies of its pipes are the
/// defaults, and what reads had left over is gone.
///
/// Fails with ERROR_INVALID_HANDLE (6), ERROR_BUSY (170) while transfers are under way on the interface,
/// ERROR_INVALID_PARAMETER (87) where there is no such setting, ERROR_NO_SYSTEM_RESOURCES (1450) when the bus has not the
/// time that it needs, and with what the request to the device fails with.
@c @implementation
public func WinUsb_SetCurrentAlternateSetting(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ SettingNumber: UCHAR
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard object.interface.layout.alternateSetting(SettingNumber) != nil else {
        return failure(SystemError.invalidParameter)
    }
    guard object.beginSelecting() else { return failure(SystemError.busy) }
    defer { object.endSelecting() }
    do throws(USBError) {
        try object.file.device.blocking.selectAlternateSetting(SettingNumber, of: object.interface)
        return 1
    } catch {
        return failure(NTStatus(error.kind).systemError)
    }
}

/// Tells the alternate setting that is selected (WinUsb_GetCurrentAlternateSetting function, winusb.h).
///
/// Fails with ERROR_INVALID_HANDLE (6) and ERROR_INVALID_PARAMETER (87) for NULL.
@c @implementation
public func WinUsb_GetCurrentAlternateSetting(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ SettingNumber: PUCHAR!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let out = unsafe SettingNumber else { return failure(SystemError.invalidParameter) }
    // Sound: the caller's place for the number, not NULL.
    unsafe out.pointee = object.interface.alternateSetting.descriptor.alternateSetting
    return 1
}

/// Tells an endpoint of an alternate setting, by its place in the descriptors (WinUsb_QueryPipe function, winusb.h).
///
/// `MaximumPacketSize` is the size of one packet, also where an interval has several. Fails with
/// ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for NULL or where there is no such setting,
/// ERROR_NO_MORE_ITEMS (259).
@c @implementation
public func WinUsb_QueryPipe(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ AlternateInterfaceNumber: UCHAR, _ PipeIndex: UCHAR,
    _ PipeInformation: PWINUSB_PIPE_INFORMATION!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let out = unsafe PipeInformation, let endpoints = object.endpoints(AlternateInterfaceNumber) else {
        return failure(SystemError.invalidParameter)
    }
    guard Int(PipeIndex) < endpoints.count else { return failure(SystemError.noMoreItems) }
    let endpoint = endpoints[Int(PipeIndex)].descriptor
    // Sound: the caller's structure, not NULL.
    unsafe out.pointee = WINUSB_PIPE_INFORMATION(
        PipeType: USBD_PIPE_TYPE(endpoint.transferType), PipeId: endpoint.address.rawValue,
        MaximumPacketSize: USHORT(endpoint.maximumPacketSize), Interval: endpoint.interval)
    return 1
}

/// Tells an endpoint as ``WinUsb_QueryPipe(_:_:_:_:)`` does, with the bytes of a service interval
/// (WinUsb_QueryPipeEx function, winusb.h), which are 0 for a bulk endpoint. Fails as that does.
@c @implementation
public func WinUsb_QueryPipeEx(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ AlternateSettingNumber: UCHAR, _ PipeIndex: UCHAR,
    _ PipeInformationEx: PWINUSB_PIPE_INFORMATION_EX!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let out = unsafe PipeInformationEx, let endpoints = object.endpoints(AlternateSettingNumber) else {
        return failure(SystemError.invalidParameter)
    }
    guard Int(PipeIndex) < endpoints.count else { return failure(SystemError.noMoreItems) }
    let layout = endpoints[Int(PipeIndex)]
    let endpoint = layout.descriptor
    let perInterval = try? layout.maximumBytesPerInterval(at: object.file.device.speed)
    // Sound: the caller's structure, not NULL.
    unsafe out.pointee = WINUSB_PIPE_INFORMATION_EX(
        PipeType: USBD_PIPE_TYPE(endpoint.transferType), PipeId: endpoint.address.rawValue,
        MaximumPacketSize: USHORT(endpoint.maximumPacketSize), Interval: endpoint.interval,
        MaximumBytesPerInterval: ULONG(perInterval ?? 0))
    return 1
}

extension InterfaceObject {
    /// The endpoints of an alternate setting; nil when there is no such setting.
    fileprivate func endpoints(_ alternate: UInt8) -> [EndpointLayout]? {
        interface.layout.alternateSetting(alternate)?.endpoints
    }
}

extension USBD_PIPE_TYPE {
    init(_ type: TransferType) {
        self =
            switch type {
            case .control: UsbdPipeTypeControl
            case .isochronous: UsbdPipeTypeIsochronous
            case .bulk: UsbdPipeTypeBulk
            case .interrupt: UsbdPipeTypeInterrupt
            }
    }
}
