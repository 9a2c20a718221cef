// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import USBSpecification
import VirtualUSB
import Win32

@testable import WDF

@Suite("USB devices")
struct DeviceTests {
    // MARK: Beginning

    @Test("a device tells what its descriptors say")
    func information() throws {
        try UsbFixture.run(ScriptedDevice(.init(interfaceCount: 3, isSelfPowered: true, canWake: true))) { fixture in
            var descriptor = USB_DEVICE_DESCRIPTOR()
            unsafe WdfUsbTargetDeviceGetDeviceDescriptor(fixture.usb, &descriptor)
            #expect(descriptor.idVendor == 0x1209)
            #expect(descriptor.idProduct == 4)
            #expect(unsafe WdfUsbTargetDeviceGetNumInterfaces(fixture.usb) == 3)
            #expect(unsafe WdfUsbTargetDeviceGetInterface(fixture.usb, 3) == nil)
            var information = WDF_USB_DEVICE_INFORMATION()
            #expect(
                unsafe WdfUsbTargetDeviceRetrieveInformation(fixture.usb, &information) == status(0xC000_0004))
            unsafe WDF_USB_DEVICE_INFORMATION_INIT(&information)
            #expect(unsafe WdfUsbTargetDeviceRetrieveInformation(fixture.usb, &information) == 0)
            #expect(information.Traits == 7)
            #expect(information.UsbdVersionInformation.USBDI_Version == 0x600)
            #expect(unsafe WdfUsbTargetDeviceWdmGetConfigurationHandle(fixture.usb) != nil)
        }
    }

    @Test("at full speed the trait is missing")
    func traits() throws {
        try UsbFixture.run(ScriptedDevice(.init(speed: .full))) { fixture in
            var information = WDF_USB_DEVICE_INFORMATION()
            unsafe WDF_USB_DEVICE_INFORMATION_INIT(&information)
            #expect(unsafe WdfUsbTargetDeviceRetrieveInformation(fixture.usb, &information) == 0)
            #expect(information.Traits == 0)
        }
    }

    @Test("a second USB device is made for the same device; a wrong wish is refused")
    func creation() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            var config = WDF_USB_DEVICE_CREATE_CONFIG()
            var made: WDFUSBDEVICE?
            func create(_ attributes: PWDF_OBJECT_ATTRIBUTES? = nil) -> NTSTATUS {
                unsafe made = fixture.usb
                return unsafe WdfUsbTargetDeviceCreateWithParameters(fixture.device, &config, attributes, &made)
            }
            #expect(create() == status(0xC000_0004))
            unsafe WDF_USB_DEVICE_CREATE_CONFIG_INIT(&config, 0x601)
            #expect(create() == status(0xC000_0148))
            #expect(unsafe made == nil)
            unsafe WDF_USB_DEVICE_CREATE_CONFIG_INIT(&config, 0x602)
            var attributes = unsafe WDF_OBJECT_ATTRIBUTES()
            unsafe WDF_OBJECT_ATTRIBUTES_INIT(&attributes)
            unsafe attributes.ParentObject = UnsafeMutableRawPointer(fixture.device)
            #expect(unsafe create(&attributes) == status(0xC020_020F))
            #expect(create() == 0)
            #expect(unsafe made != nil && made != fixture.usb)
            let found = BugCheck.intercepting {
                #expect(unsafe WdfUsbTargetDeviceCreate(fixture.device, nil, nil) == status(0xC000_0001))
            }
            #expect(found.map { $0.parameters[0] } == [4])
        }
    }

    @Test("the configuration's descriptors are copied as far as there is room")
    func configuration() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            var total: USHORT = 0
            #expect(
                unsafe WdfUsbTargetDeviceRetrieveConfigDescriptor(fixture.usb, nil, &total) == status(0xC000_0023))
            #expect(total == fixture.look { USHORT($0.model.configurations[0].bytes.count) })
            unsafe withMemory(Int(total)) { bytes in
                for room in [9, total - 1, total] {
                    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0xEE)
                    var length = room
                    let found = unsafe WdfUsbTargetDeviceRetrieveConfigDescriptor(
                        fixture.usb, bytes.baseAddress, &length)
                    #expect(found == (room == total ? 0 : status(0xC000_0023)))
                    #expect(length == total)
                    let copied = unsafe Array(bytes[..<Int(room)])
                    #expect(copied == fixture.look { Array($0.model.configurations[0].bytes.prefix(Int(room))) })
                    #expect(unsafe bytes[Int(room)...].allSatisfy { $0 == 0xEE })
                }
            }
        }
    }

    // MARK: Strings

    @Test("a string is counted, copied, and cut where there is too little room")
    func strings() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            var count: USHORT = 0x5555
            #expect(unsafe WdfUsbTargetDeviceQueryString(fixture.usb, nil, nil, nil, &count, 2, 0x409) == 0)
            #expect(count == 8)
            for room in [USHORT(0), 3, 8, 100] {
                var text = [USHORT](repeating: 0xEEEE, count: 100)
                count = room
                let found = unsafe WdfUsbTargetDeviceQueryString(fixture.usb, nil, nil, &text, &count, 2, 0x409)
                #expect(found == (room < 8 ? status(0x8000_0005) : 0))
                #expect(count == 8)
                let expected = "Scripted".utf16.prefix(Int(room))
                #expect(Array(text.prefix(expected.count)) == Array(expected))
                #expect(text.dropFirst(expected.count).allSatisfy { $0 == 0xEEEE })
            }
            // The device refuses what it does not have.
            #expect(
                unsafe WdfUsbTargetDeviceQueryString(fixture.usb, nil, nil, nil, &count, 9, 0x409)
                    == status(0xC000_0001))
            // Half a character, and no descriptor.
            for index in [UInt8(4), 5, 6] {
                #expect(
                    unsafe WdfUsbTargetDeviceQueryString(fixture.usb, nil, nil, nil, &count, index, 0x409)
                        == status(0xC000_009C))
            }
            var options = WDF_REQUEST_SEND_OPTIONS()
            #expect(
                unsafe WdfUsbTargetDeviceQueryString(fixture.usb, nil, &options, nil, &count, 2, 0x409)
                    == status(0xC000_0004))
        }
    }

    @Test("a string comes in a memory object; one without characters in none")
    func allocatedStrings() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            var memory: WDFMEMORY?
            var count: USHORT = 0
            #expect(
                unsafe WdfUsbTargetDeviceAllocAndQueryString(fixture.usb, nil, &memory, &count, 2, 0x409) == 0)
            #expect(count == 8)
            var size = 0
            let bytes = unsafe WdfMemoryGetBuffer(memory, &size)
            #expect(size == 16)
            #expect(unsafe bytes?.load(fromByteOffset: 14, as: USHORT.self) == USHORT(UInt8(ascii: "d")))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(memory))
            #expect(
                unsafe WdfUsbTargetDeviceAllocAndQueryString(fixture.usb, nil, &memory, &count, 3, 0x409) == 0)
            #expect(unsafe memory == nil)
            #expect(count == 0)
        }
    }

    @Test(
        "a string descriptor has whole characters",
        arguments: [(UInt8(2), 0), (4, 1), (255, nil), (254, 126), (0, nil), (1, nil), (3, nil)] as [(UInt8, Int?)])
    func lengths(length: UInt8, count: Int?) {
        unsafe withMemory(256) { bytes in
            unsafe bytes[0] = length
            let descriptor = unsafe StringDescriptor(bytes: bytes)
            if let count {
                #expect((try? descriptor.characterCount) == count)
            } else {
                #expect { try descriptor.characterCount } throws: { ($0 as? Refusal)?.status == status(0xC000_009C) }
            }
        }
    }

    @Test("a request is formatted for a string, which arrives without its header")
    func formattedString() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            let target = unsafe WdfUsbTargetDeviceGetIoTarget(fixture.usb)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, target, &request) == 0)
            var memory: WDFMEMORY?
            var bytes: UnsafeMutableRawPointer?
            #expect(unsafe WdfMemoryCreate(nil, NonPagedPool, 0, 17, &memory, &bytes) == 0)
            #expect(
                unsafe WdfUsbTargetDeviceFormatRequestForString(fixture.usb, request, memory, nil, 2, 0x409)
                    == status(0xC000_000D))
            var offsets = WDFMEMORY_OFFSET(BufferOffset: 0, BufferLength: 16)
            #expect(
                unsafe WdfUsbTargetDeviceFormatRequestForString(fixture.usb, request, memory, &offsets, 2, 0x409) == 0)
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue)
            #expect(unsafe WdfRequestSend(request, target, &options) != 0)
            #expect(unsafe WdfRequestGetStatus(request) == 0)
            #expect(unsafe bytes?.load(as: USHORT.self) == USHORT(UInt8(ascii: "S")))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(memory))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
        }
    }

    // MARK: Configurations

    @Test("a single interface is selected, and the parameters tell of it")
    func single() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            #expect(unsafe WdfUsbTargetDeviceWdmGetConfigurationHandle(fixture.usb) == nil)
            #expect(unsafe WdfUsbInterfaceGetNumConfiguredPipes(fixture.interface()) == 0)
            var parameters = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
            unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_SINGLE_INTERFACE(&parameters)
            #expect(unsafe WdfUsbTargetDeviceSelectConfig(fixture.usb, nil, &parameters) == 0)
            #expect(unsafe parameters.Types.SingleInterface.NumberConfiguredPipes == 4)
            #expect(unsafe parameters.Types.SingleInterface.ConfiguredUsbInterface == fixture.interface())
            // The order is that of the descriptors.
            let addresses = (UInt8(0)..<4).map { index in
                var found = WDF_USB_PIPE_INFORMATION()
                unsafe WDF_USB_PIPE_INFORMATION_INIT(&found)
                _ = unsafe WdfUsbInterfaceGetConfiguredPipe(fixture.interface(), index, &found)
                return found.EndpointAddress
            }
            #expect(addresses == [0x01, 0x81, 0x02, 0x82])
        }
    }

    @Test("a selection is refused for what is wrong with it")
    func wrongSelections() throws {
        try UsbFixture.run(ScriptedDevice(.init(interfaceCount: 2)), isConfigured: false) { fixture in
            var parameters = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
            func select() -> NTSTATUS { unsafe WdfUsbTargetDeviceSelectConfig(fixture.usb, nil, &parameters) }
            #expect(select() == status(0xC000_0004))
            unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_DECONFIG(&parameters)
            for type in [UInt32(0), 7] {
                unsafe parameters.Type = WdfUsbTargetDeviceSelectConfigType(rawValue: type)
                #expect(select() == status(0xC000_000D))
            }
            unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_SINGLE_INTERFACE(&parameters)
            #expect(select() == status(0xC000_000D), "there are two interfaces")
            var pairs = unsafe [
                WDF_USB_INTERFACE_SETTING_PAIR(UsbInterface: fixture.interface(0), SettingIndex: 0),
                WDF_USB_INTERFACE_SETTING_PAIR(UsbInterface: fixture.interface(0), SettingIndex: 0),
            ]
            unsafe pairs.withUnsafeMutableBufferPointer { pairs in
                let base = pairs.baseAddress
                unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_MULTIPLE_INTERFACES(&parameters, 1, base)
                #expect(select() == status(0xC000_000D), "too few pairs")
                unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_MULTIPLE_INTERFACES(&parameters, 2, base)
                #expect(select() == status(0xC000_000D), "an interface twice")
                unsafe pairs[1] = WDF_USB_INTERFACE_SETTING_PAIR(UsbInterface: fixture.interface(1), SettingIndex: 2)
                #expect(select() == status(0xC000_000D), "an unknown setting")
                unsafe pairs[1].SettingIndex = 1
                #expect(select() == 0)
                #expect(unsafe parameters.Types.MultiInterface.NumberOfConfiguredInterfaces == 2)
                #expect(unsafe WdfUsbInterfaceGetConfiguredSettingIndex(fixture.interface(1)) == 1)
            }
            unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_URB(&parameters, nil)
            #expect(select() == status(0xC000_000D))
            unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_INTERFACES_DESCRIPTORS(&parameters, nil, nil, 0)
            #expect(select() == status(0xC000_000D))
        }
    }

    @Test("interfaces are selected by their descriptors, and one that the device does not have is refused")
    func descriptors() throws {
        try UsbFixture.run(ScriptedDevice(.init(interfaceCount: 2)), isConfigured: false) { fixture in
            var descriptor = USB_INTERFACE_DESCRIPTOR()
            unsafe WdfUsbInterfaceGetDescriptor(fixture.interface(1), 1, &descriptor)
            var parameters = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
            unsafe withUnsafeMutablePointer(to: &descriptor) { place in
                var list: [PUSB_INTERFACE_DESCRIPTOR?] = unsafe [place]
                unsafe list.withUnsafeMutableBufferPointer { list in
                    unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_INTERFACES_DESCRIPTORS(
                        &parameters, nil, list.baseAddress, 1)
                    #expect(unsafe WdfUsbTargetDeviceSelectConfig(fixture.usb, nil, &parameters) == 0)
                    #expect(unsafe WdfUsbInterfaceGetNumConfiguredPipes(fixture.interface(1)) == 1)
                    #expect(unsafe WdfUsbInterfaceGetNumConfiguredPipes(fixture.interface(0)) == 0)
                    unsafe place.pointee.bInterfaceNumber = 9
                    #expect(
                        unsafe WdfUsbTargetDeviceSelectConfig(fixture.usb, nil, &parameters) == status(0xC000_0010))
                }
            }
        }
    }

    @Test("giving the configuration up ends its pipes")
    func deconfigure() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkOut)
            var parameters = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
            unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_DECONFIG(&parameters)
            #expect(unsafe WdfUsbTargetDeviceSelectConfig(fixture.usb, nil, &parameters) == 0)
            #expect(unsafe WdfUsbTargetDeviceWdmGetConfigurationHandle(fixture.usb) == nil)
            #expect(unsafe WdfUsbInterfaceGetNumConfiguredPipes(fixture.interface()) == 0)
            let found = BugCheck.intercepting {
                _ = unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, nil, nil, nil)
            }
            #expect(found.map { $0.parameters[0] } == [5])
            #expect(fixture.selectAll() == 0)
            #expect(unsafe WdfUsbInterfaceGetNumConfiguredPipes(fixture.interface()) == 4)
        }
    }

    // MARK: The bus

    @Test("a device that has been unplugged does not exist")
    func unplugged() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            #expect(unsafe WdfUsbTargetDeviceIsConnectedSynchronous(fixture.usb) == 0)
            fixture.attachment.unplug()
            #expect(unsafe WdfUsbTargetDeviceIsConnectedSynchronous(fixture.usb) == status(0xC000_00C0))
        }
    }

    @Test("frames count as on the bus; a port is reset, and not cycled")
    func bus() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            var frame: ULONG = 0
            #expect(unsafe WdfUsbTargetDeviceRetrieveCurrentFrameNumber(fixture.usb, &frame) == 0)
            #expect(frame == fixture.bus.frame().frame.truncated32)
            #expect(unsafe WdfUsbTargetDeviceResetPortSynchronously(fixture.usb) == 0)
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkOut)
            #expect(unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, nil, nil, nil) == 0)
            #expect(unsafe WdfUsbTargetDeviceCyclePortSynchronously(fixture.usb) == status(0xC000_00BB))
            #expect(
                Verifier.with(true) {
                    InterruptLevel.atDispatch { unsafe WdfUsbTargetDeviceCyclePortSynchronously(fixture.usb) }
                } == status(0xC000_0010))
        }
    }

    @Test("a request that is formatted to cycle the port ends as not supported")
    func formattedCyclePort() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            let target = unsafe WdfUsbTargetDeviceGetIoTarget(fixture.usb)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, target, &request) == 0)
            #expect(unsafe WdfUsbTargetDeviceFormatRequestForCyclePort(fixture.usb, request) == 0)
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue)
            #expect(unsafe WdfRequestSend(request, target, &options) != 0)
            #expect(unsafe WdfRequestGetStatus(request) == status(0xC000_00BB))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
        }
    }

    @Test("capabilities are asked of USBD, by drivers that have registered")
    func capabilities() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            var fast = GUID_USB_CAPABILITY_DEVICE_CONNECTION_HIGH_SPEED_COMPATIBLE
            var faster = GUID_USB_CAPABILITY_DEVICE_CONNECTION_SUPER_SPEED_COMPATIBLE
            var length: ULONG = 5
            #expect(unsafe WdfUsbTargetDeviceQueryUsbCapability(fixture.usb, &fast, 0, nil, &length) == 0)
            #expect(length == 0)
            #expect(
                unsafe WdfUsbTargetDeviceQueryUsbCapability(fixture.usb, &faster, 0, nil, nil) == status(0xC000_00BB))
            let found = BugCheck.intercepting {
                _ = unsafe WdfUsbTargetDeviceQueryUsbCapability(fixture.usb, &fast, 4, nil, nil)
            }
            #expect(found.map { $0.parameters[0] } == [4])
        }
        try UsbFixture.run(ScriptedDevice(), contract: nil, isConfigured: false) { fixture in
            var fast = GUID_USB_CAPABILITY_DEVICE_CONNECTION_HIGH_SPEED_COMPATIBLE
            #expect(
                unsafe WdfUsbTargetDeviceQueryUsbCapability(fixture.usb, &fast, 0, nil, nil) == status(0xC000_0184))
        }
    }

    // MARK: Violations

    @Test("every function knows a wrong handle")
    func wrongHandles() {
        let found = BugCheck.intercepting {
            WdfUsbTargetDeviceGetDeviceDescriptor(nil, nil)
            #expect(WdfUsbTargetDeviceGetNumInterfaces(nil) == 0)
            #expect(unsafe WdfUsbTargetDeviceGetInterface(nil, 0) == nil)
            #expect(unsafe WdfUsbTargetDeviceWdmGetConfigurationHandle(nil) == nil)
            let statuses = [
                WdfUsbTargetDeviceRetrieveInformation(nil, nil),
                WdfUsbTargetDeviceRetrieveConfigDescriptor(nil, nil, nil),
                WdfUsbTargetDeviceQueryString(nil, nil, nil, nil, nil, 2, 0x409),
                WdfUsbTargetDeviceAllocAndQueryString(nil, nil, nil, nil, 2, 0x409),
                WdfUsbTargetDeviceFormatRequestForString(nil, nil, nil, nil, 2, 0x409),
                WdfUsbTargetDeviceSelectConfig(nil, nil, nil), WdfUsbTargetDeviceRetrieveCurrentFrameNumber(nil, nil),
                WdfUsbTargetDeviceSendControlTransferSynchronously(nil, nil, nil, nil, nil, nil),
                WdfUsbTargetDeviceFormatRequestForControlTransfer(nil, nil, nil, nil, nil),
                WdfUsbTargetDeviceIsConnectedSynchronous(nil), WdfUsbTargetDeviceResetPortSynchronously(nil),
                WdfUsbTargetDeviceCyclePortSynchronously(nil), WdfUsbTargetDeviceFormatRequestForCyclePort(nil, nil),
                WdfUsbTargetDeviceSendUrbSynchronously(nil, nil, nil, nil),
                WdfUsbTargetDeviceFormatRequestForUrb(nil, nil, nil, nil),
                WdfUsbTargetDeviceQueryUsbCapability(nil, nil, 0, nil, nil),
                WdfUsbTargetDeviceCreateUrb(nil, nil, nil, nil),
                WdfUsbTargetDeviceCreateIsochUrb(nil, nil, 8, nil, nil),
            ]
            #expect(statuses.allSatisfy { $0 == status(0xC000_0001) })
        }
        #expect(found.count == 22)
        #expect(found.allSatisfy { $0.code == 0x10D && $0.parameters == [5, 0, 0x1202, 0] })
    }

    @Test("NULL for what has to be there is a bug check")
    func missing() throws {
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            let found = BugCheck.intercepting {
                unsafe WdfUsbTargetDeviceGetDeviceDescriptor(fixture.usb, nil)
                let statuses = unsafe [
                    WdfUsbTargetDeviceRetrieveInformation(fixture.usb, nil),
                    WdfUsbTargetDeviceRetrieveConfigDescriptor(fixture.usb, nil, nil),
                    WdfUsbTargetDeviceQueryString(fixture.usb, nil, nil, nil, nil, 2, 0x409),
                    WdfUsbTargetDeviceAllocAndQueryString(fixture.usb, nil, nil, nil, 2, 0x409),
                    WdfUsbTargetDeviceSelectConfig(fixture.usb, nil, nil),
                    WdfUsbTargetDeviceRetrieveCurrentFrameNumber(fixture.usb, nil),
                    WdfUsbTargetDeviceFormatRequestForControlTransfer(fixture.usb, nil, nil, nil, nil),
                    WdfUsbTargetDeviceCreateUrb(fixture.usb, nil, nil, nil),
                    WdfUsbTargetDeviceCreateIsochUrb(fixture.usb, nil, 8, nil, nil),
                ]
                #expect(statuses.allSatisfy { $0 == status(0xC000_0001) })
            }
            #expect(found.count == 10)
            #expect(found.allSatisfy { $0.code == 0x10D && $0.parameters[0] == 4 })
        }
    }

    @Test("what asks the device wants PASSIVE_LEVEL, with the verifier on or as documented")
    func levels() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            func statuses() -> [NTSTATUS] {
                var length: USHORT = 0
                var configuration = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
                var setting = unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS()
                return InterruptLevel.atDispatch {
                    unsafe [
                        WdfUsbTargetDeviceIsConnectedSynchronous(fixture.usb),
                        WdfUsbTargetDeviceResetPortSynchronously(fixture.usb),
                        WdfUsbTargetDeviceCyclePortSynchronously(fixture.usb),
                        WdfUsbTargetDeviceRetrieveConfigDescriptor(fixture.usb, nil, &length),
                        WdfUsbTargetDeviceSelectConfig(fixture.usb, nil, &configuration),
                        WdfUsbInterfaceSelectSetting(fixture.interface(), nil, &setting),
                    ]
                }
            }
            let refused = Array(repeating: status(0xC000_0010), count: 6)
            #expect(Verifier.with(true) { statuses() } == refused)
            #expect(Profile.with(.documented) { statuses() } == refused)
        }
    }
}
