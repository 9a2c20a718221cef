// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import USBRequests
import VirtualUSB
import Win32

@testable import WDF

/// A USB device as a driver has it, on a bus of its own. The calls of the test's thread mean that bus.
@safe final class UsbFixture<P: Peripheral> {
    let bus: VirtualBus
    let attachment: AttachedPeripheral<P>
    let target: USBTarget
    let driverDevice: DriverDevice
    /// The driver's device.
    var device: WDFDEVICE? { unsafe driverDevice.handle(as: WDFDEVICE.self) }
    private(set) var usb: WDFUSBDEVICE?

    private init(_ bus: VirtualBus, _ attachment: AttachedPeripheral<P>) throws {
        self.bus = bus
        self.attachment = attachment
        target = USBTarget(try bus.open(try #require(bus.devices().first)), on: ProcessHost.current)
        driverDevice = DriverDevice(target)
        try driverDevice.publish(.none, parent: nil)
    }

    /// Runs `body` with a device whose USB device has been made, with setting 0 of each interface unless `isConfigured`
    /// says no. Afterwards all is given back.
    static func run(
        _ peripheral: sending P, flow: TimeFlow = .manual, contract: ULONG? = 0x602, isConfigured: Bool = true,
        _ body: (UsbFixture) throws -> Void
    ) throws {
        let bus = flow == .manual ? VirtualBus(flow: flow, seed: 0, driver: .caller) : VirtualBus(flow: flow, seed: 0)
        bus.setAdmission(false)
        let attachment = try bus.attach(peripheral)
        try ProcessHost.withHost(bus) {
            let fixture = try UsbFixture(bus, attachment)
            defer {
                fixture.driverDevice.delete()
                fixture.target.close()
            }
            try fixture.create(contract)
            if isConfigured { try #require(fixture.selectAll() == 0) }
            try body(fixture)
        }
    }

    private func create(_ contract: ULONG?) throws {
        guard let contract else {
            return try #require(unsafe WdfUsbTargetDeviceCreate(device, nil, &usb) == 0)
        }
        var config = WDF_USB_DEVICE_CREATE_CONFIG()
        unsafe WDF_USB_DEVICE_CREATE_CONFIG_INIT(&config, contract)
        try #require(unsafe WdfUsbTargetDeviceCreateWithParameters(device, &config, nil, &usb) == 0)
    }

    /// Selects setting 0 of every interface.
    func selectAll() -> NTSTATUS {
        var parameters = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
        unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_MULTIPLE_INTERFACES(&parameters, 0, nil)
        return unsafe WdfUsbTargetDeviceSelectConfig(usb, nil, &parameters)
    }

    /// Selects a setting of an interface.
    func select(_ setting: UInt8, of interface: UInt8 = 0) -> NTSTATUS {
        var parameters = unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS()
        unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_SETTING(&parameters, setting)
        return unsafe WdfUsbInterfaceSelectSetting(self.interface(interface), nil, &parameters)
    }

    /// The interface at a place.
    func interface(_ index: UInt8 = 0) -> WDFUSBINTERFACE? { unsafe WdfUsbTargetDeviceGetInterface(usb, index) }

    /// The pipe of an endpoint of interface 0.
    func pipe(_ endpoint: UInt8) throws -> WDFUSBPIPE {
        for index in 0..<(unsafe WdfUsbInterfaceGetNumConfiguredPipes(interface())) {
            var information = WDF_USB_PIPE_INFORMATION()
            unsafe WDF_USB_PIPE_INFORMATION_INIT(&information)
            let pipe = unsafe WdfUsbInterfaceGetConfiguredPipe(interface(), index, &information)
            if information.EndpointAddress == endpoint { return unsafe try #require(unsafe pipe) }
        }
        throw NoSuchPipe()
    }

    /// What a look at the peripheral finds.
    func look<Value: Sendable>(_ body: (P) -> Value) -> Value { attachment.withPeripheral { body($0) } }
}

struct NoSuchPipe: Error {}

/// Memory of a driver's for the length of a call.
func withMemory<Value>(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Value) rethrows -> Value {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 8)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
    defer { unsafe memory.deallocate() }
    return unsafe try body(UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
}

/// A status as the reference writes it.
func status(_ code: UInt32) -> NTSTATUS { NTSTATUS(bitPattern: code) }

/// The target of a pipe.
func ioTarget(_ pipe: WDFUSBPIPE?) -> WDFIOTARGET? { unsafe WdfUsbTargetPipeGetIoTarget(pipe) }
