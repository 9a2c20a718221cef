// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification
import VirtualUSB

/// A high-speed isochronous stream of 3 x 1024 bytes in every microframe; returns the seconds simulated in a second.
func fullIsochronousStream(_ direction: Direction, seconds: Double) throws -> Double {
    let options = StreamOptions(depth: .milliseconds(16), batch: .milliseconds(4))
    let microframes = Int64(seconds * 8_000)
    return try VirtualBus.simulate { bus in
        let zero = GadgetZero(
            options: .init(isochronousInterval: 1, isochronousPacketSize: 1024, additionalTransactions: 2))
        // The setting has such an endpoint for each direction, of which a bus has time for one; one is used.
        bus.setAdmission(false)
        _ = try bus.attach(zero)
        let interface = try bus.open(vendorID: 0x0525, productID: 0xA4A0).claim(0)
        try await interface.selectAlternateSetting(1)
        let result: StreamStatistics
        let watch = Stopwatch()
        if direction == .in {
            var stream = try interface.inPipe(0x82, Isochronous.self).stream(options: options)
            var last: Microframe?
            result = try await stream.run { batch in
                let first = batch.firstPosition ?? Microframe(0)
                let begin = last ?? first
                last = begin
                return first - begin < microframes ? .next : .stop
            }
        } else {
            var stream = try interface.outPipe(0x02, Isochronous.self).stream(.filling, options: options)
            var packets: Int64 = 0
            result = try await stream.run { batch in
                packets += Int64(batch.packetCount)
                return packets < microframes ? .next : .stop
            }
        }
        let rate = watch.rate(of: Double(result.packetsCompleted) / 8_000)
        precondition(result.packetsCompleted * 3_072 == result.byteCount, "packets were not full")
        precondition(result.gapCount == 0 && result.packetsMissed == 0, "the stream had gaps")
        return rate
    }
}

/// 48 kHz stereo sound of 16 bits, 192 bytes every millisecond, copied into each batch; returns the seconds simulated
/// in a second.
func audioStream(batch: Duration, seconds: Double) throws -> Double {
    let sound = [UInt8](repeating: 0x11, count: 192 * Int(batch / .milliseconds(1)))
    let options = StreamOptions(depth: max(.milliseconds(16), batch * 2), batch: batch)
    let packets = Int(seconds * 1_000)
    return try VirtualBus.simulate { bus in
        _ = try bus.attach(Speaker(keeping: .nothing))
        let interface = try bus.open(vendorID: 0x1209, productID: 0x0001).claim(1)
        try await interface.selectAlternateSetting(1)
        var stream = try interface.outPipe(Speaker.endpoint, Isochronous.self)
            .stream(.fixed(bytes: 192), options: options)
        var filled = 0
        let watch = Stopwatch()
        let result = try await stream.run { batch in
            batch.withMutableBytes { $0.copy(sound) }
            filled += batch.packetCount
            return filled < packets ? .next : .stop
        }
        let rate = watch.rate(of: Double(result.packetsCompleted) / 1_000)
        precondition(result.byteCount == filled * 192 && result.gapCount == 0, "the stream had gaps")
        return rate
    }
}

/// Bulk transfers of 64 KiB, four in flight, which fill every high-speed microframe; returns the seconds simulated in a
/// second.
func saturatedBulk(seconds: Double) throws -> Double {
    // 13 packets of 512 bytes in each microframe (USB 2.0 table 5-10).
    let transfers = Int(seconds * 8_000 * 13 * 512 / 65_536)
    return try VirtualBus.simulate { bus in
        _ = try bus.attach(GadgetZero())
        let interface = try bus.open(vendorID: 0x0525, productID: 0xA4A0).claim(0)
        let pipe = try interface.inPipe(0x81, Bulk.self)
        let pump = Pump<Bulk>(count: transfers)
        let start = bus.frame().microframe
        let watch = Stopwatch()
        try await pump.run {
            for _ in 0..<4 { try $0.add(pipe.makeTransfer(capacity: 65_536)) }
        }
        let simulated = Double(bus.frame().microframe - start) / 8_000
        let rate = watch.rate(of: simulated)
        precondition(Double(transfers * 65_536) / simulated > 53_000_000, "the bus was not saturated")
        return rate
    }
}

extension MutableSpan where Element == UInt8 {
    /// Copies bytes to the start of the span, as many as fit.
    mutating func copy(_ bytes: [UInt8]) {
        let count = Swift.min(count, bytes.count)
        // Sound: both are of bytes and at least `count` long, and live through the call.
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: .init(rebasing: $0[..<count])) }
        }
    }
}

/// `memcpy` of blocks of 3,072 bytes, from one place to the next in a ring as large as that of the stream above; returns
/// the bytes copied in a second.
func blockCopy(bytes: Int) -> Double {
    let block = 3_072
    let source = [UInt8](repeating: 1, count: block)
    var ring = [UInt8](repeating: 0, count: 128 * block)
    let count = bytes / block
    let watch = Stopwatch()
    // Sound: every block lies inside the ring.
    unsafe ring.withUnsafeMutableBytes { ring in
        unsafe source.withUnsafeBytes { source in
            for index in 0..<count {
                let target = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: ring[index % 128 * block..<(index % 128 + 1) * block])
                unsafe target.copyMemory(from: source)
            }
        }
    }
    let rate = watch.rate(of: Double(count * block))
    precondition(ring[block] == 1 || count < 2)
    return rate
}
