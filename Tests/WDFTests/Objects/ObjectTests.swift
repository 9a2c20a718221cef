// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import NTKernel
import Testing
import VirtualUSB

@testable import WDF

@Suite("Objects: attributes, references and deletion")
struct ObjectTests {
    // MARK: Deletion

    @Test("Children are cleaned up before their parents, the oldest first, and all before any is destroyed")
    func order() throws {
        let parent = unsafe try makeObject()
        let first = unsafe try makeObject { unsafe $0.ParentObject = unsafe parent }
        let inner = unsafe try makeObject { unsafe $0.ParentObject = unsafe first }
        let second = unsafe try makeObject { unsafe $0.ParentObject = unsafe parent }
        unsafe WdfObjectDelete(parent)
        let events = unsafe ObjectLog.shared.events(of: [
            parent: "parent", first: "first", inner: "inner", second: "second",
        ])
        #expect(
            events == [
                "cleanup inner", "cleanup first", "cleanup second", "cleanup parent", "destroy inner", "destroy first",
                "destroy second", "destroy parent",
            ])
    }

    @Test("A child that was deleted before is not deleted again with its parent")
    func childFirst() throws {
        let parent = unsafe try makeObject()
        let children = unsafe try (0..<4).map { _ in unsafe try makeObject { unsafe $0.ParentObject = unsafe parent } }
        unsafe WdfObjectDelete(children[1])
        unsafe WdfObjectDelete(children[3])
        let late = unsafe try makeObject { unsafe $0.ParentObject = unsafe parent }
        unsafe WdfObjectDelete(parent)
        let events = unsafe ObjectLog.shared.events(of: [
            children[0]: "0", children[1]: "1", children[2]: "2", children[3]: "3", late: "4", parent: "parent",
        ])
        #expect(
            events == [
                "cleanup 1", "destroy 1", "cleanup 3", "destroy 3", "cleanup 0", "cleanup 2", "cleanup 4",
                "cleanup parent",
                "destroy 0", "destroy 2", "destroy 4", "destroy parent",
            ])
    }

    @Test("A reference keeps a deleted object and its handle; what is deleted twice is left alone")
    func references() throws {
        let object = unsafe try makeObject()
        unsafe reference(object)
        unsafe reference(object)
        unsafe WdfObjectDelete(object)
        unsafe WdfObjectDelete(object)
        unsafe dereference(object)
        #expect(unsafe ObjectLog.shared.events(of: [object: "it"]) == ["cleanup it"])
        expectBugChecks([]) { unsafe reference(object) }
        unsafe dereference(object)
        unsafe dereference(object)
        #expect(unsafe ObjectLog.shared.events(of: [object: "it"]) == ["cleanup it", "destroy it"])
        expectBugChecks([5]) { unsafe dereference(object) }
        expectBugChecks([5]) { unsafe WdfObjectDelete(object) }
    }

    @Test("A reference to a child keeps the child alone")
    func childReference() throws {
        let parent = unsafe try makeObject()
        let child = unsafe try makeObject { unsafe $0.ParentObject = unsafe parent }
        unsafe reference(child)
        unsafe WdfObjectDelete(parent)
        #expect(
            unsafe ObjectLog.shared.events(of: [parent: "parent", child: "child"]) == [
                "cleanup child", "cleanup parent", "destroy parent",
            ])
        unsafe dereference(child)
        #expect(unsafe ObjectLog.shared.events(of: [child: "child"]) == ["cleanup child", "destroy child"])
    }

    @Test("Giving up a reference that nobody has is a bug check, and changes nothing")
    func overDereference() throws {
        let object = unsafe try makeObject()
        let found = BugCheck.intercepting { unsafe dereference(object) }
        #expect(found.map(\.code) == [0x10D])
        #expect(found.map(\.parameters) == [[7, UInt(bitPattern: object), 0, 0]])
        #expect(unsafe ObjectLog.shared.events(of: [object: "it"]) == [])
        unsafe WdfObjectDelete(object)
        #expect(unsafe ObjectLog.shared.events(of: [object: "it"]) == ["cleanup it", "destroy it"])
    }

    @Test("A device, which the framework deletes, is not a driver's to delete")
    func framework() throws {
        try withDevice { device in
            expectBugChecks([7]) { unsafe WdfObjectDelete(device.handle) }
            #expect(!device.isGone)
        }
    }

    @Test("What is deleted at DISPATCH_LEVEL is told of it there, unless it asks for PASSIVE_LEVEL")
    func levels() throws {
        try withDevice { device in
            let anywhere = unsafe try makeObject { unsafe $0.ParentObject = unsafe device.handle }
            InterruptLevel.atDispatch { unsafe WdfObjectDelete(anywhere) }
            #expect(unsafe ObjectLog.shared.levels(of: anywhere) == [2, 2])

            let parent = unsafe try makeObject { unsafe $0.ParentObject = unsafe device.handle }
            let passive = unsafe try makeObject {
                unsafe $0.ParentObject = unsafe parent
                unsafe $0.ExecutionLevel = WdfExecutionLevelPassive
            }
            InterruptLevel.atDispatch { unsafe WdfObjectDelete(parent) }
            unsafe ObjectLog.shared.wait(for: "destroy", of: parent)
            #expect(unsafe ObjectLog.shared.levels(of: passive) == [0, 0])
            #expect(unsafe ObjectLog.shared.levels(of: parent) == [0, 0])
            #expect(
                unsafe ObjectLog.shared.events(of: [passive: "passive", parent: "parent"]) == [
                    "cleanup passive", "cleanup parent", "destroy passive", "destroy parent",
                ])
        }
    }

    // MARK: Creation

    @Test("Handles that name nothing, and places that are missing, are bug checks, the parent's first")
    func missing() {
        var object: WDFOBJECT?
        expectBugChecks([4]) { #expect(WdfObjectCreate(nil, nil) == NTStatus.unsuccessful.rawValue) }
        var attributes = unsafe plain { unsafe $0.ParentObject = WDFOBJECT(bitPattern: 0x1234) }
        expectBugChecks([5]) { _ = unsafe WdfObjectCreate(&attributes, nil) }
        expectBugChecks([5]) { _ = unsafe WdfObjectCreate(&attributes, &object) }
        expectBugChecks([5]) { WdfObjectDelete(nil) }
        expectBugChecks([4]) { reference(nil) }
        expectBugChecks([4]) { dereference(nil) }
        #expect(unsafe object == nil)
    }

    @safe struct Fault: @unchecked Sendable, CustomStringConvertible {
        var status: NTSTATUS
        var description: String
        var change: @Sendable (inout WDF_OBJECT_ATTRIBUTES) -> Void

        init(_ status: NTSTATUS, _ text: String, _ change: @escaping @Sendable (inout WDF_OBJECT_ATTRIBUTES) -> Void) {
            self.status = status
            description = text
            unsafe self.change = unsafe change
        }
    }

    /// In the order in which they are found.
    static let faults: [Fault] = unsafe [
        Fault(NTSTATUS(bitPattern: 0xC000_0004), "another size") { unsafe $0.Size += 8 },
        Fault(NTSTATUS(bitPattern: 0xC000_0004), "a kind of another size") {
            unsafe $0.ContextTypeInfo = unsafe contextKind(8, structure: 32)
        },
        Fault(NTSTATUS(bitPattern: 0xC020_0209), "a context without a name") {
            unsafe $0.ContextTypeInfo = unsafe contextKind(8, name: nil)
        },
        Fault(NTSTATUS(bitPattern: 0xC020_0209), "a context smaller than its kind") {
            unsafe $0.ContextTypeInfo = unsafe contextKind(8)
            unsafe $0.ContextSizeOverride = 7
        },
        Fault(NTSTATUS(bitPattern: 0xC020_0209), "a context of no kind") { unsafe $0.ContextSizeOverride = 8 },
        Fault(NTSTATUS(bitPattern: 0xC020_0209), "no level") {
            unsafe $0.ExecutionLevel = WdfExecutionLevelInvalid
        },
        Fault(NTSTATUS(bitPattern: 0xC020_0209), "a level too high") {
            unsafe $0.ExecutionLevel = WDF_EXECUTION_LEVEL(rawValue: 4)
        },
        Fault(NTSTATUS(bitPattern: 0xC020_0209), "no scope") {
            unsafe $0.SynchronizationScope = WdfSynchronizationScopeInvalid
        },
        Fault(NTSTATUS(bitPattern: 0xC020_0210), "a scope") {
            unsafe $0.SynchronizationScope = WdfSynchronizationScopeDevice
        },
    ]

    @Test("Wrong attributes are answered with their status, and make nothing", arguments: faults)
    func attributes(_ fault: Fault) throws {
        var attributes = unsafe noted(fault.change)
        var object: WDFOBJECT?
        #expect(unsafe WdfObjectCreate(&attributes, &object) == fault.status)
        #expect(unsafe object == nil)
    }

    @Test("Of several faults the first in order is answered", arguments: faults.indices.dropLast(), faults.indices)
    func severalFaults(_ first: Int, _ second: Int) throws {
        let faults = ObjectTests.faults
        guard first < second else { return }
        var attributes = unsafe plain(faults[second].change)
        let before = unsafe attributes
        unsafe faults[first].change(&attributes)
        // Some faults are of the same member, and cannot be made together.
        let isBoth = unsafe before.ContextTypeInfo == nil || attributes.ContextTypeInfo == before.ContextTypeInfo
        guard isBoth else { return }
        var object: WDFOBJECT?
        #expect(unsafe WdfObjectCreate(&attributes, &object) == faults[first].status)
    }

    @Test("A level is refused where it means nothing")
    func executionLevel() {
        var attributes = unsafe plain { unsafe $0.ExecutionLevel = WdfExecutionLevelPassive }
        var lock: WDFSPINLOCK?
        #expect(unsafe WdfSpinLockCreate(&attributes, &lock) == STATUS_WDF_EXECUTION_LEVEL_INVALID)
        #expect(unsafe lock == nil)
    }

    @Test("A parent that is being deleted takes no more children, and no callback of theirs is called")
    func deletedParent() throws {
        let parent = unsafe try makeObject()
        unsafe reference(parent)
        unsafe WdfObjectDelete(parent)
        var attributes = unsafe noted { unsafe $0.ParentObject = unsafe parent }
        var object: WDFOBJECT?
        #expect(unsafe WdfObjectCreate(&attributes, &object) == NTStatus.deletePending.rawValue)
        #expect(unsafe object == nil)
        unsafe dereference(parent)
        #expect(unsafe ObjectLog.shared.events(of: [parent: "parent"]) == ["cleanup parent", "destroy parent"])
    }
}
