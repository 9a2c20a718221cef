// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBD
import USBRequests
import USBSpecification
import VirtualUSB

@Suite("allocating blocks")
struct AllocationTests {
    private func run(_ body: (Driver) throws -> Void) throws {
        try Driver.run(GadgetZero()) { driver, _ in try body(driver) }
    }

    @Test("NULL for the handle or the block: STATUS_INVALID_PARAMETER, and the block is NULL")
    func nullArguments() throws {
        try run { driver in
            let garbage = UnsafeMutablePointer<URB>.allocate(capacity: 1)
            defer { unsafe garbage.deallocate() }
            var block: PURB? = unsafe garbage
            #expect(unsafe USBD_IsochUrbAllocate(nil, 8, &block) == STATUS_INVALID_PARAMETER)
            #expect(unsafe block == nil)
            unsafe block = unsafe garbage
            #expect(unsafe USBD_UrbAllocate(nil, &block) == STATUS_INVALID_PARAMETER)
            #expect(unsafe block == nil)
            #expect(unsafe USBD_IsochUrbAllocate(driver.handle, 8, nil) == STATUS_INVALID_PARAMETER)
            #expect(unsafe USBD_UrbAllocate(driver.handle, nil) == STATUS_INVALID_PARAMETER)
            unsafe block = unsafe garbage
            #expect(
                unsafe USBD_SelectConfigUrbAllocateAndBuild(driver.handle, nil, nil, &block)
                    == STATUS_INVALID_PARAMETER)
            #expect(unsafe block == nil)
            unsafe block = unsafe garbage
            #expect(
                unsafe USBD_SelectInterfaceUrbAllocateAndBuild(driver.handle, nil, nil, &block)
                    == STATUS_INVALID_PARAMETER)
            #expect(unsafe block == nil)
        }
    }

    @Test(
        "as many packets as a length of 16 bits can hold, every member zero, also at DISPATCH_LEVEL",
        arguments: [(0, true), (1, true), (8, true), (1024, true), (5448, true), (5449, false), (UInt32.max, false)])
    func packets(count: UInt32, isAllowed: Bool) throws {
        try run { driver in
            let level = KeRaiseIrqlToDpcLevel()
            defer { KeLowerIrql(level) }
            var block: PURB?
            let status = unsafe USBD_IsochUrbAllocate(driver.handle, count, &block)
            #expect(status == (isAllowed ? 0 : STATUS_INVALID_PARAMETER))
            #expect(unsafe (block != nil) == isAllowed)
            guard let allocated = unsafe block else { return }
            let bytes = unsafe UnsafeRawBufferPointer(
                start: allocated, count: BlockMemory.byteCount(packets: Int(count)))
            #expect(unsafe bytes.allSatisfy { $0 == 0 })
            unsafe driver.free(unsafe allocated)
        }
    }

    @Test("a block is zero whatever its memory was before")
    func zeroed() throws {
        try run { driver in
            for _ in 0..<8 {
                let block = unsafe try driver.allocate()
                let bytes = unsafe UnsafeMutableRawBufferPointer(start: block, count: MemoryLayout<URB>.size)
                #expect(unsafe bytes.allSatisfy { $0 == 0 })
                unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0xA5)
                unsafe driver.free(unsafe block)
            }
        }
    }

    @Test("a second free, a foreign block and another driver's handle are bug checks")
    func wrongFrees() throws {
        try run { driver in
            var other: USBD_HANDLE?
            #expect(unsafe USBD_CreateHandle(driver.target.pointer, driver.target.pointer, 0x602, 0, &other) == 0)
            let block = unsafe try driver.allocate()
            let own = UnsafeMutablePointer<URB>.allocate(capacity: 1)
            unsafe own.initialize(to: URB())
            let irp = unsafe try #require(IoAllocateIrp(1, 0))
            let location = unsafe IoGetNextIrpStackLocation(irp)
            let found = BugCheck.intercepting {
                unsafe USBD_UrbFree(other, block)
                unsafe USBD_AssignUrbToIoStackLocation(other, location, block)
                unsafe USBD_UrbFree(driver.handle, own)
                unsafe USBD_AssignUrbToIoStackLocation(driver.handle, location, own)
                unsafe USBD_UrbFree(nil, block)
            }
            #expect(found.map(\.code) == Array(repeating: 0xFE, count: 5))
            #expect(unsafe location?.pointee.Parameters.Others.Argument1 == nil)
            unsafe USBD_AssignUrbToIoStackLocation(driver.handle, location, block)
            #expect(unsafe location?.pointee.Parameters.Others.Argument1 == UnsafeMutableRawPointer(block))
            unsafe driver.free(unsafe block)
            let twice = BugCheck.intercepting { unsafe driver.free(unsafe block) }
            #expect(twice.map(\.function) == ["USBD_UrbFree"])
            unsafe USBD_CloseHandle(other)
            unsafe IoFreeIrp(irp)
            unsafe own.deallocate()
        }
    }

    @Test("a handle wants both objects, the contract and a place, and is a bug check once closed")
    func handles() throws {
        try run { driver in
            let object = unsafe driver.target.pointer
            var handle: USBD_HANDLE? = unsafe driver.handle
            #expect(unsafe USBD_CreateHandle(nil, object, 0x602, 0, &handle) == STATUS_INVALID_PARAMETER)
            #expect(unsafe handle == nil)
            #expect(unsafe USBD_CreateHandle(object, nil, 0x602, 0, &handle) == STATUS_INVALID_PARAMETER)
            #expect(unsafe USBD_CreateHandle(object, object, 0x602, 0, nil) == STATUS_INVALID_PARAMETER)
            #expect(unsafe USBD_CreateHandle(object, object, 0x600, 0, &handle) == STATUS_INVALID_LEVEL)
            #expect(unsafe USBD_CreateHandle(object, object, 0x602, 0, &handle) == 0)
            let versions: [ULONG: BOOLEAN] = [0x500: 0, 0x600: 1, 0x602: 1, 0x603: 0]
            for (version, answer) in versions {
                #expect(unsafe USBD_IsInterfaceVersionSupported(handle, version) == answer)
            }
            unsafe USBD_CloseHandle(handle)
            let found = BugCheck.intercepting {
                unsafe USBD_CloseHandle(handle)
                var block: PURB?
                #expect(unsafe USBD_UrbAllocate(handle, &block) < 0)
            }
            #expect(found.map(\.code) == [0xFE, 0xFE])
        }
    }

    @Test("a high-speed device has high-bandwidth isochronous pipes; the bus has no streams for drivers")
    func capabilities() throws {
        try run { driver in
            func query(_ guid: GUID) -> NTSTATUS {
                var guid = guid
                var length: ULONG = 9
                let status = unsafe USBD_QueryUsbCapability(driver.handle, &guid, 0, nil, &length)
                #expect(length == 0)
                return status
            }
            #expect(query(GUID_USB_CAPABILITY_HIGH_BANDWIDTH_ISOCH) == 0)
            #expect(query(GUID_USB_CAPABILITY_DEVICE_CONNECTION_HIGH_SPEED_COMPATIBLE) == 0)
            #expect(query(GUID_USB_CAPABILITY_DEVICE_CONNECTION_SUPER_SPEED_COMPATIBLE) == STATUS_NOT_SUPPORTED)
            #expect(query(GUID_USB_CAPABILITY_STATIC_STREAMS) == STATUS_NOT_IMPLEMENTED)
            #expect(query(GUID()) == STATUS_NOT_IMPLEMENTED)
            var guid = GUID_USB_CAPABILITY_STATIC_STREAMS
            #expect(unsafe USBD_QueryUsbCapability(driver.handle, &guid, 2, nil, nil) == STATUS_INVALID_PARAMETER)
            #expect(unsafe USBD_QueryUsbCapability(driver.handle, nil, 0, nil, nil) == STATUS_INVALID_PARAMETER)
            #expect(unsafe USBD_QueryUsbCapability(nil, &guid, 0, nil, nil) == STATUS_INVALID_PARAMETER)
        }
    }
}
