// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB

/// The paths of the interfaces of a class, or what is wrong with the question.
private func interfaces(_ guid: LPGUID?, _ device: String?, _ flags: ULONG) -> Result<[String], ConfigurationFailure> {
    guard let guid = unsafe guid?.pointee else { return .failure(.init(CR_INVALID_POINTER)) }
    guard flags & ~ULONG(CM_GET_DEVICE_INTERFACE_LIST_ALL_DEVICES) == 0 else {
        return .failure(.init(CR_INVALID_FLAG))
    }
    guard Discovery.lists(guid) else { return .success([]) }
    var devices = Discovery.devices(on: ProcessHost.current)
    if let device, !device.isEmpty {
        devices = devices.filter { $0.instanceID.lowercased() == device.lowercased() }
    }
    return .success(devices.map { $0.interfacePath(guid) })
}

/// A result of the configuration manager that is not CR_SUCCESS.
struct ConfigurationFailure: Error {
    var code: CONFIGRET
    init(_ code: Int32) { self.code = CONFIGRET(code) }
}

private func listSize(
    _ length: PULONG?, _ guid: LPGUID?, _ device: String?, _ flags: ULONG, size: (String) -> Int
) -> CONFIGRET {
    guard let length = unsafe length else { return CONFIGRET(CR_INVALID_POINTER) }
    switch unsafe interfaces(guid, device, flags) {
    case .failure(let failure):
        unsafe length.pointee = 0
        return failure.code
    case .success(let paths):
        unsafe length.pointee = ULONG(paths.reduce(1) { $0 + size($1) + 1 })
        return CONFIGRET(CR_SUCCESS)
    }
}

private func list<Unit: FixedWidthInteger>(
    _ guid: LPGUID?, _ device: String?, _ buffer: UnsafeMutablePointer<Unit>?, _ length: ULONG, _ flags: ULONG,
    units: (String) -> [Unit]
) -> CONFIGRET {
    guard let buffer = unsafe buffer, length > 0 else { return CONFIGRET(CR_INVALID_POINTER) }
    switch unsafe interfaces(guid, device, flags) {
    case .failure(let failure): return failure.code
    case .success(let paths):
        let text: [Unit] = paths.flatMap { (path: String) -> [Unit] in units(path) + [0] } + [0]
        guard text.count <= Int(length) else { return CONFIGRET(CR_BUFFER_SMALL) }
        // Sound: the caller says that there is room for `length` characters.
        for (index, unit) in text.enumerated() { unsafe buffer[index] = unit }
        return CONFIGRET(CR_SUCCESS)
    }
}

/// The bytes of a text as C has them.
func characters(_ text: String) -> [CChar] { text.utf8.map { CChar(bitPattern: $0) } }

/// The characters that ``CM_Get_Device_Interface_ListW(_:_:_:_:_:)`` needs, with the zero of each path and the one at the
/// end; 1 when there is no interface.
///
/// CR_INVALID_POINTER (NULL) or CR_INVALID_FLAG.
///
/// Microsoft's page: "CM_Get_Device_Interface_List_SizeW function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Device_Interface_List_SizeW(
    _ length: PULONG!, _ interfaceClassGuid: LPGUID!, _ deviceId: DEVINSTID_W!, _ flags: ULONG
) -> CONFIGRET {
    unsafe listSize(length, interfaceClassGuid, Text.read(deviceId), flags) { Text.wide($0).count }
}

/// ``CM_Get_Device_Interface_List_SizeW(_:_:_:_:)`` in bytes.
///
/// Microsoft's page: "CM_Get_Device_Interface_List_SizeA function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Device_Interface_List_SizeA(
    _ length: PULONG!, _ interfaceClassGuid: LPGUID!, _ deviceId: DEVINSTID_A!, _ flags: ULONG
) -> CONFIGRET {
    unsafe listSize(length, interfaceClassGuid, Text.read(deviceId), flags) { $0.utf8.count }
}

/// Writes the paths of the interfaces of a class, each with a zero, and one more at the end; of one device where its
/// instance is given. Which devices belong to a class: see ``SetupDiGetClassDevsW(_:_:_:_:)``.
///
/// CR_INVALID_POINTER (NULL, or no room at all), CR_INVALID_FLAG or CR_BUFFER_SMALL.
///
/// Microsoft's page: "CM_Get_Device_Interface_ListW function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Device_Interface_ListW(
    _ interfaceClassGuid: LPGUID!, _ deviceId: DEVINSTID_W!, _ buffer: PZZWSTR!, _ bufferLength: ULONG, _ flags: ULONG
) -> CONFIGRET {
    unsafe list(interfaceClassGuid, Text.read(deviceId), buffer, bufferLength, flags, units: Text.wide)
}

/// ``CM_Get_Device_Interface_ListW(_:_:_:_:_:)`` in bytes.
///
/// Microsoft's page: "CM_Get_Device_Interface_ListA function (cfgmgr32.h)".
@c @implementation
public func CM_Get_Device_Interface_ListA(
    _ interfaceClassGuid: LPGUID!, _ deviceId: DEVINSTID_A!, _ buffer: PZZSTR!, _ bufferLength: ULONG, _ flags: ULONG
) -> CONFIGRET {
    unsafe list(interfaceClassGuid, Text.read(deviceId), buffer, bufferLength, flags, units: characters)
}

/// The Win32 error code for a result; `defaultError` for one that has none.
///
/// Microsoft's page: "CM_MapCrToWin32Err function (cfgmgr32.h)".
@c @implementation
public func CM_MapCrToWin32Err(_ result: CONFIGRET, _ defaultError: DWORD) -> DWORD {
    switch Int32(bitPattern: result) {
    case CR_SUCCESS: DWORD(ERROR_SUCCESS)
    case CR_OUT_OF_MEMORY: DWORD(ERROR_NOT_ENOUGH_MEMORY)
    case CR_INVALID_POINTER: DWORD(ERROR_INVALID_USER_BUFFER)
    case CR_INVALID_FLAG: DWORD(ERROR_INVALID_FLAGS)
    case CR_INVALID_DEVNODE, CR_INVALID_DEVICE_ID, CR_NO_SUCH_DEVNODE: DWORD(ERROR_NO_SUCH_DEVINST)
    case CR_NO_SUCH_DEVICE_INTERFACE: DWORD(ERROR_NO_SUCH_DEVICE_INTERFACE)
    case CR_NO_SUCH_VALUE: DWORD(ERROR_NOT_FOUND)
    case CR_BUFFER_SMALL: DWORD(ERROR_INSUFFICIENT_BUFFER)
    case CR_INVALID_DATA: DWORD(ERROR_INVALID_DATA)
    case CR_ACCESS_DENIED: DWORD(ERROR_ACCESS_DENIED)
    case CR_CALL_NOT_IMPLEMENTED: DWORD(ERROR_CALL_NOT_IMPLEMENTED)
    default: defaultError
    }
}
