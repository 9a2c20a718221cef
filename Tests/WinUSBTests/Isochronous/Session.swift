// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import Testing
import USB
import USBSpecification
import VirtualUSB

@testable import USBHost
@testable import WinUSB

/// A device with an isochronous endpoint in each direction and a bulk one, that notes what comes and sends what the test
/// says.
final class IsochronousDevice: Peripheral {
    /// How the endpoints are laid out.
    struct Layout: Hashable, Sendable, CustomTestStringConvertible {
        var speed = Speed.high
        var bInterval: UInt8 = 1
        var packetSize = 1024
        var additionalTransactions = 0
        /// wBytesPerInterval of the companion, at SuperSpeed.
        var bytesPerInterval: UInt16 = 0

        var testDescription: String { "\(speed), bInterval \(bInterval), \(packetSize) bytes" }

        static let high = Layout()
        static let full = Layout(speed: .full, packetSize: 192)
        static let superSpeed = Layout(speed: .superSpeed, bytesPerInterval: 1024)
        static let all = [
            high, Layout(bInterval: 2, packetSize: 512), Layout(bInterval: 3, packetSize: 200),
            Layout(bInterval: 4, packetSize: 192), full, superSpeed,
            Layout(speed: .superSpeed, bInterval: 3, bytesPerInterval: 900),
        ]
        /// MaximumBytesPerInterval.
        var maximumBytes: Int {
            speed >= .superSpeed ? Int(bytesPerInterval) : packetSize * (1 + additionalTransactions)
        }
        /// Microframes from one packet to the next.
        var interval: Int64 { speed == .full ? 8 : 1 << Int64(bInterval - 1) }
        var packetsPerFrame: Int { Int(8 / interval) }
        var bytesPerFrame: Int { maximumBytes * packetsPerFrame }
    }

    struct Packet: Hashable, Sendable {
        var position: Microframe
        var bytes: [UInt8]
    }

    static let out: UInt8 = 0x01
    static let `in`: UInt8 = 0x81
    static let bulkOut: UInt8 = 0x02
    static let inexistent: UInt8 = 0x83

    let model: PeripheralModel
    private(set) var received: [Packet] = []
    /// What is sent in a microframe, or the fault in its place.
    private let answer: @Sendable (Microframe) -> Reply

    enum Reply: Sendable {
        case bytes([UInt8])
        case fault(BusFault)
    }

    init(_ layout: Layout = .high, answer: @escaping @Sendable (Microframe) -> Reply = { _ in .bytes([]) }) {
        self.answer = answer
        func endpoint(_ address: UInt8, _ type: TransferType) -> EndpointLayout {
            let isIsochronous = type == .isochronous
            let bulkSize = layout.speed == .full ? 64 : layout.speed == .high ? 512 : 1024
            return EndpointLayout(
                EndpointDescriptor(
                    address: EndpointAddress(rawValue: address), transferType: type,
                    maximumPacketSize: isIsochronous ? layout.packetSize : bulkSize,
                    additionalTransactions: isIsochronous ? layout.additionalTransactions : 0,
                    interval: isIsochronous ? layout.bInterval : 0),
                companion: layout.speed < .superSpeed
                    ? nil
                    : SuperSpeedEndpointCompanionDescriptor(
                        bytesPerInterval: isIsochronous ? layout.bytesPerInterval : 0))
        }
        model = PeripheralModel(
            speed: layout.speed,
            device: DeviceDescriptor(vendorID: 0x1209, productID: 0x0001, configurationCount: 1),
            configurations: [
                Configuration(interfaces: [
                    InterfaceLayout(
                        number: 0,
                        alternateSettings: [
                            AlternateSetting(
                                descriptor: InterfaceDescriptor(
                                    number: 0, alternateSetting: 0, interfaceClass: .vendorSpecific),
                                endpoints: [
                                    endpoint(Self.out, .isochronous), endpoint(Self.in, .isochronous),
                                    endpoint(Self.bulkOut, .bulk),
                                ])
                        ])
                ])
            ])
    }

    func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        received.append(Packet(position: microframe, bytes: unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }))
        return .accept
    }

    func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> VirtualUSB.Reply {
        switch answer(microframe) {
        case .fault(let fault): return .fault(fault)
        case .bytes(let bytes):
            for index in 0..<min(bytes.count, buffer.count) { buffer[index] = bytes[index] }
            return .data(bytes.count)
        }
    }
}

/// A device on a bus of the test's own, opened as a program does it. The calls of the test's thread mean that bus.
@safe final class Session: @unchecked Sendable {
    let bus: VirtualBus
    let device: AttachedPeripheral<IsochronousDevice>
    let layout: IsochronousDevice.Layout
    let file: HANDLE
    let interface: WINUSB_INTERFACE_HANDLE

    private init(_ bus: VirtualBus, _ device: AttachedPeripheral<IsochronousDevice>, _ layout: IsochronousDevice.Layout)
        throws
    {
        self.bus = bus
        self.device = device
        self.layout = layout
        unsafe file = try #require(
            CreateFileA("usb:1209:0001", 0xC000_0000, 3, nil, DWORD(OPEN_EXISTING), DWORD(FILE_FLAG_OVERLAPPED), nil))
        var handle: WINUSB_INTERFACE_HANDLE?
        try #require(unsafe WinUsb_Initialize(file, &handle) == 1)
        unsafe interface = try #require(handle)
    }

    /// Runs `body` with a device of that layout. Afterwards all is given back.
    static func run(
        _ layout: IsochronousDevice.Layout = .high, flow: TimeFlow = .manual, seed: UInt64 = 0,
        over controller: (VirtualBus) -> any HostController = { $0 },
        answer: @escaping @Sendable (Microframe) -> IsochronousDevice.Reply = { _ in .bytes([]) },
        _ body: (Session) throws -> Void
    ) throws {
        let bus =
            flow == .manual ? VirtualBus(flow: flow, seed: seed, driver: .caller) : VirtualBus(flow: flow, seed: seed)
        bus.setAdmission(false)
        // However long a busy machine keeps the test's thread from running, time stands still meanwhile.
        bus.executor.patience = 600_000_000_000
        let device = try bus.attach(IsochronousDevice(layout, answer: answer))
        try ProcessHost.withHost(controller(bus)) {
            let session = try Session(bus, device, layout)
            try body(session)
            unsafe WinUsb_Free(session.interface)
            unsafe CloseHandle(session.file)
        }
    }

    /// The frame that is under way, by the clock alone.
    var frame: UInt32 { UInt32(1_000_000 + bus.clock.presentInstant.nanoseconds / 1_000_000) }

    /// When a frame begins.
    func instant(_ frame: UInt32) -> BusInstant { BusInstant(nanoseconds: (Int64(frame) - 1_000_000) * 1_000_000) }

    /// What came, when.
    var received: [IsochronousDevice.Packet] { device.withPeripheral { $0.received } }

    func abort(_ endpoint: UInt8) {
        unsafe WinUsb_AbortPipe(interface, endpoint)
    }
}

/// Memory that is registered for an endpoint.
@safe final class Registered: @unchecked Sendable {
    let session: Session
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private(set) var handle: WINUSB_ISOCH_BUFFER_HANDLE?

    init(_ session: Session, _ endpoint: UInt8, byteCount: Int) throws {
        self.session = session
        unsafe bytes = .allocate(capacity: byteCount)
        unsafe bytes.initialize(repeating: 0xEE)
        // What is sent differs from place to place; what comes is told from what was there.
        if endpoint & 0x80 == 0 {
            for index in 0..<byteCount { unsafe bytes[index] = UInt8(truncatingIfNeeded: index / 7) }
        }
        let answer = answer {
            unsafe WinUsb_RegisterIsochBuffer(session.interface, endpoint, bytes.baseAddress, ULONG(byteCount), &handle)
        }
        try #require(answer == Answer(1))
    }

    /// Room for so many frames of an endpoint.
    convenience init(_ session: Session, _ endpoint: UInt8, frames: Int) throws {
        try self.init(session, endpoint, byteCount: frames * session.layout.bytesPerFrame)
    }

    deinit {
        unsafe WinUsb_UnregisterIsochBuffer(handle)
        unsafe bytes.deallocate()
    }

    /// What the memory has there.
    func contents(_ range: Range<Int>) -> [UInt8] { unsafe Array(bytes[range]) }

    @discardableResult
    func unregister() -> Answer<BOOL> { answer { unsafe WinUsb_UnregisterIsochBuffer(handle) } }

    // MARK: Calls

    func write(_ offset: Int = 0, _ length: Int, frame: inout UInt32, _ overlapped: IsochronousBlock?) -> Answer<BOOL> {
        answer { unsafe WinUsb_WriteIsochPipe(handle, ULONG(offset), ULONG(length), &frame, overlapped?.block) }
    }

    func write(_ offset: Int = 0, _ length: Int, continuing: Bool = false, _ overlapped: IsochronousBlock?) -> Answer<
        BOOL
    > {
        answer {
            unsafe WinUsb_WriteIsochPipeAsap(
                handle, ULONG(offset), ULONG(length), continuing ? 1 : 0, overlapped?.block)
        }
    }

    func read(
        _ offset: Int = 0, _ length: Int, frame: inout UInt32, _ packets: Packets, _ overlapped: IsochronousBlock?
    ) -> Answer<BOOL> {
        answer {
            unsafe WinUsb_ReadIsochPipe(
                handle, ULONG(offset), ULONG(length), &frame, ULONG(packets.count), packets.table.baseAddress,
                overlapped?.block)
        }
    }

    func read(
        _ offset: Int = 0, _ length: Int, continuing: Bool = false, _ packets: Packets, _ overlapped: IsochronousBlock?
    ) -> Answer<BOOL> {
        answer {
            unsafe WinUsb_ReadIsochPipeAsap(
                handle, ULONG(offset), ULONG(length), continuing ? 1 : 0, ULONG(packets.count),
                packets.table.baseAddress, overlapped?.block)
        }
    }

    /// Reads or writes by the direction of the endpoint, in a named frame.
    func transfer(
        _ direction: Direction, _ length: Int, frame: inout UInt32, _ packets: Packets, _ overlapped: IsochronousBlock?
    ) -> Answer<BOOL> {
        direction == .out
            ? write(0, length, frame: &frame, overlapped) : read(0, length, frame: &frame, packets, overlapped)
    }

    func transfer(
        _ direction: Direction, _ length: Int, continuing: Bool, _ packets: Packets, _ overlapped: IsochronousBlock?
    ) -> Answer<BOOL> {
        direction == .out
            ? write(0, length, continuing: continuing, overlapped)
            : read(0, length, continuing: continuing, packets, overlapped)
    }
}

/// What a function returned, with the last error that it set; 0 for none.
struct Answer<Value: Equatable & Sendable>: Equatable, Sendable {
    var value: Value
    var error: DWORD

    init(_ value: Value, error: DWORD = 0) {
        self.value = value
        self.error = error
    }
}

extension Answer where Value == BOOL {
    static var success: Answer { Answer(1) }
    static var pending: Answer { Answer(0, error: 997) }
    static func failure(_ code: DWORD) -> Answer { Answer(0, error: code) }
}

/// Calls a function with the last error cleared.
func answer<Value: Equatable>(_ call: () -> Value) -> Answer<Value> {
    SetLastError(0)
    let value = call()
    return Answer(value, error: GetLastError())
}

/// A block with an event of its own.
@safe final class IsochronousBlock: @unchecked Sendable {
    let block: LPOVERLAPPED
    let event: HANDLE?

    init() {
        unsafe block = .allocate(capacity: 1)
        unsafe block.initialize(to: OVERLAPPED())
        unsafe event = CreateEventA(nil, 1, 0, nil)
        unsafe block.pointee.hEvent = unsafe event
    }

    deinit {
        unsafe CloseHandle(event)
        unsafe block.deallocate()
    }

    var status: Int32 { Int32(truncatingIfNeeded: unsafe Int(block.pointee.Internal)) }
    var isPending: Bool { status == 0x103 }

    /// What GetOverlappedResult says, and the bytes.
    func result(_ session: Session, wait: Bool = true) -> (answer: Answer<BOOL>, bytes: DWORD) {
        var bytes: DWORD = 0xFFFF_FFFF
        let answer = answer { unsafe WinUsb_GetOverlappedResult(session.interface, block, &bytes, wait ? 1 : 0) }
        return (answer, bytes)
    }
}

/// The descriptors of a read.
@safe final class Packets: @unchecked Sendable {
    let table: UnsafeMutableBufferPointer<USBD_ISO_PACKET_DESCRIPTOR>

    init(_ count: Int) {
        unsafe table = .allocate(capacity: count)
        unsafe table.initialize(
            repeating: USBD_ISO_PACKET_DESCRIPTOR(Offset: 0xEEEE_EEEE, Length: 0xEEEE_EEEE, Status: 0x0EEE_EEEE))
    }

    deinit { unsafe table.deallocate() }

    var count: Int { unsafe table.count }
    var offsets: [ULONG] { unsafe table.map(\.Offset) }
    var lengths: [ULONG] { unsafe table.map(\.Length) }
    var statuses: [UInt32] { unsafe table.map { UInt32(bitPattern: $0.Status) } }
}

/// A comparison of long lists, whose differences nobody wants to have looked for.
func isTrue(_ condition: Bool) -> Bool { condition }
