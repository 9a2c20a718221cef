// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USB

/// Reads a thermometer, on whatever bus it is.
public struct ThermometerDriver: Sendable {
    private let device: Device
    private let input: InPipe<Interrupt>

    /// Takes a thermometer over.
    public init(_ device: Device) throws(USBError) {
        self.device = device
        input = try device.claim(0).inPipe(0x81, Interrupt.self)
    }

    /// Adds a correction to every temperature, in hundredths of a degree.
    public func correct(by hundredths: Int16) async throws(USBError) {
        let type = RequestType(direction: .out, kind: .vendor, recipient: .device)
        let value = UInt16(bitPattern: hundredths)
        try await device.control(SetupPacket(requestType: type, request: 1, value: value, index: 0, length: 0))
    }

    /// Waits for the next temperature, in hundredths of a degree. If the thermometer stalls, it is given one more try.
    public func next() async throws(USBError) -> Int16 {
        do throws(USBError) {
            return try await read()
        } catch {
            guard error.kind == .stalled else { throw error }
            try await input.clearHalt()
            return try await read()
        }
    }

    private func read() async throws(USBError) -> Int16 {
        let bytes = try await input.read(upTo: 2, timeout: .seconds(1))
        guard bytes.count == 2 else { throw USBError(.other, message: "\(bytes.count) bytes are no temperature") }
        return Int16(bitPattern: UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
    }
}
