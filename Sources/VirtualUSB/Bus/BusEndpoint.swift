// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// One endpoint of an attached device, with the requests that wait for it.
final class BusEndpoint {
    let device: BusDevice
    let peripheral: any Peripheral
    let address: EndpointAddress
    let type: TransferType
    let isIn: Bool
    /// The interface that the endpoint belongs to; nil for the control pipe.
    let interface: UInt8?
    let maximumPacketSize: Int
    let bytesPerInterval: Int
    /// Transactions in one service interval.
    let transactions: Int
    /// Microframes between two service opportunities; 1 where the endpoint is not periodic.
    let interval: Int64
    /// What a transaction costs besides its data, in byte times of the bus.
    let overhead: Int
    /// What a byte costs, in byte times of the bus: 8 for a low-speed device.
    let byteCost: Int

    let queue = RecordList()
    /// Whether the endpoint is in its bus's list.
    var isActive = false
    /// No longer part of the device: its interface has another alternate setting, or the device has gone.
    var isRetired = false
    /// Answers every transaction with STALL.
    var isHalted = false
    /// The next service opportunity of an interrupt endpoint.
    var nextDue: Int64 = 0
    /// The position that follows the isochronous packets queued; `Int64.min` when there never was one.
    var queueEnd: Int64 = .min
    /// The position that follows the last isochronous packet served.
    var servedEnd: Int64 = .min
    /// The count of changes at which the device last answered NAK: until it moves, nothing can have changed.
    var nakCount: UInt64 = 0
    /// The microframe in which the endpoint rests: it answered NAK there, or its next packet did not fit.
    var restsIn: Int64 = .min

    init(device: BusDevice, info: EndpointInfo, overheads: Overheads) {
        self.device = device
        peripheral = device.peripheral
        address = info.address
        type = info.type
        isIn = info.address.direction == .in
        interface = info.interface
        maximumPacketSize = max(1, info.maximumPacketSize)
        bytesPerInterval = max(1, info.maximumBytesPerInterval)
        transactions =
            type.isPeriodic ? max(1, (bytesPerInterval + maximumPacketSize - 1) / maximumPacketSize) : 1
        interval = max(1, info.intervalMicroframes)
        overhead = overheads.overhead(for: info.type)
        byteCost = overheads.byteCost
    }

    /// Places the endpoint among those of its bus: by device, then by address.
    var order: UInt64 {
        device.id.rawValue << 8 | UInt64(address.number) << 1 | (isIn ? 1 : 0)
    }

    /// The cost of moving so many bytes in as many packets as they need.
    @inline(__always)
    func cost(of bytes: Int) -> Int {
        if bytes <= maximumPacketSize { return bytes &* byteCost &+ overhead }
        let packets = (bytes &+ maximumPacketSize &- 1) / maximumPacketSize
        return bytes &* byteCost &+ packets &* overhead
    }

    /// Lets a new queue begin where the last packet was served, after the ones behind it were taken away.
    func queueShrank() {
        if let last = queue.last {
            queueEnd = last.position &+ Int64(last.packetCount &- last.nextPacket) &* interval
        } else {
            queueEnd = servedEnd
        }
    }
}

/// What transactions of a device cost on its bus, in byte times (USB 2.0 section 5.5 to 5.8, tables 5-1 to 5-10).
struct Overheads {
    let control: Int
    let isochronous: Int
    let other: Int
    let byteCost: Int

    init(speed: Speed) {
        // A byte of a low-speed device takes as long as eight on the full-speed bus that it shares.
        let scale = speed == .low ? 8 : 1
        func overhead(_ type: TransferType) -> Int {
            (TransferLimits.overhead(speed: speed, type: type) ?? 0) * scale
        }
        control = overhead(.control)
        isochronous = overhead(.isochronous)
        other = overhead(.interrupt)
        byteCost = scale
    }

    func overhead(for type: TransferType) -> Int {
        switch type {
        case .control: control
        case .isochronous: isochronous
        case .bulk, .interrupt: other
        }
    }
}
