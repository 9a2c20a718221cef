// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import VirtualUSB

@Suite("Threads that are counted as clients")
struct ClientTests {
    @Test("A clock that runs free waits for a thread that was counted before it first waits")
    func addedThread() {
        for _ in 0..<20 {
            let bus = VirtualBus(flow: .free)
            let isCounted = Signal()
            let mayGoOn = Signal()
            let times = Log<Int64>()
            let threads = Threads()
            threads.start {
                bus.executor.addClient()
                isCounted.give()
                mayGoOn.wait()
                times.add(bus.clock.presentInstant.nanoseconds)
                bus.clock.blockingSleep(until: BusInstant(nanoseconds: 5_000_000))
                times.add(bus.clock.presentInstant.nanoseconds)
                bus.executor.removeClient()
            }
            isCounted.wait()
            threads.start {
                mayGoOn.give()
                bus.clock.blockingSleep(until: BusInstant(nanoseconds: 10_000_000))
                times.add(bus.clock.presentInstant.nanoseconds)
            }
            threads.join()
            #expect(times.elements == [0, 5_000_000, 10_000_000])
        }
    }

    @Test("Another thread can be counted, and a thread that was taken out holds nobody up")
    func otherThread() {
        let bus = VirtualBus(flow: .free)
        bus.executor.addClient(1)
        bus.executor.addClient(1)
        bus.executor.removeClient(1)
        bus.executor.removeClient(1)
        blocking { bus.clock.blockingSleep(until: BusInstant(nanoseconds: 1_000_000)) }
        #expect(bus.clock.presentInstant.nanoseconds == 1_000_000)
    }

    @Test("Observers hear of every arrival and removal until they end, in their order")
    func observers() throws {
        let bus = VirtualBus(flow: .free)
        let heard = Log<String>()
        @Sendable func name(_ event: DeviceEvent) -> String {
            switch event {
            case .arrived(let device): "\(device.path) came"
            case .left: "one left"
            }
        }
        let first = bus.events.observe { heard.add("1: \(name($0))") }
        var second: DeviceEvents.Observation? = bus.events.observe { heard.add("2: \(name($0))") }
        let device = try bus.attach(TestDevice(), path: "2-1")
        #expect(heard.elements == ["1: 2-1 came", "2: 2-1 came"])
        second = nil
        #expect(second == nil)
        device.unplug()
        #expect(heard.elements.dropFirst(2) == ["1: one left"])
        first.cancel()
        _ = try bus.attach(TestDevice())
        #expect(heard.elements.count == 3)
    }
}
