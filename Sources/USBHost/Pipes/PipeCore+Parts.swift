// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBSpecification

extension PipeCore {
    /// Cuts a transfer into requests that the wire can take. Almost always one.
    func planParts(of transfer: TransferCore) {
        let bytes = unsafe transfer.memory.bytes
        switch info.type {
        case .isochronous: planIsochronousParts(of: transfer)
        case .control:
            transfer.prepareParts(1)
            let request = transfer.parts[0]
            request.operation =
                transfer.isPortReset
                ? .portReset
                : .control(transfer.setup ?? SetupPacket(packed: 0))
            unsafe request.buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<transfer.length])
            request.part = .whole
        case .bulk, .interrupt:
            // Every part but the last is a whole number of packets, so that no part ends the transfer by itself.
            let packet = max(1, info.maximumPacketSize)
            let limit = max(packet, capabilities.bytesPerRequest / packet * packet)
            var dataParts = transfer.length > limit ? (transfer.length - 1) / limit + 1 : 1
            let wantsTerminator =
                (transfer.endsWithZeroLengthPacket || policy.endsWithZeroLengthPacket)
                && info.address.direction == .out && transfer.length > 0 && transfer.length % packet == 0
            let addsPart = wantsTerminator && !capabilities.zeroLengthTermination
            if addsPart { dataParts += 1 }
            transfer.prepareParts(dataParts)
            for index in 0..<dataParts {
                let request = transfer.parts[index]
                let start = min(index * limit, transfer.length)
                let end = min(start + limit, transfer.length)
                request.operation = .data
                request.streamID = transfer.streamID
                unsafe request.buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end])
                request.part = PipeCore.part(index, of: dataParts)
                request.endsWithZeroLengthPacket = wantsTerminator && !addsPart && index == dataParts - 1
            }
        }
    }

    private func planIsochronousParts(of transfer: TransferCore) {
        let bytes = unsafe transfer.memory.bytes
        let table = unsafe transfer.packetTable
        // A whole transfer is the rule, and needs no look at each packet.
        if table.count <= capabilities.packetsPerRequest, transfer.length <= capabilities.bytesPerRequest {
            transfer.prepareParts(1)
            let request = transfer.parts[0]
            request.operation = .isochronous
            unsafe request.packets = unsafe table
            unsafe request.buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<transfer.length])
            request.part = .whole
            request.start = wireStart(of: transfer, offset: 0)
            request.startGrid = startGrid(of: transfer)
            return
        }
        var cuts = [0]
        var first = 0
        var size = 0
        for index in 0..<table.count {
            let length = unsafe table[index].length
            if index - first == capabilities.packetsPerRequest || size + length > capabilities.bytesPerRequest,
                index > first
            {
                cuts.append(index)
                first = index
                size = 0
            }
            size += length
        }
        cuts.append(table.count)
        let count = cuts.count - 1
        transfer.prepareParts(count)
        for part in 0..<count {
            let request = transfer.parts[part]
            let range = cuts[part]..<cuts[part + 1]
            request.operation = .isochronous
            unsafe request.packets = unsafe UnsafeMutableBufferPointer(rebasing: table[range])
            unsafe request.buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<transfer.length])
            request.part = PipeCore.part(part, of: count)
            request.start =
                part == 0 ? wireStart(of: transfer, offset: 0) : wireStart(of: transfer, offset: range.lowerBound)
            request.startGrid = startGrid(of: transfer)
        }
    }

    /// What the wire is told about the start of the part that begins with packet `offset`.
    private func wireStart(of transfer: TransferCore, offset: Int) -> WireRequest.Start {
        // What is to start as soon as possible must not be late, so that the wire itself places it.
        let leavesPlaceToWire = offset == 0 && transfer.start == .asSoonAsPossible
        if capabilities.exactStartFrame, !leavesPlaceToWire, let first = transfer.firstPosition {
            return .at(first + Int64(offset) * info.intervalMicroframes)
        }
        if offset > 0 { return .continuing }
        return transfer.start == .continuing ? .continuing : .asSoonAsPossible
    }

    private func startGrid(of transfer: TransferCore) -> Int64 {
        transfer.startPolicy.grid == .frames && capabilities.exactStartFrame ? Frame.microframes : 1
    }

    private static func part(_ index: Int, of count: Int) -> WireRequest.Part {
        var part: WireRequest.Part = []
        if index == 0 { part.insert(.first) }
        if index == count - 1 { part.insert(.last) }
        return part
    }
}
