// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Enumeration")
struct EnumerationTests {
    @Test("Everything that sysfs shows of a device is told, and the root hubs are left out")
    func description() async throws {
        try await withKernel { kernel, bus in
            kernel.atOnce { state in _ = state.attach(SampleDevice(drivers: [0: "snd-usb-audio"])) }
            let devices = try bus.devices()
            #expect(devices.count == 1)
            let device = try #require(devices.first)
            #expect(device.path == "1-2")
            #expect(device.speed == .high)
            #expect(device.descriptor.vendorID == 0x1209)
            #expect(device.manufacturer == "Maker")
            #expect(device.product == "Sample")
            #expect(device.serialNumber == "S-1")
            #expect(device.activeConfiguration == 1)
            #expect(device.configurations == [SampleDevice.everyType()])
            #expect(device.drivers == [0: "snd-usb-audio"])
        }
    }

    @Test(
        "Speeds",
        arguments: [
            ("1.5", Speed.low), ("12", .full), ("480", .high), ("5000", .superSpeed), ("10000", .superSpeedPlus),
            ("20000", .superSpeedPlus), ("unknown", .high),
        ])
    func speeds(text: String, speed: Speed) async throws {
        try await withKernel { kernel, bus in
            kernel.atOnce { state in _ = state.attach(SampleDevice(speed: text)) }
            let devices = try bus.devices()
            #expect(devices.map(\.speed) == [speed])
        }
    }

    @Test("Devices are in the order of their ports, not of their letters")
    func order() async throws {
        try await withKernel { kernel, bus in
            kernel.atOnce { state in
                state.addBus(2, driver: "ehci-pci")
                for (number, name) in ["1-10", "1-2.10", "1-2", "1-2.9", "1-1"].enumerated() {
                    state.attach(SampleDevice(name: name, number: 2 + number))
                }
                state.attach(SampleDevice(name: "2-1", bus: 2, number: 2))
            }
            let devices = try bus.devices()
            #expect(devices.map(\.path) == ["1-1", "1-2", "1-2.9", "1-2.10", "1-10", "2-1"])
        }
    }

    @Test("What a device lacks is nil, and several configurations are all told")
    func configurations() async throws {
        try await withKernel { kernel, bus in
            let two = [SampleDevice.everyType(value: 1), SampleDevice.everyType(value: 3, interval: 4)]
            kernel.atOnce { state in
                _ = state.attach(
                    SampleDevice(activeConfiguration: 3, configurations: two, strings: [:], drivers: [1: "usb-storage"])
                )
                _ = state.attach(SampleDevice(name: "1-3", number: 6, activeConfiguration: 0))
            }
            let devices = try bus.devices()
            #expect(devices.map(\.activeConfiguration) == [3, 0])
            #expect(devices.first?.configurations == two)
            #expect(devices.first?.manufacturer == nil)
            #expect(devices.first?.serialNumber == nil)
            #expect(devices.first?.drivers == [1: "usb-storage"])
            #expect(devices.last?.drivers == [:])
        }
    }

    @Test("Of a truncated file of descriptors what can be read is told; no length of it does harm")
    func truncated() async throws {
        let whole = SampleDevice().descriptors
        let kernel = ScriptedKernel()
        try await withKernel(kernel) { kernel, bus in
            for length in 0...whole.count {
                let sample = SampleDevice(rawDescriptors: Array(whole.prefix(length)))
                kernel.atOnce { $0.show(sample) }
                let devices = try bus.devices()
                #expect(devices.count == (length < 18 ? 0 : 1), "\(length) bytes")
                if length == 18 { #expect(devices.first?.configurations.isEmpty == true) }
            }
            let devices = try bus.devices()
            #expect(devices.first?.configurations.count == 1)
        }
    }

    @Test("Lengths that lie end the list, and what came before stays")
    func lyingLengths() async throws {
        let whole = SampleDevice().descriptors
        let bodies: [(tail: [UInt8], count: Int)] = [
            ([9, 2, 0, 0, 0, 1, 0, 0x80, 50], 1), ([9, 2, 8, 0, 0, 1, 0, 0x80, 50], 1),
            ([9, 2, 0xFF, 0xFF, 0, 2, 0, 0x80, 50], 2), ([9], 1), ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1),
        ]
        try await withKernel { kernel, bus in
            for (tail, count) in bodies {
                kernel.atOnce { $0.show(SampleDevice(rawDescriptors: whole + tail)) }
                let configurations = try #require(try bus.devices().first?.configurations)
                #expect(configurations.first == SampleDevice.everyType())
                #expect(configurations.count <= count)
            }
        }
    }

    @Test(
        "A device that goes while it is read is left out",
        arguments: ["descriptors", "busnum", "devnum", "speed", "bConfigurationValue", "serial"])
    func vanishing(attribute: String) async throws {
        try await withKernel { kernel, bus in
            kernel.atOnce { state in
                state.attach(SampleDevice(name: "1-1", number: 4))
                state.attach(SampleDevice())
                state.beforeReading = { state, path in
                    if path.hasSuffix("1-2/\(attribute)") { state.hide("1-2") }
                }
            }
            let paths = try bus.devices().map(\.path)
            #expect(paths.first == "1-1")
            let devices = try bus.devices()
            #expect(devices.map(\.path) == ["1-1"])
        }
    }

    @Test("A machine without USB has no devices, and that is no error")
    func nothing() async throws {
        let kernel = ScriptedKernel()
        kernel.atOnce { $0.tree.remove("/sys/bus/usb") }
        try await withKernel(kernel) { _, bus in
            let devices = try bus.devices()
            #expect(devices.isEmpty)
        }
    }

    @Test("A device keeps its identity as long as it is attached, and has a new one after, whatever its numbers")
    func identity() async throws {
        try await withKernel { kernel, bus in
            let device = kernel.atOnce { $0.attach(SampleDevice()) }
            let first = try #require(try bus.devices().first)
            let devices = try bus.devices()
            #expect(devices.first?.id == first.id)
            kernel.atOnce { state in
                state.unplug(device)
                state.attach(SampleDevice())
            }
            // Not looked at in between, in the same port, with the same numbers.
            let second = try #require(try bus.devices().first)
            #expect(second.id != first.id)
            let error = await failure { _ = try bus.open(first) }
            #expect(error?.kind == .notFound)
            _ = try bus.open(second)
        }
    }

    @Test(
        "The driver of the controller is told, and decides what kind it is",
        arguments: [
            ("xhci_hcd", ControllerKind.xhci), ("xhci-hcd", .xhci), ("ehci-pci", .ehci), ("ohci-platform", .ohci),
            ("uhci_hcd", .uhci), ("vhci_hcd", .other), ("dummy_hcd", .other),
        ])
    func controllers(driver: String, kind: ControllerKind) async throws {
        try await withKernel { kernel, bus in
            kernel.atOnce { state in
                state.addBus(3, driver: driver)
                _ = state.attach(SampleDevice(name: "3-1", bus: 3))
            }
            let device = try #require(try bus.devices().first)
            #expect(bus.controllerDriver(of: device) == driver)
            #expect(bus.tree.controllerKind(bus: 3) == kind)
            #expect(bus.tree.controllerKind(bus: 9) == .other)
        }
    }
}
#endif
