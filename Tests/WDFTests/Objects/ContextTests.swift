// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost

@testable import WDF

@Suite("Contexts of objects")
struct ContextTests {
    @Test(
        "A context is zero, aligned to 16, found by its kind, and leads back to its object",
        arguments: [1, 8, 24, 4096])
    func context(_ size: Int) throws {
        let kind = unsafe contextKind(size)
        let object = unsafe try makeObject { unsafe $0.ContextTypeInfo = unsafe kind }
        let memory = unsafe try #require(unsafe WdfObjectGetTypedContextWorker(object, kind))
        #expect(UInt(bitPattern: memory) % 16 == 0)
        #expect(unsafe UnsafeRawBufferPointer(start: memory, count: size).allSatisfy { $0 == 0 })
        #expect(unsafe WdfObjectContextGetObject(memory) == object)
        #expect(unsafe WdfObjectGetTypedContextWorker(object, contextKind(size)) == nil)
        unsafe WdfObjectDelete(object)
    }

    @Test("A context may be larger than its kind")
    func override() throws {
        let kind = unsafe contextKind(8)
        let object = unsafe try makeObject {
            unsafe $0.ContextTypeInfo = unsafe kind
            unsafe $0.ContextSizeOverride = 10_000
        }
        let memory = unsafe try #require(unsafe WdfObjectGetTypedContextWorker(object, kind))
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: 10_000)
        #expect(unsafe WdfObjectContextGetObject(memory) == object)
        unsafe WdfObjectDelete(object)
    }

    @Test("A context more has callbacks of its own; the second of a kind is the first")
    func allocate() throws {
        let object = unsafe try makeObject()
        let kind = unsafe contextKind(16)
        var attributes = unsafe noted { unsafe $0.ContextTypeInfo = unsafe kind }
        var first: PVOID?
        var second: PVOID?
        #expect(unsafe WdfObjectAllocateContext(object, &attributes, &first) == 0)
        #expect(unsafe WdfObjectAllocateContext(object, &attributes, &second) == STATUS_OBJECT_NAME_EXISTS)
        #expect(unsafe first != nil && first == second)
        #expect(unsafe WdfObjectContextGetObject(first) == object)
        var other = unsafe plain { unsafe $0.ContextTypeInfo = unsafe contextKind(0) }
        #expect(unsafe WdfObjectAllocateContext(object, &other, nil) == 0)
        unsafe WdfObjectDelete(object)
        #expect(
            unsafe ObjectLog.shared.events(of: [object: "it"]) == [
                "cleanup it", "cleanup it", "destroy it", "destroy it",
            ]
        )
    }

    @Test("What cannot be a context is answered with its status")
    func refusals() throws {
        let object = unsafe try makeObject()
        let kind = unsafe contextKind(16)
        var none = unsafe plain()
        var parent = unsafe plain {
            unsafe $0.ContextTypeInfo = unsafe kind
            unsafe $0.ParentObject = unsafe object
        }
        var huge = unsafe plain {
            unsafe $0.ContextTypeInfo = unsafe kind
            unsafe $0.ContextSizeOverride = .max
        }
        var memory: PVOID?
        #expect(unsafe WdfObjectAllocateContext(object, nil, &memory) == STATUS_WDF_PARENT_NOT_SPECIFIED)
        #expect(unsafe WdfObjectAllocateContext(object, &none, &memory) == STATUS_OBJECT_NAME_INVALID)
        #expect(
            unsafe WdfObjectAllocateContext(object, &parent, &memory) == STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED)
        #expect(unsafe WdfObjectAllocateContext(object, &huge, &memory) == NTStatus.insufficientResources.rawValue)
        unsafe reference(object)
        unsafe WdfObjectDelete(object)
        var late = unsafe plain { unsafe $0.ContextTypeInfo = unsafe kind }
        #expect(unsafe WdfObjectAllocateContext(object, &late, &memory) == NTStatus.deletePending.rawValue)
        #expect(unsafe memory == nil)
        unsafe dereference(object)
    }

    @Test("NULL and what names nothing are bug checks")
    func faults() throws {
        let object = unsafe try makeObject()
        let kind = unsafe contextKind(16)
        var attributes = unsafe plain { unsafe $0.ContextTypeInfo = unsafe kind }
        expectBugChecks([4]) { _ = unsafe WdfObjectAllocateContext(nil, &attributes, nil) }
        expectBugChecks([4]) { #expect(unsafe WdfObjectGetTypedContextWorker(nil, kind) == nil) }
        expectBugChecks([4]) { #expect(unsafe WdfObjectGetTypedContextWorker(object, nil) == nil) }
        expectBugChecks([4]) { #expect(unsafe WdfObjectContextGetObject(nil) == nil) }
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
        defer { unsafe bytes.deallocate() }
        expectBugChecks([5]) { #expect(unsafe WdfObjectContextGetObject(bytes + 32) == nil) }
        unsafe WdfObjectDelete(object)
        expectBugChecks([5]) { #expect(unsafe WdfObjectGetTypedContextWorker(object, kind) == nil) }
    }

    @Test("Contexts are there while an object's callbacks are called, to the last")
    func atTheEnd() throws {
        // The callbacks find the same bytes, and count in them.
        let kind = unsafe CountedContext.kind
        let object = unsafe try makeObject {
            unsafe $0.ContextTypeInfo = unsafe kind
            unsafe $0.EvtCleanupCallback = { unsafe CountedContext.count($0) }
        }
        var attributes = unsafe plain {
            unsafe $0.ContextTypeInfo = unsafe contextKind(8)
            unsafe $0.EvtDestroyCallback = { unsafe CountedContext.count($0) }
        }
        #expect(unsafe WdfObjectAllocateContext(object, &attributes, nil) == 0)
        unsafe CountedContext.count(object)
        unsafe WdfObjectDelete(object)
        #expect(unsafe CountedContext.counts(of: object) == [1, 2, 3])
    }
}

/// Contexts that count how often callbacks have looked at them.
@safe private enum CountedContext {
    // Sound: a constant.
    nonisolated(unsafe) static let kind = unsafe contextKind(8)
    private static let found = Counts()

    private final class Counts: @unchecked Sendable {
        private let lock = Lock()
        private var found: [UInt: [Int]] = [:]

        func add(_ count: Int, _ object: UInt) { lock.withLock { found[object, default: []].append(count) } }
        subscript(object: UInt) -> [Int] { lock.withLock { found[object] ?? [] } }
    }

    static func count(_ object: WDFOBJECT?) {
        guard let memory = unsafe WdfObjectGetTypedContextWorker(object, kind) else { return }
        let count = unsafe memory.load(as: Int.self) + 1
        unsafe memory.storeBytes(of: count, as: Int.self)
        found.add(count, UInt(bitPattern: object))
    }

    static func counts(of object: WDFOBJECT?) -> [Int] { found[UInt(bitPattern: object)] }
}
