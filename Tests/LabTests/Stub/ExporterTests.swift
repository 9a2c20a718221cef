// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Testing
import USB

extension Kernel {
    /// No check of its own: a device for other programs of the lab, for as long as they want it.
    @Suite("A device for other programs", .enabled(if: Lab.has("exporter")))
    struct ExporterTests {
        @Test("A Gadget Zero with isochronous endpoints stays until the pipe /run/exporter has been written")
        func export() async throws {
            let bus = VirtualBus(flow: .real)
            bus.setAdmission(false)
            _ = try bus.attach(GadgetZero(options: GadgetZero.Options(isochronousPacketSize: 192)))
            let exported = try ExportedDevice(try #require(try bus.devices().first), on: bus)
            let ending = try await Lab.run("cat", "/run/exporter")
            exported.unplug()
            #expect(ending.status == 0)
        }
    }
}
#endif
