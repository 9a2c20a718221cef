// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB
import VirtualUSB

/// A thermometer with an interrupt endpoint, which has a new temperature every 100 ms.
final class Thermometer: Peripheral {
    let model = PeripheralModel(
        speed: .full, device: DeviceDescriptor(vendorID: 0x1209, productID: 0x0005, productString: 1),
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
