// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// Single descriptors, object stores, strings and setup packets: the input as it comes.
func fuzz(_ input: [UInt8]) {
    check(DeviceDescriptor.self, input)
    check(DeviceQualifierDescriptor.self, input)
    check(ConfigurationDescriptor.self, input)
    check(InterfaceDescriptor.self, input)
    check(InterfaceAssociationDescriptor.self, input)
    check(EndpointDescriptor.self, input)
    check(SuperSpeedEndpointCompanionDescriptor.self, input)
    check(SuperSpeedPlusIsochronousCompanionDescriptor.self, input)
    check(DeviceCapability.self, input)
    check(RawDescriptor.self, input)
    if let device = try? DeviceDescriptor(input) {
        for speed in Speed.allCases { require(device.controlPacketSize(at: speed) >= 0, "a packet is less than empty") }
        _ = "\(device.usbRelease) \(device.deviceClass)"
    }
    checkObjectStore(input)
    checkString(input)
    checkWalk(input)
    checkSetup(input)
}

/// What is read is written as the same bytes.
private func check<D: Descriptor>(_ type: D.Type, _ input: [UInt8]) {
    do {
        let descriptor = try D(input)
        require(input.starts(with: descriptor.bytes), "\(type) is written otherwise")
        require(descriptor.bytes.count == Int(input[0]), "\(type) is written with another length")
        require((try? D(descriptor.bytes)) == descriptor, "\(type) is read as something else")
    } catch {
        require((0...input.count).contains(error.offset), "a defect lies outside the bytes")
        require(!error.description.isEmpty, "a defect has no text")
    }
}

private func checkObjectStore(_ input: [UInt8]) {
    let parsed = BinaryObjectStore.parse(input)
    for defect in parsed.defects { require(!defect.description.isEmpty, "a defect has no text") }
    if let strict = try? BinaryObjectStore(input) {
        require(parsed.defects.isEmpty && strict == parsed.value, "the strict reading overlooks a defect")
        require(strict.bytes == input, "a good object store is written otherwise")
    }
    guard let store = parsed.value else { return }
    let written = store.bytes
    require(BinaryObjectStore.parse(written).value?.bytes == written, "what was written is written otherwise")
    for capability in store.capabilities {
        switch capability {
        case .usb2Extension(let capability):
            _ = (capability.baselineServiceLatency, capability.deepServiceLatency)
        case .superSpeed(let capability): for speed in Speed.allCases { _ = capability.supports(speed) }
        case .superSpeedPlus(let capability): for speed in capability.sublinkSpeeds { _ = speed.bitsPerSecond }
        case .containerID(let capability): _ = "\(capability.identifier)"
        case .platform(let capability): _ = "\(capability.identifier)"
        case .other(let type, _): _ = "\(type)"
        }
    }
}

private func checkString(_ input: [UInt8]) {
    let parsed = StringDescriptor.parse(input)
    guard let text = parsed.value else { return }
    require(text.codeUnits.count <= StringDescriptor.maximumCodeUnits, "a string is too long")
    require(StringDescriptor.parse(text.bytes) == Parsed(value: text, defects: []), "a string is read otherwise")
    // A half of a surrogate pair becomes another character once, and then stays it.
    let string = text.string
    require(StringDescriptor(string).string == string, "a text is changed")
    _ = text.languages.map(\.description)
}

private func checkWalk(_ input: [UInt8]) {
    let walk = DescriptorIterator.all(in: input)
    var end = 0
    for view in walk.value ?? [] {
        require(view.offset == end && view.length >= 2, "a walk leaves something out")
        end += view.length
    }
    require(end <= input.count && (end == input.count) == walk.defects.isEmpty, "a walk ends without a reason")
}

private func checkSetup(_ input: [UInt8]) {
    guard let setup = SetupPacket(Array(input.prefix(SetupPacket.byteCount))) else { return }
    require(input.starts(with: setup.bytes), "a setup packet is written otherwise")
    require(SetupPacket(packed: setup.packed) == setup, "a packed setup packet is another one")
    require(!setup.description.isEmpty, "a setup packet has no text")
}
