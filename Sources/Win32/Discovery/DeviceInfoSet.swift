// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

/// The devices that SetupDiGetClassDevs found.
final class DeviceInfoSet: HandleObject, @unchecked Sendable {
    let devices: [FoundDevice]
    /// The interface class under which they are listed: nil where no interfaces were asked for, `.some(nil)` for every
    /// class.
    let interfaceClass: GUID??

    init(_ devices: [FoundDevice], interfaceClass: GUID??) {
        self.devices = devices
        self.interfaceClass = interfaceClass
    }

    /// The set of a handle.
    static func of(_ handle: HDEVINFO?) -> DeviceInfoSet? {
        unsafe HandleTable.shared.object(handle, as: DeviceInfoSet.self)
    }

    /// The device with this number.
    func device(_ node: DWORD) -> FoundDevice? { devices.first { $0.node == node } }

    /// The device that an element of the set describes; nil and an error when there is none.
    func device(of data: PSP_DEVINFO_DATA?) -> FoundDevice? {
        guard let data = unsafe data else { return LastError.fail(ERROR_INVALID_PARAMETER, returning: nil) }
        guard unsafe data.pointee.cbSize == infoSize else {
            return LastError.fail(ERROR_INVALID_USER_BUFFER, returning: nil)
        }
        return unsafe device(data.pointee.DevInst) ?? LastError.fail(ERROR_NO_SUCH_DEVINST, returning: nil)
    }
}

/// What `cbSize` of an SP_DEVINFO_DATA has to be.
let infoSize = DWORD(MemoryLayout<SP_DEVINFO_DATA>.size)
private let interfaceSize = DWORD(MemoryLayout<SP_DEVICE_INTERFACE_DATA>.size)

/// Describes a device as an element of a set.
private func fill(_ data: PSP_DEVINFO_DATA, with device: FoundDevice) {
    unsafe data.pointee.ClassGuid = Discovery.setupClass
    unsafe data.pointee.DevInst = device.node
    unsafe data.pointee.Reserved = ULONG_PTR(device.node)
}

private func open(_ classGuid: GUID?, enumerator: String?, flags: DWORD) -> HDEVINFO? {
    let invalid = unsafe HDEVINFO(bitPattern: -1)
    func has(_ flag: Int32) -> Bool { flags & DWORD(flag) != 0 }
    let known = DIGCF_DEFAULT | DIGCF_PRESENT | DIGCF_ALLCLASSES | DIGCF_PROFILE | DIGCF_DEVICEINTERFACE
    guard flags & ~DWORD(known) == 0 else { return unsafe LastError.fail(ERROR_INVALID_FLAGS, returning: invalid) }
    guard has(DIGCF_ALLCLASSES) || classGuid != nil else {
        return unsafe LastError.fail(ERROR_INVALID_PARAMETER, returning: invalid)
    }
    let wanted = has(DIGCF_ALLCLASSES) ? nil : classGuid
    var devices = Discovery.devices(on: ProcessHost.current)
    if let enumerator, !enumerator.isEmpty, enumerator.lowercased() != "usb" {
        devices = devices.filter { $0.instanceID.lowercased() == enumerator.lowercased() }
    }
    if let wanted, !Discovery.lists(wanted) { devices = [] }
    let set = DeviceInfoSet(devices, interfaceClass: has(DIGCF_DEVICEINTERFACE) ? .some(wanted) : nil)
    guard let handle = unsafe HandleTable.shared.insert(set) else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: invalid)
    }
    return unsafe handle
}

/// Finds the devices of the bus; those that are present, whether DIGCF_PRESENT says so or not.
///
/// With DIGCF_DEVICEINTERFACE, `classGuid` is an interface class, and every device is listed under every one but those of
/// hubs and host controllers: which class a driver would have given the device is not known here. Without, it is a setup
/// class, and the same holds. Where the environment has USB_DEVICE=VID:PID[:SERIAL][/INTERFACE], only that device is
/// found. The enumerator is NULL, "USB", or the instance of one device; others have no devices.
///
/// INVALID_HANDLE_VALUE with ERROR_INVALID_PARAMETER (neither a class nor DIGCF_ALLCLASSES) or ERROR_INVALID_FLAGS.
///
/// Microsoft's page: "SetupDiGetClassDevsW function (setupapi.h)".
@c @implementation
public func SetupDiGetClassDevsW(
    _ classGuid: UnsafePointer<GUID>!, _ enumerator: PCWSTR!, _ parent: HWND!, _ flags: DWORD
) -> HDEVINFO! {
    unsafe open(classGuid?.pointee, enumerator: Text.read(enumerator), flags: flags)
}

/// ``SetupDiGetClassDevsW(_:_:_:_:)`` with an enumerator in bytes.
///
/// Microsoft's page: "SetupDiGetClassDevsA function (setupapi.h)".
@c @implementation
public func SetupDiGetClassDevsA(
    _ classGuid: UnsafePointer<GUID>!, _ enumerator: PCSTR!, _ parent: HWND!, _ flags: DWORD
) -> HDEVINFO! {
    unsafe open(classGuid?.pointee, enumerator: Text.read(enumerator), flags: flags)
}

/// Gives a set back.
///
/// ERROR_INVALID_HANDLE: it is no set's handle.
///
/// Microsoft's page: "SetupDiDestroyDeviceInfoList function (setupapi.h)".
@c @implementation
public func SetupDiDestroyDeviceInfoList(_ deviceInfoSet: HDEVINFO!) -> BOOL {
    guard unsafe HandleTable.shared.remove(deviceInfoSet, as: DeviceInfoSet.self) != nil else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    return TRUE
}

/// Describes one device of a set.
///
/// ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER (NULL), ERROR_INVALID_USER_BUFFER (`cbSize` is wrong) or
/// ERROR_NO_MORE_ITEMS.
///
/// Microsoft's page: "SetupDiEnumDeviceInfo function (setupapi.h)".
@c @implementation
public func SetupDiEnumDeviceInfo(
    _ deviceInfoSet: HDEVINFO!, _ memberIndex: DWORD, _ deviceInfoData: PSP_DEVINFO_DATA!
) -> BOOL {
    guard let set = unsafe DeviceInfoSet.of(deviceInfoSet) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    guard let data = unsafe deviceInfoData else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    guard unsafe data.pointee.cbSize == infoSize else { return LastError.fail(ERROR_INVALID_USER_BUFFER) }
    guard Int(memberIndex) < set.devices.count else { return LastError.fail(ERROR_NO_MORE_ITEMS) }
    unsafe fill(data, with: set.devices[Int(memberIndex)])
    return TRUE
}

/// Describes one interface of a set: each device has one, under the class that the set was made for.
///
/// ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER (NULL), ERROR_INVALID_USER_BUFFER (a `cbSize` is wrong),
/// ERROR_NO_SUCH_DEVINST (`deviceInfoData` is not of the set) or ERROR_NO_MORE_ITEMS, which is also the answer for another
/// class and for a set without interfaces.
///
/// Microsoft's page: "SetupDiEnumDeviceInterfaces function (setupapi.h)".
@c @implementation
public func SetupDiEnumDeviceInterfaces(
    _ deviceInfoSet: HDEVINFO!, _ deviceInfoData: PSP_DEVINFO_DATA!, _ interfaceClassGuid: UnsafePointer<GUID>!,
    _ memberIndex: DWORD, _ deviceInterfaceData: PSP_DEVICE_INTERFACE_DATA!
) -> BOOL {
    guard let set = unsafe DeviceInfoSet.of(deviceInfoSet) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    guard let guid = unsafe interfaceClassGuid?.pointee, let data = unsafe deviceInterfaceData else {
        return LastError.fail(ERROR_INVALID_PARAMETER)
    }
    guard unsafe data.pointee.cbSize == interfaceSize else { return LastError.fail(ERROR_INVALID_USER_BUFFER) }
    var devices = set.devices
    if unsafe deviceInfoData != nil {
        guard let device = unsafe set.device(of: deviceInfoData) else { return FALSE }
        devices = [device]
    }
    guard let interfaceClass = set.interfaceClass, interfaceClass?.isEqual(to: guid) ?? Discovery.lists(guid),
        Int(memberIndex) < devices.count
    else { return LastError.fail(ERROR_NO_MORE_ITEMS) }
    unsafe data.pointee.InterfaceClassGuid = guid
    unsafe data.pointee.Flags = DWORD(SPINT_ACTIVE)
    unsafe data.pointee.Reserved = ULONG_PTR(devices[Int(memberIndex)].node)
    return TRUE
}

/// Finds the path of an interface, and writes it as `write` does. `detailSize` is nil for NULL.
private func detail(
    _ handle: HDEVINFO?, _ data: PSP_DEVICE_INTERFACE_DATA?, detailSize: DWORD?, minimum: DWORD, bufferSize: DWORD,
    requiredSize: PDWORD?, info: PSP_DEVINFO_DATA?, size: (String) -> Int, write: (String) -> Void
) -> BOOL {
    guard let set = unsafe DeviceInfoSet.of(handle) else { return LastError.fail(ERROR_INVALID_HANDLE) }
    guard let data = unsafe data else { return LastError.fail(ERROR_INVALID_PARAMETER) }
    guard unsafe data.pointee.cbSize == interfaceSize, unsafe info?.pointee.cbSize ?? infoSize == infoSize else {
        return LastError.fail(ERROR_INVALID_USER_BUFFER)
    }
    guard let device = unsafe DWORD(exactly: data.pointee.Reserved).flatMap({ set.device($0) }) else {
        return LastError.fail(ERROR_INVALID_PARAMETER)
    }
    if let detailSize {
        guard detailSize == minimum, bufferSize >= minimum else { return LastError.fail(ERROR_INVALID_USER_BUFFER) }
    } else if bufferSize != 0 {
        return LastError.fail(ERROR_INVALID_USER_BUFFER)
    }
    let path = unsafe device.interfacePath(data.pointee.InterfaceClassGuid)
    let needed = size(path)
    unsafe requiredSize?.pointee = DWORD(needed)
    if let info = unsafe info { unsafe fill(info, with: device) }
    guard detailSize != nil, Int(bufferSize) >= needed else { return LastError.fail(ERROR_INSUFFICIENT_BUFFER) }
    write(path)
    return TRUE
}

/// Writes the path that CreateFile opens an interface by, and describes its device. The size that is needed comes first:
/// a call with NULL and 0 fails with ERROR_INSUFFICIENT_BUFFER and gives it.
///
/// ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER (NULL, or an interface that is not of the set), ERROR_INVALID_USER_BUFFER
/// (a `cbSize` is wrong, the buffer is smaller than the structure, or NULL with a size) or ERROR_INSUFFICIENT_BUFFER.
///
/// Microsoft's page: "SetupDiGetDeviceInterfaceDetailW function (setupapi.h)".
@c @implementation
public func SetupDiGetDeviceInterfaceDetailW(
    _ deviceInfoSet: HDEVINFO!, _ deviceInterfaceData: PSP_DEVICE_INTERFACE_DATA!,
    _ deviceInterfaceDetailData: PSP_DEVICE_INTERFACE_DETAIL_DATA_W!, _ deviceInterfaceDetailDataSize: DWORD,
    _ requiredSize: PDWORD!, _ deviceInfoData: PSP_DEVINFO_DATA!
) -> BOOL {
    let offset = MemoryLayout<DWORD>.size
    return unsafe detail(
        deviceInfoSet, deviceInterfaceData, detailSize: deviceInterfaceDetailData?.pointee.cbSize,
        minimum: DWORD(MemoryLayout<SP_DEVICE_INTERFACE_DETAIL_DATA_W>.size),
        bufferSize: deviceInterfaceDetailDataSize, requiredSize: requiredSize, info: deviceInfoData,
        size: { offset + (Text.wide($0).count + 1) * MemoryLayout<WCHAR>.size },
        write: { path in
            // Sound: there is room, which was checked; the characters stand behind the size.
            guard let detail = unsafe deviceInterfaceDetailData else { return }
            for (index, unit) in (Text.wide(path) + [0]).enumerated() {
                unsafe UnsafeMutableRawPointer(detail).storeBytes(
                    of: unit, toByteOffset: offset + index * MemoryLayout<WCHAR>.size, as: WCHAR.self)
            }
        })
}

/// ``SetupDiGetDeviceInterfaceDetailW(_:_:_:_:_:_:)`` with the path in bytes.
///
/// Microsoft's page: "SetupDiGetDeviceInterfaceDetailA function (setupapi.h)".
@c @implementation
public func SetupDiGetDeviceInterfaceDetailA(
    _ deviceInfoSet: HDEVINFO!, _ deviceInterfaceData: PSP_DEVICE_INTERFACE_DATA!,
    _ deviceInterfaceDetailData: PSP_DEVICE_INTERFACE_DETAIL_DATA_A!, _ deviceInterfaceDetailDataSize: DWORD,
    _ requiredSize: PDWORD!, _ deviceInfoData: PSP_DEVINFO_DATA!
) -> BOOL {
    let offset = MemoryLayout<DWORD>.size
    return unsafe detail(
        deviceInfoSet, deviceInterfaceData, detailSize: deviceInterfaceDetailData?.pointee.cbSize,
        minimum: DWORD(MemoryLayout<SP_DEVICE_INTERFACE_DETAIL_DATA_A>.size),
        bufferSize: deviceInterfaceDetailDataSize, requiredSize: requiredSize, info: deviceInfoData,
        size: { offset + $0.utf8.count + 1 },
        write: { path in
            // Sound: there is room, which was checked; the characters stand behind the size.
            guard let detail = unsafe deviceInterfaceDetailData else { return }
            for (index, unit) in ([UInt8](path.utf8) + [0]).enumerated() {
                unsafe UnsafeMutableRawPointer(detail).storeBytes(
                    of: unit, toByteOffset: offset + index, as: UInt8.self)
            }
        })
}
