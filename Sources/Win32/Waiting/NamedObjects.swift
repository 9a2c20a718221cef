// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

internal import CMicrosoftUSB
internal import USB
internal import USBHost

/// The objects of the process that have names. Other processes do not see them.
///
/// A name lasts as long as its object: until the last handle is closed and nobody waits any more. Events, mutexes and
/// semaphores share one set of names for each bus.
final class NamedObjects: @unchecked Sendable {
    static let shared = NamedObjects()

    private struct Name: Hashable {
        var bus: ObjectIdentifier
        var text: String
    }
    private struct Reference { weak var object: WaitableObject? }

    private let lock = Lock()
    private var objects: [Name: Reference] = [:]

    /// A handle of the object with this name, or of a new one; a nil or empty name is none.
    ///
    /// The last error tells whether there was one (ERROR_ALREADY_EXISTS or 0). Gives nil with ERROR_INVALID_HANDLE when
    /// something of another kind has the name.
    func handle<Object: WaitableObject>(
        named text: String?, on host: ProcessHost, make: () -> Object
    ) -> HANDLE? {
        guard let text, !text.isEmpty else {
            return unsafe newHandle(of: make(), lastError: ERROR_SUCCESS)
        }
        let name = Name(bus: ObjectIdentifier(host.executor), text: text)
        let found: (object: WaitableObject, isNew: Bool) = lock.withLock {
            if let object = objects[name]?.object { return (object, false) }
            objects = objects.filter { $0.value.object != nil }
            let object = make()
            objects[name] = Reference(object: object)
            return (object, true)
        }
        guard found.object is Object else { return unsafe LastError.fail(ERROR_INVALID_HANDLE, returning: nil) }
        return unsafe newHandle(of: found.object, lastError: found.isNew ? ERROR_SUCCESS : ERROR_ALREADY_EXISTS)
    }
}

/// A handle of an object; the last error becomes `lastError`, or ERROR_NOT_ENOUGH_MEMORY if there is no handle left.
func newHandle(of object: HandleObject, lastError: Int32) -> HANDLE? {
    guard let handle = unsafe HandleTable.shared.insert(object) else {
        return unsafe LastError.fail(ERROR_NOT_ENOUGH_MEMORY, returning: nil)
    }
    return unsafe LastError.fail(lastError, returning: handle)
}
