// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@testable import USBHost

@Suite("Unplugging, alternate settings, and what closes when")
struct LifetimeTests {
    @Test("Unplugging ends each outstanding transfer once, and later submits at once", arguments: [true, false])
    func unplug(continuation: Bool) throws {
        let wire = ScriptedWire(bulkContinuation: continuation)
        for address: EndpointAddress in [0x81, 0x02, 0x83] { wire.script(address) { _ in .never } }
        wire.scriptControl { _, _ in .never }
        let ends = Log<TransferStatus>()
        let events = wire.events.stream()
        try wire.simulate { interface in
            let bulk = try interface.inPipe(0x81, Bulk.self)
            let out = try interface.outPipe(0x02, Bulk.self)
            let interrupt = try interface.inPipe(0x83, Interrupt.self)
            for _ in 0..<3 {
                try bulk.makeTransfer(capacity: 512).submit { ends.add($0.outcome.status) }
                try interrupt.makeTransfer(capacity: 64).submit { ends.add($0.outcome.status) }
            }
            try out.makeTransfer(capacity: 40_000).submit { ends.add($0.outcome.status) }
            out.hold()
            try out.makeTransfer(capacity: 8).submit { ends.add($0.outcome.status) }
            let iso = try interface.outPipe(0x05, Isochronous.self)
            var late = iso.makeTransfer(capacity: 8)
            try late.setPackets([8])
            try late.submit(.at(wire.frame().microframe + 80_000), policy: StartPolicy(accuracy: .bestEffort)) {
                ends.add($0.outcome.status)
            }
            async let control = failure { try await interface.device.control(.setDescriptor(type: .device, length: 0)) }
            try await wire.clock.sleep(for: .milliseconds(1))
            #expect(ends.elements.isEmpty)
            wire.unplug()
            wire.unplug()
            #expect(await control?.kind == .deviceGone)
            try await wire.clock.sleep(for: .milliseconds(1))
            #expect(ends.elements == [TransferStatus](repeating: .deviceGone, count: 9))
            #expect(interface.device.isDetached)
            let submits = wire.submits
            #expect(await failure { _ = try await bulk.read(upTo: 8) }?.kind == .deviceGone)
            #expect(await failure { try await out.write([1]) }?.kind == .deviceGone)
            #expect(
                await failure { try await interface.device.control(.setDescriptor(type: .device, length: 0)) }?.kind
                    == .deviceGone)
            #expect(failure { _ = try interface.device.claim(1) }?.kind == .deviceGone)
            #expect(wire.submits == submits)
        }
        wire.plugIn()
        let seen = try wire.executor.simulate {
            var seen: [String] = []
            for await event in events {
                switch event {
                case .left(let id): seen.append("left \(id)")
                case .arrived(let device): seen.append("arrived \(device.id)")
                }
                if seen.count == 2 { break }
            }
            return seen
        }
        #expect(seen == ["left 1", "arrived 2"])
        #expect(try wire.devices().map(\.id.rawValue) == [2])
    }

    @Test("An alternate setting closes the pipes of the one before", arguments: [false, true])
    func alternateSetting(blockingCalls: Bool) throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .never }
        let asked = Log<SetupPacket>()
        wire.scriptControl { setup, _ in
            asked.add(setup)
            return .all
        }
        try wire.simulate { interface in
            let old = try interface.inPipe(0x81, Bulk.self)
            let flight = try old.makeTransfer(capacity: 512).submit()
            if blockingCalls {
                try blocking { try interface.device.blocking.selectAlternateSetting(1, of: interface) }
            } else {
                try await interface.selectAlternateSetting(1)
            }
            let status = await flight.completion().outcome.status
            #expect(status == .cancelled)
            #expect(interface.alternateSetting.descriptor.alternateSetting == 1)
            #expect(await failure { _ = try await old.read(upTo: 8) }?.kind == .closed)
            #expect(failure { _ = try interface.outPipe(0x02, Bulk.self) }?.kind == .notFound)
            wire.script(0x81) { _ in .short(4) }
            #expect(try await interface.inPipe(0x81, Bulk.self).read(upTo: 8).count == 4)
            #expect(await failure { try await interface.selectAlternateSetting(2) }?.kind == .notFound)
        }
        #expect(asked.elements == [.setInterface(0, alternateSetting: 1)])
    }

    @Test("A released interface can be claimed again; its pipes stay closed")
    func release() throws {
        let wire = ScriptedWire()
        try wire.simulate { interface in
            let device = interface.device
            let pipe = try interface.outPipe(0x02, Bulk.self)
            #expect(failure { _ = try device.claim(0) }?.kind == .busy)
            #expect(failure { _ = try device.claim(9) }?.kind == .notFound)
            #expect(await failure { try await device.selectConfiguration(1) }?.kind == .busy)
            await interface.release()
            #expect(wire.claims.isEmpty)
            #expect(await failure { try await pipe.write([1]) }?.kind == .closed)
            #expect(failure { _ = try interface.outPipe(0x02, Bulk.self) }?.kind == .closed)
            try await device.selectConfiguration(1)
            let again = try device.claim(0)
            try await again.outPipe(0x02, Bulk.self).write([1])
            await interface.release()
            #expect(wire.claims == [0], "the first one gives nothing back a second time")
        }
    }

    @Test("The wrong direction or type is named")
    func wrongPipe() throws {
        let wire = ScriptedWire()
        try wire.simulate { interface in
            #expect(failure { _ = try interface.outPipe(0x81, Bulk.self) }?.kind == .invalidArgument)
            #expect(failure { _ = try interface.inPipe(0x81, Interrupt.self) }?.kind == .invalidArgument)
            #expect(failure { _ = try interface.inPipe(0x89, Bulk.self) }?.kind == .notFound)
            let any = try interface.pipe(0x81)
            #expect(any.inPipe(Bulk.self) != nil)
            #expect(any.outPipe(Bulk.self) == nil)
            #expect(any.inPipe(Isochronous.self) == nil)
        }
    }

    @Test("What keeps what: a pipe its interface and device, a transfer its pipe; and nothing more")
    func references() throws {
        let wire = ScriptedWire()
        wire.script(0x81) { _ in .never }
        let (device, interface) = (Weak<Device>(), Weak<Interface>())
        let (pipe, core) = (Weak<PipeCore>(), Weak<TransferCore>())
        do {
            var flight: InFlight<Bulk>?
            do {
                var transfer: Transfer<Bulk>?
                do {
                    let opened = try wire.openFirstInterface()
                    (device.object, interface.object) = (opened.device, opened.interface)
                    let bulk = try opened.interface.inPipe(0x81, Bulk.self)
                    pipe.object = bulk.core
                    let idle = bulk.makeTransfer(capacity: 512)
                    core.object = idle.core
                    transfer = consume idle
                }
                #expect(device.object != nil && interface.object != nil && pipe.object != nil)
                if let idle = transfer.take() { flight = try idle.submit() }
            }
            #expect(wire.openPipes == 2 && wire.openDevices == 1 && wire.claims == [0])
            #expect(core.object != nil)
            let ended = flight?.outcomeIfComplete
            #expect(ended == nil)
            flight = nil
            wire.executor.step(until: BusInstant(nanoseconds: 1_000_000))
        }
        #expect(core.object == nil)
        #expect(pipe.object == nil)
        #expect(interface.object == nil)
        #expect(device.object == nil)
        try wire.expectClean()
    }

    @Test("The wire goes when nobody uses it, and its thread with it")
    func wireGoes() async throws {
        let wire = Weak<ScriptedWire>()
        let executor = Weak<BusExecutor>()
        do {
            let strong = ScriptedWire(flow: .real, driver: .thread(name: "wire"))
            (wire.object, executor.object) = (strong, strong.executor)
            let pipe = try strong.openFirstInterface().interface.outPipe(0x02, Bulk.self)
            #expect(try await pipe.write([1, 2]) == 2)
        }
        // The loop's thread lets go when it has seen the end.
        for _ in 0..<1_000_000 where executor.object != nil { await Task.yield() }
        #expect(wire.object == nil)
        #expect(executor.object == nil)
    }
}
