// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing

@testable import WDF

@Suite("Memory objects")
struct MemoryTests {
    private func make(
        _ size: Int = 64, _ pool: POOL_TYPE = NonPagedPoolNx, _ change: (inout WDF_OBJECT_ATTRIBUTES) -> Void = { _ in }
    ) throws -> WDFMEMORY {
        var attributes = unsafe noted(change)
        var memory: WDFMEMORY?
        try #require(unsafe WdfMemoryCreate(&attributes, pool, 0x31_6733, size, &memory, nil) == 0)
        return unsafe try #require(unsafe memory)
    }

    private func object(_ memory: WDFMEMORY?) throws -> MemoryObject {
        unsafe try Handles.object(memory, MemoryObject.self, .memory, in: "test")
    }

    // MARK: Creation

    @Test("Memory has its size, and begins at a multiple of 16, or of a page", arguments: [1, 15, 4095, 4096, 100_000])
    func create(_ size: Int) throws {
        var memory: WDFMEMORY?
        var buffer: PVOID?
        #expect(unsafe WdfMemoryCreate(nil, NonPagedPoolNx, 0, size, &memory, &buffer) == 0)
        var count = 0
        #expect(unsafe WdfMemoryGetBuffer(memory, &count) == buffer)
        #expect(count == size)
        #expect(UInt(bitPattern: buffer) % (size < 4096 ? 16 : 4096) == 0)
        #expect(unsafe WdfMemoryGetBuffer(memory, nil) == buffer)
        unsafe buffer?.initializeMemory(as: UInt8.self, repeating: 0xAB, count: size)
        unsafe WdfObjectDelete(memory)
        expectBugChecks([5]) { #expect(unsafe WdfMemoryGetBuffer(memory, &count) == nil) }
    }

    @Test("Faults of a creation are found in order: place, level, size, attributes")
    func order() {
        let placeholder = unsafe WDFMEMORY(bitPattern: 0x40)
        var attributes = unsafe plain { unsafe $0.Size = 1 }
        func create(at level: UInt8, size: Int, verifier: Bool = true) -> (NTSTATUS, isNull: Bool) {
            var memory = unsafe placeholder
            let before = InterruptLevel.current
            InterruptLevel.current = level
            defer { InterruptLevel.current = before }
            let status = Verifier.with(verifier) {
                unsafe WdfMemoryCreate(&attributes, PagedPool, 0, size, &memory, nil)
            }
            return unsafe (status, memory == nil)
        }
        expectBugChecks([4]) { _ = unsafe WdfMemoryCreate(&attributes, PagedPool, 0, 0, nil, nil) }
        #expect(create(at: 2, size: 0) == (NTStatus.invalidDeviceRequest.rawValue, false))
        #expect(create(at: 1, size: 0) == (NTStatus.invalidParameter.rawValue, false))
        #expect(create(at: 2, size: 0, verifier: false) == (NTStatus.invalidParameter.rawValue, false))
        #expect(create(at: 0, size: 8) == (NTStatus.infoLengthMismatch.rawValue, true))
        unsafe attributes = unsafe plain()
        #expect(create(at: 0, size: -1) == (NTStatus.insufficientResources.rawValue, true))
    }

    @Test("Faults of an object for the driver's memory are found in order: memory, place, size, attributes")
    func preallocatedOrder() {
        var attributes = unsafe plain { unsafe $0.Size = 1 }
        var byte: UInt8 = 0
        unsafe withUnsafeMutableBytes(of: &byte) { bytes in
            let start = bytes.baseAddress
            var memory = unsafe WDFMEMORY(bitPattern: 0x40)
            expectBugChecks([4]) { _ = unsafe WdfMemoryCreatePreallocated(&attributes, nil, 0, nil) }
            expectBugChecks([4]) { _ = unsafe WdfMemoryCreatePreallocated(&attributes, start, 0, nil) }
            #expect(
                unsafe WdfMemoryCreatePreallocated(&attributes, start, 0, &memory)
                    == NTStatus.invalidParameter.rawValue)
            #expect(unsafe memory == nil)
            #expect(
                unsafe WdfMemoryCreatePreallocated(&attributes, start, 1, &memory)
                    == NTStatus.infoLengthMismatch.rawValue)
        }
    }

    @Test("An object for the driver's memory can stand for other memory; another object cannot")
    func assign() throws {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16)
        defer { unsafe bytes.deallocate() }
        var memory: WDFMEMORY?
        try #require(unsafe WdfMemoryCreatePreallocated(nil, bytes, 16, &memory) == 0)
        var count = 0
        #expect(unsafe WdfMemoryGetBuffer(memory, &count) == bytes)
        #expect(count == 16)
        #expect(unsafe WdfMemoryAssignBuffer(memory, bytes + 32, 8) == 0)
        #expect(unsafe WdfMemoryGetBuffer(memory, &count) == bytes + 32)
        #expect(count == 8)
        #expect(unsafe WdfMemoryAssignBuffer(memory, bytes, 0) == NTStatus.invalidParameter.rawValue)
        expectBugChecks([4]) { _ = unsafe WdfMemoryAssignBuffer(memory, nil, 8) }
        unsafe WdfObjectDelete(memory)

        let other = unsafe try make()
        expectBugChecks([5]) { _ = unsafe WdfMemoryAssignBuffer(other, bytes, 8) }
        unsafe WdfObjectDelete(other)
    }

    @Test("A reference keeps the bytes of memory whose object was deleted")
    func reference() throws {
        let memory = unsafe try make()
        let object = unsafe try object(memory)
        let buffer = unsafe try #require(unsafe WdfMemoryGetBuffer(memory, nil))
        unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0x5A, count: 64)
        object.reference()
        unsafe WdfObjectDelete(memory)
        #expect(unsafe UnsafeRawBufferPointer(start: buffer, count: 64).allSatisfy { $0 == 0x5A })
        #expect(unsafe WdfMemoryGetBuffer(memory, nil) == buffer)
        object.dereference()
        expectBugChecks([5]) { _ = unsafe WdfMemoryGetBuffer(memory, nil) }
    }

    @Test("Paged memory is given back at PASSIVE_LEVEL")
    func paged() throws {
        let memory = unsafe try make(64, PagedPool)
        InterruptLevel.atDispatch { unsafe WdfObjectDelete(memory) }
        unsafe ObjectLog.shared.wait(for: "destroy", of: memory)
        #expect(unsafe ObjectLog.shared.levels(of: memory) == [0, 0])
    }

    // MARK: Copies

    struct Copy: Sendable {
        var offset: Int
        var count: Int
        var to: NTSTATUS
        var from: NTSTATUS

        init(_ offset: Int, _ count: Int, _ to: UInt32, _ from: UInt32) {
            (self.offset, self.count) = (offset, count)
            (self.to, self.from) = (NTSTATUS(bitPattern: to), NTSTATUS(bitPattern: from))
        }
    }

    static let copies = [
        Copy(0, 64, 0, 0), Copy(0, 1, 0, 0), Copy(63, 1, 0, 0), Copy(10, 54, 0, 0),
        Copy(0, 0, 0xC000_000D, 0xC000_000D), Copy(64, 0, 0xC000_000D, 0xC000_000D),
        Copy(0, 65, 0xC000_0023, 0xC000_0206), Copy(63, 2, 0xC000_0023, 0xC000_0206),
        Copy(64, 1, 0xC000_0023, 0xC000_0206), Copy(.max, 1, 0xC000_0023, 0xC000_0206),
        Copy(1, .max, 0xC000_0023, 0xC000_0206), Copy(-1, 1, 0xC000_0023, 0xC000_0206),
        Copy(1, -1, 0xC000_0023, 0xC000_0206),
    ]

    @Test("Copies stay within the object, and are refused whole", arguments: copies)
    func copy(_ copy: Copy) throws {
        let memory = unsafe try make()
        let bytes = unsafe try object(memory).bytes
        for index in 0..<64 { unsafe bytes[index] = UInt8(index) }
        var buffer = [UInt8](repeating: 0xEE, count: 64)
        #expect(
            unsafe buffer.withUnsafeMutableBytes { buffer in
                unsafe WdfMemoryCopyToBuffer(memory, copy.offset, buffer.baseAddress, copy.count)
            } == copy.to)
        let copied = copy.to == 0 ? copy.count : 0
        #expect(buffer[..<copied].elementsEqual((copy.offset..<(copy.offset &+ copied)).map { UInt8($0) }))
        #expect(buffer[copied...].allSatisfy { $0 == 0xEE })

        buffer = [UInt8](repeating: 0xDD, count: 64)
        #expect(
            unsafe buffer.withUnsafeMutableBytes { buffer in
                unsafe WdfMemoryCopyFromBuffer(memory, copy.offset, buffer.baseAddress, copy.count)
            } == copy.from)
        let changed = (0..<64).filter { unsafe bytes[$0] == 0xDD }
        #expect(changed == (copy.from == 0 ? Array(copy.offset..<(copy.offset + copy.count)) : []))
        unsafe WdfObjectDelete(memory)
    }

    @Test("Copies without a buffer, or of no memory object, are bug checks")
    func copyFaults() throws {
        let memory = unsafe try make()
        let other = unsafe try makeObject()
        expectBugChecks([4]) { _ = unsafe WdfMemoryCopyToBuffer(memory, 0, nil, 1) }
        expectBugChecks([4]) { _ = unsafe WdfMemoryCopyFromBuffer(memory, 0, nil, 1) }
        let wrong = unsafe WDFMEMORY(bitPattern: UInt(bitPattern: other))
        expectBugChecks([5]) { _ = unsafe WdfMemoryCopyToBuffer(wrong, 0, nil, 1) }
        expectBugChecks([5]) { _ = WdfMemoryCopyFromBuffer(nil, 0, nil, 1) }
        unsafe WdfObjectDelete(memory)
        unsafe WdfObjectDelete(other)
    }
}
