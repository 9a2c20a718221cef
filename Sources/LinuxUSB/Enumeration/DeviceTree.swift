// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import USBHost
import USBSpecification

/// The devices of this machine as sysfs shows them. Reading there touches and wakes no device.
final class DeviceTree: @unchecked Sendable {
    /// Where the kernel shows things; other places in tests.
    struct Places: Sendable {
        var devices = "/sys/bus/usb/devices"
        var nodes = "/dev/bus/usb"
        var manager = "/run/udev"
    }

    /// A device with what only this wire needs to know.
    struct Found: Sendable {
        var description: DeviceDescription
        var busNumber: Int
        var deviceNumber: Int
        /// The device's file.
        var node: String
    }

    let places: Places
    private let system: any SystemCalls
    private let lock = Lock()
    /// The identities given so far to what is attached.
    private var identities: [Attachment: DeviceID] = [:]
    private var nextIdentity: UInt64 = 1

    /// What tells one attachment from the next: numbers of devices are used again, files of sysfs are not.
    private struct Attachment: Hashable {
        var name: String
        var number: Int
        var file: UInt64
    }

    init(system: any SystemCalls, places: Places) {
        self.system = system
        self.places = places
    }

    /// All devices but the root hubs, in the order of their paths. What cannot be read is left out.
    func devices() -> [Found] {
        let names = system.entries(of: places.devices) ?? []
        let found = names.compactMap(read)
        let present = Set(found.map(\.description.id))
        lock.withLock { identities = identities.filter { present.contains($0.value) } }
        return found.sorted { DeviceTree.order(of: $0).lexicographicallyPrecedes(DeviceTree.order(of: $1)) }
    }

    /// A device that is still attached.
    func device(_ id: DeviceID) -> Found? {
        guard let name = lock.withLock({ identities.first { $0.value == id }?.key.name }) else { return nil }
        guard let found = read(name), found.description.id == id else { return nil }
        return found
    }

    /// Reads the device whose directory has this name; nil if it is none, or has gone.
    func read(_ name: String) -> Found? {
        // Interfaces have a colon in their names, root hubs begin with "usb".
        guard let first = name.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            !name.utf8.contains(UInt8(ascii: ":"))
        else { return nil }
        let place = "\(places.devices)/\(name)"
        guard let bytes = system.contents(of: "\(place)/descriptors"),
            let device = try? DeviceDescriptor(Array(bytes.prefix(18))),
            let bus = number("busnum", in: place), let number = number("devnum", in: place),
            let file = system.identity(of: place)
        else { return nil }
        let speed = DeviceTree.speed(text("speed", in: place))
        let configurations = DeviceTree.configurations(in: bytes, speed: speed)
        let active = UInt8(clamping: self.number("bConfigurationValue", in: place) ?? 0)
        let id = identity(Attachment(name: name, number: number, file: file))
        var description = DeviceDescription(
            id: id, path: name, speed: speed, descriptor: device, configurations: configurations,
            activeConfiguration: active, manufacturer: text("manufacturer", in: place),
            product: text("product", in: place), serialNumber: text("serial", in: place))
        let layout = configurations.first { $0.value == active }
        for interface in layout?.interfaces ?? [] {
            let link = "\(places.devices)/\(name):\(active).\(interface.number)/driver"
            description.drivers[interface.number] = system.resolved(link).map(DeviceTree.lastPart)
        }
        return Found(
            description: description, busNumber: bus, deviceNumber: number,
            node: "\(places.nodes)/\(DeviceTree.threeDigits(bus))/\(DeviceTree.threeDigits(number))")
    }

    private func identity(_ attachment: Attachment) -> DeviceID {
        lock.withLock {
            if let known = identities[attachment] { return known }
            let id = DeviceID(rawValue: nextIdentity)
            nextIdentity += 1
            identities[attachment] = id
            return id
        }
    }

    // MARK: Controllers

    /// The name of the driver of a bus's controller, such as "xhci_hcd".
    func controllerDriver(bus: Int) -> String? {
        guard let root = system.resolved("\(places.devices)/usb\(bus)") else { return nil }
        return system.resolved("\(root)/../driver").map(DeviceTree.lastPart)
    }

    /// What a bus's controller can do.
    func controllerKind(bus: Int) -> ControllerKind { ControllerKind(driver: controllerDriver(bus: bus)) }

    // MARK: Attributes

    /// One attribute without the end of its line; nil if there is none, or nothing in it.
    private func text(_ name: String, in place: String) -> String? {
        guard let bytes = system.contents(of: "\(place)/\(name)") else { return nil }
        let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }

    private func number(_ name: String, in place: String) -> Int? { text(name, in: place).flatMap { Int($0) } }

    /// The speed, from the attribute in millions of bits per second.
    static func speed(_ text: String?) -> Speed {
        switch text {
        case "1.5": .low
        case "12": .full
        case "480": .high
        case "5000": .superSpeed
        case "10000", "20000", "40000", "80000": .superSpeedPlus
        // A device that is not known to be slower: the middle, where no descriptors of a faster one are missing.
        default: .high
        }
    }

    /// The configurations behind the device descriptor, each as long as it says.
    static func configurations(in bytes: [UInt8], speed: Speed) -> [Configuration] {
        var result: [Configuration] = []
        var start = 18
        while start + 4 <= bytes.count {
            let total = Int(bytes[start + 2]) | Int(bytes[start + 3]) << 8
            guard total >= 9 else { break }
            let end = min(start + total, bytes.count)
            if let value = Configuration.parse(Array(bytes[start..<end]), speed: speed).value { result.append(value) }
            start = end
        }
        return result
    }

    /// The part behind the last slash.
    static func lastPart(_ path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
    }

    private static func threeDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    /// Orders "1-2" before "1-10".
    private static func order(of found: Found) -> [Int] {
        found.description.path.split { $0 == "-" || $0 == "." }.map { Int($0) ?? 0 }
    }
}
#endif
