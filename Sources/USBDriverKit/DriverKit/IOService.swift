// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import HostFiles
import USB
import USBHost

/// The root of DriverKit's classes. Swift's own references stand where `retain()` and `release()` stand in C++.
open class OSObject {
    /// Makes an object.
    public init() {}
}

/// The name of the queue on which completions run unless they name another one.
public let kIOServiceDefaultQueueName = "Default"

/// What opens devices and interfaces, and what completions are for: a driver is a subclass.
///
/// It has dispatch queues by name; ``kIOServiceDefaultQueueName`` is there from the first use on. It belongs to the bus
/// that the thread means on which it is made.
open class IOService: OSObject {
    private let queues: DispatchQueues

    /// Makes a service.
    public override init() {
        queues = DispatchQueues(on: ProcessHost.current)
        super.init()
    }

    init(on host: ProcessHost) {
        queues = DispatchQueues(on: host)
        super.init()
    }

    /// Sets the queue of this name (DriverKit: IOService SetDispatchQueue). Completions that are under way stay on the one
    /// that their action was made with.
    ///
    /// Returns kIOReturnSuccess.
    @discardableResult
    public func SetDispatchQueue(name: String, queue: IODispatchQueue) -> kern_return_t {
        queues.set(name, queue)
        return kIOReturnSuccess
    }

    /// Gives the queue of this name (DriverKit: IOService CopyDispatchQueue).
    ///
    /// Returns kIOReturnNotFound when there is none.
    public func CopyDispatchQueue(name: String, queue: inout IODispatchQueue?) -> kern_return_t {
        guard let found = queues.queue(name) else { return kIOReturnNotFound }
        queue = found
        return kIOReturnSuccess
    }

    /// The queue of this name; the default one where there is none.
    final func queue(_ name: String) -> IODispatchQueue { queues.queue(name) ?? queues.standard }
}

/// The queues of a service.
final class DispatchQueues: @unchecked Sendable {
    private let host: ProcessHost
    private let lock = Lock()
    private var queues: [String: IODispatchQueue] = [:]

    init(on host: ProcessHost) { self.host = host }

    func set(_ name: String, _ queue: IODispatchQueue) { lock.withLock { queues[name] = queue } }

    func queue(_ name: String) -> IODispatchQueue? {
        name == kIOServiceDefaultQueueName ? standard : lock.withLock { queues[name] }
    }

    /// The default queue, made at the first use.
    var standard: IODispatchQueue {
        lock.withLock {
            if let queue = queues[kIOServiceDefaultQueueName] { return queue }
            let queue = IODispatchQueue(name: kIOServiceDefaultQueueName, on: host)
            queues[kIOServiceDefaultQueueName] = queue
            return queue
        }
    }
}
