// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Win32

/// bInterfaceNumber of an interface.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbInterfaceGetInterfaceNumber function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceGetInterfaceNumber(_ UsbInterface: WDFUSBINTERFACE!) -> BYTE {
    answer(or: 0) { () throws(Refusal) in
        unsafe try interface(UsbInterface, "WdfUsbInterfaceGetInterfaceNumber").number
    }
}

/// How many alternate settings an interface has.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbInterfaceGetNumSettings function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceGetNumSettings(_ UsbInterface: WDFUSBINTERFACE!) -> BYTE {
    answer(or: 0) { () throws(Refusal) in
        BYTE(clamping: unsafe try interface(UsbInterface, "WdfUsbInterfaceGetNumSettings").settings.count)
    }
}

/// How many endpoints a setting of an interface has; 0 for a setting that there is not.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbInterfaceGetNumEndpoints function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceGetNumEndpoints(_ UsbInterface: WDFUSBINTERFACE!, _ SettingIndex: UCHAR) -> BYTE {
    answer(or: 0) { () throws(Refusal) in
        let interface = unsafe try interface(UsbInterface, "WdfUsbInterfaceGetNumEndpoints")
        return BYTE(clamping: interface.setting(SettingIndex)?.endpointCount ?? 0)
    }
}

/// Copies the descriptor of a setting of an interface; all zero for a setting that there is not.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong, `InterfaceDescriptor` is NULL.
///
/// Microsoft's page: "WdfUsbInterfaceGetDescriptor function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceGetDescriptor(
    _ UsbInterface: WDFUSBINTERFACE!, _ SettingIndex: UCHAR, _ InterfaceDescriptor: PUSB_INTERFACE_DESCRIPTOR!
) {
    let name = "WdfUsbInterfaceGetDescriptor"
    answer(or: ()) { () throws(Refusal) in
        let interface = unsafe try interface(UsbInterface, name)
        let out = unsafe try required(InterfaceDescriptor, "InterfaceDescriptor", in: name)
        unsafe out.pointee = unsafe interface.setting(SettingIndex)?.descriptor.pointee ?? USB_INTERFACE_DESCRIPTOR()
    }
}

/// Describes an endpoint of a setting of an interface, which need not be selected. The packet size is wMaxPacketSize as
/// the device has it. For another size of the description, or an endpoint that there is not, nothing is written.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong, `EndpointInfo` is NULL.
///
/// Microsoft's page: "WdfUsbInterfaceGetEndpointInformation function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceGetEndpointInformation(
    _ UsbInterface: WDFUSBINTERFACE!, _ SettingIndex: UCHAR, _ EndpointIndex: UCHAR,
    _ EndpointInfo: PWDF_USB_PIPE_INFORMATION!
) {
    let name = "WdfUsbInterfaceGetEndpointInformation"
    answer(or: ()) { () throws(Refusal) in
        let interface = unsafe try interface(UsbInterface, name)
        let out = unsafe try required(EndpointInfo, "EndpointInfo", in: name)
        guard unsafe out.pointee.Size == ULONG(MemoryLayout<WDF_USB_PIPE_INFORMATION>.size),
            let setting = interface.setting(SettingIndex), unsafe Int(EndpointIndex) < setting.endpoints.count
        else { return }
        let endpoint = unsafe setting.endpoints[Int(EndpointIndex)].pointee
        let types = [WdfUsbPipeTypeControl, WdfUsbPipeTypeIsochronous, WdfUsbPipeTypeBulk, WdfUsbPipeTypeInterrupt]
        let type = types[Int(endpoint.bmAttributes & 0x03)]
        unsafe out.pointee.MaximumPacketSize = ULONG(endpoint.wMaxPacketSize)
        unsafe out.pointee.EndpointAddress = endpoint.bEndpointAddress
        unsafe out.pointee.Interval = endpoint.bInterval
        unsafe out.pointee.SettingIndex = SettingIndex
        unsafe out.pointee.PipeType = type
        unsafe out.pointee.MaximumTransferSize = interface.usbDevice?.maximumTransferSize(type) ?? 0
    }
}

/// The setting of an interface that is selected; 0 while none is.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbInterfaceGetConfiguredSettingIndex function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceGetConfiguredSettingIndex(_ Interface: WDFUSBINTERFACE!) -> BYTE {
    answer(or: 0) { () throws(Refusal) in
        unsafe try interface(Interface, "WdfUsbInterfaceGetConfiguredSettingIndex").setting ?? 0
    }
}

/// How many pipes an interface has; 0 while no setting is selected.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbInterfaceGetNumConfiguredPipes function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceGetNumConfiguredPipes(_ UsbInterface: WDFUSBINTERFACE!) -> BYTE {
    answer(or: 0) { () throws(Refusal) in
        BYTE(clamping: unsafe try interface(UsbInterface, "WdfUsbInterfaceGetNumConfiguredPipes").pipes?.count ?? 0)
    }
}

/// A pipe of an interface, in the order of the descriptors, and its description, unless `PipeInfo` is NULL. NULL: there
/// are fewer pipes, or the description has another size.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: the handle is wrong.
///
/// Microsoft's page: "WdfUsbInterfaceGetConfiguredPipe function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceGetConfiguredPipe(
    _ UsbInterface: WDFUSBINTERFACE!, _ PipeIndex: UCHAR, _ PipeInfo: PWDF_USB_PIPE_INFORMATION!
) -> WDFUSBPIPE! {
    unsafe answer(or: nil) { () throws(Refusal) in
        let pipes = unsafe try interface(UsbInterface, "WdfUsbInterfaceGetConfiguredPipe").pipes ?? []
        let size = ULONG(MemoryLayout<WDF_USB_PIPE_INFORMATION>.size)
        guard unsafe PipeInfo == nil || PipeInfo.pointee.Size == size, Int(PipeIndex) < pipes.count else { return nil }
        let pipe = pipes[Int(PipeIndex)]
        if let information = unsafe PipeInfo { unsafe pipe.describe(information) }
        return unsafe pipe.handle(as: WDFUSBPIPE.self)
    }
}

/// Selects a setting of an interface: by its number, by its descriptor, or by a block that describes it. For the setting
/// that is selected, nothing happens.
///
/// Pipes that there were end: what is under way on them is cancelled, and their handles are no more. The new pipes are
/// started, and have the attributes.
///
/// At PASSIVE_LEVEL. In this order: bug check 0x10D: the handle is wrong, `Params` is NULL.
/// STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or as documented.
/// STATUS_INFO_LENGTH_MISMATCH: the parameters' size. Those of the attributes, which must not name a parent.
/// STATUS_INVALID_PARAMETER: another type, a setting that there is not, the descriptor of another interface, a missing
/// descriptor or block, or no configuration is selected. STATUS_INSUFFICIENT_RESOURCES. What the selection ends with.
///
/// Microsoft's page: "WdfUsbInterfaceSelectSetting function (wdfusb.h)".
@c @implementation
public func WdfUsbInterfaceSelectSetting(
    _ UsbInterface: WDFUSBINTERFACE!, _ PipesAttributes: PWDF_OBJECT_ATTRIBUTES!,
    _ Params: PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS!
) -> NTSTATUS {
    let name = "WdfUsbInterfaceSelectSetting"
    return answer { () throws(Refusal) in
        let interface = unsafe try interface(UsbInterface, name)
        let parameters = unsafe try required(Params, "Params", in: name).pointee
        try Verifier.requirePassive()
        guard unsafe parameters.Size == ULONG(MemoryLayout<WDF_USB_INTERFACE_SELECT_SETTING_PARAMS>.size) else {
            throw Refusal(.infoLengthMismatch)
        }
        let attributes = unsafe try ObjectAttributes(PipesAttributes, parent: .notAllowed, in: name)
        unsafe try interface.select(parameters, attributes)
        return NTStatus.success.rawValue
    }
}

extension UsbInterfaceObject {
    /// The setting with this number; nil when there is none.
    fileprivate final func setting(_ index: UCHAR) -> DescriptorBytes.Setting? {
        Int(index) < settings.count ? settings[Int(index)] : nil
    }

    fileprivate final func select(
        _ parameters: WDF_USB_INTERFACE_SELECT_SETTING_PARAMS, _ attributes: ObjectAttributes
    ) throws(Refusal) {
        switch unsafe parameters.Type {
        case WdfUsbInterfaceSelectSettingTypeDescriptor:
            guard let descriptor = unsafe parameters.Types.Descriptor.InterfaceDescriptor?.pointee else {
                throw Refusal(.invalidParameter)
            }
            guard setting != descriptor.bAlternateSetting else { return }
            guard descriptor.bInterfaceNumber == number else { throw Refusal(.invalidParameter) }
            try select(
                descriptor.bAlternateSetting, endpointCount: Int(descriptor.bNumEndpoints), attributes)
        case WdfUsbInterfaceSelectSettingTypeSetting:
            let index = unsafe parameters.Types.Interface.SettingIndex
            guard setting != index else { return }
            guard let wanted = setting(index) else { throw Refusal(.invalidParameter) }
            try select(index, endpointCount: wanted.endpointCount, attributes)
        case WdfUsbInterfaceSelectSettingTypeUrb:
            let minimum = unsafe MemoryLayout<_URB_SELECT_INTERFACE>.size - MemoryLayout<USBD_PIPE_INFORMATION>.size
            guard let block = unsafe parameters.Types.Urb.Urb,
                unsafe Int32(block.header.pointee.Function) == URB_FUNCTION_SELECT_INTERFACE,
                unsafe Int(block.header.pointee.Length) >= minimum
            else { throw Refusal(.invalidParameter) }
            unsafe try select(block, attributes)
        default: throw Refusal(.invalidParameter)
        }
    }
}

/// The interface that a handle names.
private func interface(_ handle: WDFUSBINTERFACE?, _ function: String) throws(Refusal) -> UsbInterfaceObject {
    unsafe try Handles.object(handle, UsbInterfaceObject.self, .usbInterface, in: function)
}
