// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import NTKernel
import Synchronization
import Testing
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("Work items")
struct WorkItemTests {
    /// What a work item's callback does, and what it has done. The item's context leads to it.
    @safe private final class Work: @unchecked Sendable {
        // Sound: a constant.
        nonisolated(unsafe) static let kind = unsafe contextKind(8)
        let body: @Sendable (Work, WDFWORKITEM?) -> Void
        let runs = ThreadResults()

        init(_ body: @escaping @Sendable (Work, WDFWORKITEM?) -> Void) { unsafe self.body = unsafe body }

        static func of(_ item: WDFWORKITEM?) -> Work? {
            guard let memory = unsafe WdfObjectGetTypedContextWorker(item, kind),
                let work = unsafe memory.load(as: UnsafeRawPointer?.self)
            else { return nil }
            // Sound: the test keeps it until the item is gone.
            return unsafe Unmanaged<Work>.fromOpaque(work).takeUnretainedValue()
        }
    }

    private func make(
        _ work: Work, for parent: WDFOBJECT?, serialized: Bool = false,
        _ change: (inout WDF_OBJECT_ATTRIBUTES) -> Void = { _ in }
    ) throws -> WDFWORKITEM {
        var config = WDF_WORKITEM_CONFIG()
        unsafe WDF_WORKITEM_CONFIG_INIT(&config) { item in
            guard let work = unsafe Work.of(item) else { return }
            unsafe work.body(work, item)
        }
        config.AutomaticSerialization = serialized ? 1 : 0
        var attributes = unsafe noted {
            unsafe $0.ParentObject = unsafe parent
            unsafe $0.ContextTypeInfo = unsafe Work.kind
            unsafe change(&$0)
        }
        var item: WDFWORKITEM?
        try #require(unsafe WdfWorkItemCreate(&config, &attributes, &item) == 0)
        let memory = unsafe try #require(unsafe WdfObjectGetTypedContextWorker(item, Work.kind))
        unsafe memory.storeBytes(
            of: UnsafeRawPointer(Unmanaged.passUnretained(work).toOpaque()), as: UnsafeRawPointer?.self)
        return unsafe try #require(unsafe item)
    }

    @Test(
        "A callback is called at PASSIVE_LEVEL on another thread, and means the item's bus",
        arguments: [TimeFlow.manual, .free, .real])
    func callback(_ flow: TimeFlow) throws {
        try withDevice(flow) { device in
            let executor = ObjectIdentifier(ProcessHost.current.executor)
            let thread = CurrentThread.id
            let work = unsafe Work { work, _ in
                work.runs.add(InterruptLevel.current)
                work.runs.add(ObjectIdentifier(ProcessHost.current.executor) == executor ? 1 : 0)
                work.runs.add(CurrentThread.id == thread ? 1 : 0)
            }
            let item = unsafe try make(work, for: device.handle)
            InterruptLevel.atDispatch { unsafe WdfWorkItemEnqueue(item) }
            unsafe WdfWorkItemFlush(item)
            #expect(work.runs.list == [0, 1, 0])
            #expect(unsafe WdfWorkItemGetParentObject(item) == device.handle)
            unsafe WdfObjectDelete(item)
        }
    }

    @Test("A callback may wait in bus time, and others for it", arguments: [TimeFlow.manual, .free])
    func waiting(_ flow: TimeFlow) throws {
        try withDevice(flow) { device in
            let event = BusEvent(on: device.host.executor)
            let begin = busMilliseconds
            let work = unsafe Work { work, _ in
                work.runs.add(busMilliseconds - begin)
                Sleep(10)
                work.runs.add(busMilliseconds - begin)
                event.set()
            }
            let item = unsafe try make(work, for: device.handle)
            for _ in 0..<20 {
                unsafe WdfWorkItemEnqueue(item)
                // Though nothing is scheduled until the callback waits.
                #expect(event.wait() == .set(0))
                event.clear()
                unsafe WdfWorkItemFlush(item)
            }
            let expected = (0..<20 as Range<Int64>).flatMap { [$0 * 10, $0 * 10 + 10] }
            #expect(work.runs.list == expected)
            unsafe WdfObjectDelete(item)
        }
    }

    @Test("An item stands in the queue once, and no wish to have it called is lost")
    func coalescing() throws {
        try withDevice { device in
            let wishes = Atomic<Int>(0)
            let work = unsafe Work { work, _ in work.runs.add(wishes.load(ordering: .sequentiallyConsistent)) }
            let item = unsafe try make(work, for: device.handle)
            for wish in 1...200 {
                wishes.store(wish, ordering: .sequentiallyConsistent)
                unsafe WdfWorkItemEnqueue(item)
                if wish % 50 == 0 { unsafe WdfWorkItemFlush(item) }
            }
            #expect((4...200).contains(work.runs.list.count))
            #expect(Set(work.runs.list).isSuperset(of: [50, 100, 150, 200]))
            unsafe WdfObjectDelete(item)
        }
    }

    @Test("A callback can have its item called again, and a flush waits for that too")
    func again() throws {
        try withDevice { device in
            let work = unsafe Work { work, item in
                work.runs.add(0)
                if work.runs.list.count < 30 { unsafe WdfWorkItemEnqueue(item) }
            }
            let item = unsafe try make(work, for: device.handle)
            unsafe WdfWorkItemEnqueue(item)
            unsafe WdfWorkItemFlush(item)
            #expect(work.runs.list.count == 30)
            unsafe WdfObjectDelete(item)
        }
    }

    @Test("Flushing and deleting an item in its own callback wait for nothing")
    func inside() throws {
        try withDevice { device in
            let work = unsafe Work { work, item in
                unsafe WdfWorkItemFlush(item)
                unsafe WdfObjectDelete(item)
                work.runs.add(1)
                // Deleted items are not queued any more.
                unsafe WdfWorkItemEnqueue(item)
            }
            let item = unsafe try make(work, for: device.handle)
            unsafe WdfWorkItemEnqueue(item)
            unsafe ObjectLog.shared.wait(for: "destroy", of: item)
            #expect(work.runs.list == [1])
            #expect(unsafe ObjectLog.shared.events(of: [object(item): "item"]) == ["cleanup item", "destroy item"])
        }
    }

    @Test("Deleting what an item goes with waits for its callback")
    func deletion() throws {
        try withDevice(.free) { device in
            let parent = unsafe try makeObject { unsafe $0.ParentObject = unsafe device.handle }
            let work = unsafe Work { work, item in
                Sleep(5)
                work.runs.add(unsafe ObjectLog.shared.events(of: [object(item): "item"]).count)
            }
            let item = unsafe try make(work, for: parent)
            unsafe WdfWorkItemEnqueue(item)
            unsafe WdfObjectDelete(parent)
            #expect(work.runs.list == [0])
            unsafe ObjectLog.shared.wait(for: "destroy", of: item)
            #expect(
                unsafe ObjectLog.shared.events(of: [object(item): "item", parent: "parent"]).prefix(2) == [
                    "cleanup item", "cleanup parent",
                ])
        }
    }

    @Test("An item that is kept apart with its device's callbacks is called with the device's lock")
    func serialized() throws {
        let apart = unsafe plain {
            unsafe $0.ExecutionLevel = WdfExecutionLevelPassive
            unsafe $0.SynchronizationScope = WdfSynchronizationScopeDevice
        }
        try withDevice(.free, apart) { device in
            let work = unsafe Work { work, _ in work.runs.add(busMilliseconds) }
            let item = unsafe try make(work, for: device.handle, serialized: true)
            let free = unsafe try make(work, for: device.handle, serialized: false)
            unsafe WdfObjectAcquireLock(device.handle)
            let begin = busMilliseconds
            unsafe WdfWorkItemEnqueue(item)
            unsafe WdfWorkItemEnqueue(free)
            Sleep(7)
            unsafe WdfObjectReleaseLock(device.handle)
            unsafe WdfWorkItemFlush(item)
            #expect(work.runs.list == [begin, begin + 7])
            unsafe WdfObjectDelete(item)
            unsafe WdfObjectDelete(free)
        }
    }

    @Test("Faults of a creation are found in order")
    func faults() throws {
        try withDevice { device in
            var config = WDF_WORKITEM_CONFIG()
            unsafe WDF_WORKITEM_CONFIG_INIT(&config) { _ in }
            var item: WDFWORKITEM?
            var attributes = unsafe plain { unsafe $0.ExecutionLevel = WdfExecutionLevelInvalid }
            #expect(WdfWorkItemCreate(nil, nil, nil) == STATUS_WDF_PARENT_NOT_SPECIFIED)
            #expect(unsafe WdfWorkItemCreate(nil, &attributes, nil) == STATUS_WDF_PARENT_NOT_SPECIFIED)
            unsafe attributes.Size += 1
            #expect(unsafe WdfWorkItemCreate(nil, &attributes, nil) == NTStatus.infoLengthMismatch.rawValue)
            unsafe attributes.Size -= 1
            unsafe attributes.ParentObject = WDFOBJECT(bitPattern: 0x44)
            expectBugChecks([5]) { _ = unsafe WdfWorkItemCreate(nil, &attributes, nil) }
            unsafe attributes.ParentObject = unsafe device.handle
            expectBugChecks([4]) { _ = unsafe WdfWorkItemCreate(nil, &attributes, &item) }
            config.Size = 1
            expectBugChecks([4]) { _ = unsafe WdfWorkItemCreate(&config, &attributes, nil) }
            let function = unsafe config.EvtWorkItemFunc
            unsafe config.EvtWorkItemFunc = nil
            #expect(unsafe WdfWorkItemCreate(&config, &attributes, &item) == NTStatus.infoLengthMismatch.rawValue)
            config.Size = ULONG(MemoryLayout<WDF_WORKITEM_CONFIG>.size)
            #expect(unsafe WdfWorkItemCreate(&config, &attributes, &item) == NTStatus.invalidParameter.rawValue)
            unsafe config.EvtWorkItemFunc = unsafe function
            #expect(unsafe WdfWorkItemCreate(&config, &attributes, &item) == STATUS_WDF_OBJECT_ATTRIBUTES_INVALID)
            let stranger = unsafe try makeObject()
            var other = unsafe plain { unsafe $0.ParentObject = unsafe stranger }
            #expect(unsafe WdfWorkItemCreate(&config, &other, &item) == NTStatus.invalidDeviceRequest.rawValue)
            #expect(unsafe item == nil)
            unsafe WdfObjectDelete(stranger)
        }
    }

    @Test("Callbacks that may be called at DISPATCH_LEVEL are not kept apart with an item's")
    func incompatible() throws {
        let apart = unsafe plain { unsafe $0.SynchronizationScope = WdfSynchronizationScopeDevice }
        try withDevice(.manual, apart) { device in
            var config = WDF_WORKITEM_CONFIG()
            unsafe WDF_WORKITEM_CONFIG_INIT(&config) { _ in }
            var attributes = unsafe plain { unsafe $0.ParentObject = unsafe device.handle }
            var item: WDFWORKITEM?
            #expect(
                unsafe WdfWorkItemCreate(&config, &attributes, &item) == STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL)
            config.AutomaticSerialization = 0
            #expect(unsafe WdfWorkItemCreate(&config, &attributes, &item) == 0)
            expectBugChecks([5]) { WdfWorkItemEnqueue(nil) }
            expectBugChecks([5]) { WdfWorkItemFlush(nil) }
            expectBugChecks([5]) { #expect(unsafe WdfWorkItemGetParentObject(nil) == nil) }
            unsafe WdfObjectDelete(item)
        }
    }
}
