// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing

@testable import WDF

/// Behaviour 21: which bytes descriptors and offsets mean.
@Suite("Parts of memory")
struct MemoryPartTests {
    private static let size = 64

    private func withMemory(_ body: (WDFMEMORY, UnsafeMutableRawBufferPointer) throws -> Void) throws {
        var memory: WDFMEMORY?
        var buffer: PVOID?
        try #require(unsafe WdfMemoryCreate(nil, NonPagedPoolNx, 0, MemoryPartTests.size, &memory, &buffer) == 0)
        unsafe try body(
            #require(unsafe memory), UnsafeMutableRawBufferPointer(start: buffer, count: MemoryPartTests.size))
        unsafe WdfObjectDelete(memory)
    }

    /// What a part means: where it begins and its length, or the status that it is refused with.
    private enum Meaning: Equatable {
        case part(Int, Int)
        case refused(UInt32)
    }

    private func meaning(
        in whole: UnsafeMutableRawBufferPointer, _ part: () throws(Refusal) -> MemoryPart
    ) -> Meaning {
        do throws(Refusal) {
            let part = try part()
            guard let start = unsafe part.bytes.baseAddress, let base = whole.baseAddress else {
                return .part(0, unsafe part.bytes.count)
            }
            return unsafe .part(start - base, part.bytes.count)
        } catch {
            return .refused(UInt32(bitPattern: error.status))
        }
    }

    /// Offset, length, and the length of the part; nil where it is refused.
    static let cases: [(Int, Int, Int?)] = [
        (0, 0, 64), (0, 64, 64), (0, 1, 1), (63, 1, 1), (1, 63, 63), (10, 0, 54), (63, 0, 1), (64, 0, 0),
        (0, 65, nil), (1, 64, nil), (64, 1, nil), (65, 0, nil), (.max, 0, nil), (.max, 1, nil), (1, .max, nil),
        (.max, .max, nil), (-1, 2, nil), (2, -1, nil), (-1, 0, nil), (.min, .min, nil),
    ]

    @Test("Behaviour 21: offsets beyond the memory, or whose sum overflows, are 0xC0000095", arguments: cases.indices)
    func partOfObject(_ index: Int) throws {
        let (offset, length, count) = MemoryPartTests.cases[index]
        let expected = count.map { Meaning.part(offset, $0) } ?? .refused(0xC000_0095)
        unsafe try withMemory { memory, bytes in
            var offsets = WDFMEMORY_OFFSET(BufferOffset: offset, BufferLength: length)
            #expect(
                unsafe meaning(in: bytes) { () throws(Refusal) in
                    unsafe try MemoryPart(handle: memory, &offsets, in: "test")
                } == expected)
            unsafe withUnsafeMutablePointer(to: &offsets) { offsets in
                var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
                unsafe WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&descriptor, memory, offsets)
                #expect(
                    unsafe meaning(in: bytes) { () throws(Refusal) in
                        unsafe try MemoryPart(&descriptor, in: "test")
                    } == expected)
            }
        }
    }

    @Test("Behaviour 21: without offsets it is all of the memory, and without a descriptor nothing")
    func whole() throws {
        unsafe try withMemory { memory, bytes in
            var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
            unsafe WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&descriptor, memory, nil)
            #expect(
                unsafe meaning(in: bytes) { () throws(Refusal) in unsafe try MemoryPart(&descriptor, in: "test") }
                    == .part(0, 64))
            let part = unsafe try MemoryPart(&descriptor, in: "test")
            #expect(part.object != nil)
            #expect(unsafe try MemoryPart(nil, in: "test").bytes.count == 0)
            #expect(unsafe try MemoryPart(handle: nil, nil, in: "test").bytes.count == 0)
        }
    }

    @Test("A buffer is taken as it is, and a descriptor list as far as it says, and goes")
    func others() throws {
        unsafe try withMemory { _, bytes in
            var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
            unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, bytes.baseAddress.map { unsafe $0 + 8 }, 20)
            #expect(
                unsafe meaning(in: bytes) { () throws(Refusal) in unsafe try MemoryPart(&descriptor, in: "test") }
                    == .part(8, 20))
            let list = unsafe IoAllocateMdl(bytes.baseAddress.map { unsafe $0 + 4 }, 32, 0, 0, nil)
            defer { unsafe IoFreeMdl(list) }
            for (length, expected) in [(0, Meaning.part(4, 0)), (32, .part(4, 32)), (33, .refused(0xC000_0095))] {
                unsafe WDF_MEMORY_DESCRIPTOR_INIT_MDL(&descriptor, list, ULONG(length))
                #expect(
                    unsafe meaning(in: bytes) { () throws(Refusal) in unsafe try MemoryPart(&descriptor, in: "test") }
                        == expected)
            }
        }
    }

    @Test(
        "A descriptor without its pointer, or of no type, is a wrong parameter, or as documented a wrong request",
        arguments: [WdfMemoryDescriptorTypeInvalid.rawValue, 1, 2, 3, 4, 0xFFFF_FFFF],
        [Profile.framework, .documented])
    func wrong(_ type: UInt32, _ profile: Profile) {
        var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
        unsafe descriptor.Type = WDF_MEMORY_DESCRIPTOR_TYPE(rawValue: type)
        let none = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        let found = Profile.with(profile) {
            unsafe meaning(in: none) { () throws(Refusal) in unsafe try MemoryPart(&descriptor, in: "test") }
        }
        #expect(found == .refused(profile == .framework ? 0xC000_000D : 0xC000_0010))
    }

    @Test("Where a descriptor may be without its pointer it has no length either")
    func none() {
        for type in [WdfMemoryDescriptorTypeBuffer, WdfMemoryDescriptorTypeMdl, WdfMemoryDescriptorTypeHandle] {
            var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
            unsafe descriptor.Type = type
            let none = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
            #expect(
                unsafe meaning(in: none) { () throws(Refusal) in
                    unsafe try MemoryPart(&descriptor, allowsNone: true, in: "test")
                } == .part(0, 0))
            guard type != WdfMemoryDescriptorTypeHandle else { continue }
            unsafe descriptor.u.BufferType.Length = 1
            #expect(
                unsafe meaning(in: none) { () throws(Refusal) in
                    unsafe try MemoryPart(&descriptor, allowsNone: true, in: "test")
                } == .refused(0xC000_000D))
        }
    }

    @Test("A handle that names no memory is a bug check")
    func wrongHandle() throws {
        let object = unsafe try makeObject()
        var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
        let wrong = unsafe WDFMEMORY(bitPattern: UInt(bitPattern: object))
        unsafe WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&descriptor, wrong, nil)
        let found = BugCheck.intercepting { _ = unsafe try? MemoryPart(&descriptor, in: "WdfX") }
        #expect(found.map(\.parameters) == [[5, UInt(bitPattern: object), 0x100A, 0]])
        #expect(found.map(\.function) == ["WdfX"])
        unsafe WdfObjectDelete(object)
    }
}
