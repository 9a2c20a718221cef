// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import ThermometerDriver
import USB
import VirtualUSB

/// The driver against a thermometer in memory.
@Suite struct ThermometerTests {
    @Test func tenTemperaturesASecondWithTheirCorrection() throws {
        let (readings, time) = try VirtualBus.simulate(seed: 1) { bus in
            let thermometer = try bus.attach(Thermometer())
            let driver = try ThermometerDriver(bus.open(vendorID: 0x1209, productID: 0x0005))
            var readings = [try await driver.next()]
            let start = bus.clock.now
            thermometer.withPeripheral { $0.temperature = -500 }
            try await driver.correct(by: 25)
            for _ in 0..<100 { readings.append(try await driver.next()) }
            return (readings, start.duration(to: bus.clock.now))
        }
        #expect(readings == [2_150] + [Int16](repeating: -475, count: 100))
        #expect(time == .seconds(10))
    }

    @Test func aStallIsCleared() throws {
        let plan = FaultPlan([FaultRule(PeripheralFault.stall, .packet(2), endpoint: 0x81)])
        try VirtualBus.simulate { bus in
            let thermometer = try bus.attach(FaultyPeripheral(Thermometer(), plan: plan))
            let driver = try ThermometerDriver(bus.open(vendorID: 0x1209, productID: 0x0005))
            for _ in 0..<5 { #expect(try await driver.next() == 2_150) }
            #expect(thermometer.withPeripheral { $0.injected.map(\.fault) } == [.stall])
        }
    }

    @Test func aThermometerThatIsPulledOutAndPutBack() throws {
        try VirtualBus.simulate { bus in
            let thermometer = try bus.attach(Thermometer())
            let driver = try ThermometerDriver(bus.open(vendorID: 0x1209, productID: 0x0005))
            #expect(try await driver.next() == 2_150)
            async let reading = driver.next()
            try await bus.clock.sleep(for: .milliseconds(20))
            thermometer.unplug()
            do {
                let temperature = try await reading
                Issue.record("nobody can have measured \(temperature)")
            } catch let error as USBError {
                #expect(error.kind == .deviceGone)
            }
            try thermometer.replug()
            #expect(try await ThermometerDriver(bus.open(vendorID: 0x1209, productID: 0x0005)).next() == 2_150)
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func whatIsLostIsReported(seed: UInt64) throws {
        let plan = FaultPlan([FaultRule(PeripheralFault.bus(.noResponse), .chance(0.1))], seed: seed)
        try VirtualBus.simulate(seed: seed) { bus in
            let thermometer = try bus.attach(FaultyPeripheral(Thermometer(), plan: plan))
            let driver = try ThermometerDriver(bus.open(vendorID: 0x1209, productID: 0x0005))
            var errors = 0
            for _ in 0..<50 {
                do {
                    #expect(try await driver.next() == 2_150)
                } catch let error as USBError {
                    #expect(error.kind == .bus(.noResponse))
                    errors += 1
                }
            }
            #expect(errors == thermometer.withPeripheral { $0.injected.count })
        }
    }

    @Test func itIsAskedEveryTenMilliseconds() throws {
        try VirtualBus.simulate { bus in
            _ = try bus.attach(Thermometer())
            let driver = try ThermometerDriver(bus.open(vendorID: 0x1209, productID: 0x0005))
            _ = try await driver.next()
            let lines = Lines()
            bus.setTrace { lines.add($0.description) }
            _ = try await driver.next()
            #expect(lines.all.count == 10)
            #expect(lines.all.last?.hasSuffix(" 1-1 0x81 interrupt IN 2 done") == true)
            #expect(lines.all.dropLast().allSatisfy { $0.hasSuffix(" 1-1 0x81 interrupt IN 0 NAK") })
        }
    }
}

/// Lines that a trace adds, under the bus's lock.
private final class Lines: @unchecked Sendable {
    private(set) var all: [String] = []
    func add(_ line: String) { all.append(line) }
}
