// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBD
import USBHost
import USBRequests
import USBSpecification
import VirtualUSB

extension PURB {
    /// The block as the structure of its function.
    func view<Layout>(_ type: Layout.Type) -> UnsafeMutablePointer<Layout> {
        unsafe UnsafeMutableRawPointer(self).assumingMemoryBound(to: Layout.self)
    }

    var status: UInt32 { UInt32(bitPattern: unsafe header.pointee.Status) }
}

/// A driver of one device, on a bus of its own. The calls of the test's thread mean that bus.
@safe final class Driver: @unchecked Sendable {
    let bus: VirtualBus
    let target: USBTarget
    let handle: USBD_HANDLE
    private(set) var configuration: USBD_CONFIGURATION_HANDLE?
    /// By bEndpointAddress.
    private(set) var pipes: [UInt8: USBD_PIPE_HANDLE] = unsafe [:]
    private(set) var information: [USBD_PIPE_INFORMATION] = unsafe []

    private init(_ bus: VirtualBus) throws {
        self.bus = bus
        target = USBTarget(try bus.open(try #require(bus.devices().first)), on: ProcessHost.current)
        var handle: USBD_HANDLE?
        try #require(unsafe USBD_CreateHandle(target.pointer, target.pointer, 0x602, 0x6262, &handle) == 0)
        unsafe self.handle = try #require(unsafe handle)
    }

    /// Runs `body` with a driver for `peripheral`. Afterwards all is given back.
    static func run<P: Peripheral>(
        _ peripheral: sending P, flow: TimeFlow = .manual, selecting setting: UInt8? = nil,
        _ body: (Driver, AttachedPeripheral<P>) throws -> Void
    ) throws {
        let bus = flow == .manual ? VirtualBus(flow: flow, seed: 0, driver: .caller) : VirtualBus(flow: flow, seed: 0)
        bus.setAdmission(false)
        let device = try bus.attach(peripheral)
        try ProcessHost.withHost(bus) {
            let driver = try Driver(bus)
            if let setting { try #require(try driver.select(setting) == 0) }
            try body(driver, device)
            driver.target.close()
            unsafe USBD_CloseHandle(driver.handle)
        }
    }

    // MARK: Blocks

    func allocate() throws -> PURB {
        var block: PURB?
        try #require(unsafe USBD_UrbAllocate(handle, &block) == 0)
        return unsafe try #require(unsafe block)
    }

    func free(_ block: PURB) { unsafe USBD_UrbFree(handle, block) }

    /// Submits a block by a request, and waits for its end. Returns the request's status.
    @discardableResult
    func submit(_ block: PURB) throws -> NTSTATUS {
        let event = UnsafeMutablePointer<KEVENT>.allocate(capacity: 1)
        let end = UnsafeMutablePointer<IO_STATUS_BLOCK>.allocate(capacity: 1)
        unsafe end.initialize(to: IO_STATUS_BLOCK())
        unsafe KeInitializeEvent(event, NotificationEvent, 0)
        defer {
            unsafe event.deallocate()
            unsafe end.deallocate()
        }
        let request = unsafe try #require(
            unsafe IoBuildDeviceIoControlRequest(
                IOCTL_INTERNAL_USB_SUBMIT_URB, target.pointer, nil, 0, nil, 0, 1, event, end))
        unsafe USBD_AssignUrbToIoStackLocation(handle, IoGetNextIrpStackLocation(request), block)
        guard unsafe IoCallDriver(target.pointer, request) == 0x103 else { return unsafe end.pointee.Status }
        try #require(unsafe KeWaitForSingleObject(event, Executive, 0, 0, nil) == 0)
        return unsafe end.pointee.Status
    }

    /// The first configuration, as the device describes it; `body` gets it and its length.
    func withConfiguration<Value>(_ body: (PUSB_CONFIGURATION_DESCRIPTOR, Int) throws -> Value) throws -> Value {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 8)
        let block = unsafe try allocate()
        defer {
            unsafe memory.deallocate()
            unsafe free(block)
        }
        let view = unsafe block.view(_URB_CONTROL_DESCRIPTOR_REQUEST.self)
        unsafe view.pointee.Hdr.Length = USHORT(MemoryLayout<_URB_CONTROL_DESCRIPTOR_REQUEST>.size)
        unsafe view.pointee.Hdr.Function = USHORT(URB_FUNCTION_GET_DESCRIPTOR_FROM_DEVICE)
        unsafe view.pointee.DescriptorType = 2
        unsafe view.pointee.TransferBuffer = memory.baseAddress
        unsafe view.pointee.TransferBufferLength = ULONG(memory.count)
        unsafe try #require(try submit(block) == 0)
        let count = Int(unsafe view.pointee.TransferBufferLength)
        let base = unsafe try #require(memory.baseAddress)
        return unsafe try body(unsafe base.assumingMemoryBound(to: USB_CONFIGURATION_DESCRIPTOR.self), count)
    }

    /// Selects the first configuration with that setting of interface 0, and learns the pipes.
    func select(_ setting: UInt8) throws -> NTSTATUS {
        unsafe try withConfiguration { configuration, _ in
            var list: [USBD_INTERFACE_LIST_ENTRY] = unsafe [
                USBD_INTERFACE_LIST_ENTRY(
                    InterfaceDescriptor: USBD_ParseConfigurationDescriptor(configuration, 0, setting), Interface: nil),
                USBD_INTERFACE_LIST_ENTRY(InterfaceDescriptor: nil, Interface: nil),
            ]
            var block: PURB?
            try #require(
                unsafe USBD_SelectConfigUrbAllocateAndBuild(handle, configuration, &list, &block) == 0)
            let built = unsafe try #require(unsafe block)
            defer { unsafe free(built) }
            let status = unsafe try submit(built)
            if status == 0 {
                unsafe self.configuration = unsafe built.view(_URB_SELECT_CONFIGURATION.self).pointee
                    .ConfigurationHandle
                unsafe learn(list[0].Interface)
            }
            return status
        }
    }

    /// Notes the pipes of an interface.
    func learn(_ interface: PUSBD_INTERFACE_INFORMATION?) {
        unsafe pipes = [:]
        unsafe information = []
        guard let interface = unsafe interface else { return }
        for index in 0..<Int(unsafe interface.pointee.NumberOfPipes) {
            let pipe = unsafe (UnsafeMutableRawPointer(interface) + 24 + 24 * index).load(
                as: USBD_PIPE_INFORMATION.self)
            unsafe information.append(pipe)
            unsafe pipes[pipe.EndpointAddress] = unsafe pipe.PipeHandle
        }
    }

    /// Makes a block for a bulk or interrupt pipe.
    func fill(_ block: PURB, _ endpoint: UInt8, _ bytes: UnsafeMutableRawBufferPointer, flags: Int32 = 0) {
        let view = unsafe block.view(_URB_BULK_OR_INTERRUPT_TRANSFER.self)
        unsafe view.pointee.Hdr.Length = USHORT(MemoryLayout<_URB_BULK_OR_INTERRUPT_TRANSFER>.size)
        unsafe view.pointee.Hdr.Function = USHORT(URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER)
        unsafe view.pointee.PipeHandle = unsafe pipes[endpoint] ?? nil
        unsafe view.pointee.TransferBuffer = bytes.baseAddress
        unsafe view.pointee.TransferBufferLength = ULONG(bytes.count)
        unsafe view.pointee.TransferFlags = ULONG(flags)
    }

    /// Submits an abort or a reset of a pipe.
    func manage(_ endpoint: UInt8, _ function: Int32) throws -> (request: NTSTATUS, block: UInt32) {
        let block = unsafe try allocate()
        defer { unsafe free(block) }
        let view = unsafe block.view(_URB_PIPE_REQUEST.self)
        unsafe view.pointee.Hdr.Length = USHORT(MemoryLayout<_URB_PIPE_REQUEST>.size)
        unsafe view.pointee.Hdr.Function = USHORT(function)
        unsafe view.pointee.PipeHandle = unsafe pipes[endpoint] ?? nil
        return unsafe (try submit(block), unsafe block.status)
    }

    /// The frame that is under way, by a block.
    func frame() throws -> UInt32 {
        let block = unsafe try allocate()
        defer { unsafe free(block) }
        let view = unsafe block.view(_URB_GET_CURRENT_FRAME_NUMBER.self)
        unsafe view.pointee.Hdr.Length = USHORT(MemoryLayout<_URB_GET_CURRENT_FRAME_NUMBER>.size)
        unsafe view.pointee.Hdr.Function = USHORT(URB_FUNCTION_GET_CURRENT_FRAME_NUMBER)
        unsafe try #require(try submit(block) == 0)
        return unsafe view.pointee.FrameNumber
    }
}

/// A request of a driver's own, whose completion a test looks at.
@safe final class OwnRequest: @unchecked Sendable {
    let driver: Driver
    let pointer: PIRP
    private(set) var ended: NTSTATUS?
    private(set) var level: KIRQL?
    private let event: BusEvent

    private let block: PURB
    /// How often the request has ended.
    private(set) var completionCount = 0
    /// How often it is handed on again when it ends.
    var repetitions = 0

    init(_ driver: Driver, _ block: PURB) throws {
        self.driver = driver
        unsafe self.block = unsafe block
        event = BusEvent(on: driver.bus.executor)
        unsafe pointer = try #require(unsafe IoAllocateIrp(driver.target.pointer.pointee.StackSize, 0))
        prepare()
    }

    private func prepare() {
        let location = unsafe IoGetNextIrpStackLocation(pointer)
        unsafe location?.pointee.MajorFunction = UCHAR(IRP_MJ_INTERNAL_DEVICE_CONTROL)
        unsafe location?.pointee.Parameters.DeviceIoControl.IoControlCode = IOCTL_INTERNAL_USB_SUBMIT_URB
        unsafe USBD_AssignUrbToIoStackLocation(driver.handle, location, block)
        unsafe IoSetCompletionRoutine(
            pointer,
            { _, irp, context in
                guard let context = unsafe context else { return 0 }
                let request = unsafe Unmanaged<OwnRequest>.fromOpaque(context).takeUnretainedValue()
                unsafe request.end(irp?.pointee.IoStatus.Status)
                return STATUS_MORE_PROCESSING_REQUIRED
            }, Unmanaged.passUnretained(self).toOpaque(), 1, 1, 1)
    }

    private func end(_ status: NTSTATUS?) {
        completionCount += 1
        ended = status
        level = KeGetCurrentIrql()
        guard repetitions > 0, status == 0 else {
            event.set()
            return
        }
        repetitions -= 1
        unsafe IoReuseIrp(pointer, 0)
        prepare()
        call()
    }

    func cancel() { _ = unsafe IoCancelIrp(pointer) }

    deinit { unsafe IoFreeIrp(pointer) }

    @discardableResult
    func call() -> NTSTATUS { unsafe IoCallDriver(driver.target.pointer, pointer) }

    /// The status that the request ended with.
    @discardableResult
    func wait() -> NTSTATUS? {
        _ = BusEvent.wait(for: [event], on: driver.bus.executor)
        return ended
    }
}
