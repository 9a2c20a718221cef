// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import USBSpecification
import VirtualUSB
import Win32

@testable import WDF

@Suite("USB interfaces")
struct InterfaceTests {
    @Test("an interface describes its settings and endpoints, selected or not")
    func settings() throws {
        try UsbFixture.run(ScriptedDevice(.init(interfaceCount: 2)), isConfigured: false) { fixture in
            #expect(unsafe WdfUsbInterfaceGetInterfaceNumber(fixture.interface(1)) == 1)
            let interface = unsafe fixture.interface(0)
            #expect(unsafe WdfUsbInterfaceGetNumSettings(interface) == 2)
            #expect((UInt8(0)..<3).map { unsafe WdfUsbInterfaceGetNumEndpoints(interface, $0) } == [4, 2, 0])
            #expect(unsafe WdfUsbInterfaceGetConfiguredSettingIndex(interface) == 0)
            var descriptor = USB_INTERFACE_DESCRIPTOR()
            unsafe WdfUsbInterfaceGetDescriptor(interface, 1, &descriptor)
            #expect(descriptor.bLength == 9)
            #expect(descriptor.bAlternateSetting == 1)
            unsafe WdfUsbInterfaceGetDescriptor(interface, 2, &descriptor)
            #expect(descriptor.bLength == 0)
            var found = WDF_USB_PIPE_INFORMATION()
            unsafe WDF_USB_PIPE_INFORMATION_INIT(&found)
            unsafe WdfUsbInterfaceGetEndpointInformation(interface, 1, 1, &found)
            #expect(found.EndpointAddress == ScriptedDevice.isochronousIn)
            #expect(found.PipeType == WdfUsbPipeTypeIsochronous)
            #expect(found.MaximumPacketSize == 64)
            #expect(found.Interval == 1)
            #expect(found.SettingIndex == 1)
            #expect(found.MaximumTransferSize == 2 * 1024 * 1024)
        }
    }

    @Test("an endpoint that there is not, and another size, leave the description as it is")
    func silence() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            var found = WDF_USB_PIPE_INFORMATION()
            unsafe WDF_USB_PIPE_INFORMATION_INIT(&found)
            unsafe WdfUsbInterfaceGetEndpointInformation(fixture.interface(), 0, 4, &found)
            unsafe WdfUsbInterfaceGetEndpointInformation(fixture.interface(), 2, 0, &found)
            found.Size = 16
            unsafe WdfUsbInterfaceGetEndpointInformation(fixture.interface(), 0, 0, &found)
            #expect(found.EndpointAddress == 0)
            #expect(unsafe WdfUsbInterfaceGetConfiguredPipe(fixture.interface(), 0, &found) == nil)
            #expect(unsafe WdfUsbInterfaceGetConfiguredPipe(fixture.interface(), 4, nil) == nil)
            #expect(unsafe WdfUsbInterfaceGetConfiguredPipe(fixture.interface(), 3, nil) != nil)
        }
    }

    @Test("a setting is selected once: again, nothing goes to the device and the pipes stay")
    func same() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            #expect(fixture.select(1) == 0)
            #expect(unsafe WdfUsbInterfaceGetConfiguredSettingIndex(fixture.interface()) == 1)
            #expect(unsafe WdfUsbInterfaceGetNumConfiguredPipes(fixture.interface()) == 2)
            let settings = fixture.look(\.selectedSettings)
            let pipe = unsafe try fixture.pipe(ScriptedDevice.isochronousIn)
            #expect(fixture.select(1) == 0)
            #expect(fixture.look(\.selectedSettings) == settings)
            #expect(unsafe try fixture.pipe(ScriptedDevice.isochronousIn) == pipe)
        }
    }

    @Test("pipes of the setting before are no more, and what was under way on them is cancelled")
    func oldPipes() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            var request: WDFREQUEST?
            #expect(unsafe WdfRequestCreate(nil, ioTarget(pipe), &request) == 0)
            #expect(unsafe WdfUsbTargetPipeFormatRequestForRead(pipe, request, nil, nil) == 0)
            #expect(unsafe WdfRequestSend(request, ioTarget(pipe), nil) != 0)
            #expect(fixture.select(1) == 0)
            #expect(unsafe WdfRequestGetStatus(request) == status(0xC000_0120))
            unsafe WdfObjectDelete(UnsafeMutableRawPointer(request))
            let found = BugCheck.intercepting { #expect(unsafe WdfUsbTargetPipeIsInEndpoint(pipe) == 0) }
            #expect(found.map { $0.parameters[0] } == [5])
        }
    }

    @Test("a setting is selected by its descriptor")
    func descriptor() throws {
        try UsbFixture.run(ScriptedDevice(.init(interfaceCount: 2))) { fixture in
            var descriptor = USB_INTERFACE_DESCRIPTOR()
            unsafe WdfUsbInterfaceGetDescriptor(fixture.interface(0), 1, &descriptor)
            var parameters = unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS()
            unsafe withUnsafeMutablePointer(to: &descriptor) { place in
                unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_DESCRIPTOR(&parameters, place)
                #expect(
                    unsafe WdfUsbInterfaceSelectSetting(fixture.interface(1), nil, &parameters) == status(0xC000_000D))
                #expect(unsafe WdfUsbInterfaceSelectSetting(fixture.interface(0), nil, &parameters) == 0)
            }
            #expect(unsafe WdfUsbInterfaceGetNumConfiguredPipes(fixture.interface(0)) == 2)
        }
    }

    @Test("a setting is refused for what is wrong with it")
    func wrong() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            #expect(fixture.select(2) == status(0xC000_000D))
            var parameters = unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS()
            #expect(
                unsafe WdfUsbInterfaceSelectSetting(fixture.interface(), nil, &parameters) == status(0xC000_0004))
            unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_URB(&parameters, nil)
            #expect(
                unsafe WdfUsbInterfaceSelectSetting(fixture.interface(), nil, &parameters) == status(0xC000_000D))
            unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_DESCRIPTOR(&parameters, nil)
            #expect(
                unsafe WdfUsbInterfaceSelectSetting(fixture.interface(), nil, &parameters) == status(0xC000_000D))
            // The pipes are still there.
            #expect(unsafe WdfUsbInterfaceGetNumConfiguredPipes(fixture.interface()) == 4)
        }
        try UsbFixture.run(ScriptedDevice(), isConfigured: false) { fixture in
            #expect(fixture.select(1) == status(0xC000_000D), "no configuration is selected")
        }
    }

    @Test("every function knows a wrong handle")
    func wrongHandles() {
        var descriptor = USB_INTERFACE_DESCRIPTOR()
        var information = WDF_USB_PIPE_INFORMATION()
        var parameters = unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS()
        let found = BugCheck.intercepting {
            #expect(WdfUsbInterfaceGetInterfaceNumber(nil) == 0)
            #expect(WdfUsbInterfaceGetNumSettings(nil) == 0)
            #expect(WdfUsbInterfaceGetNumEndpoints(nil, 0) == 0)
            unsafe WdfUsbInterfaceGetDescriptor(nil, 0, &descriptor)
            unsafe WdfUsbInterfaceGetEndpointInformation(nil, 0, 0, &information)
            #expect(unsafe WdfUsbInterfaceSelectSetting(nil, nil, &parameters) == status(0xC000_0001))
            #expect(WdfUsbInterfaceGetConfiguredSettingIndex(nil) == 0)
            #expect(WdfUsbInterfaceGetNumConfiguredPipes(nil) == 0)
            #expect(unsafe WdfUsbInterfaceGetConfiguredPipe(nil, 0, nil) == nil)
        }
        #expect(found.count == 9)
        #expect(found.allSatisfy { $0.code == 0x10D && $0.parameters == [5, 0, 0x1204, 0] })
    }
}
