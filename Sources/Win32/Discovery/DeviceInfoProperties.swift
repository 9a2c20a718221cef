// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB

/// Writes bytes where there is room, and how many are needed. False when there is none.
func deliver(_ bytes: [UInt8], to buffer: PBYTE?, size: DWORD, required: PDWORD?) -> Bool {
    unsafe required?.pointee = DWORD(bytes.count)
    guard let buffer = unsafe buffer, Int(size) >= bytes.count else { return false }
    // Sound: the caller says that there is room for `size` bytes.
    for (index, byte) in bytes.enumerated() { unsafe buffer[index] = byte }
    return true
}

private func registryProperty(
    _ handle: HDEVINFO?, _ data: PSP_DEVINFO_DATA?, _ number: DWORD, _ type: PDWORD?, _ buffer: PBYTE?, _ size: DWORD,
    _ required: PDWORD?, isWide: Bool
) -> BOOL {
    guard let set = unsafe DeviceInfoSet.of(handle) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    guard let device = unsafe set.device(of: data) else { return FALSE }
    guard unsafe buffer != nil || size == 0 else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    guard number <= DWORD(SPDRP_LOCATION_PATHS) + 2 else { return LastError.fail(ERROR_INVALID_REG_PROPERTY) }
    guard let value = DeviceProperty(registry: number)?.value(of: device) else {
        return LastError.fail(ERROR_INVALID_DATA)
    }
    unsafe type?.pointee = value.registryType
    guard unsafe deliver(value.registryBytes(isWide: isWide), to: buffer, size: size, required: required) else {
        return LastError.fail(ERROR_INSUFFICIENT_BUFFER)
    }
    return TRUE
}

/// Writes a property of a device (SPDRP_...): texts as REG_SZ, the identifiers as REG_MULTI_SZ, bus and port numbers as
/// REG_DWORD. Sizes are in bytes; a call with NULL and 0 gives the one that is needed.
///
/// ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER (NULL), ERROR_INVALID_USER_BUFFER (`cbSize` is wrong),
/// ERROR_NO_SUCH_DEVINST (the device is not of the set), ERROR_INVALID_REG_PROPERTY (there is no such number),
/// ERROR_INVALID_DATA (the device has no such property) or ERROR_INSUFFICIENT_BUFFER.
///
/// Microsoft's page: "SetupDiGetDeviceRegistryPropertyW function (setupapi.h)".
@c @implementation
public func SetupDiGetDeviceRegistryPropertyW(
    _ deviceInfoSet: HDEVINFO!, _ deviceInfoData: PSP_DEVINFO_DATA!, _ property: DWORD,
    _ propertyRegDataType: PDWORD!, _ propertyBuffer: PBYTE!, _ propertyBufferSize: DWORD, _ requiredSize: PDWORD!
) -> BOOL {
    unsafe registryProperty(
        deviceInfoSet, deviceInfoData, property, propertyRegDataType, propertyBuffer, propertyBufferSize,
        requiredSize, isWide: true)
}

/// ``SetupDiGetDeviceRegistryPropertyW(_:_:_:_:_:_:_:)`` with texts in bytes.
///
/// Microsoft's page: "SetupDiGetDeviceRegistryPropertyA function (setupapi.h)".
@c @implementation
public func SetupDiGetDeviceRegistryPropertyA(
    _ deviceInfoSet: HDEVINFO!, _ deviceInfoData: PSP_DEVINFO_DATA!, _ property: DWORD,
    _ propertyRegDataType: PDWORD!, _ propertyBuffer: PBYTE!, _ propertyBufferSize: DWORD, _ requiredSize: PDWORD!
) -> BOOL {
    unsafe registryProperty(
        deviceInfoSet, deviceInfoData, property, propertyRegDataType, propertyBuffer, propertyBufferSize,
        requiredSize, isWide: false)
}

private func instanceID<Unit: FixedWidthInteger>(
    _ handle: HDEVINFO?, _ data: PSP_DEVINFO_DATA?, _ buffer: UnsafeMutablePointer<Unit>?, _ size: DWORD,
    _ required: PDWORD?, units: (String) -> [Unit]
) -> BOOL {
    guard let set = unsafe DeviceInfoSet.of(handle) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    guard let device = unsafe set.device(of: data) else { return FALSE }
    guard unsafe buffer != nil || size == 0 else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    let text = units(device.instanceID) + [0]
    unsafe required?.pointee = DWORD(text.count)
    guard let buffer = unsafe buffer, Int(size) >= text.count else { return LastError.fail(ERROR_INSUFFICIENT_BUFFER) }
    // Sound: the caller says that there is room for `size` characters.
    for (index, unit) in text.enumerated() { unsafe buffer[index] = unit }
    return TRUE
}

/// Writes the name of a device among all, such as `USB\VID_1209&PID_0001\0&2-1`. Sizes are in characters with the zero.
///
/// Errors as for ``SetupDiGetDeviceRegistryPropertyW(_:_:_:_:_:_:_:)``.
///
/// Microsoft's page: "SetupDiGetDeviceInstanceIdW function (setupapi.h)".
@c @implementation
public func SetupDiGetDeviceInstanceIdW(
    _ deviceInfoSet: HDEVINFO!, _ deviceInfoData: PSP_DEVINFO_DATA!, _ deviceInstanceId: PWSTR!,
    _ deviceInstanceIdSize: DWORD, _ requiredSize: PDWORD!
) -> BOOL {
    unsafe instanceID(
        deviceInfoSet, deviceInfoData, deviceInstanceId, deviceInstanceIdSize, requiredSize, units: Text.wide)
}

/// ``SetupDiGetDeviceInstanceIdW(_:_:_:_:_:)`` in bytes.
///
/// Microsoft's page: "SetupDiGetDeviceInstanceIdA function (setupapi.h)".
@c @implementation
public func SetupDiGetDeviceInstanceIdA(
    _ deviceInfoSet: HDEVINFO!, _ deviceInfoData: PSP_DEVINFO_DATA!, _ deviceInstanceId: PSTR!,
    _ deviceInstanceIdSize: DWORD, _ requiredSize: PDWORD!
) -> BOOL {
    unsafe instanceID(deviceInfoSet, deviceInfoData, deviceInstanceId, deviceInstanceIdSize, requiredSize) {
        $0.utf8.map { CChar(bitPattern: $0) }
    }
}

/// Writes a property of a device by its key (DEVPKEY_..., devpkey.h). Sizes are in bytes.
///
/// ERROR_INVALID_FLAGS (`flags` is not 0), ERROR_INVALID_USER_BUFFER (NULL with a size, or a `cbSize` that is wrong),
/// ERROR_NOT_FOUND (the device has no such property), ERROR_INSUFFICIENT_BUFFER, and others as for
/// ``SetupDiGetDeviceRegistryPropertyW(_:_:_:_:_:_:_:)``.
///
/// Microsoft's page: "SetupDiGetDevicePropertyW function (setupapi.h)".
@c @implementation
public func SetupDiGetDevicePropertyW(
    _ deviceInfoSet: HDEVINFO!, _ deviceInfoData: PSP_DEVINFO_DATA!, _ propertyKey: UnsafePointer<DEVPROPKEY>!,
    _ propertyType: UnsafeMutablePointer<DEVPROPTYPE>!, _ propertyBuffer: PBYTE!, _ propertyBufferSize: DWORD,
    _ requiredSize: PDWORD!, _ flags: DWORD
) -> BOOL {
    guard let set = unsafe DeviceInfoSet.of(deviceInfoSet) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    guard flags == 0 else { return LastError.fail(ERROR_INVALID_FLAGS) }
    guard let device = unsafe set.device(of: deviceInfoData) else { return FALSE }
    guard let key = unsafe propertyKey?.pointee, let type = unsafe propertyType else {
        return LastError.fail(ERROR_INVALID_PARAMETER)
    }
    guard unsafe propertyBuffer != nil || propertyBufferSize == 0 else {
        return LastError.fail(ERROR_INVALID_USER_BUFFER)
    }
    guard let value = DeviceProperty(key: key)?.value(of: device) else {
        unsafe type.pointee = DEVPROPTYPE(DEVPROP_TYPE_EMPTY)
        unsafe requiredSize?.pointee = 0
        return LastError.fail(ERROR_NOT_FOUND)
    }
    unsafe type.pointee = value.propertyType
    let bytes = value.bytes(isWide: true)
    guard unsafe deliver(bytes, to: propertyBuffer, size: propertyBufferSize, required: requiredSize) else {
        return LastError.fail(ERROR_INSUFFICIENT_BUFFER)
    }
    return TRUE
}
