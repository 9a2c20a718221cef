// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
public import HostFiles
import NTKernel
import USBHost
public import Win32

/// Anything that a driver has a handle for: with contexts, a parent, children and a count of references.
///
/// An object that goes takes its children with it: what goes on in it is ended, then the cleanup callbacks are told, those
/// of the children first, and then the first references are given up. With the last reference to an object its destroy
/// callbacks are told, its contexts go, and its handle names nothing any more.
@safe public class FrameworkObject: HandleObject, @unchecked Sendable {
    /// What it is.
    final let kind: ObjectKind
    /// The bus that the object was made for.
    public final let host: ProcessHost
    /// The driver's name for it, from ``publish(_:parent:)`` on.
    public private(set) final var handle: UnsafeMutableRawPointer?
    /// How the callbacks of a device or queue are kept apart; nil for other objects. Set before the object has a handle.
    final var constraints: CallbackConstraints?
    /// Guards what follows, and what subclasses say it does. Nothing is called with it held.
    final let lock = Lock()
    private final var references = 1
    /// Whether the first reference, which deleting gives up, is still there.
    private final var isOwned = true
    private final var life = Life.alive
    private final var contexts: [ObjectContext] = []
    private final var parentObject: FrameworkObject?
    private final var firstChild: FrameworkObject?
    private final var lastChild: FrameworkObject?
    // Guarded by the parent's lock.
    private final var isListed = false
    private final var nextSibling: FrameworkObject?
    private final var previousSibling: FrameworkObject?
    /// Whether the driver's callbacks of the object are called at PASSIVE_LEVEL only. Set before the object has a handle.
    final var callsAtPassive: Bool

    /// How far deleting has come; `deferred` waits for a thread at PASSIVE_LEVEL.
    private enum Life { case alive, deferred, ending }

    /// Makes an object without a handle. It belongs to nobody until it is published.
    init(_ kind: ObjectKind, host: ProcessHost = .current) {
        self.kind = kind
        self.host = host
        callsAtPassive = kind == .workItem
    }

    // MARK: Making

    /// Gives the object its context, its parent and its handle.
    ///
    /// - Parameters:
    ///   - attributes: what the driver wants.
    ///   - parent: the parent where `attributes` names none; nil for none at all.
    /// - Throws: STATUS_DELETE_PENDING: the parent is being deleted. STATUS_INVALID_PARAMETER: a queue is to be kept apart
    ///   with its device's callbacks, whose level is another. STATUS_INSUFFICIENT_RESOURCES. No callback is called then.
    final func publish(_ attributes: ObjectAttributes, parent: FrameworkObject?) throws(Refusal) {
        let parent = attributes.parent ?? parent
        if constraints == nil { constraints = try CallbackConstraints(for: self, attributes, under: parent) }
        if attributes.executionLevel == WdfExecutionLevelPassive || constraints?.isPassive == true {
            callsAtPassive = true
        }
        let context = try ObjectContext(attributes)
        guard let handle = unsafe HandleTable.shared.insert(self) else { throw Refusal(.insufficientResources) }
        unsafe self.handle = unsafe handle
        if let context {
            unsafe context.name(handle)
            lock.withLock { contexts.append(context) }
        }
        guard let parent else { return }
        lock.withLock { parentObject = parent }
        guard parent.add(self) else {
            lock.withLock { parentObject = nil }
            unsafe HandleTable.shared.remove(handle, as: FrameworkObject.self)
            throw Refusal(.deletePending)
        }
    }

    private final func add(_ child: FrameworkObject) -> Bool {
        lock.withLock {
            guard life == .alive else { return false }
            child.isListed = true
            child.previousSibling = lastChild
            if let lastChild { lastChild.nextSibling = child } else { firstChild = child }
            lastChild = child
            return true
        }
    }

    private final func remove(_ child: FrameworkObject) {
        lock.withLock {
            guard child.isListed else { return }
            if let previous = child.previousSibling {
                previous.nextSibling = child.nextSibling
            } else {
                firstChild = child.nextSibling
            }
            if let next = child.nextSibling {
                next.previousSibling = child.previousSibling
            } else {
                lastChild = child.previousSibling
            }
            child.unlist()
        }
    }

    private final func unlist() {
        isListed = false
        nextSibling = nil
        previousSibling = nil
    }

    /// The object that this one goes with; nil for none. An object has it until its last reference but the others' goes.
    final var parent: FrameworkObject? { lock.withLock { parentObject } }

    /// The objects that go with this one, the oldest first.
    final var children: [FrameworkObject] {
        lock.withLock {
            var list: [FrameworkObject] = []
            var child = firstChild
            while let each = child {
                list.append(each)
                child = each.nextSibling
            }
            return list
        }
    }

    /// The object itself, or the nearest of those it goes with, that is of this type.
    final func ancestor<Object: FrameworkObject>(_ type: Object.Type) -> Object? {
        var object: FrameworkObject? = self
        while let each = object {
            if let found = each as? Object { return found }
            object = each.parent
        }
        return nil
    }

    /// Whether the object has been deleted, though references may keep it.
    final var isGone: Bool { lock.withLock { life != .alive } }

    /// Whether nobody but whoever made the object has anything to do with it: it has no context, no child, and one
    /// reference.
    final var isUntouched: Bool {
        lock.withLock { life == .alive && references == 1 && contexts.isEmpty && firstChild == nil }
    }

    /// Whether a driver may delete the object, and the framework does not keep that to itself.
    var isDeletable: Bool { kind.isDeletable }

    // MARK: Contexts

    /// The memory of the context of this kind; nil when the object has none.
    final func context(_ type: PCWDF_OBJECT_CONTEXT_TYPE_INFO?) -> UnsafeMutableRawPointer? {
        unsafe lock.withLock {
            for context in contexts where unsafe context.type == type { return unsafe context.memory }
            return nil
        }
    }

    /// Adds a context. Returns it, and whether it is new: an object has one of each kind.
    ///
    /// STATUS_DELETE_PENDING: the object is being deleted. STATUS_OBJECT_NAME_INVALID: no kind of context is given.
    final func addContext(_ attributes: ObjectAttributes) throws(Refusal) -> (ObjectContext, isNew: Bool) {
        guard unsafe attributes.contextType != nil, let context = try ObjectContext(attributes) else {
            throw Refusal(STATUS_OBJECT_NAME_INVALID)
        }
        unsafe context.name(handle)
        return try lock.withLock { () throws(Refusal) in
            guard life == .alive else { throw Refusal(.deletePending) }
            for known in contexts where unsafe known.type == context.type { return (known, false) }
            contexts.append(context)
            return (context, true)
        }
    }

    // MARK: References

    /// How many references there are, that which deleting gives up among them.
    final var referenceCount: Int { lock.withLock { references } }

    /// Keeps the object, and its handle, until ``dereference(in:)``.
    final func reference() { lock.withLock { references += 1 } }

    /// Gives a reference up; with the last one the object goes.
    ///
    /// Bug check 0x10D, 7, of `function`: nobody but the object itself has one, and only deleting it gives that up.
    final func dereference(in function: String = "WdfObjectDereference") {
        let isLast: Bool? = lock.withLock {
            guard references > (isOwned ? 1 : 0) else { return nil }
            references -= 1
            return references == 0
        }
        switch isLast {
        case nil:
            _ = Violation.object(self, in: function, "the last reference is given up of an object that is not deleted")
        case true?: endAtItsLevel()
        case false?: break
        }
    }

    private final func endAtItsLevel() {
        if endsAtPassive, InterruptLevel.current != InterruptLevel.passive {
            Workers.shared.run(on: host) { [self] in end() }
        } else {
            end()
        }
    }

    private final func end() {
        let contexts = lock.withLock { self.contexts }
        for context in contexts { unsafe context.destroy?(handle) }
        destroyed()
        lock.withLock { parentObject = nil }
        unsafe HandleTable.shared.remove(handle, as: FrameworkObject.self)
    }

    // MARK: Deletion

    /// Deletes the object, at PASSIVE_LEVEL if it or what goes with it needs that, though perhaps only after this
    /// returns. Returns false when it was deleted before.
    @discardableResult
    final func delete() -> Bool {
        let mustWait = InterruptLevel.current != InterruptLevel.passive && mustEndAtPassive
        let isFirst = lock.withLock {
            guard life == .alive else { return false }
            life = mustWait ? .deferred : .ending
            return true
        }
        guard isFirst else { return false }
        if mustWait {
            Workers.shared.run(on: host) { [self] in
                // Unless the parent has been quicker.
                let isStill = lock.withLock {
                    defer { life = .ending }
                    return life == .deferred
                }
                if isStill { finishDeleting() }
            }
        } else {
            finishDeleting()
        }
        return true
    }

    private final var endsAtPassive: Bool { callsAtPassive || kind.endsAtPassive }
    private final var mustEndAtPassive: Bool { endsAtPassive || children.contains { $0.mustEndAtPassive } }

    private final func finishDeleting() {
        parent?.remove(self)
        release(cleanUp())
    }

    /// An object that is being deleted, with those that go with it.
    private struct Ending {
        let object: FrameworkObject
        var children: [Ending] = []
    }

    /// Ends what goes on in the object and in those that go with it, and tells the cleanup callbacks.
    private final func cleanUp() -> Ending {
        willDelete()
        var ending = Ending(object: self)
        for child in takeChildren() { ending.children.append(child.cleanUp()) }
        let contexts = lock.withLock { self.contexts }
        for context in contexts { unsafe context.cleanup?(handle) }
        return ending
    }

    /// Gives up the first references: of the children first.
    private final func release(_ ending: Ending) {
        for child in ending.children { child.object.release(child) }
        lock.withLock { isOwned = false }
        dereference()
    }

    /// The children, the oldest first, but for those that another thread is deleting.
    private final func takeChildren() -> [FrameworkObject] {
        let list = lock.withLock {
            var list: [FrameworkObject] = []
            while let child = firstChild {
                list.append(child)
                firstChild = child.nextSibling
                child.unlist()
            }
            lastChild = nil
            return list
        }
        return list.filter { child in
            child.lock.withLock {
                defer { child.life = .ending }
                return child.life != .ending
            }
        }
    }

    /// The object is being deleted: what goes on in it is to end. Called before the children are deleted and the cleanup
    /// callbacks told. May wait where deleting may.
    func willDelete() {}

    /// The last reference is gone. Called after the destroy callbacks.
    func destroyed() {}
}
