// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import Testing
import USBHost
import USBSpecification

@testable import LinuxUSB

@Suite("Arrivals and removals")
struct HotplugTests {
    /// A message of the kernel about a device.
    static func message(_ action: String, _ name: String, type: String = "usb_device", subsystem: String = "usb")
        -> KernelState.EventSocket.Item
    {
        let path = "/devices/pci0000:00/0000:00:01.0/usb1/\(name)"
        let pairs = ["ACTION=\(action)", "DEVPATH=\(path)", "SUBSYSTEM=\(subsystem)", "DEVTYPE=\(type)", "SEQNUM=7"]
        return .message(Array("\(action)@\(path)".utf8) + [0] + pairs.flatMap { Array($0.utf8) + [0] })
    }

    /// What an event says, for comparing.
    static func text(_ event: DeviceEvent?) -> String {
        switch event {
        case .arrived(let device): "arrived \(device.path) \(device.id)"
        case .left(let id): "left \(id)"
        case nil: "end"
        }
    }

    @Test("A device that comes and goes is told, each once, however often the kernel says so")
    func comesAndGoes() async throws {
        try await withKernel { kernel, bus in
            var events = bus.events.stream().makeAsyncIterator()
            let device = kernel.atOnce { state in
                let device = state.attach(SampleDevice())
                state.send(HotplugTests.message("add", "1-2"), to: .kernel)
                state.send(HotplugTests.message("bind", "1-2"), to: .kernel)
                state.send(HotplugTests.message("change", "1-2"), to: .kernel)
                return device
            }
            let first = HotplugTests.text(await events.next())
            let id = try #require(try bus.devices().first?.id)
            #expect(first == "arrived 1-2 \(id)")
            kernel.atOnce { state in
                state.unplug(device)
                state.send(HotplugTests.message("unbind", "1-2"), to: .kernel)
                state.send(HotplugTests.message("remove", "1-2"), to: .kernel)
                state.send(HotplugTests.message("remove", "1-2"), to: .kernel)
                state.attach(SampleDevice(name: "1-3", number: 6))
                state.send(HotplugTests.message("add", "1-3"), to: .kernel)
            }
            #expect(HotplugTests.text(await events.next()) == "left \(id)")
            let last = HotplugTests.text(await events.next())
            #expect(last.hasPrefix("arrived 1-3"))
        }
    }

    @Test("What is there already is no news, nor what came between the subscription and the look at what is there")
    func presentIsNoNews() async throws {
        try await withKernel { kernel, bus in
            kernel.atOnce { state in
                state.attach(SampleDevice())
                state.afterOpeningEvents = { state, _ in
                    state.attach(SampleDevice(name: "1-3", number: 6))
                    state.send(HotplugTests.message("add", "1-3"), to: .kernel)
                    state.send(HotplugTests.message("bind", "1-3"), to: .kernel)
                    state.send(HotplugTests.message("bind", "1-2"), to: .kernel)
                }
            }
            var events = bus.events.stream().makeAsyncIterator()
            let present = try bus.devices().map(\.path)
            #expect(present == ["1-2", "1-3"])
            kernel.atOnce { state in
                state.attach(SampleDevice(name: "1-4", number: 7))
                state.send(HotplugTests.message("add", "1-4"), to: .kernel)
            }
            #expect(HotplugTests.text(await events.next()).hasPrefix("arrived 1-4"))
        }
    }

    @Test("A device is told when it is configured, not before; one that stays unconfigured when it is bound")
    func beforeConfigured() async throws {
        try await withKernel { kernel, bus in
            var events = bus.events.stream().makeAsyncIterator()
            kernel.atOnce { state in
                state.attach(SampleDevice(activeConfiguration: 0))
                state.send(HotplugTests.message("add", "1-2"), to: .kernel)
                state.attach(SampleDevice(name: "1-3", number: 6, activeConfiguration: 0))
                state.send(HotplugTests.message("add", "1-3"), to: .kernel)
            }
            await kernel.until { $0.eventSockets.allSatisfy { $0.items.isEmpty } }
            kernel.atOnce { state in
                state.show(SampleDevice())
                state.send(HotplugTests.message("bind", "1-2"), to: .kernel)
                state.send(HotplugTests.message("bind", "1-3"), to: .kernel)
            }
            guard case .arrived(let first) = await events.next(), case .arrived(let second) = await events.next() else {
                Issue.record("no arrival")
                return
            }
            #expect(first.path == "1-2")
            #expect(first.activeConfiguration == 1)
            #expect(second.path == "1-3")
            #expect(second.activeConfiguration == 0)
        }
    }

    @Test("A device that is plugged in again is another one, whichever messages were lost or late", arguments: 0..<4)
    func replugged(kind: Int) async throws {
        try await withKernel { kernel, bus in
            let device = kernel.atOnce { $0.attach(SampleDevice()) }
            var events = bus.events.stream().makeAsyncIterator()
            let old = try #require(try bus.devices().first?.id)
            kernel.atOnce { state in
                state.unplug(device)
                state.attach(SampleDevice())
                switch kind {
                // Both come when both have happened.
                case 0:
                    state.send(HotplugTests.message("remove", "1-2"), to: .kernel)
                    state.send(HotplugTests.message("add", "1-2"), to: .kernel)
                // The removal is lost.
                case 1: state.send(HotplugTests.message("add", "1-2"), to: .kernel)
                // All is lost, and the kernel says so.
                case 2: state.send(.failure(ENOBUFS), to: .kernel)
                // The removal comes late.
                default:
                    state.send(HotplugTests.message("add", "1-2"), to: .kernel)
                    state.send(HotplugTests.message("remove", "1-2"), to: .kernel)
                }
                state.attach(SampleDevice(name: "1-9", number: 9))
                state.send(HotplugTests.message("add", "1-9"), to: .kernel)
            }
            let first = await events.next()
            let second = await events.next()
            let third = await events.next()
            #expect(HotplugTests.text(first) == "left \(old)")
            guard case .arrived(let new) = second else {
                Issue.record("no arrival")
                return
            }
            #expect(new.path == "1-2")
            #expect(new.id != old)
            #expect(HotplugTests.text(third).hasPrefix("arrived 1-9"))
            let opened = try bus.open(new)
            withExtendedLifetime(opened) {}
        }
    }

    @Test("After lost messages everything that differs is told")
    func lostMessages() async throws {
        try await withKernel { kernel, bus in
            let devices = kernel.atOnce { state in
                [
                    state.attach(SampleDevice(name: "1-1", number: 2)),
                    state.attach(SampleDevice(name: "1-2", number: 3)),
                ]
            }
            var events = bus.events.stream().makeAsyncIterator()
            let ids = try bus.devices().map(\.id)
            kernel.atOnce { state in
                state.unplug(devices[0])
                state.attach(SampleDevice(name: "1-3", number: 4))
                state.send(.failure(ENOBUFS), to: .kernel)
            }
            #expect(HotplugTests.text(await events.next()) == "left \(ids[0])")
            #expect(HotplugTests.text(await events.next()).hasPrefix("arrived 1-3"))
        }
    }

    @Test("Messages about anything else, and broken ones, are left out")
    func others() async throws {
        try await withKernel { kernel, bus in
            var events = bus.events.stream().makeAsyncIterator()
            kernel.atOnce { state in
                state.attach(SampleDevice())
                state.send(HotplugTests.message("add", "1-2:1.0", type: "usb_interface"), to: .kernel)
                state.send(HotplugTests.message("add", "1-2", type: "disk", subsystem: "block"), to: .kernel)
                state.send(HotplugTests.message("add", "usb1"), to: .kernel)
                state.send(HotplugTests.message("add", "1-7"), to: .kernel)
                state.send(.message([1, 2, 3]), to: .kernel)
                state.send(.message(Array("libudev".utf8) + [0, 1]), to: .kernel)
                state.attach(SampleDevice(name: "1-3", number: 6))
                state.send(HotplugTests.message("add", "1-3"), to: .kernel)
            }
            #expect(HotplugTests.text(await events.next()).hasPrefix("arrived 1-3"))
        }
    }

    @Test("Where there is a device manager, it is the one that is listened to", arguments: [true, false])
    func manager(hasManager: Bool) async throws {
        try await withKernel { kernel, bus in
            kernel.atOnce { if hasManager { $0.tree.exist("/run/udev/control") } }
            var events = bus.events.stream().makeAsyncIterator()
            #expect(kernel.atOnce { $0.eventSockets.map(\.group) } == [hasManager ? .manager : .kernel])
            kernel.atOnce { state in
                state.attach(SampleDevice())
                let pairs = ("ACTION=add", "DEVPATH=/devices/x/usb1/1-2", "SUBSYSTEM=usb", "DEVTYPE=usb_device")
                let bytes =
                    hasManager
                    ? DeviceMessageTests.manager(pairs.0, pairs.1, pairs.2, pairs.3)
                    : DeviceMessageTests.kernel(pairs.0, pairs.1, pairs.2, pairs.3)
                state.send(.message(bytes), to: hasManager ? .manager : .kernel)
            }
            #expect(HotplugTests.text(await events.next()).hasPrefix("arrived 1-2"))
        }
    }

    @Test("Every listener hears everything; the socket is open as long as there is one")
    func listeners() async throws {
        try await withKernel { kernel, bus in
            for round in 0..<3 {
                do {
                    var first = bus.events.stream().makeAsyncIterator()
                    var second = bus.events.stream().makeAsyncIterator()
                    #expect(kernel.atOnce { $0.eventSockets.count } == 1)
                    kernel.atOnce { state in
                        state.attach(SampleDevice(name: "1-\(round + 1)", number: 2 + round))
                        state.send(HotplugTests.message("add", "1-\(round + 1)"), to: .kernel)
                    }
                    let heard = (HotplugTests.text(await first.next()), HotplugTests.text(await second.next()))
                    #expect(heard.0 == heard.1)
                    #expect(heard.0.hasPrefix("arrived 1-\(round + 1)"))
                }
                await kernel.until { $0.eventSockets.isEmpty }
            }
        }
    }

    @Test("Without a file left for the socket nothing is told, and nothing breaks")
    func noSocket() async throws {
        try await withKernel { kernel, bus in
            kernel.atOnce { $0.fileLimit = $0.files.count }
            let events = bus.events.stream()
            kernel.atOnce { state in
                #expect(state.eventSockets.isEmpty)
                _ = state.attach(SampleDevice())
            }
            let devices = try bus.devices()
            #expect(devices.count == 1)
            withExtendedLifetime(events) {}
        }
    }

    @Test("A bus goes, with its files, when nobody has it any more, though a listener was there last")
    func goesAfterListener() async throws {
        for _ in 0..<20 {
            // The wrapper waits until every file is closed.
            try await withKernel { kernel, bus in
                let events = bus.events.stream()
                await kernel.until { $0.waits > 0 }
                withExtendedLifetime(events) {}
            }
        }
    }

    @Test("A bus goes, with its files, when nobody has it any more, though an abort was the last")
    func goesAfterAbort() async throws {
        for _ in 0..<20 {
            try await withDevice { kernel, device, interface in
                let pipe = try interface.inPipe(0x81, Bulk.self)
                let flight = try pipe.makeTransfer(capacity: 512).submit()
                await pipe.abort()
                _ = await flight.completion()
            }
        }
    }
}
#endif
