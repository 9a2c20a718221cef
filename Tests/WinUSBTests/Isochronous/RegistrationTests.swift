// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import WinUSB

/// Registrations, their misuse, and the ends that operations on them can have.
@Suite("Registered isochronous memory")
struct RegistrationTests {
    // MARK: Errors

    @Test("WinUsb_RegisterIsochBuffer: what is refused")
    func registering() throws {
        try Session.run { session in
            let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 8192)
            defer { unsafe memory.deallocate() }
            func register(
                _ interface: WINUSB_INTERFACE_HANDLE?, _ endpoint: UInt8, _ memory: PUCHAR?, _ length: ULONG
            ) -> Answer<BOOL> {
                var handle: WINUSB_ISOCH_BUFFER_HANDLE?
                let answer = answer {
                    unsafe WinUsb_RegisterIsochBuffer(interface, endpoint, memory, length, &handle)
                }
                if answer == .success { unsafe WinUsb_UnregisterIsochBuffer(handle) }
                return answer
            }
            let interface = unsafe session.interface
            #expect(unsafe register(interface, IsochronousDevice.out, memory, 8192) == .success)
            #expect(unsafe register(interface, IsochronousDevice.in, memory, 1) == .success)
            #expect(unsafe register(nil, IsochronousDevice.out, memory, 8192) == .failure(6))
            #expect(unsafe register(session.file, IsochronousDevice.out, memory, 8192) == .failure(6))
            #expect(unsafe register(interface, IsochronousDevice.bulkOut, memory, 8192) == .failure(87))
            #expect(unsafe register(interface, IsochronousDevice.inexistent, memory, 8192) == .failure(87))
            #expect(unsafe register(interface, 0, memory, 8192) == .failure(87))
            #expect(unsafe register(interface, IsochronousDevice.out, nil, 8192) == .failure(87))
            #expect(unsafe register(interface, IsochronousDevice.out, memory, 0) == .failure(87))
            #expect(
                answer {
                    unsafe WinUsb_RegisterIsochBuffer(interface, IsochronousDevice.out, memory, 8192, nil)
                } == .failure(87))
        }
    }

    @Test("A handle that is none of a registration is ERROR_INVALID_HANDLE in every call")
    func misuse() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            let reading = try Registered(session, IsochronousDevice.in, frames: 1)
            let stale = unsafe buffer.handle
            #expect(buffer.unregister() == .success)
            #expect(buffer.unregister() == .failure(6))
            let packets = Packets(8)
            let call = IsochronousBlock()
            let handles = unsafe [
                nil, stale, session.interface, session.file, HANDLE(bitPattern: -1), HANDLE(bitPattern: 12345),
            ]
            for index in unsafe handles.indices {
                let handle = unsafe handles[index]
                var frame = session.frame + 2
                let start = frame
                let block = unsafe call.block
                let table = unsafe packets.table.baseAddress
                #expect(answer { unsafe WinUsb_UnregisterIsochBuffer(handle) } == .failure(6))
                #expect(answer { unsafe WinUsb_WriteIsochPipe(handle, 0, 8192, &frame, block) } == .failure(6))
                #expect(answer { unsafe WinUsb_WriteIsochPipe(handle, 0, 8192, nil, block) } == .failure(6))
                #expect(answer { unsafe WinUsb_WriteIsochPipeAsap(handle, 0, 8192, 0, nil) } == .failure(6))
                #expect(answer { unsafe WinUsb_ReadIsochPipe(handle, 0, 8192, &frame, 8, table, nil) } == .failure(6))
                #expect(answer { unsafe WinUsb_ReadIsochPipeAsap(handle, 0, 8192, 1, 8, table, block) } == .failure(6))
                #expect(frame == start)
                #expect(!call.isPending)
            }
            #expect(reading.read(0, 8192, packets, nil) == .success)
        }
    }

    @Test("What does not lie within the memory, or the wrong direction, is refused at the call")
    func arguments() throws {
        try Session.run { session in
            let writing = try Registered(session, IsochronousDevice.out, frames: 2)
            let reading = try Registered(session, IsochronousDevice.in, frames: 2)
            let call = IsochronousBlock()
            var frame = session.frame + 2
            let start = frame
            for (offset, length) in [(8193, 8192), (16384, 8192), (0, 24576), (Int(UInt32.max), 8192), (8192, 16384)] {
                #expect(writing.write(offset, length, frame: &frame, call) == .failure(87))
                #expect(writing.write(offset, length, call) == .failure(87))
                let packets = Packets(length / 1024)
                #expect(reading.read(offset, length, frame: &frame, packets, call) == .failure(87))
                #expect(reading.read(offset, length, packets, nil) == .failure(87))
            }
            let packets = Packets(8)
            #expect(writing.read(0, 8192, packets, call) == .failure(87), "an OUT pipe")
            #expect(reading.write(0, 8192, call) == .failure(87), "an IN pipe")
            for count in [0, 1, 7, 9, 16] { #expect(reading.read(0, 8192, Packets(count), call) == .failure(87)) }
            #expect(
                answer { unsafe WinUsb_ReadIsochPipeAsap(reading.handle, 0, 8192, 0, 8, nil, call.block) }
                    == .failure(87))
            #expect(
                answer { unsafe WinUsb_WriteIsochPipe(writing.handle, 0, 8192, nil, call.block) } == .failure(87))
            #expect(frame == start)
            #expect(!call.isPending)
            #expect(packets.offsets == [ULONG](repeating: 0xEEEE_EEEE, count: 8))
            // Nothing was left behind.
            #expect(writing.write(8192, 8192, frame: &frame, call) == .pending)
            #expect(call.result(session) == (.success, 0))
        }
    }

    @Test("A block whose event is none is ERROR_INVALID_HANDLE")
    func blockWithoutEvent() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            let call = IsochronousBlock()
            unsafe call.block.pointee.hEvent = unsafe session.interface
            #expect(buffer.write(0, 8192, call) == .failure(6))
            unsafe call.block.pointee.hEvent = unsafe call.event
            #expect(buffer.write(0, 8192, call) == .pending)
            #expect(call.result(session) == (.success, 0))
        }
    }

    @Test("A block without an event is followed by the file")
    func fileAsEvent() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            let call = IsochronousBlock()
            unsafe call.block.pointee.hEvent = nil
            #expect(buffer.write(0, 8192, call) == .pending)
            #expect(unsafe WaitForSingleObject(session.file, 0) == 258)
            #expect(unsafe WaitForSingleObject(session.file, DWORD.max) == 0)
            #expect(call.result(session) == (.success, 0))
        }
    }

    // MARK: 13

    @Test("Behaviour 13: unregistering returns when what is pending has ended", arguments: [1, 3])
    func unregisteringWaits(transfers: Int) throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 2)
            let calls = (0..<transfers).map { _ in IsochronousBlock() }
            var frame = session.frame + 20
            for call in calls { #expect(buffer.write(0, 16384, frame: &frame, call) == .pending) }
            #expect(buffer.unregister() == .success)
            #expect(session.bus.clock.presentInstant == session.instant(frame))
            #expect(calls.allSatisfy { !$0.isPending })
            #expect(calls.allSatisfy { $0.result(session, wait: false) == (.success, 0) })
            #expect(session.received.count == transfers * 16)
        }
    }

    @Test("Behaviour 13: after AbortPipe it returns at once, and the transfer has ended with 995")
    func abortedFirst() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.in, frames: 2)
            let packets = Packets(16)
            let call = IsochronousBlock()
            var frame = session.frame + 20
            let now = session.bus.clock.presentInstant
            #expect(buffer.read(0, 16384, frame: &frame, packets, call) == .pending)
            session.abort(IsochronousDevice.in)
            #expect(buffer.unregister() == .success)
            #expect(session.bus.clock.presentInstant == now)
            #expect(call.result(session) == (.failure(995), 0))
            #expect(packets.statuses == [UInt32](repeating: 0xC001_0000, count: 16))
        }
    }

    @Test("Other registrations on the pipe are not waited for")
    func otherRegistrations() throws {
        try Session.run { session in
            let first = try Registered(session, IsochronousDevice.out, frames: 1)
            let second = try Registered(session, IsochronousDevice.out, frames: 1)
            let (early, late) = (IsochronousBlock(), IsochronousBlock())
            var frame = session.frame + 5
            #expect(first.write(0, 8192, frame: &frame, early) == .pending)
            frame += 100
            #expect(second.write(0, 8192, frame: &frame, late) == .pending)
            #expect(first.unregister() == .success)
            #expect(!early.isPending && late.isPending)
            #expect(second.unregister() == .success)
            #expect(!late.isPending)
        }
    }

    // MARK: Ends

    @Test("An abort in the middle keeps what was served", arguments: Direction.allCases)
    func abortInTheMiddle(direction: Direction) throws {
        try Session.run(answer: { _ in .bytes([9]) }) { session in
            let endpoint = direction == .out ? IsochronousDevice.out : IsochronousDevice.in
            let buffer = try Registered(session, endpoint, frames: 2)
            let packets = Packets(16)
            let calls = [IsochronousBlock(), IsochronousBlock()]
            var frame = session.frame + 1
            let start = frame
            for call in calls {
                #expect(buffer.transfer(direction, 16384, frame: &frame, packets, call) == .pending)
            }
            session.bus.advance(to: Frame(Int64(start)).firstMicroframe + 5)
            session.abort(endpoint)
            #expect(calls.allSatisfy { $0.result(session) == (.failure(995), 0) })
            if direction == .out { #expect(session.received.count == 5) }
            // The pipe goes on from there.
            #expect(buffer.transfer(direction, 8192, continuing: false, Packets(8), nil) == .success)
        }
    }

    @Test("CancelIoEx ends the operation of one block, CancelIo those of the thread")
    func cancelling() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            let calls = (0..<3).map { _ in IsochronousBlock() }
            for call in calls { #expect(buffer.write(0, 8192, call) == .pending) }
            let now = session.bus.clock.presentInstant
            #expect(answer { unsafe CancelIoEx(session.file, calls[1].block) } == .success)
            #expect(calls[1].result(session) == (.failure(995), 0))
            #expect(session.bus.clock.presentInstant == now)
            #expect(calls.map(\.isPending) == [true, false, true])
            #expect(answer { unsafe CancelIo(session.file) } == .success)
            #expect(calls[0].result(session) == (.failure(995), 0))
            #expect(calls[2].result(session) == (.failure(995), 0))
            #expect(answer { unsafe CancelIoEx(session.file, nil) } == .failure(1168))
        }
    }

    @Test(
        "Unplugging in the middle of a stream ends everything with 1167, and later calls fail",
        arguments: Direction.allCases)
    func unplugged(direction: Direction) throws {
        try Session.run { session in
            let endpoint = direction == .out ? IsochronousDevice.out : IsochronousDevice.in
            let buffer = try Registered(session, endpoint, frames: 4)
            let packets = (0..<4).map { _ in Packets(32) }
            let calls = (0..<4).map { _ in IsochronousBlock() }
            for index in 0..<4 {
                #expect(
                    buffer.transfer(direction, 32768, continuing: index > 0, packets[index], calls[index]) == .pending)
            }
            #expect(calls[0].result(session) == (.success, 0))
            session.bus.advance(by: .microseconds(1_500))
            session.device.unplug()
            for call in calls.dropFirst() { #expect(call.result(session) == (.failure(1167), 0)) }
            if direction == .in {
                #expect(packets[1].statuses.prefix(12).allSatisfy { $0 == 0 })
                #expect(packets[1].statuses.dropFirst(12).allSatisfy { $0 == 0xC000_7000 })
            }
            #expect(buffer.transfer(direction, 8192, continuing: false, Packets(8), nil) == .failure(1167))
            var frame = session.frame + 3
            #expect(buffer.transfer(direction, 8192, frame: &frame, Packets(8), calls[0]) == .failure(1167))
            #expect(buffer.unregister() == .success)
        }
    }

    @Test("Freeing the interface ends what is pending; the registration is good for unregistering alone")
    func freed() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            let call = IsochronousBlock()
            var frame = session.frame + 9
            #expect(buffer.write(0, 8192, frame: &frame, call) == .pending)
            #expect(unsafe WinUsb_Free(session.interface) == 1)
            #expect(call.result(session, wait: false).answer == .failure(995) || !call.isPending)
            #expect(buffer.write(0, 8192, call) == .failure(6))
            #expect(!call.isPending)
            #expect(buffer.write(0, 8192, frame: &frame, nil) == .failure(6))
            #expect(buffer.unregister() == .success)
            #expect(buffer.unregister() == .failure(6))
        }
    }

    @Test("Closing the file ends what is pending with 995")
    func closedFile() throws {
        try Session.run { session in
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            let call = IsochronousBlock()
            var frame = session.frame + 9
            #expect(buffer.write(0, 8192, frame: &frame, call) == .pending)
            #expect(unsafe CloseHandle(session.file) == 1)
            #expect(UInt32(bitPattern: call.status) == 0xC000_0120)
            #expect(unsafe WaitForSingleObject(call.event, 0) == 0)
            #expect(buffer.write(0, 8192, nil) == .failure(6))
            #expect(buffer.unregister() == .success)
        }
    }
}
