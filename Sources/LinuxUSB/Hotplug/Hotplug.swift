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

/// Tells of devices that come and go, for as long as anybody listens.
///
/// It listens to the device manager where there is one, since that speaks after permissions are set, and else to the
/// kernel.
final class Hotplug: @unchecked Sendable {
    private let system: any SystemCalls
    private let tree: DeviceTree
    private(set) var events: DeviceEvents!
    private weak var bus: LinuxBus?

    /// Guards what follows.
    private let lock = Lock()
    private var socket: Int32 = -1
    /// What has been told, by the name of its directory.
    private var told: [String: DeviceID] = [:]
    private var buffer = [UInt8](repeating: 0, count: 8192)

    init(system: any SystemCalls, tree: DeviceTree) {
        self.system = system
        self.tree = tree
        events = DeviceEvents { [weak self] hasListeners in
            if hasListeners { self?.start() } else { self?.stop() }
        }
    }

    func attach(_ bus: LinuxBus) { self.bus = bus }

    private var hasManager: Bool { system.identity(of: "\(tree.places.manager)/control") != nil }

    private func start() {
        guard let bus else { return }
        let isNew = lock.withLock {
            guard socket < 0 else { return false }
            socket = system.openEvents(hasManager ? .manager : .kernel)
            return socket >= 0
        }
        guard isNew else { return }
        // What is there already is no news. It is looked up when the socket is open, so that nothing falls between.
        let present = tree.devices()
        lock.withLock {
            told = Dictionary(present.map { ($0.description.path, $0.description.id) }) { first, _ in first }
            _ = bus.watchEvents(socket)
        }
        bus.executor.addInterest()
    }

    func stop() {
        let open = lock.withLock {
            defer { socket = -1 }
            return socket
        }
        guard open >= 0 else { return }
        bus?.ignore(open)
        system.close(open)
        bus?.executor.removeInterest()
    }

    /// Reads what has come. Called by the event loop.
    func receive() {
        while true {
            let (count, message): (Int32, DeviceMessage?) = lock.withLock {
                guard socket >= 0 else { return (-EAGAIN, nil) }
                let count = unsafe buffer.withUnsafeMutableBytes { unsafe system.receive(socket, into: $0) }
                return (count, count > 0 ? DeviceMessage(Array(buffer.prefix(Int(count)))) : nil)
            }
            if count == -ENOBUFS {
                // Messages were lost: what they said is found out anew.
                compare()
                continue
            }
            guard count > 0 else { return }
            guard let message else { continue }
            switch message.action {
            case .add, .bind: arrived(message)
            case .remove: left(message.name)
            case .other: break
            }
        }
    }

    private func arrived(_ message: DeviceMessage) {
        guard let found = tree.read(message.name) else { return }
        // The kernel configures a device only after it has told of it, and then tells again.
        guard found.description.activeConfiguration != 0 || message.action == .bind else { return }
        tell(found.description)
    }

    private func tell(_ description: DeviceDescription) {
        let before: (isNews: Bool, old: DeviceID?) = lock.withLock {
            let old = told.updateValue(description.id, forKey: description.path)
            return (old != description.id, old)
        }
        guard before.isNews else { return }
        // Its removal was missed.
        if let old = before.old { events.send(.left(old)) }
        events.send(.arrived(description))
    }

    private func left(_ name: String) {
        // A late message about one that has been replaced meanwhile is about the one before.
        let present = tree.read(name)?.description.id
        let gone: DeviceID? = lock.withLock {
            guard let id = told[name], id != present else { return nil }
            told[name] = nil
            return id
        }
        if let gone { events.send(.left(gone)) }
    }

    /// Tells whatever differs from what has been told.
    private func compare() {
        let present = tree.devices()
        let names = Set(present.map(\.description.path))
        let lost = lock.withLock { told.keys.filter { !names.contains($0) } }
        for name in lost { left(name) }
        for found in present where found.description.activeConfiguration != 0 { tell(found.description) }
    }

    // MARK: Permissions

    /// Waits until the device manager has set the permissions of a device that has just come, if there is a manager and
    /// it has not done so yet. Returns whether it has done so now.
    func waitUntilSettled(_ found: DeviceTree.Found) -> Bool {
        // The manager leaves a file for each device that it knows, by the device's number: 189 is usbfs.
        let minor = (found.busNumber - 1) * 128 + found.deviceNumber - 1
        let record = "\(tree.places.manager)/data/c189:\(minor)"
        guard hasManager, system.identity(of: record) == nil else { return false }
        let socket = system.openEvents(.manager)
        guard socket >= 0 else { return false }
        defer { system.close(socket) }
        let poller = system.makePoller()
        guard poller >= 0 else { return false }
        defer { system.close(poller) }
        _ = system.watch(poller, socket, for: .readable, token: 0)
        let end = MonotonicTime.nanoseconds + 1_000_000_000
        var bytes = [UInt8](repeating: 0, count: 8192)
        while system.identity(of: record) == nil {
            let left = end - MonotonicTime.nanoseconds
            guard left > 0 else { return false }
            _ = system.wait(poller, nanoseconds: left)
            while unsafe bytes.withUnsafeMutableBytes({ unsafe system.receive(socket, into: $0) }) > 0 {}
        }
        return true
    }
}
#endif
