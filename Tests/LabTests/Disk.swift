// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import USBHost
import USBSpecification

/// A disk through the bulk-only transport of mass storage, as far as the checks need it.
struct Disk {
    let device: Device
    let interface: Interface
    let input: InPipe<Bulk>
    let output: OutPipe<Bulk>
    private var tag: UInt32 = 0

    static let sectorSize = 512

    init(_ device: Device) throws {
        self.device = device
        interface = try device.claim(0, detachingDriver: true)
        let endpoints = interface.alternateSetting.endpoints.map(\.descriptor.address)
        guard let first = endpoints.first(where: { $0.direction == .in }),
            let second = endpoints.first(where: { $0.direction == .out })
        else { throw USBError(.notFound, message: "\(endpoints)") }
        input = try interface.inPipe(first, Bulk.self)
        output = try interface.outPipe(second, Bulk.self)
    }

    /// Sends a command block and its data, and returns what came; throws unless the status says good.
    @discardableResult
    mutating func command(
        _ block: [UInt8], reading count: Int = 0, writing data: [UInt8] = []
    ) async throws(USBError) -> [UInt8] {
        tag += 1
        let wrapper =
            [0x55, 0x53, 0x42, 0x43] + little(tag) + little(UInt32(max(count, data.count)))
            + [count > 0 ? 0x80 : 0, 0, UInt8(block.count)] + block
            + [UInt8](repeating: 0, count: 16 - block.count)
        try await output.write(wrapper, timeout: .seconds(30))
        var result: [UInt8] = []
        if count > 0 { result = try await input.read(upTo: count, timeout: .seconds(30)) }
        if !data.isEmpty { try await output.write(data, timeout: .seconds(30)) }
        let status = try await input.read(upTo: 13, timeout: .seconds(30))
        guard status == [0x55, 0x53, 0x42, 0x53] + little(tag) + [0, 0, 0, 0, 0] else {
            throw USBError(.other, message: "status \(status)")
        }
        return result
    }

    /// The number of sectors, by READ CAPACITY (10).
    mutating func sectorCount() async throws(USBError) -> Int {
        let bytes = try await command([0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], reading: 8)
        return bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } + 1
    }

    mutating func read(_ sector: Int, count: Int) async throws(USBError) -> [UInt8] {
        try await command([0x28, 0] + place(sector, count), reading: count * Disk.sectorSize)
    }

    mutating func write(_ sector: Int, _ data: [UInt8]) async throws(USBError) {
        try await command([0x2A, 0] + place(sector, data.count / Disk.sectorSize), writing: data)
    }

    private func place(_ sector: Int, _ count: Int) -> [UInt8] {
        little(UInt32(sector)).reversed() + [0, UInt8(count >> 8), UInt8(count & 0xFF), 0]
    }

    private func little(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
}
#endif
