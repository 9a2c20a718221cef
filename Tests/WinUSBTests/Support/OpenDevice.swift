// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB
import WinUSB

/// What a function returned, with the last error that it set: 0 for TRUE.
func errorCode(_ call: () -> BOOL) -> UInt32 {
    SetLastError(0)
    return call() != 0 ? 0 : GetLastError()
}

/// What a transfer brought: the code that the call failed with, and the bytes.
struct Transferred: Hashable {
    var error: UInt32
    var bytes: [UInt8]

    init(_ bytes: [UInt8], error: UInt32 = 0) {
        self.error = error
        self.bytes = bytes
    }
}

/// A device on a bus of its own, opened as a program does it. The calls go on one thread, or on any with ``bus``.
@safe final class OpenDevice<P: Peripheral>: @unchecked Sendable {
    let bus: VirtualBus
    let attachment: AttachedPeripheral<P>
    let file: HANDLE
    let handle: WINUSB_INTERFACE_HANDLE

    private init(_ bus: VirtualBus, _ attachment: AttachedPeripheral<P>, _ file: HANDLE, _ handle: HANDLE) {
        self.bus = bus
        self.attachment = attachment
        unsafe self.file = unsafe file
        unsafe self.handle = unsafe handle
    }

    /// Attaches `peripheral` to a bus, opens it by its name, and hands both to `body`.
    static func with<Value>(
        _ peripheral: sending P, flow: TimeFlow = .free, _ body: (OpenDevice) throws -> Value
    ) throws -> Value {
        let bus = VirtualBus(flow: flow)
        let attachment = try bus.attach(peripheral)
        let model = attachment.withPeripheral { $0.model }
        let name =
            "usb:" + String(model.device.vendorID, radix: 16) + ":" + String(model.device.productID, radix: 16)
        return try ProcessHost.withHost(bus) {
            let file = unsafe CreateFileA(
                name, DWORD(GENERIC_READ) | DWORD(GENERIC_WRITE), 0, nil, DWORD(OPEN_EXISTING),
                DWORD(FILE_FLAG_OVERLAPPED), nil)
            var handle: WINUSB_INTERFACE_HANDLE?
            try #require(unsafe WinUsb_Initialize(file, &handle) != 0, "error \(GetLastError())")
            let device = unsafe OpenDevice(bus, attachment, file!, handle!)
            defer {
                unsafe WinUsb_Free(device.handle)
                unsafe CloseHandle(device.file)
            }
            // From here on the bus knows the thread, and its time stands still while the thread computes.
            device.sleep(0)
            return try body(device)
        }
    }

    // MARK: Transfers

    func read(_ pipe: UInt8, _ count: Int) -> Transferred {
        // One byte more, so that there is an address without bytes too.
        var bytes = [UInt8](repeating: 0xEE, count: count + 1)
        var moved: ULONG = 0
        let code = errorCode {
            unsafe bytes.withUnsafeMutableBufferPointer {
                unsafe WinUsb_ReadPipe(handle, pipe, $0.baseAddress, ULONG(count), &moved, nil)
            }
        }
        #expect(bytes.last == 0xEE, "nothing is written behind the buffer")
        return Transferred(Array(bytes.prefix(Int(moved))), error: code)
    }

    /// Returns the error and the number of bytes written.
    func write(_ pipe: UInt8, _ bytes: [UInt8]) -> (error: UInt32, count: Int) {
        var copy = bytes
        var moved: ULONG = 0
        let code = errorCode {
            unsafe copy.withUnsafeMutableBufferPointer {
                unsafe WinUsb_WritePipe(handle, pipe, $0.baseAddress, ULONG($0.count), &moved, nil)
            }
        }
        return (code, Int(moved))
    }

    func control(_ packet: WINUSB_SETUP_PACKET, _ bytes: [UInt8]) -> Transferred {
        var copy = bytes
        var moved: ULONG = 0
        let code = errorCode {
            unsafe copy.withUnsafeMutableBufferPointer {
                unsafe WinUsb_ControlTransfer(handle, packet, $0.baseAddress, ULONG($0.count), &moved, nil)
            }
        }
        return Transferred(Array(copy.prefix(Int(moved))), error: code)
    }

    // MARK: Policies

    func set(_ pipe: UInt8, _ policy: Int32, _ flag: Bool) -> UInt32 {
        var value: UInt8 = flag ? 1 : 0
        return errorCode { unsafe WinUsb_SetPipePolicy(handle, pipe, ULONG(policy), 1, &value) }
    }

    func setTimeout(_ pipe: UInt8, _ milliseconds: UInt32) -> UInt32 {
        var value = milliseconds
        return errorCode { unsafe WinUsb_SetPipePolicy(handle, pipe, ULONG(PIPE_TRANSFER_TIMEOUT), 4, &value) }
    }

    // MARK: Time and threads

    var now: BusInstant { bus.clock.presentInstant }

    /// Lets time pass.
    func sleep(_ milliseconds: Int64) {
        let deadline = now.advanced(by: .milliseconds(milliseconds))
        // A wait without events is a sleep.
        _ = BusEvent.wait(for: [], until: deadline, on: bus.executor)
    }
}

/// An OVERLAPPED block with an event and memory of its own, which stay where they are.
@safe final class Overlapped: @unchecked Sendable {
    let block: LPOVERLAPPED
    let buffer: UnsafeMutableBufferPointer<UInt8>

    /// With `hasEvent` false the file is what is waited for.
    init(_ bytes: [UInt8], hasEvent: Bool = true) {
        unsafe block = .allocate(capacity: 1)
        unsafe block.initialize(to: OVERLAPPED())
        if hasEvent { unsafe block.pointee.hEvent = unsafe CreateEventA(nil, 1, 0, nil) }
        unsafe buffer = .allocate(capacity: max(1, bytes.count))
        _ = unsafe buffer.initialize(from: bytes)
    }

    convenience init(_ count: Int, hasEvent: Bool = true) {
        self.init([UInt8](repeating: 0xEE, count: count), hasEvent: hasEvent)
    }

    deinit {
        // What is under way keeps its memory.
        if isPending { return }
        if let event = unsafe block.pointee.hEvent { unsafe CloseHandle(event) }
        unsafe block.deallocate()
        unsafe buffer.deallocate()
    }

    var status: NTStatus { unsafe OverlappedBlock.status(of: block) }
    var isPending: Bool { status == .pending }
    var eventIsSet: Bool { unsafe WaitForSingleObject(block.pointee.hEvent, 0) == 0 }

    /// Begins a read and returns the error.
    func read<P>(_ device: OpenDevice<P>, _ pipe: UInt8, _ count: Int) -> UInt32 {
        errorCode { unsafe WinUsb_ReadPipe(device.handle, pipe, buffer.baseAddress, ULONG(count), nil, block) }
    }

    /// Begins a write and returns the error.
    func write<P>(_ device: OpenDevice<P>, _ pipe: UInt8, _ count: Int) -> UInt32 {
        errorCode { unsafe WinUsb_WritePipe(device.handle, pipe, buffer.baseAddress, ULONG(count), nil, block) }
    }

    /// Collects the result, waiting for it unless told otherwise.
    func result<P>(_ device: OpenDevice<P>, waits: Bool = true) -> Transferred {
        var moved: DWORD = 0
        let code = errorCode { unsafe WinUsb_GetOverlappedResult(device.handle, block, &moved, waits ? 1 : 0) }
        return unsafe Transferred(Array(buffer.prefix(Int(moved))), error: code)
    }
}

/// Threads of a test, which are waited for in bus time.
final class BusThreads {
    private let bus: VirtualBus
    private var ends: [BusEvent] = []

    init(_ bus: VirtualBus) { self.bus = bus }

    func start(_ body: @escaping @Sendable () -> Void) {
        let end = BusEvent(on: bus.executor)
        ends.append(end)
        let bus = bus
        startThread(name: "test") {
            ProcessHost.withHost(bus) { body() }
            end.set()
        }
    }

    func join() {
        for end in ends { _ = BusEvent.wait(for: [end], on: bus.executor) }
        ends = []
    }
}
