// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBSpecification
import VirtualUSB

@Suite struct FaultyPeripheralTests {
    static let packet = [UInt8](1...100)

    @Test(arguments: [
        (PeripheralFault.nak, TransferStatus.completed), (.late(frames: 3), .completed), (.stall, .stalled),
        (.bus(.cyclicRedundancyCheck), .failed(.bus(.cyclicRedundancyCheck))),
        (.bus(.noResponse), .failed(.bus(.noResponse))), (.babble, .failed(.overflow)),
    ])
    func aFaultMeetsOnePacketAndTheDeviceKeepsItsData(fault: PeripheralFault, status: TransferStatus) throws {
        try VirtualBus.simulate { bus in
            let device = TestDevice()
            device.packets[TestDevice.bulkIn] = [Self.packet, Self.packet.reversed()]
            let plan = FaultPlan([FaultRule(fault, .packet(1), endpoint: TestDevice.bulkIn)])
            let attachment = try bus.attach(FaultyPeripheral(device, plan: plan))
            let pipe = try bus.open(attachment).claim(0).inPipe(TestDevice.bulkIn, Bulk.self)
            #expect(try await pipe.read(upTo: 512) == Self.packet)
            let met = try await pipe.makeTransfer(capacity: 512).submit().completion()
            #expect(met.outcome.status == status)
            if status == .completed {
                #expect(met.transfer.withBytes { $0[0] } == 100)
            } else {
                if status == .stalled { try await pipe.clearHalt() }
                #expect(try await pipe.read(upTo: 512) == Self.packet.reversed())
            }
            if case .late(let frames) = fault {
                #expect(met.outcome.time.nanoseconds > Int64(frames - 1) * Frame.nanoseconds)
            }
            let injected = attachment.withPeripheral { $0.injected }
            #expect(injected.map(\.fault) == [fault])
            #expect(injected.first?.packet == 1)
            #expect(injected.first?.byte == 100)
        }
    }

    @Test func aShortPacketEndsTheRead() throws {
        try VirtualBus.simulate { bus in
            let plan = FaultPlan([FaultRule(PeripheralFault.short(10), .byte(1000), endpoint: 0x81)])
            let attachment = try bus.attach(FaultyPeripheral(GadgetZero(), plan: plan))
            let pipe = try bus.open(attachment).claim(0).inPipe(0x81, Bulk.self)
            #expect(try await pipe.read(upTo: 2048).count == 512 + 10)
        }
    }

    @Test func aFaultWaitsForItsFrame() throws {
        try VirtualBus.simulate { bus in
            let plan = FaultPlan([
                FaultRule(PeripheralFault.bus(.transaction), .frame(Frame(firstFrame.count + 5)), endpoint: 0x81)
            ])
            let attachment = try bus.attach(FaultyPeripheral(GadgetZero(), plan: plan))
            let pipe = try bus.open(attachment).claim(0).inPipe(0x81, Bulk.self)
            let completed = try await pipe.makeTransfer(capacity: 1 << 20).submit().completion()
            #expect(completed.outcome.error?.kind == .bus(.transaction))
            // 13 packets of 512 bytes in each of the 40 microframes before.
            #expect(completed.outcome.byteCount == 40 * 13 * 512)
        }
    }

    @Test(
        arguments: [
            (PeripheralFault.stall, USBError.Kind.stalled), (.bus(.noResponse), .bus(.noResponse)), (.nak, nil),
            (.late(frames: 4), nil),
        ] as [(PeripheralFault, USBError.Kind?)])
    func controlRequestsMeetFaultsToo(fault: PeripheralFault, kind: USBError.Kind?) throws {
        try VirtualBus.simulate { bus in
            let device = TestDevice()
            device.controlReply = .data([1, 2, 3])
            let plan = FaultPlan([FaultRule(fault, .packet(0), endpoint: .control)])
            let opened = try bus.open(bus.attach(FaultyPeripheral(device, plan: plan)))
            let setup = SetupPacket(packed: 0x0003_0000_0000_01C0)
            do {
                #expect(try await opened.read(setup) == [1, 2, 3])
                #expect(kind == nil)
            } catch {
                #expect((error as? USBError)?.kind == kind)
            }
            #expect(try await opened.read(setup) == [1, 2, 3])
        }
    }
}
