// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import Testing
import USB
import USBSpecification
import VirtualUSB

@testable import USBDriverKit
@testable import USBHost

/// A driver with its device, on a bus of the test's own. The calls of the test's thread mean that bus.
final class Dext: IOService, @unchecked Sendable {
    let bus: VirtualBus
    let attachment: AttachedPeripheral<DextDevice>
    let layout: DextDevice.Layout
    let device: IOUSBHostDevice
    private(set) var interfaces: [IOUSBHostInterface] = []

    private init(
        _ bus: VirtualBus, _ attachment: AttachedPeripheral<DextDevice>, _ layout: DextDevice.Layout
    ) throws {
        self.bus = bus
        self.attachment = attachment
        self.layout = layout
        device = try #require(IOUSBHostDevice.matching(DextDevice.name))
        super.init()
    }

    /// Runs `body` with a device of that layout, whose sessions are open and whose streaming setting is selected.
    /// Afterwards all is closed.
    static func run<Value>(
        _ layout: DextDevice.Layout = .high, flow: TimeFlow = .free,
        over controller: (VirtualBus) -> any HostController = { $0 }, _ body: (Dext) throws -> Value
    ) throws -> Value {
        let bus = flow == .manual ? VirtualBus(flow: flow, driver: .caller) : VirtualBus(flow: flow)
        // However long a busy machine keeps the test's thread from running, time stands still meanwhile.
        bus.executor.patience = 600_000_000_000
        bus.executor.addClient()
        defer { bus.executor.removeClient() }
        let attachment = try bus.attach(DextDevice(layout))
        return try ProcessHost.withHost(controller(bus)) {
            let dext = try Dext(bus, attachment, layout)
            try #require(dext.device.Open(forClient: dext) == kIOReturnSuccess)
            try dext.openInterfaces()
            try #require(dext.interfaces[1].SelectAlternateSetting(bAlternateSetting: 1) == kIOReturnSuccess)
            defer {
                for interface in dext.interfaces { interface.Close(forClient: dext) }
                dext.device.Close(forClient: dext)
            }
            return try body(dext)
        }
    }

    private func openInterfaces() throws {
        var iterator: UInt = 0
        try #require(device.CreateInterfaceIterator(ref: &iterator) == kIOReturnSuccess)
        defer { device.DestroyInterfaceIterator(ref: iterator) }
        while true {
            var interface: IOUSBHostInterface?
            try #require(device.CopyInterface(ref: iterator, interface: &interface) == kIOReturnSuccess)
            guard let interface else { return }
            try #require(interface.Open(forClient: self) == kIOReturnSuccess)
            interfaces.append(interface)
        }
    }

    /// The pipe of an endpoint.
    func pipe(_ address: UInt8) throws -> IOUSBHostPipe {
        for interface in interfaces {
            var pipe: IOUSBHostPipe?
            if interface.CopyPipe(address: address, pipe: &pipe) == kIOReturnSuccess { return try #require(pipe) }
        }
        return try #require(nil, "there is no endpoint \(address)")
    }

    /// Looks into the device.
    func withDevice<Value>(_ body: (DextDevice) throws -> sending Value) rethrows -> sending Value {
        try attachment.withPeripheral(body)
    }

    // MARK: Memory

    /// A buffer with these bytes.
    func buffer(_ bytes: [UInt8]) throws -> IOBufferMemoryDescriptor {
        var buffer: IOBufferMemoryDescriptor?
        let status = device.CreateIOBuffer(
            options: kIOMemoryDirectionInOut, capacity: UInt64(bytes.count), buffer: &buffer)
        try #require(status == kIOReturnSuccess)
        let made = try #require(buffer)
        made.withMutableBytes { for index in bytes.indices { $0[index] = bytes[index] } }
        return made
    }

    /// A buffer of zeros.
    func buffer(count: Int) throws -> IOBufferMemoryDescriptor { try buffer([UInt8](repeating: 0, count: count)) }

    /// A frame list that asks for these sizes.
    func list(_ sizes: [Int]) throws -> IOBufferMemoryDescriptor {
        let list = try buffer(count: sizes.count * 24)
        for (index, size) in sizes.enumerated() {
            unsafe FrameList.setEntry(
                index, of: list.bytes,
                IOUSBIsochronousFrame(
                    status: 1, requestCount: UInt32(size), completeCount: 77, reserved: 0, timeStamp: 77))
        }
        return list
    }

    // MARK: Frames

    /// The frame that is under way.
    var frame: UInt64 {
        var frame: UInt64 = 0
        #expect(device.GetFrameNumber(frameNumber: &frame) == kIOReturnSuccess)
        return frame
    }

    /// A frame not far ahead at which a transfer may start.
    var soon: UInt64 { (frame + 8).roundedDown(layout.framesPerEntry) }
}

extension UInt64 {
    fileprivate func roundedDown(_ step: Int64) -> UInt64 { self - self % UInt64(step) }
}

extension IOMemoryDescriptor {
    /// The bytes.
    var copied: [UInt8] { withBytes { span in span.indices.map { span[$0] } } }

    /// The entries of a frame list.
    var entries: [IOUSBIsochronousFrame] {
        (0..<length / 24).map { unsafe FrameList.entry($0, of: bytes) }
    }

    /// The results of a frame list.
    var statuses: [kern_return_t] { entries.map(\.status) }
}

/// What completions brought, in order, and a way to wait for them.
final class Ends<Value: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private let signal: WorkerSignal
    private var noted: [Value] = []

    init(_ dext: Dext) { signal = WorkerSignal(on: dext.device.host) }

    var all: [Value] { lock.withLock { noted } }

    func note(_ value: Value) {
        lock.withLock { noted.append(value) }
        signal.set()
    }

    /// Waits until there are so many.
    @discardableResult
    func wait(for count: Int = 1) -> [Value] { wait { $0.count >= count } }

    /// Waits until what has been noted is enough.
    @discardableResult
    func wait(until isEnough: ([Value]) -> Bool) -> [Value] {
        while !isEnough(all) { signal.wait() }
        return all
    }
}

/// How a transfer ended: status and bytes.
struct End: Hashable, Sendable {
    var status: kern_return_t
    var count: UInt32 = 0
}

extension Dext {
    /// An action that notes how transfers of AsyncIO end.
    func action(_ ends: Ends<End>) -> OSAction {
        OSAction.CompleteAsyncIO(target: self) { _, status, count, _ in ends.note(End(status: status, count: count)) }
    }

    /// An action that notes how transfers of IsochIO end.
    func action(_ ends: Ends<kern_return_t>) -> OSAction {
        OSAction.CompleteAsyncIsochIO(target: self) { _, status in ends.note(status) }
    }

    /// Writes, and waits for it.
    func write(_ bytes: [UInt8], to address: UInt8 = DextDevice.bulkOut, timeout: UInt32 = 0) throws -> End {
        let buffer = try buffer(bytes)
        var count: UInt32 = 99
        let status = try pipe(address).IO(
            dataBuffer: buffer, dataBufferLength: UInt32(bytes.count), bytesTransferred: &count,
            completionTimeoutMs: timeout)
        return End(status: status, count: count)
    }

    /// Reads, and waits for it. Gives the end and all of the buffer.
    func read(
        _ count: Int, from address: UInt8 = DextDevice.bulkIn, timeout: UInt32 = 0
    ) throws -> (end: End, bytes: [UInt8]) {
        let buffer = try buffer(count: count)
        var moved: UInt32 = 99
        let status = try pipe(address).IO(
            dataBuffer: buffer, dataBufferLength: UInt32(count), bytesTransferred: &moved, completionTimeoutMs: timeout)
        return (End(status: status, count: moved), buffer.copied)
    }
}

/// A value that several threads use.
final class Shared<Value: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func use<Result>(_ body: (inout Value) -> Result) -> Result { lock.withLock { body(&value) } }
}
