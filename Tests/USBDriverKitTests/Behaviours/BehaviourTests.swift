// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("Behaviours of USBDriverKit")
struct BehaviourTests {
    // MARK: 1

    @Test("1: structures have the sizes and offsets of DriverKit")
    func structures() {
        #expect(MemoryLayout<IOUSBIsochronousFrame>.size == 24)
        #expect(MemoryLayout<IOUSBIsochronousFrame>.stride == 24)
        #expect(MemoryLayout<IOUSBIsochronousFrame>.offset(of: \.status) == 0)
        #expect(MemoryLayout<IOUSBIsochronousFrame>.offset(of: \.requestCount) == 4)
        #expect(MemoryLayout<IOUSBIsochronousFrame>.offset(of: \.completeCount) == 8)
        #expect(MemoryLayout<IOUSBIsochronousFrame>.offset(of: \.reserved) == 12)
        #expect(MemoryLayout<IOUSBIsochronousFrame>.offset(of: \.timeStamp) == 16)
        #expect(MemoryLayout<IOUSBStandardEndpointDescriptors>.size == 24)
        #expect(MemoryLayout<IOUSBStandardEndpointDescriptors>.offset(of: \.descriptor) == 2)
        #expect(MemoryLayout<IOUSBStandardEndpointDescriptors>.offset(of: \.ssCompanionDescriptor) == 9)
        #expect(MemoryLayout<IOUSBStandardEndpointDescriptors>.offset(of: \.sspCompanionDescriptor) == 15)
        #expect(MemoryLayout<IOUSBDeviceDescriptor>.size == 18)
        #expect(MemoryLayout<IOUSBConfigurationDescriptor>.size == 9)
        #expect(MemoryLayout<IOUSBInterfaceDescriptor>.size == 9)
        #expect(MemoryLayout<IOUSBEndpointDescriptor>.size == 7)
        #expect(MemoryLayout<IOUSBDeviceRequest>.size == 8)
    }

    @Test(
        "1: codes have the values of DriverKit",
        arguments: [
            (kIOReturnSuccess, 0), (kIOReturnInvalid, 0xE000_0001), (kIOReturnError, 0xE000_02BC),
            (kIOReturnNoMemory, 0xE000_02BD), (kIOReturnNoResources, 0xE000_02BE), (kIOReturnNoDevice, 0xE000_02C0),
            (kIOReturnNotPrivileged, 0xE000_02C1), (kIOReturnBadArgument, 0xE000_02C2),
            (kIOReturnExclusiveAccess, 0xE000_02C5), (kIOReturnUnsupported, 0xE000_02C7),
            (kIOReturnInternalError, 0xE000_02C9), (kIOReturnNotOpen, 0xE000_02CD), (kIOReturnBusy, 0xE000_02D5),
            (kIOReturnTimeout, 0xE000_02D6), (kIOReturnOffline, 0xE000_02D7), (kIOReturnNotReady, 0xE000_02D8),
            (kIOReturnNotAttached, 0xE000_02D9), (kIOReturnNoFrames, 0xE000_02E0),
            (kIOReturnNotPermitted, 0xE000_02E2), (kIOReturnUnderrun, 0xE000_02E7), (kIOReturnOverrun, 0xE000_02E8),
            (kIOReturnAborted, 0xE000_02EB), (kIOReturnNoBandwidth, 0xE000_02EC),
            (kIOReturnNotResponding, 0xE000_02ED), (kIOReturnIsoTooOld, 0xE000_02EE),
            (kIOReturnIsoTooNew, 0xE000_02EF), (kIOReturnNotFound, 0xE000_02F0),
            (kUSBHostReturnPipeStalled, 0xE000_5000), (kUSBHostReturnNoPower, 0xE000_5001),
            (kIOUSBPipeStalled, 0xE000_404F), (kIOUSBNotSent1Err, 0xE000_400E), (kIOUSBNotSent2Err, 0xE000_400F),
            (kIOUSBBufferUnderrunErr, 0xE000_400D), (kIOUSBBufferOverrunErr, 0xE000_400C),
        ] as [(kern_return_t, UInt32)])
    func codes(_ code: kern_return_t, _ value: UInt32) {
        #expect(UInt32(bitPattern: code) == value)
    }

    // MARK: 2

    @Test("2: entry 0 goes out in the frame that is named, whichever of the window it is", arguments: 0..<4)
    func exactFrames(seed: UInt64) throws {
        try Dext.run(.full) { dext in
            var random = SeededGenerator(seed: seed)
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            let (data, list) = (try dext.buffer(count: 1), try dext.list([1]))
            var expected: [Int64] = []
            for _ in 0..<lengthy(100, by: 4) {
                let frame = dext.frame + UInt64.random(in: 2...1020, using: &random)
                #expect(
                    pipe.IsochIO(dataBuffer: data, frameList: list, firstFrameNumber: frame, completion: nil)
                        == kIOReturnSuccess)
                expected.append(Int64(frame))
            }
            #expect(dext.withDevice { $0.received.map(\.position.frame.count) } == expected)
        }
    }

    // MARK: 16, 21

    @Test(
        "16, 21: each accepted transfer completes once, and its memory lives until then, whenever it is aborted",
        arguments: 0..<8)
    func abortRaces(seed: UInt64) throws {
        try Dext.run { dext in
            var random = SeededGenerator(seed: seed)
            let out = try dext.pipe(DextDevice.bulkOut)
            let input = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<Int>(dext)
            var accepted = 0
            for number in 0..<lengthy(200, by: 4) {
                let pipe = Bool.random(using: &random) ? out : input
                let size = Int.random(in: 0...2000, using: &random)
                // What it needs is let go of at once.
                let status = pipe.AsyncIO(
                    dataBuffer: try dext.buffer(count: size), dataBufferLength: UInt32(size),
                    completion: OSAction.CompleteAsyncIO(target: dext) { _, status, count, _ in
                        #expect(status == kIOReturnSuccess || status == kIOReturnAborted)
                        #expect(Int(count) <= size)
                        ends.note(number)
                    }, completionTimeoutMs: 0)
                // An asynchronous abort lets what comes later wait.
                #expect(status == kIOReturnSuccess)
                accepted += 1
                guard Int.random(in: 0..<8, using: &random) == 0 else { continue }
                if Bool.random(using: &random) {
                    let frames = UInt64.random(in: 0...3, using: &random)
                    let now = dext.bus.clock.presentInstant
                    _ = BusEvent(on: dext.bus.executor).wait(until: now.advanced(by: .milliseconds(Int64(frames))))
                }
                let option = Bool.random(using: &random) ? kIOUSBAbortSynchronous : kIOUSBAbortAsynchronous
                pipe.Abort(options: option, withError: kIOReturnAborted, forClient: nil)
            }
            for pipe in [out, input] {
                pipe.Abort(options: kIOUSBAbortSynchronous, withError: kIOReturnAborted, forClient: nil)
            }
            #expect(ends.wait(for: accepted).sorted() == Array(0..<accepted))
        }
    }

    // MARK: 25

    @Test("25: completions of a pipe keep their order while they submit anew, and transfer synchronously in between")
    func soak() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkOut)
            let ends = Ends<UInt32>(dext)
            let (buffer, rounds) = (try dext.buffer(count: 64), lengthy(500, by: 4))
            let next = Shared<UInt32>(0)
            func submit(_ action: OSAction) {
                // The numbers are those of the lengths, so that completions tell which they are.
                let number = next.use { next in
                    defer { next += 1 }
                    return next
                }
                #expect(
                    pipe.AsyncIO(
                        dataBuffer: buffer, dataBufferLength: number % 64, completion: action, completionTimeoutMs: 0)
                        == kIOReturnSuccess)
            }
            let action = OSAction.CompleteAsyncIO(target: dext) { action, status, count, _ in
                #expect(status == kIOReturnSuccess)
                if count % 10 == 0 {
                    #expect((try? dext.write([1], to: DextDevice.interruptOut))?.status == kIOReturnSuccess)
                }
                if next.use({ $0 }) < rounds { submit(action) }
                // The last one ends the test.
                ends.note(count)
            }
            dext.queue(kIOServiceDefaultQueueName).DispatchSync { for _ in 0..<4 { submit(action) } }
            #expect(ends.wait(for: rounds) == (0..<UInt32(rounds)).map { $0 % 64 })
        }
    }

    @Test("25: a refused submission is told to its caller and to nobody else")
    func refusedResubmission() throws {
        try Dext.run(
            over: { bus in
                FaultInjector(
                    bus,
                    plan: FaultPlan([
                        FaultRule(
                            .refuse(.outOfMemory), .packet(1), endpoint: EndpointAddress(rawValue: DextDevice.bulkOut))
                    ]))
            }
        ) { dext in
            let pipe = try dext.pipe(DextDevice.bulkOut)
            let ends = Ends<kern_return_t>(dext)
            let action = OSAction.CompleteAsyncIO(target: dext) { action, status, _, _ in
                ends.note(status)
                if ends.all.count == 1 {
                    // Refused once, and taken when it is tried again.
                    for _ in 0..<2 {
                        ends.note(
                            pipe.AsyncIO(
                                dataBuffer: nil, dataBufferLength: 0, completion: action, completionTimeoutMs: 0))
                    }
                }
            }
            #expect(
                pipe.AsyncIO(dataBuffer: nil, dataBufferLength: 0, completion: action, completionTimeoutMs: 0)
                    == kIOReturnSuccess)
            #expect(
                ends.wait(for: 4) == [kIOReturnSuccess, kIOReturnNoResources, kIOReturnSuccess, kIOReturnSuccess])
        }
    }
}
