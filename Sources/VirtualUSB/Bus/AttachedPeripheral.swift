// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost

/// A peripheral that belongs to a bus: the way to look into it, to unplug it and to plug it in again.
///
/// Letting go of this object does not unplug the device.
public final class AttachedPeripheral<P: Peripheral>: @unchecked Sendable {
    // The peripheral was given away by whoever attached it; from then on it is used under the bus's lock only.
    private let peripheral: P
    private let bus: VirtualBus
    /// Guards ``device``; taken before the bus's lock.
    private let lock = Lock()
    private var attached: BusDevice?

    init(_ peripheral: P, bus: VirtualBus) {
        self.peripheral = peripheral
        self.bus = bus
    }

    var device: BusDevice? {
        get { lock.withLock { attached } }
        set { lock.withLock { attached = newValue } }
    }

    /// The identity of the device; a new one each time that it is plugged in. After ``unplug()`` the last one.
    public var id: DeviceID { device?.id ?? DeviceID(rawValue: 0) }

    /// Where the device is attached.
    public var path: String { device?.path ?? "" }

    /// Whether the device is plugged in.
    public var isAttached: Bool {
        guard let device else { return false }
        return bus.lock.withLock { !device.isGone }
    }

    /// Looks into the peripheral or changes it, at the present of the bus and between two transactions. `body` must not
    /// call the bus.
    public func withPeripheral<Value, Failure: Error>(
        _ body: (P) throws(Failure) -> sending Value
    ) throws(Failure) -> sending Value {
        let device = device
        defer {
            // What the device answers may have changed, and somebody may wait for just that.
            bus.executor.kick()
        }
        bus.lock.lock()
        bus.schedule.catchUp(to: bus.clock.presentInstant.nanoseconds)
        defer {
            if let device { bus.schedule.touched(device) }
            if bus.isWaiting { bus.changed.signal() }
            bus.lock.unlock()
        }
        return try body(peripheral)
    }

    /// Takes the device off the bus. Its requests complete with `.deviceGone`, each with the bytes that had been moved.
    /// Does nothing when it is unplugged already.
    public func unplug() {
        guard let device else { return }
        _ = bus.unplug(device)
    }

    /// Plugs the device in again, at the same place; it starts anew, with a new identity. Does nothing when it is plugged
    /// in.
    ///
    /// Throws what `VirtualBus.attach` throws.
    public func replug() throws(USBError) {
        lock.lock()
        defer { lock.unlock() }
        guard let old = attached, bus.lock.withLock({ old.isGone }) else { return }
        let device = try bus.plugIn(peripheral, path: old.path)
        attached = device
        bus.events.send(.arrived(device.description))
    }
}

/// The short name, for files that do not also import Swift Testing, which has a type of the same name.
public typealias Attachment = AttachedPeripheral
