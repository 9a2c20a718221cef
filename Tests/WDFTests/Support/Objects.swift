// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import NTKernel
import Testing
import USB
import USBRequests
import VirtualUSB

@testable import USBHost
@testable import WDF

/// What the callbacks of objects have been called with. Handles are never given out twice, so that tests which run side by
/// side find their own.
@safe final class ObjectLog: @unchecked Sendable {
    static let shared = ObjectLog()

    private struct Entry {
        var event: String
        var handle: UInt
        var level: UInt8
    }
    private let lock = Lock()
    private let changed: Condition
    private var entries: [Entry] = []

    private init() { changed = Condition(lock) }

    func add(_ event: String, _ handle: WDFOBJECT?) {
        let entry = Entry(event: event, handle: UInt(bitPattern: handle), level: InterruptLevel.current)
        lock.withLock {
            entries.append(entry)
            changed.broadcast()
        }
    }

    /// Waits for a callback of another thread.
    func wait(for event: String, of handle: WDFOBJECT?) {
        let number = UInt(bitPattern: handle)
        lock.withLock {
            while !entries.contains(where: { $0.event == event && $0.handle == number }) { changed.wait() }
        }
    }

    /// The events of these objects, such as "cleanup parent", in order.
    func events(of names: KeyValuePairs<WDFOBJECT?, String>) -> [String] {
        let entries = lock.withLock { self.entries }
        let known = unsafe Dictionary(uniqueKeysWithValues: names.map { unsafe (UInt(bitPattern: $0.key), $0.value) })
        return entries.compactMap { entry in known[entry.handle].map { "\(entry.event) \($0)" } }
    }

    /// The levels of the callbacks of an object.
    func levels(of object: WDFOBJECT?) -> [UInt8] {
        lock.withLock { entries.filter { $0.handle == UInt(bitPattern: object) }.map(\.level) }
    }
}

/// Attributes with callbacks that are noted, changed to what `change` makes of them.
func noted(_ change: (inout WDF_OBJECT_ATTRIBUTES) -> Void = { _ in }) -> WDF_OBJECT_ATTRIBUTES {
    unsafe plain { attributes in
        unsafe attributes.EvtCleanupCallback = { handle in unsafe ObjectLog.shared.add("cleanup", handle) }
        unsafe attributes.EvtDestroyCallback = { handle in unsafe ObjectLog.shared.add("destroy", handle) }
        unsafe change(&attributes)
    }
}

/// Attributes that want nothing but what `change` makes of them.
func plain(_ change: (inout WDF_OBJECT_ATTRIBUTES) -> Void = { _ in }) -> WDF_OBJECT_ATTRIBUTES {
    var attributes = unsafe WDF_OBJECT_ATTRIBUTES()
    unsafe WDF_OBJECT_ATTRIBUTES_INIT(&attributes)
    unsafe change(&attributes)
    return unsafe attributes
}

/// Makes an object of the driver's own, whose end is noted.
func makeObject(_ change: (inout WDF_OBJECT_ATTRIBUTES) -> Void = { _ in }) throws -> WDFOBJECT {
    var attributes = unsafe noted(change)
    var object: WDFOBJECT?
    try #require(unsafe WdfObjectCreate(&attributes, &object) == 0)
    return unsafe try #require(unsafe object)
}

/// Any handle as that of an object.
func object(_ handle: UnsafeMutableRawPointer?) -> WDFOBJECT? { unsafe handle }

func reference(_ object: WDFOBJECT?) { unsafe WdfObjectReferenceActual(object, nil, 0, nil) }
func dereference(_ object: WDFOBJECT?) { unsafe WdfObjectDereferenceActual(object, nil, 0, nil) }

/// A kind of context, as WDF_DECLARE_CONTEXT_TYPE makes it: a constant that is there for ever.
func contextKind(_ size: Int, name: StaticString? = "context", structure: UInt32? = nil)
    -> PCWDF_OBJECT_CONTEXT_TYPE_INFO
{
    let kind = UnsafeMutablePointer<WDF_OBJECT_CONTEXT_TYPE_INFO>.allocate(capacity: 1)
    unsafe kind.initialize(to: WDF_OBJECT_CONTEXT_TYPE_INFO())
    unsafe kind.pointee.Size = structure ?? ULONG(MemoryLayout<WDF_OBJECT_CONTEXT_TYPE_INFO>.size)
    unsafe kind.pointee.ContextSize = size
    unsafe kind.pointee.UniqueType = UnsafePointer(kind)
    if let name {
        unsafe kind.pointee.ContextName = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
    unsafe contextKinds.withLock { unsafe $0.append(UnsafePointer(kind)) }
    return unsafe UnsafePointer(kind)
}

/// Every kind that was made, so that what checks for leaks finds them.
private let contextKinds = unsafe Locked<[PCWDF_OBJECT_CONTEXT_TYPE_INFO]>([])

/// Runs `body` with a device of a bus of its own, which calls of this thread mean. `attributes` may say at which level,
/// and whether one at a time, the device's callbacks are called.
@safe func withDevice(
    _ flow: TimeFlow = .manual, _ attributes: WDF_OBJECT_ATTRIBUTES = unsafe plain(),
    _ body: (DriverDevice) throws -> Void
) throws {
    let bus = flow == .manual ? VirtualBus(flow: flow, seed: 0, driver: .caller) : VirtualBus(flow: flow, seed: 0)
    // A busy machine must not make a thread be given up.
    bus.executor.patience = 30_000_000_000
    _ = try bus.attach(GadgetZero())
    try ProcessHost.withHost(bus) {
        let target = USBTarget(try bus.open(try #require(bus.devices().first)), on: ProcessHost.current)
        let device = DriverDevice(target)
        var attributes = unsafe attributes
        let checked = unsafe try ObjectAttributes(
            &attributes, choices: [.executionLevel, .synchronizationScope], in: "withDevice")
        try device.publish(checked, parent: DriverObject.shared)
        try body(device)
        device.delete()
        target.close()
    }
}

/// Expects bug checks of `body`: by the first parameters of 0x10D, or the code of others.
func expectBugChecks(
    _ codes: [UInt], sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) rethrows {
    let found = try BugCheck.intercepting(body).map { $0.code == 0x10D ? $0.parameters[0] : UInt($0.code) }
    #expect(found == codes, sourceLocation: sourceLocation)
}

/// Runs `body` on another thread, which is a client of this thread's bus, and gives its handle.
func startThread(_ body: @escaping @Sendable () -> Void) -> HANDLE? {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    // Sound: the thread takes the one reference.
    return unsafe CreateThread(
        nil, 0,
        { parameter in
            guard let parameter = unsafe parameter else { return 0 }
            unsafe Unmanaged<Box>.fromOpaque(parameter).takeRetainedValue().body()
            return 0
        }, Unmanaged.passRetained(Box(body)).toOpaque(), 0, nil)
}

/// Waits for a thread's end.
func join(_ thread: HANDLE?) {
    #expect(unsafe WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0)
    #expect(unsafe CloseHandle(thread) == TRUE)
}

/// A handle that can be carried into a thread.
@safe struct Carried: @unchecked Sendable {
    let address: UInt
    init(_ handle: UnsafeRawPointer?) { address = UInt(bitPattern: handle) }
}

/// Milliseconds of the bus that calls of this thread mean.
var busMilliseconds: Int64 { ProcessHost.current.clock.presentInstant.nanoseconds / 1_000_000 }
