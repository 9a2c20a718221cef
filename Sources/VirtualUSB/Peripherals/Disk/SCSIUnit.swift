// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Why a command failed: sense key, additional sense code and its qualifier (SPC-4 section 4.5).
struct SCSISense: Hashable, Error {
    var key: UInt8
    var code: UInt8
    var qualifier: UInt8 = 0
    /// The block that it is about.
    var block: UInt32?

    static let none = SCSISense(key: 0x00, code: 0x00)
    static let mediumNotPresent = SCSISense(key: 0x02, code: 0x3A)
    static func readError(_ block: Int) -> SCSISense {
        SCSISense(key: 0x03, code: 0x11, block: UInt32(clamping: block))
    }
    static func writeError(_ block: Int) -> SCSISense {
        SCSISense(key: 0x03, code: 0x0C, block: UInt32(clamping: block))
    }
    static let unknownCommand = SCSISense(key: 0x05, code: 0x20)
    static let outOfRange = SCSISense(key: 0x05, code: 0x21)
    static let invalidField = SCSISense(key: 0x05, code: 0x24)
    static let removalPrevented = SCSISense(key: 0x05, code: 0x53, qualifier: 0x02)
    static let writeProtected = SCSISense(key: 0x07, code: 0x27)

    /// Fixed format (SPC-4 section 4.5.3).
    var bytes: [UInt8] {
        [block == nil ? 0x70 : 0xF0, 0, key] + BigEndian.bytes(block ?? 0) + [10, 0, 0, 0, 0, code, qualifier]
            + [0, 0, 0, 0]
    }
}

/// What a command asks the device to do with data.
enum SCSIPhase: Equatable {
    case none
    /// Send these bytes.
    case send([UInt8])
    /// Send these blocks.
    case read(Range<Int>)
    /// Take these blocks.
    case write(Range<Int>)

    /// The bytes that the device means to move.
    var byteCount: Int {
        switch self {
        case .none: 0
        case .send(let bytes): bytes.count
        case .read(let blocks), .write(let blocks): blocks.count * Disk.blockSize
        }
    }
}

/// The unit behind the transport: a direct access block device with a medium that can be removed (SPC-4, SBC-3).
struct SCSIUnit {
    let blockCount: Int
    let serialNumber: String
    var isWriteProtected = false
    /// Whether the medium is in; START STOP UNIT ejects and loads it.
    var isLoaded = true
    var preventsRemoval = false
    /// What REQUEST SENSE tells next.
    var sense = SCSISense.none

    /// Begins a command. SYNCHRONIZE CACHE is left to `synchronize`.
    mutating func begin(
        _ command: [UInt8], synchronize: () throws(SCSISense) -> Void
    ) throws(SCSISense) -> SCSIPhase {
        // A command that is cut short has zeros behind.
        let command = command + [UInt8](repeating: 0, count: 16 - min(16, command.count))
        switch command[0] {
        case 0x12: return .send(prefix(try inquiry(command), 3..<5, of: command))
        case 0x03:
            let bytes = sense.bytes
            sense = .none
            return .send(prefix(bytes, 4..<5, of: command))
        case 0xA0:
            return .send(prefix([0, 0, 0, 8, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8), 6..<10, of: command))
        case 0x1E:
            preventsRemoval = command[4] & 1 != 0
            return .none
        case 0x1B:
            guard command[4] & 0x02 != 0 else { return .none }
            let loads = command[4] & 0x01 != 0
            guard loads || !preventsRemoval else { throw .removalPrevented }
            isLoaded = loads
            return .none
        default: break
        }
        guard Self.needsMedium.contains(command[0]) else { throw .unknownCommand }
        guard isLoaded else { throw .mediumNotPresent }
        switch command[0] {
        case 0x25:
            return .send(
                BigEndian.bytes(UInt32(clamping: blockCount - 1)) + BigEndian.bytes(UInt32(Disk.blockSize)))
        case 0x9E:
            guard command[1] & 0x1F == 0x10 else { throw .invalidField }
            let bytes = BigEndian.bytes(UInt64(blockCount - 1)) + BigEndian.bytes(UInt32(Disk.blockSize))
            return .send(prefix(bytes + [UInt8](repeating: 0, count: 20), 10..<14, of: command))
        case 0x1A: return .send(prefix(try modeSense(command, isLong: false), 4..<5, of: command))
        case 0x5A: return .send(prefix(try modeSense(command, isLong: true), 7..<9, of: command))
        case 0x35, 0x91:
            try synchronize()
            return .none
        case 0x08, 0x28, 0x88: return .read(try blocks(of: command))
        case 0x0A, 0x2A, 0x8A:
            guard !isWriteProtected else { throw .writeProtected }
            return .write(try blocks(of: command))
        default: return .none
        }
    }

    /// TEST UNIT READY, MODE SENSE, READ CAPACITY, SYNCHRONIZE CACHE, READ and WRITE in their forms.
    private static let needsMedium: Set<UInt8> = [
        0x00, 0x1A, 0x5A, 0x25, 0x9E, 0x35, 0x91, 0x08, 0x28, 0x88, 0x0A, 0x2A, 0x8A,
    ]

    private func prefix(_ bytes: [UInt8], _ allocation: Range<Int>, of command: [UInt8]) -> [UInt8] {
        Array(bytes.prefix(Int(clamping: BigEndian.number(command, allocation))))
    }

    /// The blocks that a READ or WRITE names.
    private func blocks(of command: [UInt8]) throws(SCSISense) -> Range<Int> {
        let first: UInt64
        var count: UInt64
        switch command[0] >> 5 {
        case 0:
            first = BigEndian.number(command, 1..<4) & 0x1F_FFFF
            count = UInt64(command[4])
            // Only the six-byte commands take 0 for 256.
            if count == 0 { count = 256 }
        case 1:
            first = BigEndian.number(command, 2..<6)
            count = BigEndian.number(command, 7..<9)
        default:
            first = BigEndian.number(command, 2..<10)
            count = BigEndian.number(command, 10..<14)
        }
        let total = UInt64(blockCount)
        guard first <= total, count <= total - first else { throw .outOfRange }
        return Int(first)..<Int(first + count)
    }

    private func inquiry(_ command: [UInt8]) throws(SCSISense) -> [UInt8] {
        guard command[1] & 1 != 0 else {
            guard command[2] == 0 else { throw .invalidField }
            // Removable medium; SPC-3; 31 bytes follow the fifth.
            return [0x00, 0x80, 0x05, 0x02, 31, 0, 0, 0] + "swiftusbVirtual Disk    1.00".utf8
        }
        switch command[2] {
        case 0x00: return [0, 0x00, 0, 2, 0x00, 0x80]
        case 0x80: return [0, 0x80, 0, UInt8(clamping: serialNumber.utf8.count)] + serialNumber.utf8.prefix(255)
        default: throw .invalidField
        }
    }

    private func modeSense(_ command: [UInt8], isLong: Bool) throws(SCSISense) -> [UInt8] {
        let page = command[2] & 0x3F
        guard page == 0x3F || page == 0x08, command[2] & 0xC0 != 0xC0 else { throw .invalidField }
        // The caching page, with no cache: what was written is in the store.
        let pages: [UInt8] = [0x08, 0x12] + [UInt8](repeating: 0, count: 18)
        let flags: UInt8 = isWriteProtected ? 0x80 : 0
        return isLong
            ? BigEndian.bytes(UInt16(6 + pages.count)) + [0, flags, 0, 0, 0, 0] + pages
            : [UInt8(3 + pages.count), 0, flags, 0] + pages
    }
}
