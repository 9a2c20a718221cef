// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBD
import USBRequests

/// An isochronous block with memory of its own.
@safe final class IsochronousRequest {
    let driver: Driver
    let block: PURB
    let memory: UnsafeMutableRawBufferPointer

    /// Makes a block for `packets` packets of `size` bytes.
    init(
        _ driver: Driver, _ endpoint: UInt8, packets: Int, size: Int, room: Int? = nil, start: UInt32? = nil
    ) throws {
        self.driver = driver
        var block: PURB?
        try #require(unsafe USBD_IsochUrbAllocate(driver.handle, ULONG(room ?? packets), &block) == 0)
        unsafe self.block = unsafe try #require(unsafe block)
        unsafe memory = .allocate(byteCount: max(1, packets * size), alignment: 8)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
        unsafe view.pointee.Hdr.Length = USHORT(BlockMemory.byteCount(packets: packets))
        unsafe view.pointee.Hdr.Function = USHORT(URB_FUNCTION_ISOCH_TRANSFER)
        unsafe view.pointee.PipeHandle = unsafe driver.pipes[endpoint] ?? nil
        unsafe view.pointee.TransferBuffer = unsafe memory.baseAddress
        unsafe view.pointee.TransferBufferLength = ULONG(packets * size)
        unsafe view.pointee.NumberOfPackets = ULONG(packets)
        let direction = endpoint & 0x80 != 0 ? USBD_TRANSFER_DIRECTION_IN : 0
        unsafe view.pointee.TransferFlags = ULONG(direction | (start == nil ? USBD_START_ISO_TRANSFER_ASAP : 0))
        unsafe view.pointee.StartFrame = start ?? 0
        for index in 0..<min(packets, room ?? packets) { unsafe packet(index).pointee.Offset = ULONG(index * size) }
    }

    deinit {
        unsafe USBD_UrbFree(driver.handle, block)
        unsafe memory.deallocate()
    }

    var view: UnsafeMutablePointer<_URB_ISOCH_TRANSFER> { unsafe block.view(_URB_ISOCH_TRANSFER.self) }

    func packet(_ index: Int) -> UnsafeMutablePointer<USBD_ISO_PACKET_DESCRIPTOR> {
        unsafe (UnsafeMutableRawPointer(block) + 140 + 12 * index).assumingMemoryBound(
            to: USBD_ISO_PACKET_DESCRIPTOR.self)
    }

    private var packetCount: Int { Int(unsafe view.pointee.NumberOfPackets) }
    var statuses: [UInt32] { (0..<packetCount).map { UInt32(bitPattern: unsafe packet($0).pointee.Status) } }
    var lengths: [UInt32] { (0..<packetCount).map { unsafe packet($0).pointee.Length } }
    var errorCount: UInt32 { unsafe view.pointee.ErrorCount }
    var startFrame: UInt32 { unsafe view.pointee.StartFrame }
    var byteCount: UInt32 { unsafe view.pointee.TransferBufferLength }
    var status: UInt32 { unsafe block.status }

    @discardableResult
    func submit() throws -> NTSTATUS { unsafe try driver.submit(unsafe block) }
}
