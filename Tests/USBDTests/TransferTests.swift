// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBD
import USBHost
import USBRequests
import USBSpecification
import VirtualUSB

@Suite("blocks by requests")
struct TransferTests {
    /// Runs `body` with memory of so many bytes.
    private func withMemory(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        defer { unsafe memory.deallocate() }
        try unsafe body(memory)
    }

    @Test("a configuration is selected, and its pipes described; a setting of an interface likewise")
    func selection() throws {
        try Driver.run(GadgetZero(), selecting: 0) { driver, _ in
            #expect(unsafe driver.information.map(\.EndpointAddress) == [0x81, 0x01])
            #expect(
                unsafe driver.information.allSatisfy {
                    unsafe $0.MaximumPacketSize == 512 && $0.PipeType == UsbdPipeTypeBulk
                })
            #expect(unsafe driver.information.allSatisfy { unsafe $0.MaximumTransferSize == 0xFFFF_FFFF })
            let old = unsafe driver.pipes
            unsafe try driver.withConfiguration { configuration, _ in
                var entry = unsafe USBD_INTERFACE_LIST_ENTRY(
                    InterfaceDescriptor: USBD_ParseConfigurationDescriptor(configuration, 0, 1), Interface: nil)
                var block: PURB?
                #expect(
                    unsafe USBD_SelectInterfaceUrbAllocateAndBuild(
                        driver.handle, driver.configuration, &entry, &block) == 0)
                let built = unsafe try #require(block)
                unsafe #expect(try driver.submit(built) == 0)
                unsafe driver.learn(unsafe entry.Interface)
                unsafe driver.free(unsafe built)
                #expect(
                    unsafe USBD_SelectInterfaceUrbAllocateAndBuild(
                        driver.handle, driver.configuration, &entry, &block) == STATUS_INVALID_PARAMETER)
            }
            #expect(unsafe Set(driver.pipes.keys) == [0x81, 0x01, 0x82, 0x02])
            #expect(unsafe driver.information.last?.PipeType == UsbdPipeTypeIsochronous)
            // The old handles are no more.
            unsafe try withMemory(512) { memory in
                let block = unsafe try driver.allocate()
                unsafe driver.fill(block, 0x01, memory)
                unsafe block.view(_URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.PipeHandle = unsafe old[0x01] ?? nil
                unsafe #expect(try driver.submit(block) == STATUS_INVALID_PARAMETER)
                #expect(unsafe block.status == 0x8000_0600)
                unsafe driver.free(unsafe block)
            }
        }
    }

    @Test("bulk: bytes go out and come in, by address and by descriptor list", arguments: [false, true])
    func bulk(usesList: Bool) throws {
        try Driver.run(GadgetZero(), selecting: 0) { driver, _ in
            unsafe try withMemory(1024) { memory in
                for endpoint: UInt8 in [0x01, 0x81] {
                    let block = unsafe try driver.allocate()
                    unsafe driver.fill(block, endpoint, memory, flags: USBD_SHORT_TRANSFER_OK)
                    let list = unsafe usesList ? IoAllocateMdl(memory.baseAddress, 1024, 0, 0, nil) : nil
                    if let list = unsafe list {
                        let view = unsafe block.view(_URB_BULK_OR_INTERRUPT_TRANSFER.self)
                        unsafe view.pointee.TransferBuffer = nil
                        unsafe view.pointee.TransferBufferMDL = unsafe list
                    }
                    unsafe #expect(try driver.submit(block) == 0)
                    #expect(unsafe block.status == 0)
                    #expect(
                        unsafe block.view(_URB_BULK_OR_INTERRUPT_TRANSFER.self).pointee.TransferBufferLength == 1024)
                    unsafe IoFreeMdl(list)
                    unsafe driver.free(unsafe block)
                }
            }
        }
    }

    @Test(
        "a read that nothing answers is cancelled by its request, by an abort of the pipe, or by an unplug",
        arguments: ["cancel", "abort", "unplug"])
    func early(how: String) throws {
        try Driver.run(IsochronousDevice(.high) { _ in .bytes([]) }, selecting: 1) { driver, device in
            unsafe try withMemory(512) { memory in
                let block = unsafe try driver.allocate()
                unsafe driver.fill(block, 0x82, memory)
                let request = unsafe try OwnRequest(driver, block)
                #expect(request.call() == 0x103)
                #expect(unsafe block.status == 0x4000_0000)
                switch how {
                case "cancel": #expect(unsafe IoCancelIrp(request.pointer) == 1)
                case "abort": #expect(try driver.manage(0x82, URB_FUNCTION_ABORT_PIPE) == (0, 0))
                default: device.unplug()
                }
                let isGone = how == "unplug"
                #expect(request.wait() == (isGone ? STATUS_DEVICE_NOT_CONNECTED : STATUS_CANCELLED))
                #expect(unsafe block.status == (isGone ? 0xC000_7000 : 0xC001_0000))
                #expect(unsafe IoCancelIrp(request.pointer) == 0)
                unsafe driver.free(unsafe block)
            }
        }
    }

    @Test("a request that was cancelled before it is handed on ends as cancelled")
    func cancelledBefore() throws {
        try Driver.run(IsochronousDevice(.high) { _ in .bytes([]) }, selecting: 1) { driver, _ in
            unsafe try withMemory(512) { memory in
                let block = unsafe try driver.allocate()
                unsafe driver.fill(block, 0x82, memory)
                let request = unsafe try OwnRequest(driver, block)
                #expect(unsafe IoCancelIrp(request.pointer) == 0)
                request.call()
                #expect(request.wait() == STATUS_CANCELLED)
                unsafe driver.free(unsafe block)
            }
        }
    }

    @Test("a pipe is not reset while a block is under way")
    func busyReset() throws {
        try Driver.run(IsochronousDevice(.high) { _ in .bytes([]) }, selecting: 1) { driver, _ in
            unsafe try withMemory(512) { memory in
                let block = unsafe try driver.allocate()
                unsafe driver.fill(block, 0x82, memory)
                let request = unsafe try OwnRequest(driver, block)
                request.call()
                #expect(try driver.manage(0x82, resetPipe) == (STATUS_UNSUCCESSFUL, 0x8000_0400))
                _ = try driver.manage(0x82, URB_FUNCTION_ABORT_PIPE)
                #expect(request.wait() == STATUS_CANCELLED)
                unsafe driver.free(unsafe block)
            }
        }
    }

    @Test("a stalled pipe refuses blocks until it is reset")
    func stall() throws {
        try Driver.run(GadgetZero(), selecting: 0) { driver, _ in
            unsafe try withMemory(512) { memory in
                // The device expects zeros, and halts at the first difference.
                unsafe memory[5] = 1
                let block = unsafe try driver.allocate()
                unsafe driver.fill(block, 0x01, memory)
                unsafe #expect(try driver.submit(block) == STATUS_UNSUCCESSFUL)
                #expect(unsafe block.status == 0xC000_0004)
                unsafe #expect(try driver.submit(block) == STATUS_UNSUCCESSFUL)
                #expect(unsafe block.status == 0xC000_0030)
                #expect(try driver.manage(0x01, resetPipe) == (0, 0))
                unsafe memory[5] = 0
                unsafe driver.fill(block, 0x01, memory)
                unsafe #expect(try driver.submit(block) == 0)
                unsafe driver.free(unsafe block)
            }
        }
    }

    @Test(
        "vendor requests write and read back; a short answer is an error unless it is allowed",
        arguments: [false, true])
    func vendor(allowsShort: Bool) throws {
        try Driver.run(GadgetZero(), selecting: 0) { driver, _ in
            unsafe try withMemory(16) { memory in
                for index in 0..<8 { unsafe memory[index] = UInt8(index + 1) }
                let block = unsafe try driver.allocate()
                let view = unsafe block.view(_URB_CONTROL_VENDOR_OR_CLASS_REQUEST.self)
                unsafe view.pointee.Hdr.Length = USHORT(MemoryLayout<_URB_CONTROL_VENDOR_OR_CLASS_REQUEST>.size)
                unsafe view.pointee.Hdr.Function = USHORT(URB_FUNCTION_VENDOR_DEVICE)
                unsafe view.pointee.Request = 0x5B
                unsafe view.pointee.TransferBuffer = memory.baseAddress
                unsafe view.pointee.TransferBufferLength = 8
                unsafe #expect(try driver.submit(block) == 0)
                unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
                unsafe view.pointee.Request = 0x5C
                unsafe view.pointee.TransferFlags = ULONG(
                    USBD_TRANSFER_DIRECTION_IN | (allowsShort ? USBD_SHORT_TRANSFER_OK : 0))
                unsafe #expect(try driver.submit(block) == 0)
                #expect(unsafe Array(memory.prefix(8)) == [1, 2, 3, 4, 5, 6, 7, 8])
                unsafe driver.free(unsafe block)
            }
        }
    }

    @Test("standard requests: status, configuration, descriptors; those that change the host's view are refused")
    func standard() throws {
        try Driver.run(GadgetZero(), selecting: 0) { driver, _ in
            unsafe try withMemory(64) { memory in
                let block = unsafe try driver.allocate()
                let status = unsafe block.view(_URB_CONTROL_GET_STATUS_REQUEST.self)
                unsafe status.pointee.Hdr.Length = USHORT(MemoryLayout<_URB_CONTROL_GET_STATUS_REQUEST>.size)
                unsafe status.pointee.Hdr.Function = USHORT(URB_FUNCTION_GET_STATUS_FROM_DEVICE)
                unsafe status.pointee.TransferBuffer = memory.baseAddress
                unsafe status.pointee.TransferBufferLength = 2
                unsafe #expect(try driver.submit(block) == 0)
                unsafe status.pointee.TransferBufferLength = 3
                unsafe #expect(try driver.submit(block) == STATUS_INVALID_PARAMETER)
                let configuration = unsafe block.view(_URB_CONTROL_GET_CONFIGURATION_REQUEST.self)
                unsafe configuration.pointee.Hdr.Function = USHORT(URB_FUNCTION_GET_CONFIGURATION)
                unsafe configuration.pointee.TransferBufferLength = 1
                unsafe #expect(try driver.submit(block) == 0)
                #expect(unsafe memory[0] == driver.target.device.configuration?.value)
                let control = unsafe block.view(_URB_CONTROL_TRANSFER.self)
                unsafe control.pointee.Hdr.Length = USHORT(MemoryLayout<_URB_CONTROL_TRANSFER>.size)
                unsafe control.pointee.Hdr.Function = USHORT(URB_FUNCTION_CONTROL_TRANSFER)
                unsafe control.pointee.PipeHandle = nil
                unsafe control.pointee.TransferFlags = ULONG(USBD_TRANSFER_DIRECTION_IN | USBD_SHORT_TRANSFER_OK)
                unsafe control.pointee.TransferBufferLength = 64
                unsafe control.pointee.SetupPacket = (0x80, 6, 0, 1, 0, 0, 0, 0)
                unsafe #expect(try driver.submit(block) == 0)
                #expect(unsafe control.pointee.TransferBufferLength == 18 && memory[1] == 1)
                unsafe control.pointee.TransferFlags = ULONG(USBD_TRANSFER_DIRECTION_IN)
                unsafe control.pointee.TransferBufferLength = 64
                unsafe #expect(try driver.submit(block) == STATUS_UNSUCCESSFUL)
                #expect(unsafe block.status == 0x8000_0900)
                unsafe control.pointee.SetupPacket = (0x00, 9, 1, 0, 0, 0, 0, 0)
                unsafe control.pointee.TransferBufferLength = 0
                unsafe #expect(try driver.submit(block) == STATUS_INVALID_PARAMETER)
                unsafe driver.free(unsafe block)
            }
        }
    }

    @Test(
        "a block that nobody knows, is too short, or not to be had here is refused",
        arguments: [
            (0x0016, 128, 0x8000_0200), (0x00FF, 128, 0x8000_0200), (0x0009, 100, 0x8000_0300),
            (0x0009, 20, 0x8000_0300), (0x0003, 128, 0xC000_0E00), (0x0037, 128, 0xC000_0E00),
        ] as [(UInt16, UInt16, UInt32)])
    func refused(function: UInt16, length: UInt16, status: UInt32) throws {
        try Driver.run(GadgetZero(), selecting: 0) { driver, _ in
            let block = unsafe try driver.allocate()
            unsafe block.header.pointee.Function = function
            unsafe block.header.pointee.Length = length
            unsafe #expect(try driver.submit(block) < 0)
            #expect(unsafe block.status == status)
            unsafe driver.free(unsafe block)
        }
    }

    @Test("what has to wait for the device is refused at DISPATCH_LEVEL, and a missing interface is found out")
    func selectionFaults() throws {
        try Driver.run(GadgetZero(), selecting: 0) { driver, _ in
            unsafe try driver.withConfiguration { configuration, _ in
                var list = unsafe [USBD_INTERFACE_LIST_ENTRY(InterfaceDescriptor: nil, Interface: nil)]
                unsafe list.insert(
                    USBD_INTERFACE_LIST_ENTRY(
                        InterfaceDescriptor: USBD_ParseConfigurationDescriptor(configuration, 0, 0), Interface: nil),
                    at: 0)
                var block: PURB?
                #expect(
                    unsafe USBD_SelectConfigUrbAllocateAndBuild(driver.handle, configuration, &list, &block) == 0)
                let built = unsafe try #require(block)
                let level = KeRaiseIrqlToDpcLevel()
                unsafe #expect(try driver.submit(built) == STATUS_INVALID_PARAMETER)
                KeLowerIrql(level)
                unsafe list[0].Interface.pointee.InterfaceNumber = 7
                unsafe #expect(try driver.submit(built) == STATUS_UNSUCCESSFUL)
                #expect(unsafe built.status == 0xC000_4000)
                unsafe list[0].Interface.pointee.InterfaceNumber = 0
                unsafe list[0].Interface.pointee.AlternateSetting = 1
                unsafe #expect(try driver.submit(built) == STATUS_UNSUCCESSFUL)
                #expect(unsafe built.status == 0xC000_3000, "four pipes do not fit")
                unsafe list[0].Interface.pointee.AlternateSetting = 0
                unsafe #expect(try driver.submit(built) == 0)
                unsafe driver.free(unsafe built)
            }
        }
    }

    @Test("the port is there until the device is unplugged")
    func port() throws {
        try Driver.run(GadgetZero(), selecting: 0) { driver, device in
            func status() throws -> ULONG {
                let bits = UnsafeMutablePointer<ULONG>.allocate(capacity: 1)
                defer { unsafe bits.deallocate() }
                let irp = unsafe try #require(IoAllocateIrp(1, 0))
                defer { unsafe IoFreeIrp(irp) }
                let location = unsafe IoGetNextIrpStackLocation(irp)
                unsafe location?.pointee.MajorFunction = UCHAR(IRP_MJ_INTERNAL_DEVICE_CONTROL)
                unsafe location?.pointee.Parameters.DeviceIoControl.IoControlCode = IOCTL_INTERNAL_USB_GET_PORT_STATUS
                unsafe location?.pointee.Parameters.Others.Argument1 = UnsafeMutableRawPointer(bits)
                #expect(unsafe IoCallDriver(driver.target.pointer, irp) == 0)
                return unsafe bits.pointee
            }
            let before = try status()
            device.unplug()
            var interval = LARGE_INTEGER(QuadPart: -10_000)
            _ = unsafe KeDelayExecutionThread(0, 0, &interval)
            let after = try status()
            #expect(before == 3 && after == 0)
        }
    }
}
