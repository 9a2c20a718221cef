// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// How data are to be moved through a pipe.
struct MoveSettings: Sendable {
    /// The most bytes to move; nil for no limit.
    var count: Int?
    /// How long the device may take for one transfer; nil for ever.
    var timeout: Duration?
    /// When the first isochronous packet is to go.
    var start = StartTime.soon
    /// Bytes in an isochronous packet; nil for as many as fit.
    var packetBytes: Int?

    /// The size of a bulk transfer: large enough that starting one costs little beside it.
    static let bulkTransferBytes = 64 << 10
    /// How many bulk or interrupt transfers are under way at a time.
    static let dataDepth = 4
    /// The length of an isochronous transfer, in microframes: 10 ms.
    static let isochronousMicroframes: Int64 = 80
    /// How many isochronous transfers are under way at a time.
    static let isochronousDepth = 8

    /// Bytes in one transfer of a pipe. An interrupt transfer is one packet's worth, so that each report is passed on when
    /// it comes.
    static func transferBytes(_ endpoint: EndpointInfo) -> Int {
        let packet = max(1, endpoint.maximumPacketSize)
        guard endpoint.type == .bulk else { return max(1, endpoint.maximumBytesPerInterval) }
        return max(1, bulkTransferBytes / packet) * packet
    }

    /// Packets in one transfer of an isochronous pipe.
    static func packetsPerTransfer(_ endpoint: EndpointInfo) -> Int {
        max(1, Int(isochronousMicroframes / max(1, endpoint.intervalMicroframes)))
    }

    /// Where the first isochronous transfer starts, as seen from the present.
    func firstStart(on controller: any HostController) -> IsochronousStart {
        switch start {
        case .soon: .asSoonAsPossible
        case .frame(let number): .at(Frame(number))
        case .after(let frames): .at(controller.frame().frame + frames)
        }
    }
}

extension MoveSettings {
    init(_ options: PipeOptions) {
        self.init(
            count: options.count, timeout: options.timeout.duration, start: options.at ?? .soon,
            packetBytes: options.packetBytes)
    }
}
