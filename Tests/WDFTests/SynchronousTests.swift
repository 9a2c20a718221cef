// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import USBSpecification
import VirtualUSB
import Win32

@testable import WDF

/// A synchronous transfer with whatever is wrong with it.
@safe struct Attempt: Sendable, CustomTestStringConvertible {
    /// How the memory is described.
    enum Memory: Sendable {
        case none
        case buffer(Int)
        case buffersMissing, listMissing, handleMissing, unknownType
        case list(Int)
        /// A memory object of so many bytes, with offsets.
        case object(Int, offset: Int = 0, length: Int = 0)
        case wrongHandle
    }

    var name: String
    var endpoint = ScriptedDevice.bulkOut
    var isRead = false
    /// WDF_REQUEST_SEND_OPTIONS; nil for NULL.
    var size: ULONG?
    var flags: ULONG = 0
    var memory = Memory.buffer(64)
    var isAtDispatch = false
    var checksPackets = true

    var testDescription: String { name }

    init(_ name: String, _ change: (inout Attempt) -> Void = { _ in }) {
        self.name = name
        change(&self)
    }

    /// Makes the attempt: the status, the count of bytes, and the bug checks.
    func run(
        _ fixture: UsbFixture<ScriptedDevice>
    ) -> (status: NTSTATUS, byteCount: ULONG, bugChecks: [[UInt]]) {
        let pipe = unsafe try? fixture.pipe(endpoint)
        if !checksPackets { unsafe WdfUsbTargetPipeSetNoMaximumPacketSizeCheck(pipe) }
        var options = WDF_REQUEST_SEND_OPTIONS()
        unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, flags)
        if let size { options.Size = size }
        let hasOptions = size != nil
        return unsafe withDescriptor { descriptor in
            var byteCount: ULONG = 0x5555
            var status: NTSTATUS = 0
            let found = BugCheck.intercepting {
                let level = InterruptLevel.current
                if isAtDispatch { InterruptLevel.current = InterruptLevel.dispatch }
                defer { InterruptLevel.current = level }
                unsafe withUnsafeMutablePointer(to: &options) { options in
                    let options = unsafe hasOptions ? options : nil
                    status =
                        unsafe isRead
                        ? WdfUsbTargetPipeReadSynchronously(pipe, nil, options, descriptor, &byteCount)
                        : WdfUsbTargetPipeWriteSynchronously(pipe, nil, options, descriptor, &byteCount)
                }
            }
            return (status, byteCount, found.map { [UInt($0.code)] + $0.parameters })
        }
    }

    private func withDescriptor<Value>(_ body: (PWDF_MEMORY_DESCRIPTOR?) -> Value) -> Value {
        var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
        switch memory {
        case .none: return body(nil)
        case .buffer(let count):
            return unsafe withMemory(count) { bytes in
                unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, bytes.baseAddress, ULONG(count))
                return unsafe body(&descriptor)
            }
        case .buffersMissing: unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, nil, 64)
        case .listMissing: unsafe WDF_MEMORY_DESCRIPTOR_INIT_MDL(&descriptor, nil, 64)
        case .handleMissing: unsafe WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&descriptor, nil, nil)
        case .unknownType: unsafe descriptor.Type = WDF_MEMORY_DESCRIPTOR_TYPE(rawValue: 9)
        case .wrongHandle:
            unsafe WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&descriptor, WDFMEMORY(bitPattern: 0x1234), nil)
        case .list(let count):
            return unsafe withMemory(count) { bytes in
                let list = unsafe IoAllocateMdl(bytes.baseAddress, ULONG(count), 0, 0, nil)
                defer { unsafe IoFreeMdl(list) }
                unsafe WDF_MEMORY_DESCRIPTOR_INIT_MDL(&descriptor, list, ULONG(count))
                return unsafe body(&descriptor)
            }
        case .object(let count, let offset, let length):
            return unsafe withMemory(count) { bytes in
                var handle: WDFMEMORY?
                _ = unsafe WdfMemoryCreatePreallocated(nil, bytes.baseAddress, count, &handle)
                defer { unsafe WdfObjectDelete(UnsafeMutableRawPointer(handle)) }
                var offsets = WDFMEMORY_OFFSET(BufferOffset: offset, BufferLength: length)
                return unsafe withUnsafeMutablePointer(to: &offsets) { offsets in
                    unsafe WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&descriptor, handle, offsets)
                    return unsafe body(&descriptor)
                }
            }
        }
        return unsafe body(&descriptor)
    }
}

@Suite("synchronous reads and writes")
struct SynchronousTests {
    /// What an attempt gives by the source, and as documented.
    struct Row: Sendable, CustomTestStringConvertible {
        var attempt: Attempt
        var framework: UInt32
        var documented: UInt32

        init(_ framework: UInt32, _ documented: UInt32, _ attempt: Attempt) {
            self.attempt = attempt
            self.framework = framework
            self.documented = documented
        }

        /// Both give the same.
        init(_ code: UInt32, _ attempt: Attempt) { self.init(code, code, attempt) }

        var testDescription: String { attempt.name }
    }

    static let rows = [
        Row(0, Attempt("a buffer")),
        Row(0, Attempt("no options' flags") { $0.size = 16 }),
        Row(0, 0xC000_0010, Attempt("above PASSIVE_LEVEL") { $0.isAtDispatch = true }),
        Row(0xC000_0004, Attempt("options of another size") { $0.size = 12 }),
        Row(0xC000_000D, Attempt("an unknown flag") { ($0.size, $0.flags) = (16, 0x10) }),
        Row(0xC000_000D, Attempt("flags that exclude each other") { ($0.size, $0.flags) = (16, 0x9) }),
        Row(0, Attempt("no memory") { $0.memory = .none }),
        Row(0xC000_000D, 0xC000_0010, Attempt("a buffer without a pointer") { $0.memory = .buffersMissing }),
        Row(0xC000_000D, 0xC000_0010, Attempt("a list without a pointer") { $0.memory = .listMissing }),
        Row(0xC000_000D, 0xC000_0010, Attempt("no memory handle") { $0.memory = .handleMissing }),
        Row(0xC000_000D, 0xC000_0010, Attempt("an unknown type of memory") { $0.memory = .unknownType }),
        Row(0, Attempt("a list") { $0.memory = .list(100) }),
        Row(0, Attempt("all of a memory object") { $0.memory = .object(100) }),
        Row(0, Attempt("a part of a memory object") { $0.memory = .object(100, offset: 60, length: 40) }),
        Row(0xC000_0095, Attempt("more than a memory object has") { $0.memory = .object(100, offset: 61, length: 40) }),
        Row(0xC000_0095, Attempt("an offset behind it") { $0.memory = .object(100, offset: 101) }),
        Row(0xC000_0095, Attempt("a sum that overflows") { $0.memory = .object(100, offset: 16, length: -8) }),
        Row(0xC000_0010, Attempt("a write to an IN pipe") { $0.endpoint = ScriptedDevice.bulkIn }),
        Row(0xC000_0010, Attempt("a read of an OUT pipe") { $0.isRead = true }),
        Row(
            0xC000_0206,
            Attempt("a read of part of a packet") {
                ($0.isRead, $0.endpoint, $0.memory) = (true, ScriptedDevice.bulkIn, .buffer(511))
            }),
    ]

    @Test("what is wrong with a call, row by row", arguments: rows, [Profile.framework, .documented])
    func table(row: Row, profile: Profile) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let found = Profile.with(profile) { row.attempt.run(fixture) }
            #expect(found.status == status(profile == .framework ? row.framework : row.documented))
            #expect(found.bugChecks == [])
            if found.status != 0 { #expect(found.byteCount == 0) }
        }
    }

    @Test("a wrong memory handle is a bug check", arguments: [Profile.framework, .documented])
    func wrongMemory(profile: Profile) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let attempt = Attempt("a wrong handle") { $0.memory = .wrongHandle }
            let found = Profile.with(profile) { attempt.run(fixture) }
            #expect(found.status == status(0xC000_0001))
            #expect(found.bugChecks.count == 1)
            #expect(found.bugChecks.first?.prefix(3) == [0x10D, 5, 0x1234])
        }
    }

    @Test("the verifier refuses a call above PASSIVE_LEVEL")
    func verifier() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let attempt = Attempt("at DISPATCH_LEVEL") { $0.isAtDispatch = true }
            #expect(Verifier.with(true) { attempt.run(fixture).status } == status(0xC000_0010))
        }
    }

    @Test("behaviour 19: of several faults the first in order is told")
    func order() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            // Size, type of memory, direction and packet size are wrong; one after the other is put right.
            var attempt = Attempt("all wrong") {
                ($0.size, $0.memory, $0.endpoint, $0.isRead) = (15, .unknownType, ScriptedDevice.bulkOut, true)
            }
            #expect(attempt.run(fixture).status == status(0xC000_0004))
            attempt.size = 16
            #expect(attempt.run(fixture).status == status(0xC000_000D))
            attempt.memory = .buffer(63)
            #expect(attempt.run(fixture).status == status(0xC000_0010))
            attempt.endpoint = ScriptedDevice.bulkIn
            #expect(attempt.run(fixture).status == status(0xC000_0206))
        }
    }

    @Test("behaviour 20: reads are of whole packets until that is forgotten, writes and no bytes never need be")
    func packets() throws {
        try UsbFixture.run(ScriptedDevice(.init(speed: .full))) { fixture in
            fixture.attachment.withPeripheral { $0.packets[ScriptedDevice.bulkIn] = [[], [1, 2, 3]] }
            var read = Attempt("read") {
                ($0.isRead, $0.endpoint, $0.memory) = (true, ScriptedDevice.bulkIn, .buffer(63))
            }
            #expect(read.run(fixture).status == status(0xC000_0206))
            read.memory = .none
            #expect(read.run(fixture).status == 0)
            read.memory = .buffer(63)
            read.checksPackets = false
            let found = read.run(fixture)
            #expect(found.status == 0)
            #expect(found.byteCount == 3)
            let write = Attempt("write") { $0.memory = .buffer(63) }
            let written = write.run(fixture)
            #expect(written.status == 0)
            #expect(written.byteCount == 63)
        }
    }

    @Test(
        "behaviour 21: which bytes of a memory object are meant",
        arguments: [
            (Attempt.Memory.object(100), 100), (.object(100, offset: 60), 40),
            (.object(100, offset: 60, length: 40), 40), (.object(100, offset: 0, length: 7), 7), (.none, 0),
        ])
    func offsets(memory: Attempt.Memory, count: Int) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let found = Attempt("write") { $0.memory = memory }.run(fixture)
            #expect(found.status == 0)
            #expect(found.byteCount == ULONG(count))
            #expect(fixture.look { $0.received.map(\.count) } == [count])
        }
    }

    @Test(
        "control and isochronous pipes take no reads and writes",
        arguments: [ScriptedDevice.isochronousIn, ScriptedDevice.isochronousOut])
    func types(endpoint: UInt8) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            #expect(fixture.select(1) == 0)
            let attempt = Attempt("transfer") { ($0.endpoint, $0.isRead) = (endpoint, endpoint & 0x80 != 0) }
            #expect(attempt.run(fixture).status == status(0xC000_0010))
        }
    }

    @Test(
        "after a failure the count is what moved, or as documented nothing",
        arguments: [(Profile.framework, ULONG(512)), (.documented, 0)])
    func countAfterFailure(profile: Profile, count: ULONG) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            fixture.attachment.withPeripheral { $0.room = 1 }
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkOut)
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, 0)
            unsafe WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, -500_000)
            unsafe withMemory(2048) { bytes in
                var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
                unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, bytes.baseAddress, 2048)
                var written: ULONG = 0x5555
                let found = Profile.with(profile) {
                    unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, &options, &descriptor, &written)
                }
                #expect(found == status(0xC000_00B5))
                #expect(written == count)
                // The pipe is as usable as before.
                fixture.attachment.withPeripheral { $0.room = nil }
                #expect(unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, nil, &descriptor, &written) == 0)
                #expect(written == 2048)
            }
        }
    }

    @Test("a wrong pipe handle is a bug check", arguments: [UInt(0), 0x44])
    func wrongPipe(handle: UInt) throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let found = BugCheck.intercepting {
                #expect(
                    unsafe WdfUsbTargetPipeWriteSynchronously(WDFUSBPIPE(bitPattern: handle), nil, nil, nil, nil)
                        == status(0xC000_0001))
            }
            #expect(found.map(\.code) == [0x10D])
            #expect(found.first?.parameters.prefix(3) == [5, handle, 0x1203])
        }
    }

    @Test("a wrong request handle is a bug check, before the options, the memory and the pipe are looked at")
    func wrongRequest() throws {
        try UsbFixture.run(ScriptedDevice()) { fixture in
            let pipe = unsafe try fixture.pipe(ScriptedDevice.bulkIn)
            var options = WDF_REQUEST_SEND_OPTIONS()
            let found = BugCheck.intercepting {
                #expect(
                    unsafe WdfUsbTargetPipeWriteSynchronously(pipe, WDFREQUEST(bitPattern: 0x44), &options, nil, nil)
                        == status(0xC000_0001))
            }
            #expect(found.map(\.code) == [0x10D])
            #expect(found.first?.parameters.prefix(3) == [5, 0x44, 0x1008])
        }
    }

    @Test("a driver writes a buffer to a bulk sink with a timeout, as the function's page has it")
    func example() throws {
        try UsbFixture.run(GadgetZero()) { fixture in
            let pipe = unsafe try fixture.pipe(0x01)
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_TIMEOUT.rawValue)
            unsafe WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, -10_000_000)
            unsafe withMemory(1000) { bytes in
                var descriptor = unsafe WDF_MEMORY_DESCRIPTOR()
                unsafe WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, bytes.baseAddress, ULONG(bytes.count))
                var written: ULONG = 0
                for _ in 0..<10 {
                    #expect(unsafe WdfUsbTargetPipeWriteSynchronously(pipe, nil, &options, &descriptor, &written) == 0)
                    #expect(written == 1000)
                }
                #expect(fixture.look(\.bytesReceived) == 10_000)
                #expect(fixture.look(\.mismatches) == 0)
            }
        }
    }
}
