// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB
import Win32

@testable import WDF

/// A driver's continuous reader, which notes what it is told.
@safe private final class NotedReader: @unchecked Sendable {
    struct Read: Hashable {
        var bytes: [UInt8]
        var count: Int
        var level: UInt8
    }

    struct Failure: Hashable {
        var status: UInt32
        var usbdStatus: UInt32
        var level: UInt8
    }

    private let lock = Lock()
    private var allReads: [Read] = []
    private var allFailures: [Failure] = []
    /// Buffers that the driver keeps.
    private(set) var kept: [WDFMEMORY] = unsafe []
    var keepsBuffers = false
    var restarts = true
    /// Set at each read, and at each failure.
    let isRead: BusEvent
    let hasFailed: BusEvent

    var reads: [Read] { lock.withLock { allReads } }
    var failures: [Failure] { lock.withLock { allFailures } }

    init(on bus: VirtualBus) {
        isRead = BusEvent(on: bus.executor, limit: 1000, reset: .automatic)
        hasFailed = BusEvent(on: bus.executor, limit: 1000, reset: .automatic)
    }

    func note(_ memory: WDFMEMORY?, _ count: Int) {
        var size = 0
        let start = unsafe WdfMemoryGetBuffer(memory, &size)
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: size))
        lock.withLock { allReads.append(Read(bytes: bytes, count: count, level: KeGetCurrentIrql())) }
        if keepsBuffers, let memory = unsafe memory {
            unsafe WdfObjectReferenceActual(UnsafeMutableRawPointer(memory), nil, 0, nil)
            unsafe kept.append(memory)
        }
        isRead.set()
    }

    func fail(_ status: NTSTATUS, _ usbdStatus: USBD_STATUS) -> Bool {
        lock.withLock {
            allFailures.append(
                Failure(
                    status: UInt32(bitPattern: status), usbdStatus: UInt32(bitPattern: usbdStatus),
                    level: KeGetCurrentIrql()))
        }
        hasFailed.set()
        return restarts
    }

    /// Configures the reader.
    func configure(
        _ pipe: WDFUSBPIPE, transfer: Int = 512, header: Int = 0, trailer: Int = 0, pending: UInt8 = 0,
        tellsFailures: Bool = true
    ) -> NTSTATUS {
        var config = unsafe WDF_USB_CONTINUOUS_READER_CONFIG()
        unsafe config.Size = ULONG(MemoryLayout<WDF_USB_CONTINUOUS_READER_CONFIG>.size)
        unsafe config.TransferLength = transfer
        unsafe config.HeaderLength = header
        unsafe config.TrailerLength = trailer
        unsafe config.NumPendingReads = pending
        unsafe config.EvtUsbTargetPipeReadCompleteContext = Unmanaged.passUnretained(self).toOpaque()
        unsafe config.EvtUsbTargetPipeReadComplete = { _, memory, count, context in
            guard let context = unsafe context else { return }
            unsafe Unmanaged<NotedReader>.fromOpaque(context).takeUnretainedValue().note(memory, count)
        }
        if tellsFailures {
            NotedReader.byPipe.withLock { $0[UInt(bitPattern: pipe)] = self }
            unsafe config.EvtUsbTargetPipeReadersFailed = { pipe, status, usbdStatus in
                let reader = NotedReader.byPipe.withLock { $0[UInt(bitPattern: pipe)] }
                return reader?.fail(status, usbdStatus) == true ? 1 : 0
            }
        }
        return unsafe WdfUsbTargetPipeConfigContinuousReader(pipe, &config)
    }

    /// The failure's function has no context.
    private static let byPipe = Locked<[UInt: NotedReader]>([:])
}

@Suite("the continuous reader")
struct ReaderTests {
    @Test("a reader runs when the pipe is started, and gives the packets in order, at DISPATCH_LEVEL")
    func reads() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            let packets = (0..<50).map { [UInt8](repeating: UInt8($0), count: 1 + $0) }
            fixture.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = packets }
            let reader = NotedReader(on: fixture.bus)
            #expect(unsafe reader.configure(pipe, header: 3, trailer: 5) == 0)
            // The target is started already, but not since the reader is there.
            #expect(reader.reads.isEmpty)
            #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
            for _ in packets { _ = reader.isRead.wait() }
            unsafe WdfIoTargetStop(ioTarget(pipe), WdfIoTargetCancelSentIo)
            #expect(reader.reads.map(\.count) == packets.map(\.count))
            for (read, packet) in zip(reader.reads, packets) {
                #expect(read.level == InterruptLevel.dispatch)
                #expect(read.bytes.count == 520)
                // All but what came is zero, though buffers go round.
                let rest = [UInt8](repeating: 0, count: 517 - packet.count)
                #expect(read.bytes == [0, 0, 0] + packet + rest)
            }
        }
    }

    @Test("a driver keeps a buffer by a reference; the bytes stay, and later reads have others")
    func keeping() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            fixture.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = (0..<6).map { [UInt8($0)] } }
            let reader = NotedReader(on: fixture.bus)
            reader.keepsBuffers = true
            #expect(unsafe reader.configure(pipe) == 0)
            #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
            for _ in 0..<6 { _ = reader.isRead.wait() }
            unsafe WdfIoTargetStop(ioTarget(pipe), WdfIoTargetCancelSentIo)
            let first = unsafe reader.kept.map { memory in
                unsafe WdfMemoryGetBuffer(memory, nil).load(as: UInt8.self)
            }
            #expect(first == [0, 1, 2, 3, 4, 5])
            for index in unsafe reader.kept.indices {
                unsafe WdfObjectDereferenceActual(UnsafeMutableRawPointer(reader.kept[index]), nil, 0, nil)
            }
        }
    }

    @Test("a stopped reader reads nothing, and goes on after the next start", arguments: [true, false])
    func stopping(isPurge: Bool) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            let reader = NotedReader(on: fixture.bus)
            #expect(unsafe reader.configure(pipe) == 0)
            for round in 1...3 {
                #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
                fixture.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[1], [2]] }
                for _ in 0..<2 { _ = reader.isRead.wait() }
                // Whatever the driver says, what is under way is cancelled.
                if isPurge {
                    unsafe WdfIoTargetPurge(ioTarget(pipe), WdfIoTargetPurgeIo)
                } else {
                    unsafe WdfIoTargetStop(ioTarget(pipe), WdfIoTargetWaitForSentIoToComplete)
                }
                #expect(reader.reads.count == 2 * round)
            }
            fixture.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[9]] }
            #expect(reader.isRead.wait() == .neverSet)
            #expect(reader.failures.isEmpty)
        }
    }

    @Test("after a failure the pipe is reset and the reader goes on", arguments: [true, false])
    func recovery(tellsFailures: Bool) throws {
        try UsbFixture.run(ScriptedDevice(), flow: .free) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            let reader = NotedReader(on: fixture.bus)
            fixture.attachment.withPeripheral { $0.stalled = [ScriptedDevice.bulkIn] }
            #expect(unsafe reader.configure(pipe, pending: 4, tellsFailures: tellsFailures) == 0)
            fixture.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[1], [2], [3]] }
            #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
            for _ in 0..<3 { _ = reader.isRead.wait() }
            unsafe WdfIoTargetStop(ioTarget(pipe), WdfIoTargetCancelSentIo)
            #expect(reader.reads.map { $0.bytes[0] } == [1, 2, 3])
            #expect(fixture.look(\.clearedHalts) == [ScriptedDevice.bulkIn])
            let failure = NotedReader.Failure(status: 0xC000_0001, usbdStatus: 0xC000_0004, level: 0)
            #expect(reader.failures == (tellsFailures ? [failure] : []))
        }
    }

    @Test("a driver that says no keeps the reader stopped until the pipe is stopped and started")
    func refusal() throws {
        try UsbFixture.run(ScriptedDevice(), flow: .free) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            let reader = NotedReader(on: fixture.bus)
            reader.restarts = false
            fixture.attachment.withPeripheral {
                $0.stalled = [ScriptedDevice.bulkIn]
                $0.packets[ScriptedDevice.bulkIn] = [[1]]
            }
            #expect(unsafe reader.configure(pipe) == 0)
            #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
            _ = reader.hasFailed.wait()
            unsafe WdfIoTargetStop(ioTarget(pipe), WdfIoTargetCancelSentIo)
            #expect(fixture.look(\.clearedHalts) == [])
            #expect(reader.reads.isEmpty)
            #expect(unsafe WdfUsbTargetPipeResetSynchronously(pipe, nil, nil) == 0)
            #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
            _ = reader.isRead.wait()
            unsafe WdfIoTargetStop(ioTarget(pipe), WdfIoTargetCancelSentIo)
            #expect(reader.reads.map { $0.bytes[0] } == [1])
            #expect(reader.failures.count == 1)
        }
    }

    @Test("a device that goes fails the readers once, and they do not come back")
    func unplugged() throws {
        try UsbFixture.run(ScriptedDevice(), flow: .free) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            let reader = NotedReader(on: fixture.bus)
            #expect(unsafe reader.configure(pipe) == 0)
            #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
            fixture.attachment.unplug()
            _ = reader.hasFailed.wait()
            unsafe WdfIoTargetStop(ioTarget(pipe), WdfIoTargetCancelSentIo)
            #expect(reader.failures.map(\.status) == [0xC000_009D])
            #expect(reader.failures.map(\.usbdStatus) == [0xC000_7000])
        }
    }

    @Test("the reader of a pipe ends with the pipe")
    func deletion() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            let reader = NotedReader(on: fixture.bus)
            #expect(unsafe reader.configure(pipe, pending: 200) == 0)
            #expect(unsafe WdfIoTargetStart(ioTarget(pipe)) == 0)
            #expect(fixture.select(1) == 0)
            #expect(reader.reads.isEmpty)
            #expect(reader.failures.isEmpty)
        }
    }

    @Test("of several faults of the configuration the first in order is told")
    func order() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let out = unsafe try fixture.pipe(ScriptedDevice.bulkOut)
            let `in` = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            var attributes = unsafe WDF_OBJECT_ATTRIBUTES()
            unsafe WDF_OBJECT_ATTRIBUTES_INIT(&attributes)
            unsafe attributes.ParentObject = UnsafeMutableRawPointer(fixture.device)
            unsafe withUnsafeMutablePointer(to: &attributes) { attributes in
                var config = unsafe WDF_USB_CONTINUOUS_READER_CONFIG()
                unsafe config.HeaderLength = -1
                unsafe config.BufferAttributes = unsafe attributes
                func configure(_ pipe: WDFUSBPIPE) -> NTSTATUS {
                    unsafe WdfUsbTargetPipeConfigContinuousReader(pipe, &config)
                }
                #expect(unsafe configure(out) == status(0xC000_0004))
                unsafe config.Size = 72
                #expect(unsafe configure(out) == status(0xC000_000D), "no function")
                unsafe config.EvtUsbTargetPipeReadComplete = { _, _, _, _ in }
                #expect(unsafe configure(out) == status(0xC000_000D), "no bytes")
                unsafe config.TransferLength = 511
                #expect(unsafe configure(out) == status(0xC000_0095))
                unsafe config.HeaderLength = 0
                #expect(unsafe configure(out) == status(0xC020_020F))
                unsafe config.BufferAttributes = nil
                #expect(unsafe configure(out) == status(0xC000_0010), "an OUT pipe")
                #expect(unsafe configure(`in`) == status(0xC000_0206))
                unsafe config.TransferLength = 512
                #expect(unsafe configure(`in`) == 0)
                #expect(unsafe configure(`in`) == status(0xC000_0184))
            }
            let found = BugCheck.intercepting {
                #expect(unsafe WdfUsbTargetPipeConfigContinuousReader(`in`, nil) == status(0xC000_0001))
            }
            #expect(found.map { $0.parameters[0] } == [4])
        }
    }

    @Test(
        "two reads are under way unless the driver says otherwise, and ten at most",
        arguments: [(0, 2), (1, 1), (10, 10), (255, 10)])
    func pending(wanted: UInt8, count: Int) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            let reader = NotedReader(on: fixture.bus)
            #expect(unsafe reader.configure(pipe, pending: wanted) == 0)
            let object = unsafe try #require(HandleTable.shared.object(pipe, as: UsbPipeObject.self))
            #expect(object.reader?.readCount == count)
        }
    }
}
