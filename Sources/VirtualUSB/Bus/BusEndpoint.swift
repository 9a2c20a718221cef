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
    /// Where in its interval the endpoint is served, in microframes.
    let phase: Int64
    /// Packets that may follow each other in one burst: 1 but for SuperSpeed bulk.
    let packetsPerBurst: Int
    /// What a packet costs besides its data, in the bus's units.
    let packetOverhead: Int
    /// What a burst costs besides its packets.
    let burstOverhead: Int
    /// What a transaction by itself costs besides its data: both of these, or all stages of a control transfer.
    let overhead: Int
    /// What data cost.
    let data: DataCost

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

    init(device: BusDevice, info: EndpointInfo, overheads: Overheads, packetsPerBurst: Int, phase: Int64) {
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
        self.phase = phase
        self.packetsPerBurst = device.model.speed.isSuperSpeed && info.type == .bulk ? max(1, packetsPerBurst) : 1
        overhead = overheads.overhead(for: info.type)
        burstOverhead = overheads.burst
        packetOverhead = overhead - burstOverhead
        data = overheads.data
    }

    /// Places the endpoint among those of its bus: by device, then by address.
    var order: UInt64 {
        device.id.rawValue << 8 | UInt64(address.number) << 1 | (isIn ? 1 : 0)
    }

    /// The cost of moving so many bytes in as many packets as they need, all in one burst.
    @inline(__always)
    func cost(of bytes: Int) -> Int {
        if bytes <= maximumPacketSize { return data.cost(of: bytes) &+ overhead }
        let whole = (bytes &- 1) / maximumPacketSize
        let last = bytes &- whole &* maximumPacketSize
        return whole &* (data.cost(of: maximumPacketSize) &+ packetOverhead) &+ data.cost(of: last) &+ overhead
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
