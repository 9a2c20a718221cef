// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers

/// The tag of memory that holds descriptor lists and requests of the library's making.
let libraryTag: UInt32 = 0x4255_5753

private let pageMask: UInt = 0xFFF

extension PMDL {
    /// The memory that the list describes.
    public var memory: UnsafeMutableRawBufferPointer {
        // Sound: who made the list says that so many bytes are there.
        let start = unsafe pointee.StartVa.map { unsafe $0 + Int(pointee.ByteOffset) }
        return unsafe UnsafeMutableRawBufferPointer(start: start, count: start == nil ? 0 : Int(pointee.ByteCount))
    }

    /// Describes `length` bytes at `address`.
    fileprivate func describe(_ address: UnsafeMutableRawPointer?, length: UInt32) {
        let number = UInt(bitPattern: address)
        unsafe pointee.StartVa = unsafe UnsafeMutableRawPointer(bitPattern: number & ~pageMask)
        unsafe pointee.ByteOffset = ULONG(number & pageMask)
        unsafe pointee.ByteCount = length
        unsafe pointee.MappedSystemVa = unsafe address
    }
}

/// Makes a descriptor list of `Length` bytes at `VirtualAddress`; NULL if there is no memory. With a request the list
/// becomes that of the request, or with `SecondaryBuffer` the last of its chain.
///
/// Microsoft's page: "IoAllocateMdl function (wdm.h)".
@c @implementation
public func IoAllocateMdl(
    _ VirtualAddress: PVOID!, _ Length: ULONG, _ SecondaryBuffer: BOOLEAN, _ ChargeQuota: BOOLEAN, _ Irp: PIRP!
) -> PMDL! {
    let size = unsafe MemoryLayout<MDL>.size
    guard let memory = unsafe Pool.shared.allocate(size, tag: libraryTag, zeroed: true) else { return nil }
    // Sound: as large as a list, and nobody else's.
    let list = unsafe memory.bindMemory(to: MDL.self, capacity: 1)
    unsafe list.pointee.Size = CSHORT(size)
    unsafe list.describe(VirtualAddress, length: Length)
    guard let request = unsafe Irp else { return unsafe list }
    guard SecondaryBuffer != 0, var last = unsafe request.pointee.MdlAddress else {
        unsafe request.pointee.MdlAddress = unsafe list
        return unsafe list
    }
    while let next = unsafe last.pointee.Next { unsafe last = unsafe next }
    unsafe last.pointee.Next = unsafe list
    return unsafe list
}

/// Frees a descriptor list of IoAllocateMdl; what it describes stays.
///
/// Bug check 0xC2: it was freed before, or is no such list.
///
/// Microsoft's page: "IoFreeMdl function (wdm.h)".
@c @implementation
public func IoFreeMdl(_ Mdl: PMDL!) {
    guard let list = unsafe Mdl else { return }
    unsafe Pool.shared.free(list, tag: libraryTag, in: "IoFreeMdl")
}

/// Makes `TargetMdl` describe a part of what `SourceMdl` does: `Length` bytes at `VirtualAddress`, or with 0 all from
/// there on. A part that is not within the source is a bug check (0x1E).
///
/// Microsoft's page: "IoBuildPartialMdl function (wdm.h)".
@c @implementation
public func IoBuildPartialMdl(_ SourceMdl: PMDL!, _ TargetMdl: PMDL!, _ VirtualAddress: PVOID!, _ Length: ULONG) {
    guard let source = unsafe SourceMdl, let target = unsafe TargetMdl else { return }
    let whole = unsafe source.memory
    let offset = UInt(bitPattern: VirtualAddress) &- UInt(bitPattern: whole.baseAddress)
    let count = UInt(whole.count)
    guard offset <= count, UInt(Length) <= count - offset else {
        return BugCheck(
            BugCheckCode.wrongPointer, [0xC000_0005, 0, UInt(bitPattern: VirtualAddress)], in: "IoBuildPartialMdl",
            "the part is not within the memory of the list"
        ).report()
    }
    unsafe target.describe(VirtualAddress, length: Length == 0 ? ULONG(count - offset) : Length)
    unsafe target.pointee.MdlFlags |= CSHORT(MDL_PARTIAL)
}

/// Marks a descriptor list as one of memory that is always there. All memory is, here.
///
/// Microsoft's page: "MmBuildMdlForNonPagedPool function (wdm.h)".
@c @implementation
public func MmBuildMdlForNonPagedPool(_ MemoryDescriptorList: PMDL!) {
    guard let list = unsafe MemoryDescriptorList else { return }
    unsafe list.pointee.MdlFlags |= CSHORT(MDL_SOURCE_IS_NONPAGED_POOL)
}
