// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// A device in a page, the driver for it, and a test of the driver in simulated time.

import USB
import VirtualUSB

/// A thermometer with an interrupt endpoint, which has a new temperature every 100 ms.
final class Thermometer: Peripheral {
    let model = PeripheralModel(
        speed: .full, device: DeviceDescriptor(vendorID: 0x1209, productID: 0x0002, productString: 1),
        configurations: [Configuration(interfaces: [InterfaceLayout(number: 0, alternateSettings: [setting])])],
        strings: [1: "Thermometer"])
    private static let setting = AlternateSetting(
        descriptor: InterfaceDescriptor(number: 0, interfaceClass: .vendorSpecific), endpoints: [EndpointLayout(news)])
    private static let news = EndpointDescriptor(
        address: 0x81, transferType: .interrupt, maximumPacketSize: 2, interval: 10)

    var temperature: Int16 = 2_150  // hundredths of a degree
    private var correction: Int16 = 0
    private var hasNews = false

    // News come with time alone, so that the bus must not skip any.
    let wantsFrames = true
    func frameStarted(_ frame: Frame) { if frame.isMultiple(of: 100) { hasNews = true } }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        guard hasNews, buffer.count >= 2 else { return .nak }
        let value = UInt16(bitPattern: temperature &+ correction)
        (buffer[0], buffer[1]) = (UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8))
        hasNews = false
        return .data(2)
    }

    func control(_ setup: SetupPacket) -> ControlReply {
        guard setup.requestType.kind == .vendor, setup.request == 1 else { return .stall }
        correction = Int16(bitPattern: setup.value)
        return .accepted
    }
}

/// The driver: it works the same on every bus.
struct ThermometerDriver {
    let device: Device
    let input: InPipe<Interrupt>
    init(_ device: Device) throws(USBError) {
        self.device = device
        input = try device.claim(0).inPipe(0x81, Interrupt.self)
    }

    func correct(by hundredths: Int16) async throws(USBError) {
        let type = RequestType(direction: .out, kind: .vendor, recipient: .device)
        let value = UInt16(bitPattern: hundredths)
        try await device.control(SetupPacket(requestType: type, request: 1, value: value, index: 0, length: 0))
    }

    func next() async throws(USBError) -> Int16 {
        let bytes = try await input.read(upTo: 2, timeout: .seconds(1))
        guard bytes.count == 2 else { throw USBError(.other, message: "\(bytes.count) bytes are no temperature") }
        return Int16(bitPattern: UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
    }
}

let (readings, time) = try VirtualBus.simulate(seed: 1) { bus in
    let thermometer = try bus.attach(Thermometer())
    let driver = try ThermometerDriver(bus.open(vendorID: 0x1209, productID: 0x0002))
    var readings = [try await driver.next()]
    let start = bus.clock.now
    thermometer.withPeripheral { $0.temperature = -500 }
    try await driver.correct(by: 25)
    for _ in 0..<100 { readings.append(try await driver.next()) }
    return (readings, start.duration(to: bus.clock.now))
}
let expected = [2_150] + [Int16](repeating: -475, count: 100)
guard readings == expected, time == .seconds(10) else { fatalError("read \(readings) in \(time)") }
print("\(readings.count) temperatures in \(time) of bus time")
