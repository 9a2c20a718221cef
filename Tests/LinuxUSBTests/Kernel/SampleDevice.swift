// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

/// A device as sysfs would show it.
struct SampleDevice {
    var name = "1-2"
    var bus = 1
    var number = 5
    var speed = "480"
    var activeConfiguration: UInt8 = 1
    var configurations = [SampleDevice.everyType()]
    var strings = ["manufacturer": "Maker", "product": "Sample", "serial": "S-1"]
    var drivers: [UInt8: String] = [:]
    var vendor: UInt16 = 0x1209
    var product: UInt16 = 0x0001
    /// The binary file, where it is not what follows from the rest.
    var rawDescriptors: [UInt8]?

    var descriptors: [UInt8] {
        if let rawDescriptors { return rawDescriptors }
        var device = DeviceDescriptor(vendorID: vendor, productID: product)
        device.configurationCount = UInt8(configurations.count)
        return configurations.reduce(into: device.bytes) { $0 += $1.bytes }
    }

    static let rootHub = DeviceDescriptor(vendorID: 0x1D6B, productID: 0x0002).bytes

    static func endpoint(
        _ address: EndpointAddress, _ type: TransferType, _ size: Int, _ interval: UInt8 = 0
    ) -> EndpointLayout {
        EndpointLayout(
            EndpointDescriptor(address: address, transferType: type, maximumPacketSize: size, interval: interval))
    }

    /// A SuperSpeed device whose interface 0 has four bulk endpoints with 32 streams each and one with none, 0x05; its
    /// setting 1 has one with streams.
    static func withStreams() -> SampleDevice {
        func bulk(_ address: EndpointAddress, streams exponent: UInt8) -> EndpointLayout {
            var layout = endpoint(address, .bulk, 1024)
            layout.companion = SuperSpeedEndpointCompanionDescriptor(attributes: exponent)
            return layout
        }
        let streaming: [EndpointAddress] = [0x81, 0x02, 0x83, 0x04]
        let interface = InterfaceLayout(
            number: 0,
            alternateSettings: [
                AlternateSetting(
                    descriptor: InterfaceDescriptor(number: 0, interfaceClass: vendorClass),
                    endpoints: streaming.map { bulk($0, streams: 5) } + [bulk(0x05, streams: 0)]),
                AlternateSetting(
                    descriptor: InterfaceDescriptor(number: 0, alternateSetting: 1, interfaceClass: vendorClass),
                    endpoints: [bulk(0x81, streams: 5)]),
            ])
        return SampleDevice(speed: "5000", configurations: [Configuration(interfaces: [interface])])
    }

    static let vendorClass = ClassCode(base: 0xFF)

    /// Interface 0 has an endpoint of every kind; its setting 1 has the bulk IN endpoint and a larger isochronous one.
    /// Interface 1 has a bulk pair.
    static func everyType(value: UInt8 = 1, interval: UInt8 = 1) -> Configuration {
        let first = InterfaceLayout(
            number: 0,
            alternateSettings: [
                AlternateSetting(
                    descriptor: InterfaceDescriptor(number: 0, interfaceClass: vendorClass),
                    endpoints: [
                        endpoint(0x81, .bulk, 512), endpoint(0x02, .bulk, 512), endpoint(0x83, .interrupt, 64, 4),
                        endpoint(0x04, .interrupt, 64, 4), endpoint(0x05, .isochronous, 192, interval),
                        endpoint(0x86, .isochronous, 192, interval),
                    ]),
                AlternateSetting(
                    descriptor: InterfaceDescriptor(number: 0, alternateSetting: 1, interfaceClass: vendorClass),
                    endpoints: [endpoint(0x81, .bulk, 512), endpoint(0x86, .isochronous, 1024, 1)]),
            ])
        let second = InterfaceLayout(
            number: 1,
            alternateSettings: [
                AlternateSetting(
                    descriptor: InterfaceDescriptor(number: 1, interfaceClass: vendorClass),
                    endpoints: [endpoint(0x87, .bulk, 512), endpoint(0x08, .bulk, 512)])
            ])
        var configuration = Configuration(interfaces: [first, second])
        configuration.value = value
        return configuration
    }
}

/// Runs `body` on a bus over a scripted kernel, and checks that nothing is left behind: no file, no mapping, no request.
func withKernel(
    _ kernel: ScriptedKernel = ScriptedKernel(),
    _ body: @Sendable (ScriptedKernel, LinuxBus) async throws -> Void
) async throws {
    func run() async throws {
        let bus = try LinuxBus(system: kernel)
        try await body(kernel, bus)
    }
    let result: Result<Void, any Error>
    do { result = .success(try await run()) } catch { result = .failure(error) }
    await kernel.until { $0.files.isEmpty && $0.mappings.isEmpty }
    kernel.atOnce { state in
        #expect(state.violations.isEmpty)
        #expect(state.files.isEmpty, "files are left open: \(state.files)")
        #expect(state.mappings.isEmpty, "memory is left mapped")
    }
    try result.get()
}

/// Runs `body` with one device open and its interface 0 claimed.
func withDevice(
    _ sample: SampleDevice = SampleDevice(), driver: String = "xhci_hcd",
    prepare: (KernelState, ScriptedDevice) -> Void = { _, _ in },
    _ body: @Sendable (ScriptedKernel, ScriptedDevice, Interface) async throws -> Void
) async throws {
    let kernel = ScriptedKernel()
    let device = kernel.atOnce { state in
        state.addBus(1, driver: driver)
        let device = state.attach(sample)
        prepare(state, device)
        return device
    }
    try await withKernel(kernel) { kernel, bus in
        let opened = try bus.open(try #require(try bus.devices().first))
        try await body(kernel, device, try opened.claim(0))
    }
}

/// The error that `body` throws.
func failure(_ body: () async throws -> Void) async -> USBError? {
    do { try await body() } catch { return error as? USBError }
    return nil
}

/// Runs blocking code from inside a task.
func blocking<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value { try body() }

/// Keeps what several threads report.
final class Log<Element: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var list: [Element] = []

    func add(_ element: Element) { lock.withLock { list.append(element) } }
    func removeAll() { lock.withLock { list = [] } }
    var elements: [Element] { lock.withLock { list } }
}
#endif
