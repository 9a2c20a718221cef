// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB
import USBHost
import USBSpecification
import VirtualUSB
import WDF

/// Writes 512 bytes at a time to a bulk pipe and waits for each write: as a driver does it that calls WDF, and as a program
/// does it that calls the library itself, on the same bus in free time.
@safe package final class WDFWriter {
    /// How a driver writes.
    package enum Form: Sendable {
        /// By `WdfUsbTargetPipeWriteSynchronously`.
        case synchronously
        /// The same, with a timeout of a second.
        case withTimeout
        /// By a request of the driver's own, used again for each write: formatted, sent and waited for.
        case sending
    }

    private static let length = 512

    private let device: WDFDEVICE
    private let pipe: WDFUSBPIPE
    private let request: WDFREQUEST
    private let memory: WDFMEMORY

    /// Opens a device of its own and runs `body`.
    package static func run<Value>(_ body: (WDFWriter) throws -> Value) throws -> Value {
        let bus = VirtualBus(flow: .free)
        _ = try bus.attach(GadgetZero())
        return try ProcessHost.withHost(bus) {
            let writer = WDFWriter()
            defer { unsafe SwiftUsbCloseTarget(writer.device) }
            return try body(writer)
        }
    }

    private init() {
        var device: WDFDEVICE?
        var target: WDFUSBDEVICE?
        var request: WDFREQUEST?
        var memory: WDFMEMORY?
        check(unsafe SwiftUsbOpenTarget("0525:a4a0", &device, &target), "the device cannot be opened")
        var configuration = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
        unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_SINGLE_INTERFACE(&configuration)
        check(unsafe WdfUsbTargetDeviceSelectConfig(target, nil, &configuration), "it has no configuration")
        let interface = unsafe configuration.Types.SingleInterface.ConfiguredUsbInterface
        let pipe = unsafe (0..<WdfUsbInterfaceGetNumConfiguredPipes(interface)).lazy
            .compactMap { unsafe WdfUsbInterfaceGetConfiguredPipe(interface, $0, nil) }
            .first { unsafe WdfUsbTargetPipeIsOutEndpoint($0) == 1 }
        check(unsafe WdfRequestCreate(nil, nil, &request), "there is no request")
        // Sound: the memory outlives the process's use of it, and is never freed.
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: Self.length, alignment: 16)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: Self.length)
        check(unsafe WdfMemoryCreatePreallocated(nil, bytes, Self.length, &memory), "there is no memory")
        guard let device = unsafe device, let pipe = unsafe pipe, let request = unsafe request,
            let memory = unsafe memory
        else { fatalError("something is missing") }
        unsafe self.device = unsafe device
        unsafe self.pipe = unsafe pipe
        unsafe self.request = unsafe request
        unsafe self.memory = unsafe memory
    }

    /// Writes so often.
    package func write(_ count: Int, _ form: Form = .synchronously) {
        switch form {
        case .synchronously: unsafe writeSynchronously(count, nil)
        case .withTimeout:
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, 0)
            unsafe WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, -10_000_000)
            unsafe writeSynchronously(count, &options)
        case .sending: send(count)
        }
    }

    private func writeSynchronously(_ count: Int, _ options: PWDF_REQUEST_SEND_OPTIONS?) {
        var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
        unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(
            &descriptor, WdfMemoryGetBuffer(memory, nil), ULONG(Self.length))
        var moved: ULONG = 0
        for _ in 0..<count {
            let status = unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, options, &descriptor, &moved)
            precondition(status == 0 && moved == ULONG(Self.length), "a write failed")
        }
    }

    private func send(_ count: Int) {
        var options = WDF_REQUEST_SEND_OPTIONS()
        unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, ULONG(WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue))
        var reuse = unsafe WDF_REQUEST_REUSE_PARAMS()
        unsafe WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, 0, 0)
        let target = unsafe WdfUsbTargetPipeGetIoTarget(pipe)
        for _ in 0..<count {
            check(unsafe WdfUsbTargetPipeFormatRequestForWrite(pipe, request, memory, nil), "a write was refused")
            let isSent = unsafe WdfRequestSend(request, target, &options) == 1
            precondition(isSent, "a write was not sent")
            check(unsafe WdfRequestGetStatus(request), "a write failed")
            check(unsafe WdfRequestReuse(request, &reuse), "the request cannot be used again")
        }
    }

    /// The same through the library itself, from an array's own bytes. `body` has the function that writes so often.
    package static func runDirectly<Value>(
        timeout: Duration? = nil, _ body: ((Int) throws -> Void) throws -> Value
    ) throws -> Value {
        let bus = VirtualBus(flow: .free)
        _ = try bus.attach(GadgetZero())
        let device = try bus.open(vendorID: 0x0525, productID: 0xA4A0)
        let pipe = try device.claim(0).outPipe(0x01, Bulk.self)
        let bytes = [UInt8](repeating: 0, count: length)
        return try body { count in
            for _ in 0..<count {
                let moved = try pipe.blocking.write(bytes.span, timeout: timeout)
                precondition(moved == length, "a write failed")
            }
        }
    }
}

private func check(_ status: NTSTATUS, _ fault: String) {
    guard status == 0 else { fatalError("\(fault): \(UInt32(bitPattern: status))") }
}
