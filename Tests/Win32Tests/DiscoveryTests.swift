// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import Win32

@Suite("Finding devices")
struct DiscoveryTests {
    private static let anyClass = GUID(0xDEE8_24EF, 0x729B, 0x4A0E, 0x9C, 0x14, 0xB7, 0x11, 0x7D, 0x33, 0xA8, 0x17)
    private static let hubs = GUID(0xF18A_0E88, 0xC30C, 0x11D0, 0x88, 0x15, 0, 0xA0, 0xC9, 0x06, 0xBE, 0xD8)
    private static let present = DWORD(DIGCF_PRESENT | DIGCF_DEVICEINTERFACE)

    private func interfaceData() -> SP_DEVICE_INTERFACE_DATA {
        var data = SP_DEVICE_INTERFACE_DATA()
        data.cbSize = DWORD(MemoryLayout<SP_DEVICE_INTERFACE_DATA>.size)
        return data
    }

    private func infoData() -> SP_DEVINFO_DATA {
        var data = SP_DEVINFO_DATA()
        data.cbSize = DWORD(MemoryLayout<SP_DEVINFO_DATA>.size)
        return data
    }

    private func open(_ flags: DWORD = present, _ guid: GUID = anyClass) -> HDEVINFO? {
        var guid = guid
        return unsafe SetupDiGetClassDevsA(&guid, nil, nil, flags)
    }

    /// The paths of a set's interfaces, by the protocol of two calls.
    private func paths(_ set: HDEVINFO?, isWide: Bool) -> [String] {
        var guid = DiscoveryTests.anyClass
        var found: [String] = []
        var data = interfaceData()
        while unsafe SetupDiEnumDeviceInterfaces(set, nil, &guid, DWORD(found.count), &data) == TRUE {
            var size: DWORD = 0
            let unit = isWide ? MemoryLayout<WCHAR>.size : 1
            SetLastError(0)
            let first =
                unsafe isWide
                ? SetupDiGetDeviceInterfaceDetailW(set, &data, nil, 0, &size, nil)
                : SetupDiGetDeviceInterfaceDetailA(set, &data, nil, 0, &size, nil)
            #expect(first == FALSE && GetLastError() == DWORD(ERROR_INSUFFICIENT_BUFFER))
            let memory = UnsafeMutableRawPointer.allocate(byteCount: Int(size), alignment: 8)
            defer { unsafe memory.deallocate() }
            unsafe memory.storeBytes(of: 8, as: DWORD.self)
            let second =
                unsafe isWide
                ? SetupDiGetDeviceInterfaceDetailW(
                    set, &data, memory.assumingMemoryBound(to: SP_DEVICE_INTERFACE_DETAIL_DATA_W.self), size, nil, nil)
                : SetupDiGetDeviceInterfaceDetailA(
                    set, &data, memory.assumingMemoryBound(to: SP_DEVICE_INTERFACE_DETAIL_DATA_A.self), size, nil, nil)
            #expect(second == TRUE)
            let count = (Int(size) - 4) / unit
            found.append(
                isWide
                    ? text((0..<count).map { unsafe memory.loadUnaligned(fromByteOffset: 4 + 4 * $0, as: WCHAR.self) })
                    : text((0..<count).map { unsafe memory.load(fromByteOffset: 4 + $0, as: CChar.self) }))
        }
        #expect(GetLastError() == DWORD(ERROR_NO_MORE_ITEMS))
        return found
    }

    @Test("Devices are found by every class, and their paths open them", arguments: [false, true])
    func paths(isWide: Bool) throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            _ = try bus.attach(GadgetZero())
            let set = unsafe open()
            let found = unsafe paths(set, isWide: isWide)
            #expect(found.count == 2 && Set(found).count == 2, "though both have the same serial number")
            var files: [UInt] = []
            for path in found {
                #expect(path.hasPrefix("\\\\?\\usb#vid_0525&pid_a4a0#"))
                #expect(path.hasSuffix("#{dee824ef-729b-4a0e-9c14-b7117d33a817}"))
                let file =
                    unsafe isWide
                    ? CreateFileW(wide(path), GENERIC_READ, 3, nil, 3, FILE_FLAG_OVERLAPPED, nil)
                    : CreateFileA(path, GENERIC_READ, 3, nil, 3, FILE_FLAG_OVERLAPPED, nil)
                #expect(unsafe file != HANDLE(bitPattern: -1))
                files.append(UInt(bitPattern: file))
            }
            for file in files { unsafe close([HANDLE(bitPattern: file)]) }
            #expect(unsafe SetupDiDestroyDeviceInfoList(set) == TRUE)
            #expect(interfaceList(isWide: isWide) == found)
        }
    }

    /// The list of the configuration manager, by the protocol of two calls.
    private func interfaceList(isWide: Bool, _ guid: GUID = anyClass) -> [String] {
        var guid = guid
        var length: ULONG = 0
        let sized =
            unsafe isWide
            ? CM_Get_Device_Interface_List_SizeW(&length, &guid, nil, 0)
            : CM_Get_Device_Interface_List_SizeA(&length, &guid, nil, 0)
        #expect(sized == 0)
        if isWide {
            var units = [WCHAR](repeating: 1, count: Int(length))
            if length > 1 {
                #expect(
                    unsafe CM_Get_Device_Interface_ListW(&guid, nil, &units, length - 1, 0) == DWORD(CR_BUFFER_SMALL))
            }
            #expect(unsafe CM_Get_Device_Interface_ListW(&guid, nil, &units, length, 0) == 0)
            return texts(units) { text($0) }
        }
        var bytes = [CChar](repeating: 1, count: Int(length))
        if length > 1 {
            #expect(unsafe CM_Get_Device_Interface_ListA(&guid, nil, &bytes, length - 1, 0) == DWORD(CR_BUFFER_SMALL))
        }
        #expect(unsafe CM_Get_Device_Interface_ListA(&guid, nil, &bytes, length, 0) == 0)
        return texts(bytes) { text($0) }
    }

    @Test("An empty bus has no devices, and hubs are never among them", arguments: [false, true])
    func nothing(isWide: Bool) throws {
        try onABus { bus in
            #expect(interfaceList(isWide: isWide).isEmpty)
            let set = unsafe open()
            #expect(unsafe paths(set, isWide: isWide).isEmpty)
            #expect(unsafe SetupDiDestroyDeviceInfoList(set) == TRUE)
            _ = try bus.attach(GadgetZero())
            #expect(interfaceList(isWide: isWide, DiscoveryTests.hubs).isEmpty)
            #expect(interfaceList(isWide: isWide).count == 1)
        }
    }

    @Test("Arguments of the list functions are checked")
    func arguments() throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let invalid = unsafe HDEVINFO(bitPattern: -1)
            var guid = DiscoveryTests.anyClass
            #expect(
                unsafe answer { unsafe SetupDiGetClassDevsW(nil, nil, nil, 16) }
                    == Answer(invalid, ERROR_INVALID_PARAMETER))
            #expect(
                unsafe answer { unsafe SetupDiGetClassDevsA(&guid, nil, nil, 0x100) }
                    == Answer(invalid, ERROR_INVALID_FLAGS))
            let none = unsafe SetupDiGetClassDevsA(&guid, "PCI", nil, DiscoveryTests.present)
            #expect(unsafe paths(none, isWide: false).isEmpty)
            let usb = unsafe SetupDiGetClassDevsW(
                nil, wide("usb"), nil, DiscoveryTests.present | DWORD(DIGCF_ALLCLASSES))
            #expect(unsafe paths(usb, isWide: true).count == 1)
            let plain = unsafe SetupDiGetClassDevsA(nil, nil, nil, DWORD(DIGCF_ALLCLASSES))
            #expect(unsafe paths(plain, isWide: false).isEmpty, "no interfaces were asked for")
            let set = unsafe open()
            var info = infoData()
            #expect(unsafe SetupDiEnumDeviceInfo(plain, 0, &info) == TRUE)
            #expect(info.DevInst > 1)
            #expect(answer { unsafe SetupDiEnumDeviceInfo(set, 1, &info) } == Answer(FALSE, ERROR_NO_MORE_ITEMS))
            #expect(answer { unsafe SetupDiEnumDeviceInfo(set, 0, nil) } == Answer(FALSE, ERROR_INVALID_PARAMETER))
            info.cbSize -= 4
            #expect(answer { unsafe SetupDiEnumDeviceInfo(set, 0, &info) } == Answer(FALSE, ERROR_INVALID_USER_BUFFER))
            info.cbSize += 4
            var data = interfaceData()
            #expect(unsafe SetupDiEnumDeviceInterfaces(set, &info, &guid, 0, &data) == TRUE)
            #expect(data.Flags == DWORD(SPINT_ACTIVE) && data.InterfaceClassGuid.isEqual(to: guid))
            var other = Discovery.deviceInterface
            func enumerate(_ guid: UnsafePointer<GUID>?, _ data: PSP_DEVICE_INTERFACE_DATA?) -> Answer<BOOL> {
                answer { unsafe SetupDiEnumDeviceInterfaces(set, nil, guid, 0, data) }
            }
            #expect(
                unsafe enumerate(&other, &data) == Answer(FALSE, ERROR_NO_MORE_ITEMS), "the set is of another class")
            #expect(unsafe enumerate(nil, &data) == Answer(FALSE, ERROR_INVALID_PARAMETER))
            #expect(unsafe enumerate(&guid, nil) == Answer(FALSE, ERROR_INVALID_PARAMETER))
            data.cbSize = 28
            #expect(unsafe enumerate(&guid, &data) == Answer(FALSE, ERROR_INVALID_USER_BUFFER))
            info.DevInst = 1
            #expect(
                answer { unsafe SetupDiEnumDeviceInterfaces(set, &info, &guid, 0, &data) }.value == FALSE)
            let sets = unsafe [none, usb, plain, set]
            for index in unsafe sets.indices { #expect(unsafe SetupDiDestroyDeviceInfoList(sets[index]) == TRUE) }
        }
    }

    @Test("A detail's sizes are checked, and its device is described")
    func detailArguments() throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let set = unsafe open()
            defer { _ = unsafe SetupDiDestroyDeviceInfoList(set) }
            var guid = DiscoveryTests.anyClass
            var data = interfaceData()
            #expect(unsafe SetupDiEnumDeviceInterfaces(set, nil, &guid, 0, &data) == TRUE)
            let detail = PSP_DEVICE_INTERFACE_DETAIL_DATA_A.allocate(capacity: 64)
            defer { unsafe detail.deallocate() }
            var info = infoData()
            func call(_ cbSize: DWORD?, _ size: DWORD) -> Answer<BOOL> {
                unsafe detail.pointee.cbSize = cbSize ?? 0
                return answer {
                    unsafe SetupDiGetDeviceInterfaceDetailA(set, &data, cbSize == nil ? nil : detail, size, nil, &info)
                }
            }
            #expect(call(8, 512) == Answer(TRUE))
            #expect(info.DevInst == DWORD(data.Reserved) && info.ClassGuid.isEqual(to: Discovery.setupClass))
            #expect(call(8, 20) == Answer(FALSE, ERROR_INSUFFICIENT_BUFFER))
            #expect(call(5, 512) == Answer(FALSE, ERROR_INVALID_USER_BUFFER))
            #expect(call(8, 4) == Answer(FALSE, ERROR_INVALID_USER_BUFFER))
            #expect(call(nil, 512) == Answer(FALSE, ERROR_INVALID_USER_BUFFER))
            info.cbSize = 1
            #expect(call(8, 512) == Answer(FALSE, ERROR_INVALID_USER_BUFFER))
            info.cbSize = DWORD(MemoryLayout<SP_DEVINFO_DATA>.size)
            data.Reserved = 0xFFFF_FFFF
            #expect(call(8, 512) == Answer(FALSE, ERROR_INVALID_PARAMETER))
        }
    }

    /// A registry property's kind and bytes, by the protocol of two calls.
    private func property(_ set: HDEVINFO?, _ number: Int32, isWide: Bool) -> (kind: DWORD, bytes: [UInt8])? {
        var info = infoData()
        guard unsafe SetupDiEnumDeviceInfo(set, 0, &info) == TRUE else { return nil }
        var kind: DWORD = 0
        var size: DWORD = 0
        func get(_ buffer: PBYTE?, _ room: DWORD) -> BOOL {
            unsafe isWide
                ? SetupDiGetDeviceRegistryPropertyW(set, &info, DWORD(number), &kind, buffer, room, &size)
                : SetupDiGetDeviceRegistryPropertyA(set, &info, DWORD(number), &kind, buffer, room, &size)
        }
        SetLastError(0)
        #expect(get(nil, 0) == FALSE)
        guard GetLastError() == DWORD(ERROR_INSUFFICIENT_BUFFER) else { return nil }
        var bytes = [UInt8](repeating: 1, count: Int(size))
        #expect(unsafe get(&bytes, size - 1) == FALSE)
        #expect(unsafe get(&bytes, size) == TRUE)
        return (kind, bytes)
    }

    private func read(_ bytes: [UInt8], isWide: Bool) -> [String] {
        guard isWide else { return texts(bytes.map { CChar(bitPattern: $0) }) { text($0) } }
        let units = stride(from: 0, to: bytes.count, by: 4).map { start in
            bytes[start..<start + 4].reversed().reduce(WCHAR(0)) { $0 << 8 | WCHAR($1) }
        }
        return texts(units) { text($0) }
    }

    @Test("A device's properties say what it is", arguments: [false, true])
    func properties(isWide: Bool) throws {
        try onABus { bus in
            let attachment = try bus.attach(GadgetZero(), path: "2-5")
            let device = try #require(try bus.devices().first { $0.id == attachment.id })
            let set = unsafe open()
            defer { _ = unsafe SetupDiDestroyDeviceInfoList(set) }
            func words(_ number: Int32) -> [String]? {
                unsafe property(set, number, isWide: isWide).map { read($0.bytes, isWide: isWide) }
            }
            let revision = hexadecimal(device.descriptor.deviceRelease.rawValue, 4)
            #expect(
                words(SPDRP_HARDWAREID) == ["USB\\VID_0525&PID_A4A0&REV_\(revision)", "USB\\VID_0525&PID_A4A0"])
            #expect(words(SPDRP_COMPATIBLEIDS)?.last == "USB\\Class_FF")
            #expect(words(SPDRP_DEVICEDESC) == [device.product ?? "USB device"])
            #expect(words(SPDRP_FRIENDLYNAME) == device.product.map { [$0] })
            #expect(words(SPDRP_MFG) == device.manufacturer.map { [$0] })
            #expect(words(SPDRP_SERVICE) == ["WinUSB"])
            #expect(words(SPDRP_CLASSGUID) == ["{88bae032-5a81-49f0-bc3d-a4ff138216d6}"])
            #expect(words(SPDRP_LOCATION_INFORMATION) == ["2-5"])
            #expect(words(SPDRP_LOCATION_PATHS) == ["USBROOT(2)#USB(5)"])
            #expect(words(SPDRP_ENUMERATOR_NAME) == ["USB"])
            #expect(unsafe property(set, SPDRP_HARDWAREID, isWide: isWide)?.kind == REG_MULTI_SZ)
            #expect(unsafe property(set, SPDRP_SERVICE, isWide: isWide)?.kind == REG_SZ)
            let address = unsafe property(set, SPDRP_ADDRESS, isWide: isWide)
            #expect(address?.kind == REG_DWORD && address?.bytes == [5, 0, 0, 0])
            #expect(unsafe property(set, SPDRP_BUSNUMBER, isWide: isWide)?.bytes == [2, 0, 0, 0])
            #expect(unsafe property(set, SPDRP_DRIVER, isWide: isWide) == nil)
            #expect(GetLastError() == DWORD(ERROR_INVALID_DATA))
            #expect(unsafe property(set, 0x1000, isWide: isWide) == nil)
            #expect(GetLastError() == ERROR_INVALID_REG_PROPERTY)
        }
    }

    @Test("An instance leads from the set to the node and back")
    func instances() throws {
        try onABus { bus in
            let attachment = try bus.attach(GadgetZero())
            let set = unsafe open()
            var info = infoData()
            #expect(unsafe SetupDiEnumDeviceInfo(set, 0, &info) == TRUE)
            var size: DWORD = 0
            #expect(
                answer { unsafe SetupDiGetDeviceInstanceIdW(set, &info, nil, 0, &size) }
                    == Answer(FALSE, ERROR_INSUFFICIENT_BUFFER))
            var units = [WCHAR](repeating: 1, count: Int(size))
            var bytes = [CChar](repeating: 1, count: Int(size))
            #expect(unsafe SetupDiGetDeviceInstanceIdW(set, &info, &units, size, nil) == TRUE)
            #expect(unsafe SetupDiGetDeviceInstanceIdA(set, &info, &bytes, size, nil) == TRUE)
            let id = text(units)
            #expect(id == text(bytes) && id.hasPrefix("USB\\VID_0525&PID_A4A0\\"))
            #expect(id.count + 1 == Int(size))

            var node: DEVINST = 0
            #expect(unsafe CM_Locate_DevNodeW(&node, &units, 0) == 0)
            #expect(node == info.DevInst)
            node = 0
            #expect(unsafe CM_Locate_DevNodeA(&node, &bytes, 0) == 0)
            #expect(node == info.DevInst)
            var length: ULONG = 0
            #expect(unsafe CM_Get_Device_ID_Size(&length, node, 0) == 0)
            #expect(Int(length) == id.count)
            #expect(unsafe CM_Get_Device_IDW(node, &units, length + 1, 0) == 0 && text(units) == id)
            #expect(unsafe CM_Get_Device_IDA(node, &bytes, length + 1, 0) == 0 && text(bytes) == id)
            #expect(unsafe CM_Get_Device_IDA(node, &bytes, length - 1, 0) == DWORD(CR_BUFFER_SMALL))
            var parent: DEVINST = 0
            #expect(unsafe CM_Get_Parent(&parent, node, 0) == 0)
            var root: DEVINST = 0
            #expect(unsafe CM_Locate_DevNodeW(&root, nil, 0) == 0 && root == parent)
            #expect(unsafe CM_Get_Parent(&parent, root, 0) == DWORD(CR_NO_SUCH_DEVNODE))

            var wrong = wide("no name")
            #expect(unsafe CM_Locate_DevNodeW(&node, &wrong, 0) == DWORD(CR_INVALID_DEVICE_ID))
            #expect(unsafe CM_Locate_DevNodeW(&node, &units, 8) == DWORD(CR_INVALID_FLAG))
            #expect(unsafe CM_Locate_DevNodeW(nil, &units, 0) == DWORD(CR_INVALID_POINTER))
            #expect(CM_Get_Device_IDW(node, nil, 5, 0) == DWORD(CR_INVALID_POINTER))
            attachment.unplug()
            #expect(unsafe CM_Locate_DevNodeW(&node, &units, 0) == DWORD(CR_NO_SUCH_DEVNODE))
            #expect(unsafe CM_Get_Device_ID_Size(&length, info.DevInst, 0) == DWORD(CR_INVALID_DEVNODE))
            #expect(unsafe CM_Get_Parent(&parent, info.DevInst, 0) == DWORD(CR_INVALID_DEVNODE))
            #expect(unsafe SetupDiDestroyDeviceInfoList(set) == TRUE)
        }
    }

    @Test("Properties by key are the same from a set, a node and an interface")
    func keys() throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            let set = unsafe open()
            defer { _ = unsafe SetupDiDestroyDeviceInfoList(set) }
            var info = infoData()
            #expect(unsafe SetupDiEnumDeviceInfo(set, 0, &info) == TRUE)
            var key = DEVPKEY_Device_HardwareIds
            var kind: DEVPROPTYPE = 0
            var size: DWORD = 0
            let sized = answer { unsafe SetupDiGetDevicePropertyW(set, &info, &key, &kind, nil, 0, &size, 0) }
            #expect(sized == Answer(FALSE, ERROR_INSUFFICIENT_BUFFER))
            #expect(kind == DEVPROPTYPE(DEVPROP_TYPE_STRING | DEVPROP_TYPEMOD_LIST))
            var first = [UInt8](repeating: 1, count: Int(size))
            #expect(unsafe SetupDiGetDevicePropertyW(set, &info, &key, &kind, &first, size, nil, 0) == TRUE)
            #expect(read(first, isWide: true).last == "USB\\VID_0525&PID_A4A0")
            var length: ULONG = 0
            let node = info.DevInst
            #expect(unsafe CM_Get_DevNode_PropertyW(node, &key, &kind, nil, &length, 0) == DWORD(CR_BUFFER_SMALL))
            #expect(length == size)
            var second = [UInt8](repeating: 1, count: Int(length))
            #expect(unsafe CM_Get_DevNode_PropertyW(node, &key, &kind, &second, &length, 0) == 0)
            #expect(second == first)
            #expect(unsafe CM_Get_DevNode_PropertyW(0, &key, &kind, nil, &length, 0) == DWORD(CR_INVALID_DEVNODE))
            #expect(unsafe CM_Get_DevNode_PropertyW(node, nil, &kind, nil, &length, 0) == DWORD(CR_INVALID_POINTER))
            #expect(unsafe CM_Get_DevNode_PropertyW(node, &key, &kind, nil, &length, 1) == DWORD(CR_INVALID_FLAG))
            #expect(
                answer { unsafe SetupDiGetDevicePropertyW(set, &info, &key, &kind, nil, 0, nil, 1) }
                    == Answer(FALSE, ERROR_INVALID_FLAGS))
            #expect(
                answer { unsafe SetupDiGetDevicePropertyW(set, &info, &key, &kind, nil, 4, nil, 0) }
                    == Answer(FALSE, ERROR_INVALID_USER_BUFFER))
            key = DEVPKEY_Device_Driver
            #expect(
                answer { unsafe SetupDiGetDevicePropertyW(set, &info, &key, &kind, nil, 0, nil, 0) }
                    == Answer(FALSE, ERROR_NOT_FOUND))
            length = 0
            #expect(unsafe CM_Get_DevNode_PropertyW(node, &key, &kind, nil, &length, 0) == DWORD(CR_NO_SUCH_VALUE))

            let path = wide(interfaceList(isWide: true)[0])
            key = DEVPKEY_Device_InstanceId
            length = 400
            var id = [UInt8](repeating: 1, count: 400)
            #expect(unsafe CM_Get_Device_Interface_PropertyW(path, &key, &kind, &id, &length, 0) == 0)
            #expect(read(Array(id[..<Int(length)]), isWide: true)[0].hasPrefix("USB\\VID_0525&PID_A4A0\\"))
            key = DEVPKEY_Device_Service
            #expect(
                unsafe CM_Get_Device_Interface_PropertyW(path, &key, &kind, &id, &length, 0) == DWORD(CR_NO_SUCH_VALUE))
            let missing = wide("\\\\?\\usb#vid_0001&pid_0002#x#{}")
            #expect(
                unsafe CM_Get_Device_Interface_PropertyW(missing, &key, &kind, &id, &length, 0)
                    == DWORD(CR_NO_SUCH_DEVICE_INTERFACE))
        }
    }

    @Test("USB_DEVICE leaves one device, with the interface that it names")
    func onlyOne() throws {
        try onABus { bus in
            _ = try bus.attach(GadgetZero())
            _ = try bus.attach(Speaker())
            let host = ProcessHost.current
            let devices = try bus.devices()
            func found(_ only: String) -> [FoundDevice] {
                devices.compactMap { Discovery.found($0, among: devices, on: host, only: only) }
            }
            #expect(found("0525:a4a0").map(\.path.kind) == ["VID_0525&PID_A4A0"])
            #expect(found("0525:a4a0/0").map(\.path.kind) == ["VID_0525&PID_A4A0&MI_00"])
            #expect(found("0525:a4a0/0").first?.instanceID.hasPrefix("USB\\VID_0525&PID_A4A0&MI_00\\") == true)
            #expect(found("0525:a4a0:nobody").isEmpty && found("1:2").isEmpty && found("nonsense").isEmpty)
        }
    }

    @Test(
        "Results of the configuration manager have their Win32 codes",
        arguments: [
            (CR_SUCCESS, 0), (CR_BUFFER_SMALL, 122), (CR_NO_SUCH_VALUE, 1168), (CR_INVALID_FLAG, 1004),
            (CR_NO_SUCH_DEVNODE, 0xE000_020B), (CR_FAILURE, 77),
        ] as [(Int32, DWORD)])
    func results(result: Int32, code: DWORD) {
        #expect(CM_MapCrToWin32Err(CONFIGRET(result), 77) == code)
    }
}

@Suite("Paths of devices")
struct DevicePathTests {
    @Test("A path that is printed is read again as the same", arguments: sparing(0..<200 as Range<UInt64>))
    func roundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var path = DevicePath(parsing: "usb:0:0")
        path?.vendorID = .random(in: 0 ... .max, using: &generator)
        path?.productID = .random(in: 0 ... .max, using: &generator)
        if Bool.random(using: &generator) { path?.interface = .random(in: 0 ... .max, using: &generator) }
        if Bool.random(using: &generator) {
            let letters = Array("abcXYZ0189-_.:&()[]")
            let count = Int.random(in: 1...20, using: &generator)
            path?.serialNumber = String((0..<count).map { _ in letters.randomElement(using: &generator) ?? "a" })
            if path?.serialNumber?.hasPrefix("0&") == true { path?.serialNumber = "s" }
        } else {
            path?.location =
                "\(Int.random(in: 1...9, using: &generator))-\(Int.random(in: 1...99, using: &generator)).4"
        }
        let printed = path?.discovered(guid: "{A5DCBF10-6530-11D2-901F-00C04FB951ED}") ?? ""
        #expect(DevicePath(parsing: printed) == path, "\(printed)")
        #expect(DevicePath(parsing: printed.replacing("usb#", with: "USB#")) == path)
        if let path, let serial = path.serialNumber, !serial.contains(":"), !serial.contains("/") {
            let kind = path.kind.split(separator: "&").map { $0.dropFirst(4) }
            let address = "usb:\(kind[0]):\(kind[1]):\(serial)" + (path.interface.map { "/\($0)" } ?? "")
            #expect(DevicePath(parsing: address) == path, "\(address)")
        }
    }

    @Test(
        "What is no path is refused",
        arguments: [
            "", "usb", "usb:", "usb:1", "usb:1:", "usb:1:2:", "usb:12345:1", "usb:1:2/", "usb:1:2/256", "usb:1:2/x",
            "usb:g:1", "\\\\?\\usb#", "\\\\?\\usb#vid_1&pid_2", "\\\\?\\usb#vid_1&pid_2#", "\\\\?\\usb#pid_1&vid_2#a",
            "\\\\?\\usb#vid_1&pid_2&mi_1#a", "\\\\?\\hid#vid_1&pid_2#a", "\\\\?\\usb#vid_1&pid_2#a#b#c",
        ])
    func refused(text: String) {
        #expect(DevicePath(parsing: text) == nil)
    }
}
