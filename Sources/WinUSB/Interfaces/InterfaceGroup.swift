// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import Win32

/// The interfaces that programs have handles for by way of one file.
final class InterfaceGroup: FileClient, @unchecked Sendable {
    let file: DeviceFile

    private let lock = Lock()
    /// By bInterfaceNumber.
    private var objects: [UInt8: InterfaceObject] = [:]

    private init(_ file: DeviceFile) {
        self.file = file
        // A time limit counts from the moment at which the bus takes a request up.
        file.device.controlPolicy.timeoutStart = .service
    }

    /// The group of a file; nil when the file is closed.
    static func of(_ file: DeviceFile) -> InterfaceGroup? {
        file.client(InterfaceGroup.self, orAdd: { InterfaceGroup(file) })
    }

    /// A handle for the interface that the file stands for.
    func openDefault() -> UnsafeMutableRawPointer? {
        while true {
            let object = lock.withLock {
                if let object = objects[file.interface.number] {
                    object.resetPolicies()
                    return object
                }
                let object = InterfaceObject(file.interface, in: self)
                objects[file.interface.number] = object
                return object
            }
            if let handle = unsafe object.makeHandle() { return unsafe handle }
            // It has just ended, or no handles are left.
            guard lock.withLock({ objects[file.interface.number] !== object }) else { return nil }
        }
    }

    /// The object of an interface beside the default one; nil when there is one already.
    func add(_ interface: Interface) -> InterfaceObject? {
        lock.withLock {
            guard objects[interface.number] == nil else { return nil }
            let object = InterfaceObject(interface, in: self)
            objects[interface.number] = object
            return object
        }
    }

    /// Whether somebody has a handle for the interface.
    func hasHandle(for number: UInt8) -> Bool { lock.withLock { objects[number] != nil } }

    /// The object has ended.
    func remove(_ object: InterfaceObject) {
        lock.withLock {
            if objects[object.interface.number] === object { objects[object.interface.number] = nil }
        }
    }

    private var all: [InterfaceObject] {
        lock.withLock { objects.sorted { $0.key < $1.key }.map(\.value) }
    }

    func cancelOperations(of overlapped: LPOVERLAPPED?, begunBy thread: UInt64?) -> Bool {
        var found = false
        for object in all where unsafe object.cancelOperations(of: overlapped, begunBy: thread) { found = true }
        return found
    }

    func fileClosed() {
        for object in all { object.fileClosed() }
    }
}
