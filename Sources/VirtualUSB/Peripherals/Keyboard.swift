// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A keyboard that types a given text: a HID boot keyboard at full speed with the US layout.
///
/// Interface 0 has the interrupt endpoint IN 0x81, asked every 8 ms. Each character gives two reports of eight bytes, one
/// with its key down and one with all keys up; a host that asks gets one report at a time, and NAK when there is none.
/// The boot report and that of the report descriptor are the same (HID 1.11 appendix B.1). After a reset the idle rate
/// is 0: reports are sent when something changes, and otherwise only as often as SET_IDLE demands.
///
/// The text that waits to be typed outlives bus resets and unplugging: it belongs to whoever types, not to the device.
///
/// The identity 1209:0003 is one of those that pid.codes sets aside for tests; it must not be used for a device that
/// leaves the house.
public final class Keyboard: Peripheral {
    /// The endpoint that sends reports.
    public static let endpoint: EndpointAddress = 0x81
    /// The bytes of a report: modifiers, one that is reserved, and up to six keys.
    public static let reportSize = 8

    /// What the device is.
    public let model: PeripheralModel
    /// The lights that the host has switched on: bit 0 for Num Lock, 1 for Caps Lock, 2 for Scroll Lock, 3 for Compose,
    /// 4 for Kana.
    public private(set) var lights: UInt8 = 0
    /// Whether the host has chosen the boot protocol rather than that of the report descriptor.
    public private(set) var isBootProtocol = false
    /// How often a report is repeated though nothing has changed, in units of 4 ms; 0 for never.
    public private(set) var idleRate: UInt8 = 0
    /// Reports sent since the keyboard was made.
    public private(set) var reportsSent = 0

    private var waiting: [[UInt8]] = []
    private var next = 0
    private var current = [UInt8](repeating: 0, count: reportSize)
    private var lastReport: Microframe?

    /// Makes a keyboard.
    ///
    /// - Parameters:
    ///   - text: what it types first, as with ``type(_:)``.
    ///   - serialNumber: tells one keyboard from another.
    public init(typing text: String = "", serialNumber: String = "VK0001") {
        model = Keyboard.model(serialNumber: serialNumber)
        type(text)
    }

    /// Types a text behind what is being typed already.
    ///
    /// - Returns: the characters that the layout does not have; these are left out.
    @discardableResult
    public func type(_ text: String) -> [Character] {
        var unknown: [Character] = []
        for character in text {
            guard let (usage, isShifted) = KeyboardLayout.key(for: character) else {
                unknown.append(character)
                continue
            }
            waiting.append([isShifted ? KeyboardLayout.leftShift : 0, 0, usage, 0, 0, 0, 0, 0])
            waiting.append([UInt8](repeating: 0, count: Keyboard.reportSize))
        }
        return unknown
    }

    /// The reports that still wait to be sent.
    public var reportsWaiting: Int { waiting.count - next }

    /// The text of a run of reports: what a host with the US layout makes of them. Keys that are no text are left out.
    public static func text(of reports: [[UInt8]]) -> String {
        var text = ""
        var held: [UInt8] = []
        for report in reports where report.count >= 3 {
            let keys = report.dropFirst(2).filter { $0 != 0 }
            for key in keys where !held.contains(key) {
                if let character = KeyboardLayout.character(of: key, isShifted: report[0] & 0x22 != 0) {
                    text.append(character)
                }
            }
            held = keys
        }
        return text
    }

    // MARK: what the bus says

    /// Lets go of all keys; lights off, the protocol of the report descriptor, idle rate 0 (HID 1.11 section 7.2.6).
    public func reset() { configurationSelected(0) }

    /// The same as ``reset()``.
    public func configurationSelected(_ value: UInt8) {
        lights = 0
        isBootProtocol = false
        idleRate = 0
        lastReport = nil
        for index in current.indices { current[index] = 0 }
    }

    /// True while reports are to be repeated with time alone.
    public var wantsFrames: Bool { idleRate != 0 }

    /// SET_REPORT for the lights; other requests with data are refused with STALL.
    public func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply {
        guard isForInterface(setup), setup.request == HIDRequest.setReport, setup.value == HIDRequest.output,
            received.count == 1
        else { return .stall }
        lights = received[0]
        return .accepted
    }

    /// GET_REPORT, GET_IDLE, GET_PROTOCOL, SET_IDLE and SET_PROTOCOL (HID 1.11 section 7.2).
    public func control(_ setup: SetupPacket) -> ControlReply {
        guard isForInterface(setup) else { return .stall }
        switch (setup.requestType.direction, setup.request, setup.value) {
        case (.in, HIDRequest.getReport, HIDRequest.input): return .data(current)
        case (.in, HIDRequest.getReport, HIDRequest.output): return .data([lights])
        case (.in, HIDRequest.getIdle, 0): return .data([idleRate])
        case (.in, HIDRequest.getProtocol, 0): return .data([isBootProtocol ? 0 : 1])
        case (.out, HIDRequest.setIdle, let value) where value & 0xFF == 0 && setup.length == 0:
            idleRate = UInt8(value >> 8)
            return .accepted
        case (.out, HIDRequest.setProtocol, 0...1) where setup.length == 0:
            isBootProtocol = setup.value == 0
            return .accepted
        default: return .stall
        }
    }

    private func isForInterface(_ setup: SetupPacket) -> Bool {
        setup.requestType.kind == .class && setup.requestType.recipient == .interface && setup.index == 0
    }

    /// Sends the next report, or the last one again when the idle rate says so.
    public func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        guard endpoint == Keyboard.endpoint else { return .nak }
        guard buffer.count >= Keyboard.reportSize else { return .data(Keyboard.reportSize) }
        if next < waiting.count {
            current = waiting[next]
            next += 1
            if next == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                next = 0
            }
        } else {
            // 4 ms are 32 microframes.
            guard idleRate != 0, lastReport.map({ microframe - $0 >= Int64(idleRate) * 32 }) ?? true else {
                return .nak
            }
        }
        lastReport = microframe
        reportsSent &+= 1
        let report = current
        return .data(buffer.copyPrefix(of: report.span))
    }
}

/// Request codes, and the report types as they stand in wValue with report number 0 (HID 1.11 section 7.2).
private enum HIDRequest {
    static let getReport: UInt8 = 0x01
    static let getIdle: UInt8 = 0x02
    static let getProtocol: UInt8 = 0x03
    static let setReport: UInt8 = 0x09
    static let setIdle: UInt8 = 0x0A
    static let setProtocol: UInt8 = 0x0B
    static let input: UInt16 = 0x0100
    static let output: UInt16 = 0x0200
}

extension Keyboard {
    /// Eight modifier bits, a reserved byte, five lights with three bits to fill up, and six keys (HID 1.11 appendix B.1).
    static let reportDescriptor: [UInt8] = [
        0x05, 0x01, 0x09, 0x06, 0xA1, 0x01,
        0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02,
        0x95, 0x01, 0x75, 0x08, 0x81, 0x01,
        0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x91, 0x02,
        0x95, 0x01, 0x75, 0x03, 0x91, 0x01,
        0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00,
        0xC0,
    ]

    private static func model(serialNumber: String) -> PeripheralModel {
        // Release 1.11, no country, one descriptor below it: that of the reports.
        let hid = RawDescriptor(
            type: .hid,
            payload: [0x11, 0x01, 0, 1, DescriptorType.hidReport.rawValue, UInt8(reportDescriptor.count), 0])
        let setting = AlternateSetting(
            // Boot interface, keyboard.
            descriptor: InterfaceDescriptor(
                number: 0, interfaceClass: ClassCode(base: 0x03, subclass: 1, protocol: 1)),
            extras: [hid],
            endpoints: [
                EndpointLayout(
                    EndpointDescriptor(
                        address: endpoint, transferType: .interrupt, maximumPacketSize: reportSize, interval: 8))
            ])
        return PeripheralModel(
            speed: .full,
            device: DeviceDescriptor(
                usbRelease: 0x0110, vendorID: 0x1209, productID: 0x0003, manufacturerString: 1, productString: 2,
                serialNumberString: 3),
            configurations: [Configuration(interfaces: [InterfaceLayout(number: 0, alternateSettings: [setting])])],
            strings: [1: "swift-usb", 2: "Virtual Keyboard", 3: serialNumber],
            descriptors: [
                PeripheralModel.DescriptorKey(.hid, interface: 0): hid.bytes,
                PeripheralModel.DescriptorKey(.hidReport, interface: 0): reportDescriptor,
            ])
    }
}
