// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost

/// Something that a program names by a handle.
open class HandleObject: @unchecked Sendable {
    /// Makes an object without a handle yet.
    public init() {}

    /// The handle was closed: nobody can name the object any more. Called once, with no lock held.
    open func handleClosed() {}
}

/// Every handle of the process, whatever it names.
///
/// A handle is a checked token and not a pointer: the place of an entry and how often that place has been used before. So
/// a handle that was closed, belongs to another function or was never given out is recognised, and costs an error code
/// instead of memory.
@safe public final class HandleTable: @unchecked Sendable {
    /// The table of the process.
    public static let shared = HandleTable()

    fileprivate struct Entry {
        var object: HandleObject?
        var generation: UInt32 = 1
    }

    fileprivate struct State {
        var entries: [Entry] = []
        var free: [Int] = []
    }

    /// Handles are multiples of four, as those of Windows are: programs use the lowest bits for marks of their own.
    private static let step = 4
    private static let indexBits = 20
    private static let indexMask = (1 << indexBits) - 1

    private let lock = Lock()
    private var state = State()

    /// Makes an empty table.
    public init() {}

    /// Gives `object` a handle; nil when there are 2^20 handles.
    public func insert(_ object: HandleObject) -> UnsafeMutableRawPointer? {
        let token: Int? = lock.withLock {
            let index: Int
            if let free = state.free.popLast() {
                index = free
            } else {
                index = state.entries.count
                guard index < HandleTable.indexMask else { return nil }
                state.entries.append(Entry())
            }
            state.entries[index].object = object
            return (Int(state.entries[index].generation) << HandleTable.indexBits | (index + 1)) * HandleTable.step
        }
        // Never dereferenced: it only has the type that the callers' interface gives handles.
        return unsafe token.flatMap { unsafe UnsafeMutableRawPointer(bitPattern: $0) }
    }

    /// The object of a handle, if it is of this type.
    public func object<Object: HandleObject>(
        _ handle: UnsafeMutableRawPointer?, as type: Object.Type
    ) -> Object? {
        guard let place = unsafe place(of: handle) else { return nil }
        return lock.withLock { state.object(at: place) } as? Object
    }

    /// Takes a handle back if it names an object of this type, and tells the object.
    @discardableResult
    public func remove<Object: HandleObject>(
        _ handle: UnsafeMutableRawPointer?, as type: Object.Type
    ) -> Object? {
        guard let place = unsafe place(of: handle) else { return nil }
        let object: Object? = lock.withLock {
            guard let object = state.object(at: place) as? Object else { return nil }
            state.entries[place.index].object = nil
            // Place 0 of a generation is skipped, so that a handle is never a small number.
            state.entries[place.index].generation = max(1, place.generation &+ 1)
            state.free.append(place.index)
            return object
        }
        object?.handleClosed()
        return object
    }

    /// The number of handles that are open.
    public var count: Int { lock.withLock { state.entries.count - state.free.count } }

    fileprivate struct Place {
        var index: Int
        var generation: UInt32
    }

    private func place(of handle: UnsafeMutableRawPointer?) -> Place? {
        let token = Int(bitPattern: handle)
        guard token > 0, token % HandleTable.step == 0 else { return nil }
        let number = token / HandleTable.step
        let index = (number & HandleTable.indexMask) - 1
        guard index >= 0, let generation = UInt32(exactly: number >> HandleTable.indexBits) else { return nil }
        return Place(index: index, generation: generation)
    }
}

extension HandleTable.State {
    fileprivate func object(at place: HandleTable.Place) -> HandleObject? {
        guard place.index < entries.count, entries[place.index].generation == place.generation else { return nil }
        return entries[place.index].object
    }
}
