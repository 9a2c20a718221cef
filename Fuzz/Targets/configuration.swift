// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

/// Configurations: the first byte chooses the speed, the rest is what a device sends.
func fuzz(_ input: [UInt8]) {
    var input = InputBytes(input)
    let choice = Int(input.byte())
    let speed = choice < Speed.allCases.count ? Speed.allCases[choice] : nil
    let bytes = input.remainder()
    let parsed = Configuration.parse(bytes, speed: speed)
    for defect in parsed.defects {
        require((0...bytes.count).contains(defect.offset), "a defect lies outside the bytes")
        require(!defect.description.isEmpty, "a defect has no text")
    }
    checkStrictness(bytes, speed, parsed)
    guard let configuration = parsed.value else {
        require(parsed.defects.count == 1, "nothing was read, for other than one reason")
        return
    }
    let written = configuration.bytes
    let again = Configuration.parse(written, speed: speed)
    require(again.value == configuration, "what was written is read as something else")
    require(again.value?.bytes == written, "what was written is written otherwise")
    for interface in configuration.interfaces {
        require(configuration.interface(interface.number) == interface, "an interface is not found")
        for setting in interface.alternateSettings { look(at: setting) }
    }
}

/// The strict reading and the lenient one must agree.
private func checkStrictness(_ bytes: [UInt8], _ speed: Speed?, _ parsed: Parsed<Configuration>) {
    do {
        let strict = try Configuration(bytes, speed: speed)
        require(parsed.defects.isEmpty && strict == parsed.value, "the strict reading overlooks a defect")
        require(strict.bytes == bytes, "a good configuration is written otherwise")
    } catch {
        require(error == parsed.defects.first, "the strict reading has another defect")
    }
}

/// What follows from descriptors must be found out for any of them.
private func look(at setting: AlternateSetting) {
    for layout in setting.endpoints {
        let descriptor = layout.descriptor
        require(setting.endpoint(descriptor.address) == layout, "an endpoint is not found")
        for speed in Speed.allCases {
            _ = try? layout.maximumBytesPerInterval(at: speed)
            guard let interval = try? layout.serviceInterval(at: speed) else { continue }
            require(interval.microframes > 0, "an interval takes no time")
            _ = IsochronousRules.wholeFrames(packets: 255, interval: interval)
        }
        for extra in layout.extras { _ = extra.description }
    }
}
