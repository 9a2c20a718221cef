// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSBDrivers
import USBHost

/// What stands behind a device object of the library's: it takes requests.
///
/// The object's structure lives as long as this does.
@safe open class DeviceObject: @unchecked Sendable {
    // Sound: allocated once, never moved, freed when the last reference goes and the object is no longer in the list.
    private let structure: UnsafeMutablePointer<DEVICE_OBJECT>

    /// Makes an object that takes requests with so many stack locations from here on.
    public init(stackSize: Int8 = 1) {
        unsafe structure = .allocate(capacity: 1)
        unsafe structure.initialize(to: DEVICE_OBJECT())
        unsafe structure.pointee.Type = 3
        unsafe structure.pointee.Size = USHORT(MemoryLayout<DEVICE_OBJECT>.size)
        unsafe structure.pointee.ReferenceCount = 1
        unsafe structure.pointee.Flags = ULONG(DO_DIRECT_IO)
        unsafe structure.pointee.StackSize = stackSize
        unsafe structure.pointee.AlignmentRequirement = 0
        DeviceObjects.shared.add(self, UInt(bitPattern: unsafe structure))
    }

    deinit {
        DeviceObjects.shared.remove(UInt(bitPattern: unsafe structure))
        unsafe structure.deallocate()
    }

    /// The structure that drivers name the object by.
    public final var pointer: PDEVICE_OBJECT { unsafe structure }

    /// Takes a request whose current stack location is `location`. Returns what IoCallDriver does: STATUS_PENDING, with
    /// the location marked so, when the request completes later or has completed meanwhile; any other status when it was
    /// completed with that.
    open func take(_ request: PIRP, _ location: PIO_STACK_LOCATION) -> NTSTATUS {
        unsafe Request(request).complete(NTSTATUS(STATUS_INVALID_DEVICE_REQUEST), information: 0)
    }

    /// The object that a driver names; nil when it is none of the library's.
    public static func named(by pointer: PDEVICE_OBJECT?) -> DeviceObject? {
        DeviceObjects.shared.object(UInt(bitPattern: pointer))
    }
}

/// The device objects of the process, by address.
private final class DeviceObjects: @unchecked Sendable {
    static let shared = DeviceObjects()

    private struct Weak { weak var object: DeviceObject? }
    private let lock = Lock()
    private var objects: [UInt: Weak] = [:]

    func add(_ object: DeviceObject, _ address: UInt) { lock.withLock { objects[address] = Weak(object: object) } }
    func remove(_ address: UInt) { lock.withLock { objects[address] = nil } }
    func object(_ address: UInt) -> DeviceObject? { lock.withLock { objects[address]?.object } }
}
