// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import USBHost
import USBSpecification

@testable import LinuxUSB

/// Everything that the scripted kernel knows. Guarded by its lock.
final class KernelState: @unchecked Sendable {
    /// A set of files that somebody waits for.
    final class Poller {
        var watched: [(file: Int32, events: PollEvents, token: UInt64)] = []
    }

    /// Wakes a poller, once for each time that it was raised.
    final class Signal {
        var raised = 0
    }

    /// A socket on which device events arrive.
    final class EventSocket {
        enum Item {
            case message([UInt8])
            case failure(Int32)
        }

        let group: EventGroup
        var items: [Item] = []
        init(_ group: EventGroup) { self.group = group }
    }

    enum File {
        case device(UsbfsFile)
        case poller(Poller)
        case signal(Signal)
        case events(EventSocket)
    }

    /// What a mapped buffer is to a request.
    enum Mapping { case outside, inside, across }

    var tree = KernelTree()
    var files: [Int32: File] = [:]
    private(set) var devices: [ScriptedDevice] = []
    private(set) var mappings: [UInt: Int] = [:]
    private var nextFile: Int32 = 3
    /// Rules that were broken.
    var violations: [String] = []

    /// What requests and mappings may take together, in bytes.
    var memoryLimit = 16 << 20
    var mapsMemory = true
    /// No more files than this.
    var fileLimit = Int.max
    /// Completions stay in the kernel's queues while this is set.
    var holdsCompletions = false
    /// Waits that end early because of a signal handler.
    var interruptions = 0

    /// Counts of system calls.
    var submits = 0
    var reaps = 0
    var waits = 0
    var discards = 0

    /// Called when a file of the tree is read, before it is.
    var beforeReading: ((KernelState, String) -> Void)?
    /// Called when a socket for device events was opened.
    var afterOpeningEvents: ((KernelState, EventGroup) -> Void)?

    var deviceFiles: [UsbfsFile] {
        files.values.compactMap { if case .device(let file) = $0 { file } else { nil } }
    }

    var eventSockets: [EventSocket] {
        files.values.compactMap { if case .events(let socket) = $0 { socket } else { nil } }
    }

    var memoryInUse: Int {
        let requests = deviceFiles.flatMap { $0.pending + $0.done }
        return requests.reduce(0) { $0 + $1.memory } + mappings.values.reduce(0, +)
    }

    /// A file descriptor for `file`.
    func open(_ make: (Int32) -> File) -> Int32 {
        guard files.count < fileLimit else { return -EMFILE }
        let number = nextFile
        nextFile += 1
        files[number] = make(number)
        return number
    }

    func close(_ number: Int32) {
        guard let file = files.removeValue(forKey: number) else {
            violations.append("file \(number) was closed twice")
            return
        }
        if case .device(let file) = file {
            // A device that has gone from a kernel that gives nothing back then is the one exception.
            let isLost = file.device.isGone && !file.device.abilities.contains(.reapAfterDisconnect)
            if file.outstanding > 0, !isLost {
                violations.append("\(file.device.name) was closed with \(file.outstanding) requests outstanding")
            }
            file.close()
        }
        for case .poller(let poller) in files.values { poller.watched.removeAll { $0.file == number } }
    }

    /// The events that a poller would report now. Edges are taken.
    func ready(_ poller: Poller) -> [(events: UInt32, token: UInt64)] {
        var result: [(events: UInt32, token: UInt64)] = []
        for watch in poller.watched {
            var events: PollEvents = []
            switch files[watch.file] {
            case .device(let file):
                if !file.done.isEmpty, !holdsCompletions { events.insert(.writable) }
                if file.device.isGone { events.formUnion([.hangUp, .error]) }
            case .signal(let signal):
                if signal.raised > 0 { events.insert(.readable) }
                if watch.events.contains(.edge) { signal.raised = 0 }
            case .events(let socket):
                if !socket.items.isEmpty { events.insert(.readable) }
            case .poller, nil: break
            }
            if !events.isEmpty { result.append((events.rawValue, watch.token)) }
        }
        return result
    }

    // MARK: Memory

    func addMapping(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        mappings[UInt(bitPattern: memory)] = byteCount
    }

    func removeMapping(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        let start = UInt(bitPattern: memory)
        if mappings.removeValue(forKey: start) != byteCount { violations.append("unmapped what was not mapped so") }
        let isUsed = deviceFiles.flatMap { $0.pending + $0.done }.contains { request in
            guard request.isMapped, let buffer = unsafe request.buffer else { return false }
            let address = UInt(bitPattern: buffer)
            return address >= start && address < start + UInt(byteCount)
        }
        if isUsed { violations.append("memory was unmapped while a request used it") }
    }

    func mapping(of buffer: UnsafeMutableRawPointer?, count: Int) -> Mapping {
        guard let buffer = unsafe buffer, count > 0 else { return .outside }
        let first = UInt(bitPattern: buffer)
        let end = first + UInt(count)
        for (start, size) in mappings {
            let mappingEnd = start + UInt(size)
            if first >= start, end <= mappingEnd { return .inside }
            if first < mappingEnd, end > start { return .across }
        }
        return .outside
    }

    // MARK: What is plugged in

    static let places = DeviceTree.Places()

    /// Where sysfs keeps a bus's root hub.
    static func rootHub(_ bus: Int) -> String { "/sys/devices/pci0000:00/0000:00:0\(bus).0/usb\(bus)" }

    /// Adds a bus with its controller.
    func addBus(_ bus: Int, driver: String) {
        let hub = KernelState.rootHub(bus)
        let controller = String(hub.dropLast("/usb\(bus)".count))
        tree.exist("/sys/bus/pci/drivers/\(driver)")
        tree.link("\(controller)/driver", to: "/sys/bus/pci/drivers/\(driver)")
        tree.write("\(hub)/busnum", "\(bus)")
        tree.write("\(hub)/devnum", "1")
        tree.write("\(hub)/speed", "480")
        tree.write("\(hub)/descriptors", SampleDevice.rootHub)
        tree.link("\(KernelState.places.devices)/usb\(bus)", to: hub)
    }

    /// Shows a device in sysfs, and lets it be opened.
    @discardableResult
    func attach(_ sample: SampleDevice) -> ScriptedDevice {
        let device = ScriptedDevice(sample.name, bus: sample.bus, number: sample.number)
        for (interface, driver) in sample.drivers { device.drivers[interface] = driver }
        let configurations = sample.configurations
        let active = configurations.first { $0.value == sample.activeConfiguration }
        device.interfaces = Set(active?.interfaces.map(\.number) ?? [])
        for interface in active?.interfaces ?? [] {
            for endpoint in interface.alternateSettings.flatMap(\.endpoints) {
                device.endpoints[endpoint.descriptor.address.rawValue] = interface.number
            }
        }
        devices.append(device)
        show(sample)
        return device
    }

    /// What sysfs shows of a device.
    func show(_ sample: SampleDevice) {
        let place = "\(KernelState.rootHub(sample.bus))/\(sample.name)"
        tree.write("\(place)/descriptors", sample.descriptors)
        tree.write("\(place)/busnum", "\(sample.bus)")
        tree.write("\(place)/devnum", "\(sample.number)")
        tree.write("\(place)/speed", sample.speed)
        tree.write(
            "\(place)/bConfigurationValue", sample.activeConfiguration == 0 ? "" : "\(sample.activeConfiguration)")
        for (name, text) in sample.strings { tree.write("\(place)/\(name)", text) }
        for (interface, driver) in sample.drivers {
            let name = "\(sample.name):\(sample.activeConfiguration).\(interface)"
            tree.exist("/sys/bus/usb/drivers/\(driver)")
            tree.link("\(place)/\(name)/driver", to: "/sys/bus/usb/drivers/\(driver)")
            tree.link("\(KernelState.places.devices)/\(name)", to: "\(place)/\(name)")
        }
        tree.link("\(KernelState.places.devices)/\(sample.name)", to: place)
    }

    /// Takes a device out of sysfs.
    func hide(_ name: String) {
        guard let place = tree.resolved("\(KernelState.places.devices)/\(name)") else { return }
        for entry in tree.entries(of: KernelState.places.devices) ?? [] where entry.hasPrefix("\(name):") {
            tree.remove("\(KernelState.places.devices)/\(entry)")
        }
        tree.remove("\(KernelState.places.devices)/\(name)")
        tree.remove(place)
    }

    /// Pulls the plug: what is outstanding is cut short, and the file hangs up.
    func unplug(_ device: ScriptedDevice, status: Int32 = ENOENT) {
        hide(device.name)
        device.isGone = true
        devices.removeAll { $0 === device }
        for file in deviceFiles where file.device === device { file.cutAll(of: nil, status) }
    }

    /// Ends the oldest request that is pending at an endpoint, or of one of its streams. Returns whether there was one.
    @discardableResult
    func end(_ device: ScriptedDevice, _ endpoint: UInt8, stream: Int? = nil, _ ending: Ending) -> Bool {
        for file in deviceFiles where file.device === device {
            let request = file.pending.first { request in
                request.submission.endpoint == endpoint && stream.map { $0 == request.submission.stream } ?? true
            }
            if let request {
                file.finish(request, ending)
                return true
            }
        }
        violations.append("nothing is pending at endpoint \(endpoint)")
        return false
    }

    func pending(_ device: ScriptedDevice, _ endpoint: UInt8) -> [KernelRequest] {
        let requests = deviceFiles.filter { $0.device === device }.flatMap(\.pending)
        return requests.filter { $0.submission.endpoint == endpoint }
    }

    /// Sends a device event to whoever listens to a group.
    func send(_ item: EventSocket.Item, to group: EventGroup) {
        for socket in eventSockets where socket.group == group { socket.items.append(item) }
    }
}
#endif
