// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import USBRequests
import Win32

/// The device that the driver is for (WDFDEVICE).
@safe public final class DriverDevice: FrameworkObject, @unchecked Sendable {
    /// The bus's end of the device.
    let usb: USBTarget
    /// The queues, and the way to them.
    let queues = DeviceQueues()
    /// Keeps the callbacks of queues apart that ask for the device's scope.
    let gate = PresentationGate()
    /// The driver's own device object.
    let own: DeviceObject

    // Guarded by the object's lock.
    private var target: IoTargetObject?
    private var wishes: WDF_OBJECT_ATTRIBUTES?

    init(_ usb: USBTarget) {
        self.usb = usb
        own = DeviceObject(stackSize: unsafe usb.pointer.pointee.StackSize + 1)
        super.init(.device, host: usb.host)
    }

    /// The driver's name for it.
    var deviceHandle: WDFDEVICE? { unsafe WDFDEVICE(bitPattern: UInt(bitPattern: handle)) }

    /// What stands below the driver, as a target; made when it is first asked for.
    func ioTarget() throws(Refusal) -> IoTargetObject {
        if let known = lock.withLock({ target }) { return known }
        let made = IoTargetObject(.ioTarget, usb, of: self)
        try made.publish(.none, parent: self)
        let first = lock.withLock {
            if let target { return target }
            target = made
            return made
        }
        if first !== made { made.delete() }
        return first
    }

    /// Attributes of requests that are presented from now on, as the driver wants them.
    var requestAttributes: WDF_OBJECT_ATTRIBUTES? {
        get { unsafe lock.withLock { unsafe wishes } }
        set { lock.withLock { unsafe wishes = unsafe newValue } }
    }

    /// Ends what goes on: what waits in queues is cancelled, then what the driver has sent, and then the driver is
    /// waited for, until it has completed what is in its hands.
    override func willDelete() {
        let all = queues.list
        for queue in all { queue.purge(nil) }
        for target in targets { target.purge(waits: true) }
        for queue in all { queue.waitUntilEmpty() }
    }

    /// The targets of the device.
    private var targets: [IoTargetObject] { descendants.compactMap { $0 as? IoTargetObject } }

    override func destroyed() { lock.withLock { target = nil } }
}

extension FrameworkObject {
    /// What goes with the object: its children, and theirs.
    final var descendants: [FrameworkObject] { children.flatMap { [$0] + $0.descendants } }
}

/// What every object without another parent goes with (WDFDRIVER).
@safe final class DriverObject: FrameworkObject, @unchecked Sendable {
    /// The process's, never deleted.
    static let shared = DriverObject()

    private init() { super.init(.driver) }
}
