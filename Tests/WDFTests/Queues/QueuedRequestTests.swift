// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import Win32

@testable import WDF

@Suite("Requests that queues present")
struct QueuedRequestTests {
    /// A control code of a device type of one's own, with that method (CTL_CODE).
    private static func code(_ method: UInt32) -> UInt32 { 0x22_2000 | method }

    private func memory(
        _ function: (WDFREQUEST?, UnsafeMutablePointer<WDFMEMORY?>?) -> NTSTATUS, _ request: WDFREQUEST
    ) -> (status: NTSTATUS, memory: WDFMEMORY?) {
        var memory: WDFMEMORY?
        let status = unsafe function(request, &memory)
        return unsafe (status, memory)
    }

    private func buffer(
        _ function: (WDFREQUEST?, Int, UnsafeMutablePointer<PVOID?>?, UnsafeMutablePointer<Int>?) -> NTSTATUS,
        _ request: WDFREQUEST, atLeast minimum: Int = 0
    ) -> (status: NTSTATUS, bytes: UnsafeMutableRawBufferPointer) {
        var start: PVOID?
        var count = -1
        let status = unsafe function(request, minimum, &start, &count)
        return unsafe (status, UnsafeMutableRawBufferPointer(start: start, count: max(0, count)))
    }

    @Test("What a request asks is told as it was presented")
    func parameters() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue(WdfIoQueueDispatchParallel)
            unsafe driver.present(WdfRequestTypeRead, outputCount: 7, offset: 0x1_0000_0001)
            unsafe driver.present(WdfRequestTypeWrite, input: [1, 2, 3], offset: -1)
            unsafe driver.present(WdfRequestTypeDeviceControl, code: Self.code(0), input: [1], outputCount: 2)
            let requests = unsafe driver.calls().map(unsafe \.request)
            let parameters = unsafe requests.map { request in
                var parameters = unsafe WDF_REQUEST_PARAMETERS()
                unsafe WDF_REQUEST_PARAMETERS_INIT(&parameters)
                unsafe WdfRequestGetParameters(request, &parameters)
                return unsafe parameters
            }
            #expect(
                unsafe parameters.map(\.Type) == [
                    WdfRequestTypeRead, WdfRequestTypeWrite, WdfRequestTypeDeviceControl,
                ])
            #expect(unsafe parameters[0].Parameters.Read.Length == 7)
            #expect(unsafe parameters[0].Parameters.Read.DeviceOffset == 0x1_0000_0001)
            #expect(unsafe parameters[1].Parameters.Write.Length == 3)
            #expect(unsafe parameters[1].Parameters.Write.DeviceOffset == -1)
            #expect(unsafe parameters[2].Parameters.DeviceIoControl.InputBufferLength == 1)
            #expect(unsafe parameters[2].Parameters.DeviceIoControl.OutputBufferLength == 2)
            #expect(unsafe parameters[2].Parameters.DeviceIoControl.IoControlCode == Self.code(0))
            var other = unsafe WDF_REQUEST_PARAMETERS()
            unsafe other.Size = 8
            unsafe WdfRequestGetParameters(requests[0], &other)
            #expect(unsafe other.Type == WdfRequestTypeCreate)
            unsafe requests.forEach { request in
                #expect(unsafe WdfRequestGetRequestorMode(request) == 1)
                unsafe complete(request)
            }
        }
    }

    @Test("A write's input memory is the program's, the same object every time, and there is no output")
    func writeMemory() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(WdfRequestTypeWrite, input: [1, 2, 3])
            let request = unsafe try driver.request()
            let first = unsafe memory(WdfRequestRetrieveInputMemory, request)
            unsafe #expect(first.status == 0)
            #expect(unsafe memory(WdfRequestRetrieveInputMemory, request).memory == first.memory)
            var count = 0
            #expect(unsafe WdfMemoryGetBuffer(first.memory, &count) == outcome.input.baseAddress)
            #expect(count == 3)
            let (status, bytes) = unsafe buffer(WdfRequestRetrieveInputBuffer, request, atLeast: 3)
            #expect(status == 0)
            #expect(unsafe Array(bytes) == [1, 2, 3])
            #expect(unsafe memory(WdfRequestRetrieveOutputMemory, request).status == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe buffer(WdfRequestRetrieveOutputBuffer, request).status == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe buffer(WdfRequestRetrieveInputBuffer, request, atLeast: 4).status == STATUS_BUFFER_TOO_SMALL)
            var list: PMDL?
            #expect(unsafe WdfRequestRetrieveOutputWdmMdl(request, &list) == STATUS_INVALID_DEVICE_REQUEST)
            let checks = BugCheck.intercepting { unsafe WdfObjectDelete(first.memory) }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 7]])
            unsafe complete(request, 0, 3)
            // It went with the request.
            let late = BugCheck.intercepting { _ = unsafe WdfMemoryGetBuffer(first.memory, &count) }
            #expect(late.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 5]])
        }
    }

    @Test("A read has output, which the driver fills, and no input")
    func readMemory() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 4)
            let request = unsafe try driver.request()
            #expect(unsafe memory(WdfRequestRetrieveInputMemory, request).status == STATUS_INVALID_DEVICE_REQUEST)
            let memory = unsafe memory(WdfRequestRetrieveOutputMemory, request).memory
            var bytes: [UInt8] = [9, 8, 7]
            #expect(unsafe WdfMemoryCopyFromBuffer(memory, 1, &bytes, 3) == 0)
            unsafe WdfRequestSetInformation(request, 4)
            #expect(unsafe WdfRequestGetInformation(request) == 4)
            unsafe WdfRequestComplete(request, 0)
            #expect(outcome.status == 0)
            #expect(outcome.information == 4)
            #expect(outcome.bytes == [0xEE, 9, 8, 7])
        }
    }

    @Test("A request without bytes has no memory to give")
    func noBytes() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue { unsafe $0.AllowZeroLengthRequests = 1 }
            unsafe driver.present(WdfRequestTypeWrite)
            let request = unsafe try driver.request()
            #expect(unsafe memory(WdfRequestRetrieveInputMemory, request).status == STATUS_BUFFER_TOO_SMALL)
            #expect(unsafe buffer(WdfRequestRetrieveInputBuffer, request).status == STATUS_BUFFER_TOO_SMALL)
            var list: PMDL?
            #expect(unsafe WdfRequestRetrieveInputWdmMdl(request, &list) == STATUS_BUFFER_TOO_SMALL)
            unsafe complete(request)
        }
    }

    @Test("Input and output of a buffered control code share memory; as much as is counted gets to the program")
    func buffered() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(
                WdfRequestTypeDeviceControl, code: Self.code(0), input: [1, 2, 3, 4, 5], outputCount: 4)
            let request = unsafe try driver.request()
            let (_, input) = unsafe buffer(WdfRequestRetrieveInputBuffer, request)
            let (_, output) = unsafe buffer(WdfRequestRetrieveOutputBuffer, request)
            #expect(unsafe Array(input) == [1, 2, 3, 4, 5])
            #expect(output.count == 4)
            #expect(unsafe input.baseAddress == output.baseAddress)
            #expect(unsafe input.baseAddress != outcome.input.baseAddress)
            let objects = unsafe (
                memory(WdfRequestRetrieveInputMemory, request).memory,
                memory(WdfRequestRetrieveOutputMemory, request).memory
            )
            #expect(unsafe objects.0 != objects.1)
            unsafe output[1] = 0x77
            #expect(outcome.bytes == [0xEE, 0xEE, 0xEE, 0xEE])
            unsafe complete(request, 0, 3)
            #expect(outcome.bytes == [1, 0x77, 3, 0xEE])
            #expect(unsafe Array(outcome.input) == [1, 2, 3, 4, 5])
        }
    }

    @Test(
        "A warning brings its bytes along, an error does not",
        arguments: [(0x8000_0005, [5, 6]), (0xC000_0001, [0xEE, 0xEE])] as [(UInt32, [UInt8])])
    func bufferedFailures(code: UInt32, bytes: [UInt8]) throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(
                WdfRequestTypeDeviceControl, code: Self.code(0), input: [5, 6], outputCount: 2)
            unsafe complete(unsafe try driver.request(), NTSTATUS(bitPattern: code), 2)
            #expect(outcome.status == NTSTATUS(bitPattern: code))
            #expect(outcome.bytes == bytes)
        }
    }

    @Test(
        "A direct control code has its input copied, and its output in the program's memory", arguments: [UInt32(1), 2])
    func direct(method: UInt32) throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(
                WdfRequestTypeDeviceControl, code: Self.code(method), input: [1, 2], outputCount: 3)
            let request = unsafe try driver.request()
            let (_, input) = unsafe buffer(WdfRequestRetrieveInputBuffer, request)
            let (_, output) = unsafe buffer(WdfRequestRetrieveOutputBuffer, request)
            #expect(unsafe Array(input) == [1, 2])
            #expect(unsafe input.baseAddress != outcome.input.baseAddress)
            #expect(unsafe output.baseAddress == outcome.output.baseAddress)
            #expect(output.count == 3)
            unsafe complete(request)
        }
    }

    @Test("Bytes that go as they are, a driver gets from other drivers only")
    func neither() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue(WdfIoQueueDispatchParallel)
            let types = [WdfRequestTypeDeviceControl, WdfRequestTypeDeviceControlInternal]
            let outcomes = types.map { unsafe driver.present($0, code: Self.code(3), input: [1], outputCount: 1) }
            let requests = unsafe driver.calls().compactMap(unsafe \.request)
            #expect(unsafe buffer(WdfRequestRetrieveInputBuffer, requests[0]).status == STATUS_INVALID_DEVICE_REQUEST)
            #expect(unsafe memory(WdfRequestRetrieveOutputMemory, requests[0]).status == STATUS_INVALID_DEVICE_REQUEST)
            let (_, input) = unsafe buffer(WdfRequestRetrieveInputBuffer, requests[1])
            #expect(unsafe input.baseAddress == outcomes[1].input.baseAddress)
            #expect(unsafe WdfRequestGetRequestorMode(requests[1]) == 0)
            var list: PMDL?
            #expect(unsafe WdfRequestRetrieveOutputWdmMdl(requests[1], &list) == STATUS_INVALID_DEVICE_REQUEST)
            unsafe requests.forEach { unsafe complete($0) }
        }
    }

    @Test("A descriptor list describes the bytes, is the same every time, and goes with the request")
    func lists() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(WdfRequestTypeWrite, input: [1, 2, 3])
            let request = unsafe try driver.request()
            var list: PMDL?
            var again: PMDL?
            #expect(unsafe WdfRequestRetrieveInputWdmMdl(request, &list) == 0)
            #expect(unsafe WdfRequestRetrieveInputWdmMdl(request, &again) == 0)
            #expect(unsafe list == again)
            #expect(unsafe list?.memory.count == 3)
            #expect(unsafe list?.memory.baseAddress == outcome.input.baseAddress)
            unsafe complete(request)
            let checks = BugCheck.intercepting { unsafe IoFreeMdl(list) }
            #expect(checks.map(\.code) == [0xC2])
        }
    }

    @Test("NULL where the memory is to be told is a bug check", arguments: 0..<6)
    func noPlace(function: Int) throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            unsafe driver.present(WdfRequestTypeDeviceControl, input: [1], outputCount: 1)
            let request = unsafe try driver.request()
            var status: NTSTATUS = 0
            let checks = BugCheck.intercepting {
                switch function {
                case 0: status = unsafe WdfRequestRetrieveInputMemory(request, nil)
                case 1: status = unsafe WdfRequestRetrieveOutputMemory(request, nil)
                case 2: status = unsafe WdfRequestRetrieveInputBuffer(request, 0, nil, nil)
                case 3: status = unsafe WdfRequestRetrieveOutputBuffer(request, 0, nil, nil)
                case 4: status = unsafe WdfRequestRetrieveInputWdmMdl(request, nil)
                default: status = unsafe WdfRequestRetrieveOutputWdmMdl(request, nil)
                }
            }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 4]])
            #expect(status == STATUS_UNSUCCESSFUL)
            unsafe complete(request)
        }
    }

    @Test("Every function knows a wrong handle")
    func wrongHandles() {
        let found = BugCheck.intercepting {
            WdfRequestComplete(nil, 0)
            WdfRequestCompleteWithInformation(nil, 0, 0)
            WdfRequestCompleteWithPriorityBoost(nil, 0, 0)
            WdfRequestSetInformation(nil, 0)
            WdfRequestStopAcknowledge(nil, 0)
            WdfRequestMarkCancelable(nil, nil)
            #expect(WdfRequestGetInformation(nil) == 0)
            #expect(unsafe WdfRequestGetIoQueue(nil) == nil)
            #expect(WdfRequestIsCanceled(nil) == 0)
            let statuses = [
                WdfRequestForwardToIoQueue(nil, nil), WdfRequestRequeue(nil), WdfRequestMarkCancelableEx(nil, nil),
                WdfRequestUnmarkCancelable(nil), WdfRequestRetrieveInputMemory(nil, nil),
                WdfRequestRetrieveOutputMemory(nil, nil), WdfRequestRetrieveInputBuffer(nil, 0, nil, nil),
                WdfRequestRetrieveOutputBuffer(nil, 0, nil, nil), WdfRequestRetrieveInputWdmMdl(nil, nil),
                WdfRequestRetrieveOutputWdmMdl(nil, nil),
            ]
            #expect(statuses.allSatisfy { $0 == STATUS_UNSUCCESSFUL })
        }
        #expect(found.count == 19)
        #expect(found.allSatisfy { $0.code == 0x10D && $0.parameters.prefix(2) == [5, 0] })
    }

    // MARK: The end

    @Test("A priority changes nothing in a completion")
    func priority() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 2)
            let request = unsafe try driver.request()
            unsafe WdfRequestSetInformation(request, 2)
            unsafe WdfRequestCompleteWithPriorityBoost(request, 0, 1)
            #expect(outcome.status == 0)
            #expect(outcome.information == 2)
            #expect(outcome.completionCount == 1)
        }
    }

    @Test("A success with more bytes than there is room for is a bug check, a failure is not")
    func tooMuch() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue(WdfIoQueueDispatchParallel)
            unsafe driver.present(outputCount: 2)
            unsafe driver.present(WdfRequestTypeWrite, input: [1, 2])
            unsafe driver.present(WdfRequestTypeDeviceControl, outputCount: 2)
            let free = unsafe driver.present(WdfRequestTypeDeviceControl, input: [1])
            let requests = unsafe driver.calls().compactMap(unsafe \.request)
            unsafe requests.prefix(3).forEach { request in
                let checks = BugCheck.intercepting { unsafe complete(request, 0, 3) }
                #expect(checks.map { [$0.code] + $0.parameters.prefix(2).map { UInt32($0) } } == [[0x10D, 6, 4]])
                unsafe complete(request, STATUS_UNSUCCESSFUL, 3)
            }
            unsafe complete(requests[3], 0, 1234)
            #expect(free.information == 1234)
        }
    }

    @Test("A request is completed once, whatever else is tried")
    func twice() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            unsafe WdfObjectReferenceActual(request, nil, 0, nil)
            unsafe complete(request)
            let again = BugCheck.intercepting { unsafe complete(request) }
            #expect(again.map { [$0.code] + $0.parameters.prefix(2).map { UInt32($0) } } == [[0x10D, 6, 2]])
            #expect(unsafe WdfRequestGetIoQueue(request) == nil)
            unsafe WdfObjectDereferenceActual(request, nil, 0, nil)
            let gone = BugCheck.intercepting { unsafe complete(request) }
            #expect(gone.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 5]])
            #expect(outcome.completionCount == 1)
        }
    }

    @Test("What no queue has presented, or a queue has, a driver cannot complete")
    func notInHand() throws {
        try QueueDriver.run { driver in
            let queue = unsafe try driver.queue(WdfIoQueueDispatchManual)
            var own: WDFREQUEST?
            try #require(unsafe WdfRequestCreate(nil, nil, &own) == 0)
            let ours = BugCheck.intercepting { unsafe complete(own) }
            #expect(ours.map { [$0.code] + $0.parameters.prefix(2).map { UInt32($0) } } == [[0x10D, 6, 5]])
            unsafe WdfObjectDelete(own)
            let outcome = unsafe driver.present(outputCount: 1)
            var taken: WDFREQUEST?
            try #require(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == 0)
            try #require(unsafe WdfRequestRequeue(taken) == 0)
            let queued = BugCheck.intercepting { unsafe complete(taken) }
            #expect(queued.map { [$0.code] + $0.parameters.prefix(2).map { UInt32($0) } } == [[0x10D, 6, 5]])
            #expect(outcome.status == nil)
            let deletion = BugCheck.intercepting { unsafe WdfObjectDelete(taken) }
            #expect(deletion.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 7]])
            try #require(unsafe WdfIoQueueRetrieveNextRequest(queue, &taken) == 0)
            unsafe complete(taken)
            #expect(outcome.completionCount == 1)
        }
    }

    @Test("STATUS_PENDING is no end")
    func pending() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            let checks = BugCheck.intercepting { unsafe complete(request, 0x103) }
            #expect(checks.map(\.code) == [0x44])
            unsafe complete(request)
            #expect(outcome.completionCount == 1)
        }
    }

    @Test(
        "A program gets standard statuses for the framework's own",
        arguments: [
            (STATUS_WDF_PAUSED, STATUS_DEVICE_BUSY), (STATUS_WDF_BUSY, STATUS_DEVICE_BUSY),
            (STATUS_WDF_INTERNAL_ERROR, STATUS_INTERNAL_ERROR),
            (STATUS_WDF_TOO_MANY_TRANSFERS, STATUS_INVALID_DEVICE_REQUEST),
            (STATUS_WDF_NOT_ENOUGH_MAP_REGISTERS, STATUS_INSUFFICIENT_RESOURCES),
            (STATUS_WDF_REQUEST_INVALID_STATE, STATUS_INVALID_DEVICE_REQUEST),
        ])
    func ownStatuses(given: NTSTATUS, seen: NTSTATUS) throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 1)
            unsafe complete(unsafe try driver.request(), given)
            #expect(outcome.status == seen)
        }
    }

    @Test("A request whose memory is referenced cannot be completed until the reference is given up")
    func referencedMemory() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            let outcome = unsafe driver.present(WdfRequestTypeWrite, input: [1])
            let request = unsafe try driver.request()
            let memory = unsafe memory(WdfRequestRetrieveInputMemory, request).memory
            unsafe WdfObjectReferenceActual(memory, nil, 0, nil)
            let checks = BugCheck.intercepting { unsafe complete(request) }
            #expect(
                checks.map { [$0.code] + [UInt32($0.parameters[0]), UInt32($0.parameters[2])] } == [[0x10D, 3, 1]])
            #expect(outcome.status == nil)
            unsafe WdfObjectDereferenceActual(memory, nil, 0, nil)
            unsafe complete(request)
            #expect(outcome.status == 0)
        }
    }

    @Test("A request has the context and callbacks that the driver wants of requests, and its children go with it")
    func attributes() throws {
        try QueueDriver.run { driver in
            let type = UnsafeMutablePointer<WDF_OBJECT_CONTEXT_TYPE_INFO>.allocate(capacity: 1)
            defer { unsafe type.deallocate() }
            let name = StaticString("CONTEXT")
            unsafe type.initialize(to: WDF_OBJECT_CONTEXT_TYPE_INFO())
            unsafe type.pointee.Size = ULONG(MemoryLayout<WDF_OBJECT_CONTEXT_TYPE_INFO>.size)
            unsafe type.pointee.ContextName = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
            unsafe type.pointee.ContextSize = 16
            unsafe type.pointee.UniqueType = PCWDF_OBJECT_CONTEXT_TYPE_INFO(type)
            var attributes = unsafe WDF_OBJECT_ATTRIBUTES()
            unsafe WDF_OBJECT_ATTRIBUTES_INIT(&attributes)
            unsafe attributes.ContextTypeInfo = PCWDF_OBJECT_CONTEXT_TYPE_INFO(type)
            unsafe attributes.EvtCleanupCallback = { object in
                guard let context = unsafe WdfObjectGetTypedContextWorker(object, RequestContext.shared.type) else {
                    return
                }
                unsafe RequestContext.shared.noteCleanup(context.load(as: UInt64.self))
            }
            unsafe RequestContext.shared.type = PCWDF_OBJECT_CONTEXT_TYPE_INFO(type)
            #expect(unsafe SwiftUsbSetRequestAttributes(driver.device, &attributes) == 0)
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 1) { _ in
                // Before the program is told.
                #expect(RequestContext.shared.cleanups() == [0x1234])
            }
            // The driver never sees this one.
            let unseen = unsafe driver.present(outputCount: 1)
            let request = unsafe try driver.request()
            let context = unsafe WdfObjectGetTypedContextWorker(request, type)
            #expect(unsafe context?.load(as: UInt64.self) == 0)
            unsafe context?.storeBytes(of: 0x1234, as: UInt64.self)
            var child = unsafe WDF_OBJECT_ATTRIBUTES()
            unsafe WDF_OBJECT_ATTRIBUTES_INIT(&child)
            unsafe child.ParentObject = UnsafeMutableRawPointer(request)
            var memory: WDFMEMORY?
            #expect(unsafe WdfMemoryCreate(&child, NonPagedPoolNx, 0x41, 16, &memory, nil) == 0)
            unseen.cancel()
            #expect(unseen.status == STATUS_CANCELLED)
            unsafe complete(request)
            #expect(outcome.status == 0)
            let checks = BugCheck.intercepting { _ = unsafe WdfMemoryGetBuffer(memory, nil) }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 5]])
            unsafe attributes.ParentObject = UnsafeMutableRawPointer(driver.device)
            #expect(
                unsafe SwiftUsbSetRequestAttributes(driver.device, &attributes)
                    == STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED)
            #expect(unsafe SwiftUsbSetRequestAttributes(driver.device, nil) == 0)
            unsafe driver.present(outputCount: 1)
            let plain = unsafe try driver.request()
            #expect(unsafe WdfObjectGetTypedContextWorker(plain, type) == nil)
            unsafe complete(plain)
        }
    }
}

/// What the cleanup callback of the test's requests notes.
@safe private final class RequestContext: @unchecked Sendable {
    static let shared = RequestContext()

    private let lock = Lock()
    private var noted: [UInt64] = []
    // Sound: only compared.
    private var known: PCWDF_OBJECT_CONTEXT_TYPE_INFO?

    var type: PCWDF_OBJECT_CONTEXT_TYPE_INFO? {
        get { unsafe lock.withLock { unsafe known } }
        set { lock.withLock { unsafe known = unsafe newValue } }
    }

    func noteCleanup(_ value: UInt64) { lock.withLock { noted.append(value) } }
    func cleanups() -> [UInt64] { lock.withLock { noted } }
}
