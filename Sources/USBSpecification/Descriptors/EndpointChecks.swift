// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension EndpointLayout {
    /// Whether an isochronous companion is due behind the companion.
    var announcesIsochronousCompanion: Bool {
        descriptor.transferType == .isochronous && companion?.announcesIsochronousCompanion == true
    }

    /// What is wrong with the endpoint taken by itself.
    ///
    /// - Parameters:
    ///   - alternate: the number of the alternate setting to which the endpoint belongs.
    ///   - speed: the device's speed. Without it, rules that depend on speed are not checked.
    func defects(alternate: UInt8, speed: Speed?) -> [DescriptorDefect.Kind] {
        var kinds: [DescriptorDefect.Kind] = []
        let address = descriptor.address
        if descriptor.wMaxPacketSize & 0xE000 != 0 {
            kinds.append(.reservedPacketSizeBits(address, rawValue: descriptor.wMaxPacketSize))
        }
        if !descriptor.mayHaveAdditionalTransactions(at: speed) {
            kinds.append(.additionalTransactionsNotAllowed(address, count: descriptor.additionalTransactions))
        }
        if descriptor.transferType == .isochronous, alternate == 0, descriptor.maximumPacketSize > 0 {
            kinds.append(.isochronousInDefaultSetting(address))
        }
        if let speed {
            if speed == .low, descriptor.transferType == .bulk || descriptor.transferType == .isochronous {
                kinds.append(.transferTypeNotAllowed(address, descriptor.transferType, speed))
            } else if !hasAllowedPacketSize(at: speed) {
                kinds.append(.packetSizeNotAllowed(address, size: descriptor.maximumPacketSize, speed))
            }
        }
        if let intervals = descriptor.allowedIntervals(at: speed), !intervals.contains(descriptor.interval) {
            kinds.append(.intervalOutOfRange(address, interval: descriptor.interval))
        }
        appendCompanionDefects(to: &kinds, speed: speed)
        return kinds
    }

    /// The packet sizes of USB 2.0 sections 5.5.3, 5.6.3, 5.7.3, 5.8.3 and table 9-14, and of USB 3.2 section 9.6.6.
    private func hasAllowedPacketSize(at speed: Speed) -> Bool {
        let size = descriptor.maximumPacketSize
        switch (speed, descriptor.transferType) {
        case (.low, .control): return size == 8
        case (.low, .interrupt): return (1...8).contains(size)
        case (.low, _): return false
        case (.full, .control), (.full, .bulk): return [8, 16, 32, 64].contains(size)
        case (.full, .interrupt): return (1...64).contains(size)
        case (.full, .isochronous): return size <= 1023
        case (.high, .control): return size == 64
        case (.high, .bulk): return size == 512
        case (.high, let type):
            let least = [type == .interrupt ? 1 : 0, 513, 683, 0][descriptor.additionalTransactions]
            return (least...1024).contains(size)
        case (_, .control): return size == 512
        case (_, .bulk): return size == 1024
        case (_, let type):
            // Bursts are made of full packets.
            if let companion, companion.maxBurst > 0 { return size == 1024 }
            return (type == .interrupt ? 1 : 0)...1024 ~= size
        }
    }

    /// The rules of USB 3.2 section 9.6.7.
    private func appendCompanionDefects(to kinds: inout [DescriptorDefect.Kind], speed: Speed?) {
        let address = descriptor.address
        guard let companion else {
            if let speed, speed.isSuperSpeed { kinds.append(.missingCompanion(address)) }
            return
        }
        if let speed, !speed.isSuperSpeed { kinds.append(.companionBelowSuperSpeed(address)) }
        if companion.maxBurst > (descriptor.transferType == .control ? 0 : 15) {
            kinds.append(.burstOutOfRange(address, maxBurst: companion.maxBurst))
        }
        if descriptor.transferType == .bulk, companion.streamsExponent > 16 {
            kinds.append(.streamsOutOfRange(address, exponent: companion.streamsExponent))
        }
        guard descriptor.transferType.isPeriodic else { return }

        var maximum = descriptor.maximumPacketSize * companion.packetsPerBurst
        if descriptor.transferType == .isochronous {
            if announcesIsochronousCompanion {
                if isochronousCompanion == nil { kinds.append(.missingIsochronousCompanion(address)) }
            } else if companion.multiplier > 2 {
                kinds.append(.multiplierOutOfRange(address, multiplier: companion.multiplier))
            }
            maximum *= companion.multiplier + 1
        }
        // With an isochronous companion, that one tells the number of bytes.
        if !announcesIsochronousCompanion, Int(companion.bytesPerInterval) > maximum {
            kinds.append(
                .bytesPerIntervalTooLarge(address, bytes: Int(companion.bytesPerInterval), maximum: maximum))
        }
    }
}

extension EndpointDescriptor {
    /// Only high-speed periodic endpoints have more than one transaction per microframe, and at most three.
    fileprivate func mayHaveAdditionalTransactions(at speed: Speed?) -> Bool {
        guard additionalTransactions > 0 else { return true }
        return additionalTransactions < 3 && transferType.isPeriodic && (speed ?? .high) == .high
    }

    /// The values of bInterval that mean something; nil where it is not looked at (USB 2.0 table 9-13).
    ///
    /// Without a speed, the values allowed at any speed. At low speed the specification asks for 10 and more, but
    /// devices with less exist and hosts take them.
    fileprivate func allowedIntervals(at speed: Speed?) -> ClosedRange<UInt8>? {
        switch transferType {
        case .control, .bulk: nil
        case .isochronous: 1...16
        case .interrupt: (speed ?? .full) <= .full ? 1...255 : 1...16
        }
    }
}
