// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Win32

/// Selects a configuration, with settings for its interfaces, or gives it up.
///
/// | type | what is selected | what the parameters tell afterwards |
/// | --- | --- | --- |
/// | Deconfig | nothing | |
/// | SingleInterface | setting 0 of the only interface | the interface, and its number of pipes |
/// | MultiInterface | setting 0 of every interface | the number of interfaces |
/// | InterfacesPairs | a setting for every interface | the number of interfaces |
/// | InterfacesDescriptor | the settings of those descriptors | |
/// | Urb | what the block describes | |
///
/// Pipes that there were end: what is under way on them is cancelled, and their handles are no more. The new pipes are
/// started, and have the attributes.
///
/// At PASSIVE_LEVEL. In this order: bug check 0x10D: the handle is wrong, `Params` is NULL.
/// STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or as documented.
/// STATUS_INFO_LENGTH_MISMATCH: the parameters' size. STATUS_INVALID_PARAMETER: their type. Those of the attributes, which
/// must not name a parent. STATUS_INVALID_DEVICE_REQUEST: the configuration says that it has no interface, and has one.
/// STATUS_SUCCESS: it has none. STATUS_INVALID_PARAMETER: a single interface of several, pairs that are not one for each
/// interface, an unknown setting, a missing descriptor or block. STATUS_INVALID_DEVICE_REQUEST: an interface that the
/// device does not have. STATUS_INSUFFICIENT_RESOURCES. What the selection ends with.
///
/// Microsoft's page: "WdfUsbTargetDeviceSelectConfig function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceSelectConfig(
    _ UsbDevice: WDFUSBDEVICE!, _ PipeAttributes: PWDF_OBJECT_ATTRIBUTES!,
    _ Params: PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceSelectConfig"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let parameters = unsafe try required(Params, "Params", in: name)
        try Verifier.requirePassive()
        guard unsafe parameters.pointee.Size == ULONG(MemoryLayout<WDF_USB_DEVICE_SELECT_CONFIG_PARAMS>.size) else {
            throw Refusal(.infoLengthMismatch)
        }
        guard
            unsafe parameters.pointee.Type.rawValue >= WdfUsbTargetDeviceSelectConfigTypeDeconfig.rawValue
                && parameters.pointee.Type.rawValue <= WdfUsbTargetDeviceSelectConfigTypeUrb.rawValue
        else { throw Refusal(.invalidParameter) }
        let attributes = unsafe try ObjectAttributes(PipeAttributes, parent: .notAllowed, in: name)
        guard !device.isMismatched else { throw Refusal(.invalidDeviceRequest) }
        guard !device.interfaces.isEmpty else { return NTStatus.success.rawValue }
        unsafe try device.select(parameters, attributes, in: name)
        return NTStatus.success.rawValue
    }
}

extension UsbDeviceObject {
    fileprivate final func select(
        _ parameters: PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS, _ attributes: ObjectAttributes, in name: String
    ) throws(Refusal) {
        switch unsafe parameters.pointee.Type {
        case WdfUsbTargetDeviceSelectConfigTypeDeconfig: try deconfigure()
        case WdfUsbTargetDeviceSelectConfigTypeSingleInterface:
            unsafe parameters.pointee.Types.SingleInterface.NumberConfiguredPipes = 0
            unsafe parameters.pointee.Types.SingleInterface.ConfiguredUsbInterface = nil
            guard interfaces.count == 1, let only = interfaces.first else { throw Refusal(.invalidParameter) }
            unsafe _ = try select([only.settings[0].descriptor], attributes)
            unsafe parameters.pointee.Types.SingleInterface.NumberConfiguredPipes = UCHAR(
                clamping: only.pipes?.count ?? 0)
            unsafe parameters.pointee.Types.SingleInterface.ConfiguredUsbInterface = unsafe only.handle(
                as: WDFUSBINTERFACE.self)
        case WdfUsbTargetDeviceSelectConfigTypeMultiInterface:
            unsafe parameters.pointee.Types.MultiInterface.NumberOfConfiguredInterfaces = 0
            let count = unsafe try select(interfaces.map { unsafe $0.settings[0].descriptor }, attributes)
            unsafe parameters.pointee.Types.MultiInterface.NumberOfConfiguredInterfaces = UCHAR(clamping: count)
        case WdfUsbTargetDeviceSelectConfigTypeInterfacesPairs:
            let settings = unsafe try paired(parameters, in: name)
            unsafe parameters.pointee.Types.MultiInterface.NumberOfConfiguredInterfaces = 0
            let count = unsafe try select(settings, attributes)
            unsafe parameters.pointee.Types.MultiInterface.NumberOfConfiguredInterfaces = UCHAR(clamping: count)
        case WdfUsbTargetDeviceSelectConfigTypeInterfacesDescriptor:
            let given = unsafe parameters.pointee.Types.Descriptor
            guard let list = unsafe given.InterfaceDescriptors, unsafe given.NumInterfaceDescriptors > 0 else {
                throw Refusal(.invalidParameter)
            }
            // Sound: the driver says how many there are.
            let settings = unsafe (0..<Int(given.NumInterfaceDescriptors)).map { unsafe list[$0] }
            guard unsafe settings.allSatisfy({ unsafe $0 != nil }) else { throw Refusal(.invalidParameter) }
            unsafe _ = try select(settings, of: given.ConfigurationDescriptor, attributes)
        default:
            let minimum = unsafe MemoryLayout<_URB_SELECT_CONFIGURATION>.size - MemoryLayout<USBD_PIPE_INFORMATION>.size
            guard let block = unsafe parameters.pointee.Types.Urb.Urb,
                unsafe Int32(block.header.pointee.Function) == URB_FUNCTION_SELECT_CONFIGURATION,
                unsafe Int(block.header.pointee.Length) >= minimum
            else { throw Refusal(.invalidParameter) }
            unsafe _ = try select(block, attributes)
        }
    }

    /// The settings that pairs name, one for each interface.
    private final func paired(
        _ parameters: PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS, in name: String
    ) throws(Refusal) -> [PUSB_INTERFACE_DESCRIPTOR?] {
        let given = unsafe parameters.pointee.Types.MultiInterface
        guard let pairs = unsafe given.Pairs, unsafe Int(given.NumberInterfaces) == interfaces.count else {
            throw Refusal(.invalidParameter)
        }
        var numbers: Set<UInt8> = []
        var settings: [PUSB_INTERFACE_DESCRIPTOR?] = unsafe []
        for index in interfaces.indices {
            // Sound: the driver says how many there are.
            let pair = unsafe pairs[index]
            let interface = unsafe try Handles.object(
                pair.UsbInterface, UsbInterfaceObject.self, .usbInterface, in: name)
            let setting = Int(unsafe pair.SettingIndex)
            guard interface.usbDevice === self, setting < interface.settings.count,
                numbers.insert(interface.number).inserted
            else { throw Refusal(.invalidParameter) }
            unsafe settings.append(unsafe interface.settings[setting].descriptor)
        }
        return unsafe settings
    }
}
