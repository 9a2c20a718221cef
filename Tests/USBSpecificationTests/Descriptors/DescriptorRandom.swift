// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// Reproducible random numbers (SplitMix64), and random configurations made from them.
struct DescriptorRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    mutating func byte() -> UInt8 { UInt8.random(in: 0...255, using: &self) }

    mutating func bytes(_ counts: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: counts, using: &self)).map { _ in byte() }
    }

    /// Class and vendor descriptors.
    mutating func extras() -> [RawDescriptor] {
        guard chance(30) else { return [] }
        return (0..<Int.random(in: 1...4, using: &self)).map { _ in
            let type: DescriptorType = [0x21, 0x24, 0x25, 0x29, 0x41, 0xFF].randomElement(using: &self) ?? 0x24
            return RawDescriptor(type: type, payload: bytes(chance(5) ? 0...253 : 0...12))
        }
    }

    mutating func trailing() -> [UInt8] { chance(10) ? bytes(1...6) : [] }

    mutating func classCode() -> ClassCode { ClassCode(base: byte(), subclass: byte(), protocol: byte()) }

    /// A configuration in which nothing is wrong at a speed.
    mutating func configuration(speed: Speed) -> Configuration {
        var free = (1...15).flatMap {
            [EndpointAddress(number: $0, direction: .out), .init(number: $0, direction: .in)]
        }
        free.shuffle(using: &self)
        let count = Int.random(in: 0...6, using: &self)
        var numbers = (0..<UInt8(count)).map { $0 }
        if chance(20) { numbers.shuffle(using: &self) }
        let interfaces = numbers.map { number in
            let addresses = (0..<Int.random(in: 0...4, using: &self)).map { _ in free.removeLast() }
            var alternates = (0..<UInt8.random(in: 1...4, using: &self)).map { $0 }
            if chance(20) { alternates.shuffle(using: &self) }
            let settings = alternates.map { alternate in
                AlternateSetting(
                    descriptor: InterfaceDescriptor(
                        number: number, alternateSetting: alternate, interfaceClass: classCode(), nameString: byte(),
                        trailing: trailing()),
                    extras: extras(),
                    endpoints: addresses.filter { _ in chance(70) }.map { address in
                        endpoint(address, alternate: alternate, speed: speed)
                    })
            }
            return InterfaceLayout(number: number, alternateSettings: settings)
        }
        return Configuration(
            descriptor: ConfigurationDescriptor(
                isOtherSpeed: chance(20), value: byte(), nameString: byte(),
                attributes: ConfigurationAttributes(rawValue: byte()), maximumPower: byte(), trailing: trailing()),
            extras: extras(), associations: associations(numbers), interfaces: interfaces)
    }

    /// Associations of consecutive numbers that share none, in the order of their first interfaces.
    private mutating func associations(_ numbers: [UInt8]) -> [InterfaceAssociationDescriptor] {
        var result: [InterfaceAssociationDescriptor] = []
        var first: UInt8 = 0
        while first < UInt8(numbers.count) {
            let count = UInt8.random(in: 1...(UInt8(numbers.count) - first), using: &self)
            if chance(60) {
                result.append(
                    InterfaceAssociationDescriptor(
                        firstInterface: first, interfaceCount: count, functionClass: classCode(), nameString: byte(),
                        trailing: trailing()))
            }
            first += count
        }
        return result.sorted {
            numbers.firstIndex(of: $0.firstInterface) ?? 0 < numbers.firstIndex(of: $1.firstInterface) ?? 0
        }
    }

    private mutating func endpoint(_ address: EndpointAddress, alternate: UInt8, speed: Speed) -> EndpointLayout {
        var types: [TransferType] = [.interrupt]
        if speed > .low { types.append(.bulk) }
        if speed > .low, alternate > 0 { types.append(.isochronous) }
        let type = types.randomElement(using: &self) ?? .interrupt
        let burst: UInt8 = speed.isSuperSpeed ? UInt8.random(in: 0...15, using: &self) : 0
        var size = 8
        var additional = 0
        switch (speed, type) {
        case (.low, _): size = Int.random(in: 1...8, using: &self)
        case (.full, .bulk): size = [8, 16, 32, 64].randomElement(using: &self) ?? 8
        case (.full, .interrupt): size = Int.random(in: 1...64, using: &self)
        case (.full, _): size = Int.random(in: 0...1023, using: &self)
        case (.high, .bulk): size = 512
        case (.high, _):
            additional = Int.random(in: 0...2, using: &self)
            size = Int.random(in: [1, 513, 683][additional]...1024, using: &self)
        case (_, .bulk): size = 1024
        default: size = burst > 0 ? 1024 : Int.random(in: 1...1024, using: &self)
        }
        let interval =
            type == .interrupt && speed <= .full
            ? UInt8.random(in: 1...255, using: &self)
            : type == .bulk ? byte() : UInt8.random(in: 1...16, using: &self)
        var layout = EndpointLayout(
            EndpointDescriptor(
                address: address,
                attributes: EndpointAttributes(rawValue: type.rawValue | (byte() & 0xFC)),
                wMaxPacketSize: UInt16(size) | UInt16(additional) << 11, interval: interval, trailing: trailing()),
            extras: extras())
        guard speed.isSuperSpeed else { return layout }
        var companion = SuperSpeedEndpointCompanionDescriptor(maxBurst: burst, trailing: trailing())
        switch type {
        case .bulk: companion.attributes = UInt8.random(in: 0...16, using: &self)
        case .isochronous:
            if chance(40) {
                companion.attributes = 0x80
                companion.bytesPerInterval = 1
                layout.isochronousCompanion = SuperSpeedPlusIsochronousCompanionDescriptor(
                    bytesPerInterval: UInt32.random(in: 0...98_304, using: &self), trailing: trailing())
            } else {
                companion.attributes = UInt8.random(in: 0...2, using: &self)
            }
        default: break
        }
        if type.isPeriodic, layout.isochronousCompanion == nil {
            companion.bytesPerInterval = UInt16.random(in: 0...UInt16(size), using: &self)
        }
        layout.companion = companion
        return layout
    }
}
