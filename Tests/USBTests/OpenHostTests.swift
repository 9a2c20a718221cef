// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import VirtualUSB

@Suite struct OpenHostTests {
    @Test("A virtual host has one of each device") func oneOfEach() throws {
        let host = try HostAddress(parsing: "virtual?clock=free").open()
        let identifiers = try host.controller.devices().map { [$0.descriptor.vendorID, $0.descriptor.productID] }
        #expect(Set(identifiers) == [[0x0525, 0xA4A0], [0x1209, 1], [0x1209, 2], [0x1209, 3], [0x1209, 4]])
        #expect(host.virtual?.zeros.count == 1)
        #expect(host.virtual?.speakers.map(\.file) == [nil])
        #expect(host.virtual?.microphones.count == 1)
        #expect(host.virtual?.disks.count == 1)
        #expect(host.virtual?.keyboards.count == 1)
        #expect(host.controller.clock.flow == .free)
    }

    @Test("A virtual host has the devices of its address") func namedDevices() throws {
        let host = try HostAddress(parsing: "virtual:speaker=a,zero=full,speaker?clock=manual").open()
        let virtual = try #require(host.virtual)
        #expect(virtual.zeros.count == 1)
        #expect(virtual.speakers.map(\.file) == ["a", nil])
        #expect(host.controller.clock.flow == .manual)
        let devices = try host.controller.devices()
        #expect(devices.allSatisfy { $0.speed == .full })
        // Two of a kind can be told apart.
        let serials = devices.filter { $0.descriptor.vendorID == 0x1209 }.map(\.serialNumber)
        #expect(serials == ["VS0001", "VS0002"])
    }

    @Test("A disk in a file is opened by whoever opens the bus") func diskFiles() throws {
        let address = try HostAddress(parsing: "virtual:disk=a.img?clock=free")
        let error = #expect(throws: USBError.self) { _ = try address.open() }
        #expect(error?.kind == .unsupported)
        let host = try address.open { file throws(USBError) in
            guard file == "a.img" else { throw USBError(.notFound) }
            return MemoryBlockStore(blockCount: 5)
        }
        #expect(host.virtual?.disks.first?.withPeripheral { $0.store.blockCount } == 5)
    }

    @Test("A keyboard types the text of its address") func keyboardText() async throws {
        let host = try HostAddress(parsing: "virtual:keyboard=Hi%2C you?clock=free").open()
        let pipe = try host.controller.open(vendorID: 0x1209, productID: 3).claim(0).inPipe(0x81, Interrupt.self)
        var reports: [[UInt8]] = []
        for _ in 0..<14 { reports.append(try await pipe.read(upTo: 8)) }
        #expect(Keyboard.text(of: reports) == "Hi, you")
    }

    @Test("The peripherals of a virtual host can be looked into") func peripherals() async throws {
        let host = try HostAddress(parsing: "virtual?clock=free").open()
        let device = try host.controller.open(vendorID: 0x0525, productID: 0xA4A0)
        let pipe = try device.claim(0).outPipe(0x01, Bulk.self)
        try await host.controller.run { () async throws(USBError) in
            _ = try await pipe.write([UInt8](repeating: 0, count: 1000))
        }
        #expect(host.virtual?.zeros.first?.withPeripheral { $0.bytesReceived } == 1000)
    }

    #if os(Linux)
    @Test("The machine's own bus opens, whether it has devices or not") func local() throws {
        let host = try HostAddress.local.open()
        #expect(host.virtual == nil)
        #expect(host.controller.capabilities.exactStartFrame == false)
        _ = try host.controller.devices()
    }
    #endif

    @Test("A host whose wire is missing says so", arguments: ["usbip://server"])
    func missingWires(_ text: String) throws {
        let address = try HostAddress(parsing: text)
        let error = #expect(throws: USBError.self) { _ = try address.open() }
        #expect(error?.kind == .unsupported)
    }
}
