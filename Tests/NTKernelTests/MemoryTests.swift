// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing

@Suite("pools and descriptor lists")
struct MemoryTests {
    @Test("ExAllocatePool2 zeroes, wants exactly one pool, a tag and a size")
    func allocation() throws {
        let memory = unsafe try #require(unsafe ExAllocatePool2(0x40, 64, 0x6262))
        #expect(unsafe UnsafeRawBufferPointer(start: memory, count: 64).allSatisfy { $0 == 0 })
        unsafe ExFreePoolWithTag(memory, 0x6262)
        let refused: [(POOL_FLAGS, SIZE_T, ULONG)] = [(0, 64, 1), (0x140, 64, 1), (0x40, 0, 1), (0x40, 64, 0)]
        for (flags, size, tag) in refused { #expect(unsafe ExAllocatePool2(flags, size, tag) == nil) }
    }

    @Test("a wrong free is a bug check: twice, with another tag, of memory from elsewhere")
    func wrongFrees() throws {
        let memory = unsafe try #require(unsafe ExAllocatePoolWithTag(NonPagedPoolNx, 16, 0x6161))
        var elsewhere = 0
        let found = BugCheck.intercepting {
            unsafe ExFreePoolWithTag(memory, 0x6262)
            unsafe ExFreePoolWithTag(memory, 0x6161)
            unsafe ExFreePool(memory)
            unsafe withUnsafeMutablePointer(to: &elsewhere) { unsafe ExFreePool($0) }
        }
        #expect(found.map(\.code) == [0xC2, 0xC2, 0xC2])
        #expect(found.map { $0.parameters[0] } == [0xA, 7, 7])
    }

    @Test("paged memory cannot be had at DISPATCH_LEVEL")
    func levels() {
        let found = BugCheck.intercepting {
            let old = KeRaiseIrqlToDpcLevel()
            #expect(unsafe ExAllocatePool2(0x100, 16, 1) == nil)
            let memory = unsafe ExAllocatePool2(0x40, 16, 1)
            #expect(unsafe memory != nil)
            unsafe ExFreePool(memory)
            KeLowerIrql(old)
        }
        #expect(found.map { $0.parameters[0] } == [8])
    }

    @Test("a list describes memory, a part of it, and goes into a request's chain")
    func lists() throws {
        let memory = unsafe try #require(unsafe ExAllocatePool2(0x40, 10_000, 1))
        defer { unsafe ExFreePool(memory) }
        let irp = unsafe try #require(unsafe IoAllocateIrp(1, 0))
        defer { unsafe IoFreeIrp(irp) }
        let whole = unsafe try #require(unsafe IoAllocateMdl(memory + 100, 9_000, 0, 0, irp))
        let second = unsafe try #require(unsafe IoAllocateMdl(memory, 8, 1, 0, irp))
        #expect(unsafe irp.pointee.MdlAddress == whole && whole.pointee.Next == second)
        #expect(unsafe whole.memory.baseAddress == memory + 100 && whole.memory.count == 9_000)
        unsafe IoBuildPartialMdl(whole, second, memory + 5_000, 0)
        #expect(unsafe second.memory.baseAddress == memory + 5_000 && second.memory.count == 4_100)
        unsafe IoBuildPartialMdl(whole, second, memory + 5_000, 10)
        #expect(unsafe second.memory.count == 10)
        let found = BugCheck.intercepting { unsafe IoBuildPartialMdl(whole, second, memory + 5_000, 4_101) }
        #expect(found.count == 1)
        unsafe IoFreeMdl(second)
        unsafe IoFreeMdl(whole)
    }
}
