// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A disk: USB mass storage with the bulk-only transport and SCSI commands, over a ``BlockStore``.
///
/// Interface 0 has bulk IN 0x81 and bulk OUT 0x02. The one unit is a removable disk of 512-byte blocks that knows TEST
/// UNIT READY, REQUEST SENSE, INQUIRY, MODE SENSE (6, 10), START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL, READ CAPACITY
/// (10, 16), READ and WRITE (6, 10, 16), SYNCHRONIZE CACHE (10, 16) and REPORT LUNS.
///
/// Where host and device do not mean the same data, the thirteen cases of BOT 1.0 section 6.7 decide: the endpoint
/// stalls, the status tells the residue, or it is a phase error. After a command that is not valid, or that came when
/// the status was due, both endpoints stall until Bulk-Only Mass Storage Reset (section 6.6.1).
///
/// The identity 1209:0004 is one of those that pid.codes sets aside for tests; it must not be used for a device that
/// leaves the house.
public final class Disk: Peripheral {
    /// The bytes of a block.
    public static let blockSize = 512
    /// The endpoint that sends data and status.
    public static let inEndpoint: EndpointAddress = 0x81
    /// The endpoint that takes commands and data.
    public static let outEndpoint: EndpointAddress = 0x02

    /// What the device is.
    public let model: PeripheralModel
    /// Where the bytes are.
    public let store: any BlockStore
    /// Blocks that can be neither read nor written: the host is told of a medium error.
    public var damagedBlocks: Set<Int> = []
    /// Commands received since the disk was made.
    public private(set) var commandCount = 0

    /// Whether the medium can only be read.
    public var isWriteProtected: Bool {
        get { unit.isWriteProtected }
        set { unit.isWriteProtected = newValue }
    }

    /// Whether the medium is in. The host ejects and loads it with START STOP UNIT.
    public var isLoaded: Bool {
        get { unit.isLoaded }
        set { unit.isLoaded = newValue }
    }

    private enum State {
        case command
        case dataIn
        case dataOut
        /// The endpoint stalls once, then the status is due.
        case stall(EndpointAddress)
        case status
        case broken
    }

    private var state = State.command
    private var unit: SCSIUnit
    private var wrapper: CommandStatusWrapper?
    /// Bytes that the device still means to move.
    private var left = 0
    private var blocks = 0..<0
    /// Bytes that the host still means to send.
    private var arriving = 0
    /// A block, or the bytes of an answer, of which `used` have been moved.
    private var page: [UInt8] = []
    private var used = 0

    /// Makes a disk.
    ///
    /// - Parameters:
    ///   - store: where the bytes are.
    ///   - speed: high or full.
    ///   - isWriteProtected: whether the medium can only be read.
    ///   - serialNumber: tells one disk from another; at least twelve hexadecimal digits (BOT 1.0 section 4.1.1).
    public init(
        store: any BlockStore, speed: Speed = .high, isWriteProtected: Bool = false,
        serialNumber: String = "000000000001"
    ) {
        self.store = store
        model = Disk.model(speed: speed, serialNumber: serialNumber)
        unit = SCSIUnit(
            blockCount: max(1, store.blockCount), serialNumber: serialNumber,
            isWriteProtected: isWriteProtected || store.isReadOnly)
    }

    // MARK: what the bus says

    /// Forgets the command that runs; the medium may be removed again.
    public func reset() { configurationSelected(0) }

    /// The same as ``reset()``.
    public func configurationSelected(_ value: UInt8) {
        state = .command
        unit.preventsRemoval = false
        unit.sense = .none
    }

    /// Bulk-Only Mass Storage Reset and Get Max LUN (BOT 1.0 section 3).
    public func control(_ setup: SetupPacket) -> ControlReply {
        guard setup.requestType.kind == .class, setup.requestType.recipient == .interface, setup.index == 0,
            setup.value == 0
        else { return .stall }
        switch (setup.requestType.direction, setup.request, setup.length) {
        case (.out, 0xFF, 0):
            state = .command
            return .accepted
        case (.in, 0xFE, 1): return .data([0])
        default: return .stall
        }
    }

    /// Takes a command, or data to be written.
    public func receive(_ bytes: Span<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe) -> Handshake {
        guard endpoint == Disk.outEndpoint else { return .stall }
        switch state {
        case .command:
            guard let wrapper = CommandBlockWrapper(bytes) else { return breakDown() }
            begin(wrapper)
            return .accept
        case .dataOut:
            take(bytes)
            return .accept
        case .stall(Disk.outEndpoint):
            state = .status
            return .stall
        default: return breakDown()
        }
    }

    /// Sends data or a status.
    public func transmit(
        into buffer: inout MutableSpan<UInt8>, at endpoint: EndpointAddress, in microframe: Microframe
    ) -> Reply {
        guard endpoint == Disk.inEndpoint else { return .stall }
        switch state {
        case .dataIn: return give(into: &buffer)
        case .stall(Disk.inEndpoint):
            state = .status
            return .stall
        case .status:
            guard let wrapper else { return .stall }
            guard buffer.count >= CommandStatusWrapper.byteCount else {
                return .data(CommandStatusWrapper.byteCount)
            }
            state = .command
            let bytes = wrapper.bytes
            return .data(buffer.copyPrefix(of: bytes.span))
        case .broken: return .stall
        // The host asks before it has said all.
        case .command, .dataOut, .stall: return .nak
        }
    }

    private func breakDown() -> Handshake {
        state = .broken
        return .stall
    }

    // MARK: commands

    private func begin(_ command: CommandBlockWrapper) {
        commandCount &+= 1
        wrapper = CommandStatusWrapper(tag: command.tag, residue: command.length, status: .passed)
        let phase: SCSIPhase
        do throws(SCSISense) {
            phase = try unit.begin(command.command) { () throws(SCSISense) in
                do throws(BlockStoreError) { try store.synchronize() } catch { throw .writeError(0) }
            }
        } catch {
            fail(error, command.length == 0 ? nil : command.direction)
            return
        }
        let wanted: Direction? =
            switch phase {
            case _ where phase.byteCount == 0: nil
            case .write: .out
            default: .in
            }
        left = phase.byteCount
        arriving = command.length
        used = 0
        page = []
        blocks = 0..<0
        switch phase {
        case .send(let bytes): page = bytes
        case .read(let range), .write(let range): blocks = range
        case .none: break
        }
        switch (command.length, wanted) {
        case (0, nil): state = .status
        // The host means no data, or less, or the other way (cases 2, 3, 7, 8, 10, 13).
        case (0, _): end(.phaseError, nil)
        case (_, nil): end(.passed, command.direction)
        case (let length, let direction?):
            guard direction == command.direction, left <= length else {
                end(.phaseError, command.direction)
                return
            }
            state = direction == .in ? .dataIn : .dataOut
            if direction == .in { loadBlock() }
        }
    }

    /// Leads to the status, over a stall of the endpoint on which the host still means to move data.
    private func end(_ status: CommandStatusWrapper.Status, _ stalled: Direction?) {
        wrapper?.status = status
        state =
            switch stalled {
            case .in?: .stall(Disk.inEndpoint)
            case .out?: .stall(Disk.outEndpoint)
            case nil: .status
            }
    }

    private func fail(_ sense: SCSISense, _ stalled: Direction?) {
        unit.sense = sense
        end(.failed, stalled)
    }

    // MARK: data

    /// Makes the next block ready to be sent.
    private func loadBlock() {
        guard used == page.count, let block = blocks.first else { return }
        if page.count != Disk.blockSize { page = [UInt8](repeating: 0, count: Disk.blockSize) }
        blocks = block + 1..<blocks.upperBound
        used = 0
        guard !damagedBlocks.contains(block) else { return fail(.readError(block), .in) }
        var contents = page
        page = []
        do throws(BlockStoreError) {
            var span = contents.mutableSpan
            try store.read(block, into: &span)
        } catch {
            fail(.readError(block), .in)
        }
        page = contents
    }

    private func give(into buffer: inout MutableSpan<UInt8>) -> Reply {
        let bytes = page
        let count = buffer.copyPrefix(of: bytes.span.extracting(used..<bytes.count))
        used += count
        account(count)
        if left > 0 { loadBlock() } else { end(.passed, wrapper?.residue == 0 ? nil : .in) }
        return .data(count)
    }

    private func take(_ bytes: Span<UInt8>) {
        arriving -= bytes.count
        var rest = 0
        while rest < bytes.count, left > 0 {
            let count = min(bytes.count - rest, Disk.blockSize - page.count)
            page.append(contentsOf: bytes.extracting(rest..<rest + count))
            rest += count
            guard page.count == Disk.blockSize, let block = blocks.first else { continue }
            blocks = block + 1..<blocks.upperBound
            let isWritten = !damagedBlocks.contains(block) && write(block)
            page.removeAll(keepingCapacity: true)
            guard isWritten else {
                // What has not been processed is the residue, whether or not it was on its way.
                return fail(.writeError(block), arriving > 0 ? .out : nil)
            }
            account(Disk.blockSize)
        }
        if left == 0 { end(.passed, arriving > 0 ? .out : nil) }
    }

    private func write(_ block: Int) -> Bool {
        let contents = page
        do throws(BlockStoreError) {
            try store.write(block, from: contents.span)
            return true
        } catch {
            return false
        }
    }

    private func account(_ count: Int) {
        left -= count
        wrapper?.residue -= count
    }
}

extension Disk {
    private static func model(speed: Speed, serialNumber: String) -> PeripheralModel {
        func configuration(_ size: Int) -> Configuration {
            func endpoint(_ address: EndpointAddress) -> EndpointLayout {
                EndpointLayout(EndpointDescriptor(address: address, transferType: .bulk, maximumPacketSize: size))
            }
            // SCSI transparent command set, bulk-only transport (BOT 1.0 section 4.3).
            let descriptor = InterfaceDescriptor(
                number: 0, interfaceClass: ClassCode(base: 0x08, subclass: 0x06, protocol: 0x50))
            let setting = AlternateSetting(
                descriptor: descriptor, endpoints: [endpoint(inEndpoint), endpoint(outEndpoint)])
            return Configuration(interfaces: [InterfaceLayout(number: 0, alternateSettings: [setting])])
        }
        let isFull = speed == .full
        return PeripheralModel(
            speed: isFull ? .full : .high,
            device: DeviceDescriptor(
                usbRelease: 0x0200, vendorID: 0x1209, productID: 0x0004, manufacturerString: 1, productString: 2,
                serialNumberString: 3),
            configurations: [configuration(isFull ? 64 : 512)],
            otherSpeedConfigurations: [configuration(isFull ? 512 : 64)],
            strings: [1: "swift-usb", 2: "Virtual Disk", 3: serialNumber])
    }
}
