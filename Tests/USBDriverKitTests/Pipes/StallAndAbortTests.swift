// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("Stalls and aborts")
struct StallAndAbortTests {
    // MARK: Stalls

    @Test("22: a stall halts the pipe until ClearStall")
    func stall() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkOut)
            dext.withDevice { _ = $0.stalled.insert(DextDevice.bulkOut) }
            #expect(try dext.write([1]) == End(status: kUSBHostReturnPipeStalled))
            dext.withDevice { _ = $0.stalled.remove(DextDevice.bulkOut) }
            // Refused here, without a look at the device.
            #expect(try dext.write([2]) == End(status: kUSBHostReturnPipeStalled))
            let ends = Ends<End>(dext)
            #expect(
                pipe.AsyncIO(
                    dataBuffer: nil, dataBufferLength: 0, completion: dext.action(ends), completionTimeoutMs: 0)
                    == kUSBHostReturnPipeStalled)
            #expect(pipe.ClearStall(withRequest: true) == kIOReturnSuccess)
            #expect(dext.withDevice { $0.cleared } == [DextDevice.bulkOut])
            #expect(try dext.write([3]) == End(status: kIOReturnSuccess, count: 1))
            #expect(ends.all.isEmpty)
            #expect(dext.withDevice { $0.received.map(\.bytes) } == [[3]])
        }
    }

    @Test("ClearStall without a request tells the device nothing, which goes on stalling")
    func clearWithoutRequest() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkOut)
            dext.withDevice { _ = $0.stalled.insert(DextDevice.bulkOut) }
            #expect(try dext.write([1]) == End(status: kUSBHostReturnPipeStalled))
            #expect(pipe.ClearStall(withRequest: false) == kIOReturnSuccess)
            #expect(dext.withDevice { $0.cleared }.isEmpty)
            #expect(try dext.write([2]) == End(status: kUSBHostReturnPipeStalled))
            #expect(pipe.ClearStall(withRequest: true) == kIOReturnSuccess)
            #expect(try dext.write([3]) == End(status: kIOReturnSuccess, count: 1))
        }
    }

    @Test(
        "every error but a timeout halts a bulk pipe",
        arguments: [BusFault.noResponse, .cyclicRedundancyCheck, .babble])
    func errors(_ fault: BusFault) throws {
        try Dext.run { dext in
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.fault(fault), .bytes([1])] }
            let failed = try dext.read(512).end.status
            #expect(failed == (fault == .babble ? kIOReturnOverrun : kIOReturnNotResponding))
            #expect(try dext.read(512).end.status == kUSBHostReturnPipeStalled)
            #expect(try dext.pipe(DextDevice.bulkIn).ClearStall(withRequest: true) == kIOReturnSuccess)
            #expect(try dext.read(512).end == End(status: kIOReturnSuccess, count: 1))
        }
    }

    @Test("22: isochronous errors halt nothing")
    func isochronousErrors() throws {
        try Dext.run(.full) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousIn)
            for (reply, status) in [
                (DextDevice.Reply.fault(.noResponse), kIOReturnNotResponding), (.bytes([7]), kIOReturnSuccess),
            ] {
                dext.withDevice { $0.packets[DextDevice.isochronousIn] = [reply] }
                #expect(
                    pipe.IsochIO(
                        dataBuffer: try dext.buffer(count: 1), frameList: try dext.list([1]), firstFrameNumber: 0,
                        completion: nil) == status)
            }
        }
    }

    @Test("22: ClearStall aborts what is queued, and leaves a healthy pipe usable")
    func clearAborts() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<End>(dext)
            for _ in 0..<3 {
                #expect(
                    pipe.AsyncIO(
                        dataBuffer: try dext.buffer(count: 8), dataBufferLength: 8, completion: dext.action(ends),
                        completionTimeoutMs: 0) == kIOReturnSuccess)
            }
            #expect(pipe.ClearStall(withRequest: true) == kIOReturnSuccess)
            #expect(ends.wait(for: 3) == [End](repeating: End(status: kIOReturnAborted), count: 3))
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([1])] }
            #expect(try dext.read(8).end == End(status: kIOReturnSuccess, count: 1))
        }
    }

    // MARK: Aborts

    @Test("21: every transfer ends once, with the bytes that moved and the error that the abort names")
    func abort() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<End>(dext)
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes(counting(512))] }
            for _ in 0..<4 {
                #expect(
                    pipe.AsyncIO(
                        dataBuffer: try dext.buffer(count: 1024), dataBufferLength: 1024,
                        completion: dext.action(ends), completionTimeoutMs: 0) == kIOReturnSuccess)
            }
            // A transfer of another pipe takes the time that the first packet needs.
            _ = try dext.write(counting(4096))
            #expect(
                pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnOffline, forClient: nil)
                    == kIOReturnSuccess)
            let first = End(status: kIOReturnOffline, count: 512)
            let rest = End(status: kIOReturnOffline)
            #expect(Set(ends.wait(for: 4)) == [first, rest])
            #expect(ends.all.filter { $0 == first }.count == 1)
            #expect(
                pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnAborted, forClient: dext)
                    == kIOReturnSuccess)
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([1])] }
            #expect(try dext.read(8).end == End(status: kIOReturnSuccess, count: 1))
            #expect(ends.all.count == 4)
        }
    }

    /// A bus on which the first transfer that ends takes 5 ms longer, and the second 40 ms: long enough to submit while an
    /// abort waits for them.
    private func slowEnds(_ bus: VirtualBus) -> any HostController {
        let endpoint = EndpointAddress(rawValue: DextDevice.bulkIn)
        return FaultInjector(
            bus,
            plan: FaultPlan([
                FaultRule(.delay(.milliseconds(5)), .packet(0), endpoint: endpoint),
                FaultRule(.delay(.milliseconds(40)), .packet(0), endpoint: endpoint),
            ]))
    }

    @Test("a synchronous abort lets through what the completions of aborted transfers submit")
    func submittingFromAbortedCompletions() throws {
        try Dext.run(over: slowEnds) { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<kern_return_t>(dext)
            let buffer = try dext.buffer(count: 8)
            let completed = Ends<End>(dext)
            let last = dext.action(completed)
            // The first completion finds the abort still waiting for the second.
            let action = OSAction.CompleteAsyncIO(target: dext) { _, status, _, _ in
                ends.note(status)
                ends.note(
                    pipe.AsyncIO(dataBuffer: buffer, dataBufferLength: 8, completion: last, completionTimeoutMs: 0))
            }
            for _ in 0..<2 {
                #expect(
                    pipe.AsyncIO(
                        dataBuffer: try dext.buffer(count: 8), dataBufferLength: 8, completion: action,
                        completionTimeoutMs: 0) == kIOReturnSuccess)
            }
            #expect(
                pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnAborted, forClient: nil)
                    == kIOReturnSuccess)
            #expect(
                ends.wait(for: 4) == [kIOReturnAborted, kIOReturnSuccess, kIOReturnAborted, kIOReturnSuccess])
            #expect(completed.all.isEmpty)
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([1, 2]), .bytes([3])] }
            #expect(
                completed.wait(for: 2) == [
                    End(status: kIOReturnSuccess, count: 2), End(status: kIOReturnSuccess, count: 1),
                ])
        }
    }

    @Test("another thread's transfers are refused while a synchronous abort waits")
    func refusedDuringAbort() throws {
        try Dext.run(over: slowEnds) { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<kern_return_t>(dext)
            let queue = IODispatchQueue(name: "another")
            #expect(
                pipe.AsyncIO(
                    dataBuffer: try dext.buffer(count: 8), dataBufferLength: 8,
                    completion: dext.action(Ends<End>(dext)),
                    completionTimeoutMs: 0) == kIOReturnSuccess)
            let buffer = try dext.buffer(count: 8)
            queue.DispatchAsync {
                // In bus time, which goes on only while the abort waits.
                _ = BusEvent(on: dext.bus.executor).wait(
                    until: dext.bus.clock.presentInstant.advanced(by: .milliseconds(2)))
                var count: UInt32 = 0
                ends.note(
                    pipe.IO(dataBuffer: buffer, dataBufferLength: 8, bytesTransferred: &count, completionTimeoutMs: 0))
            }
            #expect(
                pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnAborted, forClient: nil)
                    == kIOReturnSuccess)
            #expect(ends.wait() == [kIOReturnNotPermitted])
        }
    }

    @Test("an asynchronous abort returns at once, and what is submitted then follows")
    func asynchronousAbort() throws {
        try Dext.run(over: slowEnds) { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<End>(dext)
            func submit() throws -> kern_return_t {
                pipe.AsyncIO(
                    dataBuffer: try dext.buffer(count: 8), dataBufferLength: 8, completion: dext.action(ends),
                    completionTimeoutMs: 0)
            }
            #expect(try submit() == kIOReturnSuccess)
            #expect(
                pipe.Abort(options: kIOUSBAbortAsynchronous, withError: kIOReturnAborted, forClient: nil)
                    == kIOReturnSuccess)
            #expect(ends.all.isEmpty)
            #expect(try submit() == kIOReturnSuccess)
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([1])] }
            #expect(
                ends.wait(for: 2) == [End(status: kIOReturnAborted), End(status: kIOReturnSuccess, count: 1)])
        }
    }

    @Test("a synchronous abort from a completion waits for no completion")
    func abortInsideCompletion() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<kern_return_t>(dext)
            let action = OSAction.CompleteAsyncIO(target: dext) { _, status, _, _ in
                if ends.all.isEmpty {
                    pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnAborted, forClient: nil)
                }
                ends.note(status)
            }
            dext.withDevice { $0.packets[DextDevice.bulkIn] = [.bytes([1])] }
            for _ in 0..<3 {
                #expect(
                    pipe.AsyncIO(
                        dataBuffer: try dext.buffer(count: 8), dataBufferLength: 8, completion: action,
                        completionTimeoutMs: 0) == kIOReturnSuccess)
            }
            #expect(ends.wait(for: 3) == [kIOReturnSuccess, kIOReturnAborted, kIOReturnAborted])
        }
    }

    // MARK: Unplugging

    @Test("24: an unplugged device ends every transfer once, and refuses what follows")
    func unplugging() throws {
        try Dext.run { dext in
            let ends = Ends<End>(dext)
            let stream = Ends<kern_return_t>(dext)
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let isochronous = try dext.pipe(DextDevice.isochronousIn)
            for _ in 0..<3 {
                #expect(
                    pipe.AsyncIO(
                        dataBuffer: try dext.buffer(count: 8), dataBufferLength: 8, completion: dext.action(ends),
                        completionTimeoutMs: 0) == kIOReturnSuccess)
            }
            #expect(
                isochronous.IsochIO(
                    dataBuffer: try dext.buffer(count: 8), frameList: try dext.list([Int](repeating: 1, count: 8)),
                    firstFrameNumber: dext.soon, completion: dext.action(stream)) == kIOReturnSuccess)
            dext.attachment.unplug()
            #expect(ends.wait(for: 3) == [End](repeating: End(status: kIOReturnNoDevice), count: 3))
            #expect(stream.wait() == [kIOReturnNoDevice])
            var frame: UInt64 = 0
            #expect(try dext.pipeStatus(pipe) == kIOReturnNoDevice)
            #expect(dext.device.GetFrameNumber(frameNumber: &frame) == kIOReturnNoDevice)
            var found: IOUSBHostPipe?
            #expect(dext.interfaces[0].CopyPipe(address: DextDevice.bulkIn, pipe: &found) == kIOReturnNoDevice)
            #expect(IOUSBHostDevice.matching(DextDevice.name) == nil)
            #expect(ends.all.count == 3)
        }
    }
}

extension Dext {
    /// What a transfer on a pipe returns.
    func pipeStatus(_ pipe: IOUSBHostPipe) throws -> kern_return_t {
        var count: UInt32 = 0
        return pipe.IO(
            dataBuffer: try buffer(count: 8), dataBufferLength: 8, bytesTransferred: &count, completionTimeoutMs: 0)
    }
}
