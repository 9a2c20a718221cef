// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import Win32

/// The queues of a device, and which types of requests go to which.
final class DeviceQueues: @unchecked Sendable {
    /// The types of requests that queues present.
    static let types = [
        WdfRequestTypeRead, WdfRequestTypeWrite, WdfRequestTypeDeviceControl, WdfRequestTypeDeviceControlInternal,
    ]
    /// Guards the lives of the queues and the places of their requests. Of the library's other locks those of the
    /// handle table and of the memory pool may be taken with it held.
    let lock = Lock()
    private var standard: QueueObject?
    private var byType: [UInt32: QueueObject] = [:]
    private var all: [QueueObject] = []

    /// The queue for types that have none of their own.
    var defaultQueue: QueueObject? { lock.withLock { standard } }

    /// Every queue, in the order of their making.
    var list: [QueueObject] { lock.withLock { all } }

    /// Takes a new queue in. Returns false when there is a default queue already, and this is to be another.
    func add(_ queue: QueueObject, isDefault: Bool) -> Bool {
        lock.withLock {
            if isDefault {
                guard standard == nil else { return false }
                standard = queue
            }
            all.append(queue)
            return true
        }
    }

    /// The queue is deleted.
    func remove(_ queue: QueueObject) {
        lock.withLock {
            all.removeAll { $0 === queue }
            byType = byType.filter { $0.value !== queue }
            if standard === queue { standard = nil }
        }
    }

    /// Whether requests come to the queue by themselves: the driver may not delete it then.
    func isBound(_ queue: QueueObject) -> Bool {
        lock.withLock { standard === queue || byType.values.contains { $0 === queue } }
    }

    /// Sends requests of a type to a queue from now on.
    ///
    /// STATUS_INVALID_DEVICE_REQUEST: it has no callback for them, or is the default queue. STATUS_WDF_BUSY: they go to
    /// another.
    func bind(_ type: WDF_REQUEST_TYPE, to queue: QueueObject) throws(Refusal) {
        guard queue.configuration.takes(type) else { throw Refusal(.invalidDeviceRequest) }
        try lock.withLock { () throws(Refusal) in
            guard standard !== queue else { throw Refusal(.invalidDeviceRequest) }
            guard byType[type.rawValue] == nil else { throw Refusal(STATUS_WDF_BUSY) }
            byType[type.rawValue] = queue
        }
    }

    /// The queue for requests of a type.
    func queue(for type: WDF_REQUEST_TYPE) -> QueueObject? { lock.withLock { byType[type.rawValue] ?? standard } }
}
