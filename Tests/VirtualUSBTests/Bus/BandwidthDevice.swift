// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// A device with any endpoints, which takes everything and always has as much to send as is asked for.
final class BandwidthDevice: Peripheral {
    let model: PeripheralModel
    private(set) var settings: [UInt8] = []

    /// Each element of `alternates` has the endpoints of an alternate setting of interface 0.
    init(_ speed: Speed, alternates: [[EndpointLayout]]) {
        let settings = alternates.enumerated().map { index, endpoints in
            AlternateSetting(
                descriptor: InterfaceDescriptor(
                    number: 0, alternateSetting: UInt8(index), interfaceClass: .vendorSpecific), endpoints: endpoints)
        }
        model = PeripheralModel(
            speed: speed,
            device: DeviceDescriptor(
                maximumPacketSize0: speed.isSuperSpeed ? 9 : speed == .low ? 8 : 64, vendorID: 0x1209,
                productID: 0x0003),
            configurations: [Configuration(interfaces: [InterfaceLayout(number: 0, alternateSettings: settings)])])
    }

    /// One alternate setting 1 with these endpoints; setting 0 has none.
    convenience init(_ speed: Speed, _ endpoints: [EndpointLayout]) { self.init(speed, alternates: [[], endpoints]) }

    func alternateSettingSelected(_ alternate: UInt8, interface: UInt8) { settings.append(alternate) }

    func control(_ setup: SetupPacket, received: Span<UInt8>) -> ControlReply { .accepted }
    func control(_ setup: SetupPacket) -> ControlReply { .data([UInt8](repeating: 7, count: Int(setup.length))) }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply { .data(buffer.count) }
}

/// An endpoint; `bursts` is for SuperSpeed: packets in a burst, and bursts in an interval.
func endpoint(
    _ address: EndpointAddress, _ type: TransferType, _ size: Int, transactions: Int = 1, interval: UInt8 = 1,
    bursts: (packets: Int, count: Int)? = nil
) -> EndpointLayout {
    EndpointLayout(
        EndpointDescriptor(
            address: address, transferType: type, maximumPacketSize: size, additionalTransactions: transactions - 1,
            interval: type.isPeriodic ? interval : 0),
        companion: bursts.map {
            SuperSpeedEndpointCompanionDescriptor(
                maxBurst: UInt8($0.packets - 1), attributes: type == .isochronous ? UInt8($0.count - 1) : 0,
                bytesPerInterval: type.isPeriodic ? UInt16($0.packets * $0.count * size) : 0)
        })
}

/// Counts the transactions of each microframe.
final class TransactionCounts: @unchecked Sendable {
    private let lock = Lock()
    private var counts: [Microframe: Int] = [:]
    private var missed = 0

    /// Counts on a bus what moved and what found no time.
    init(on bus: VirtualBus) {
        bus.setTrace { [self] record in
            lock.withLock {
                if record.result == .done { counts[record.microframe, default: 0] += 1 }
                if record.result == .noTime { missed += 1 }
            }
        }
    }

    /// Those of a microframe.
    subscript(microframe: Microframe) -> Int { lock.withLock { counts[microframe] ?? 0 } }
    /// Isochronous packets that found no time.
    var missedCount: Int { lock.withLock { missed } }
}
