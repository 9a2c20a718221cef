// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB

/// The device with this number, if it is there.
private func device(_ node: DEVINST) -> FoundDevice? {
    Discovery.devices(on: ProcessHost.current).first { $0.node == node }
}

/// The name of a device, or of the root.
private func name(of node: DEVINST) -> String? {
    node == DeviceNodes.root ? DeviceNodes.rootID : device(node)?.instanceID
}

private func locate(_ node: PDEVINST?, _ id: String?, _ flags: ULONG) -> CONFIGRET {
    guard let node = unsafe node else { return CONFIGRET(CR_INVALID_POINTER) }
    guard flags & ~ULONG(CM_LOCATE_DEVNODE_PHANTOM) == 0 else { return CONFIGRET(CR_INVALID_FLAG) }
    guard let id, !id.isEmpty, id.lowercased() != DeviceNodes.rootID.lowercased() else {
        unsafe node.pointee = DeviceNodes.root
        return CONFIGRET(CR_SUCCESS)
    }
    let parts = id.split(separator: "\\", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }), id.count < MAX_DEVICE_ID_LEN else {
        return CONFIGRET(CR_INVALID_DEVICE_ID)
    }
    let devices = Discovery.devices(on: ProcessHost.current)
    guard let found = devices.first(where: { $0.instanceID.lowercased() == id.lowercased() }) else {
        return CONFIGRET(CR_NO_SUCH_DEVNODE)
    }
    unsafe node.pointee = found.node
    return CONFIGRET(CR_SUCCESS)
}

/// Gives the number of a device by its name, or of the root, from which all devices hang, for NULL. Devices that have gone
/// are not found, whatever the flags say.
///
/// CR_INVALID_POINTER, CR_INVALID_FLAG, CR_INVALID_DEVICE_ID (it has not the form of a name) or CR_NO_SUCH_DEVNODE.
///
/// Microsoft's page: "CM_Locate_DevNodeW function (cfgmgr32.h)".
@c @implementation
public func CM_Locate_DevNodeW(_ device: PDEVINST!, _ deviceId: DEVINSTID_W!, _ flags: ULONG) -> CONFIGRET {
    unsafe locate(device, Text.read(deviceId), flags)
}

/// ``CM_Locate_DevNodeW(_:_:_:)`` with a name in bytes.
///
/// Microsoft's page: "CM_Locate_DevNodeA function (cfgmgr32.h)".
@c @implementation
public func CM_Locate_DevNodeA(_ device: PDEVINST!, _ deviceId: DEVINSTID_A!, _ flags: ULONG) -> CONFIGRET {
    unsafe locate(device, Text.read(deviceId), flags)
}

/// Gives the root as what a device hangs from: hubs are not shown.
///
/// CR_INVALID_POINTER, CR_INVALID_FLAG, CR_INVALID_DEVNODE, or CR_NO_SUCH_DEVNODE for the root.
///
/// Microsoft's page: "CM_Get_Parent function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Parent(_ parent: PDEVINST!, _ device: DEVINST, _ flags: ULONG) -> CONFIGRET {
    guard let parent = unsafe parent else { return CONFIGRET(CR_INVALID_POINTER) }
    guard flags == 0 else { return CONFIGRET(CR_INVALID_FLAG) }
    guard device != DeviceNodes.root else { return CONFIGRET(CR_NO_SUCH_DEVNODE) }
    guard name(of: device) != nil else { return CONFIGRET(CR_INVALID_DEVNODE) }
    unsafe parent.pointee = DeviceNodes.root
    return CONFIGRET(CR_SUCCESS)
}

/// The characters of a device's name, without a zero.
///
/// CR_INVALID_POINTER, CR_INVALID_FLAG or CR_INVALID_DEVNODE.
///
/// Microsoft's page: "CM_Get_Device_ID_Size function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Device_ID_Size(_ length: PULONG!, _ device: DEVINST, _ flags: ULONG) -> CONFIGRET {
    guard let length = unsafe length else { return CONFIGRET(CR_INVALID_POINTER) }
    guard flags == 0 else { return CONFIGRET(CR_INVALID_FLAG) }
    guard let name = name(of: device) else { return CONFIGRET(CR_INVALID_DEVNODE) }
    unsafe length.pointee = ULONG(Text.wide(name).count)
    return CONFIGRET(CR_SUCCESS)
}

private func deviceID<Unit: FixedWidthInteger>(
    _ device: DEVINST, _ buffer: UnsafeMutablePointer<Unit>?, _ length: ULONG, _ flags: ULONG, units: (String) -> [Unit]
) -> CONFIGRET {
    guard let buffer = unsafe buffer else { return CONFIGRET(CR_INVALID_POINTER) }
    guard flags == 0 else { return CONFIGRET(CR_INVALID_FLAG) }
    guard let name = name(of: device) else { return CONFIGRET(CR_INVALID_DEVNODE) }
    let text = units(name)
    guard text.count <= Int(length) else { return CONFIGRET(CR_BUFFER_SMALL) }
    // Sound: the caller says that there is room for `length` characters.
    for (index, unit) in text.enumerated() { unsafe buffer[index] = unit }
    // The zero is left out where it has no room, as there.
    if text.count < Int(length) { unsafe buffer[text.count] = 0 }
    return CONFIGRET(CR_SUCCESS)
}

/// Writes a device's name; the zero at its end only where there is room for it.
///
/// CR_INVALID_POINTER, CR_INVALID_FLAG, CR_INVALID_DEVNODE or CR_BUFFER_SMALL.
///
/// Microsoft's page: "CM_Get_Device_IDW function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Device_IDW(
    _ device: DEVINST, _ buffer: PWSTR!, _ bufferLength: ULONG, _ flags: ULONG
) -> CONFIGRET {
    unsafe deviceID(device, buffer, bufferLength, flags, units: Text.wide)
}

/// ``CM_Get_Device_IDW(_:_:_:_:)`` in bytes.
///
/// Microsoft's page: "CM_Get_Device_IDA function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Device_IDA(
    _ device: DEVINST, _ buffer: PSTR!, _ bufferLength: ULONG, _ flags: ULONG
) -> CONFIGRET {
    unsafe deviceID(device, buffer, bufferLength, flags, units: characters)
}

/// Writes a value, its kind and its size.
private func deliver(
    _ value: PropertyValue?, type: UnsafeMutablePointer<DEVPROPTYPE>?, buffer: PBYTE?, size: PULONG?
) -> CONFIGRET {
    guard let type = unsafe type, let size = unsafe size, unsafe buffer != nil || size.pointee == 0 else {
        return CONFIGRET(CR_INVALID_POINTER)
    }
    guard let value else {
        unsafe type.pointee = DEVPROPTYPE(DEVPROP_TYPE_EMPTY)
        unsafe size.pointee = 0
        return CONFIGRET(CR_NO_SUCH_VALUE)
    }
    unsafe type.pointee = value.propertyType
    let isDelivered = unsafe deliver(value.bytes(isWide: true), to: buffer, size: size.pointee, required: size)
    return CONFIGRET(isDelivered ? CR_SUCCESS : CR_BUFFER_SMALL)
}

/// Writes a property of a device by its key (devpkey.h). Sizes are in bytes; a call with NULL and 0 gives the one that is
/// needed.
///
/// CR_INVALID_POINTER, CR_INVALID_FLAG, CR_INVALID_DEVNODE (no such device), CR_NO_SUCH_VALUE or CR_BUFFER_SMALL.
///
/// Microsoft's page: "CM_Get_DevNode_PropertyW function (cfgmgr32.h)".
@c @implementation
public func CM_Get_DevNode_PropertyW(
    _ device: DEVINST, _ propertyKey: UnsafePointer<DEVPROPKEY>!, _ propertyType: UnsafeMutablePointer<DEVPROPTYPE>!,
    _ propertyBuffer: PBYTE!, _ propertyBufferSize: PULONG!, _ flags: ULONG
) -> CONFIGRET {
    guard let key = unsafe propertyKey?.pointee else { return CONFIGRET(CR_INVALID_POINTER) }
    guard flags == 0 else { return CONFIGRET(CR_INVALID_FLAG) }
    guard let found = Win32.device(device) else { return CONFIGRET(CR_INVALID_DEVNODE) }
    let value = DeviceProperty(key: key)?.value(of: found)
    return unsafe deliver(value, type: propertyType, buffer: propertyBuffer, size: propertyBufferSize)
}

/// Writes a property of an interface by its key: the name of its device (DEVPKEY_Device_InstanceId) is the only one.
///
/// CR_INVALID_POINTER, CR_INVALID_FLAG, CR_NO_SUCH_DEVICE_INTERFACE, CR_NO_SUCH_VALUE or CR_BUFFER_SMALL.
///
/// Microsoft's page: "CM_Get_Device_Interface_PropertyW function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Device_Interface_PropertyW(
    _ deviceInterface: LPCWSTR!, _ propertyKey: UnsafePointer<DEVPROPKEY>!,
    _ propertyType: UnsafeMutablePointer<DEVPROPTYPE>!, _ propertyBuffer: PBYTE!, _ propertyBufferSize: PULONG!,
    _ flags: ULONG
) -> CONFIGRET {
    guard let path = unsafe Text.read(deviceInterface), let key = unsafe propertyKey?.pointee else {
        return CONFIGRET(CR_INVALID_POINTER)
    }
    guard flags == 0 else { return CONFIGRET(CR_INVALID_FLAG) }
    let devices = Discovery.devices(on: ProcessHost.current)
    guard let parsed = DevicePath(parsing: path), let found = devices.first(where: { parsed.names($0.description) })
    else { return CONFIGRET(CR_NO_SUCH_DEVICE_INTERFACE) }
    let isKnown = DeviceProperty(key: key) == .instanceID
    let value = isKnown ? DeviceProperty.instanceID.value(of: found) : nil
    return unsafe deliver(value, type: propertyType, buffer: propertyBuffer, size: propertyBufferSize)
}
