// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import Synchronization
import USBHost
import USBSpecification

/// An open pipe of a device on this machine.
final class UsbfsPipe: WirePipe, @unchecked Sendable {
    let info: EndpointInfo
    let device: UsbfsDevice
    let capabilities: ControllerCapabilities?
    /// The owner of the pipe holds this object, so this one must not hold the owner, which outlives it.
    private unowned let sink: any CompletionSink
    /// Where the chain of isochronous requests should have got to. Used by the event loop only.
    private var chainEnd: Microframe?
    /// Requests that the kernel has.
    let outstanding = Atomic(0)
    /// The part of a split transfer that the kernel took last. Used by `submit` only.
    private var lastPart: RequestBlock?
    /// Parts of a split transfer that the kernel no longer takes, because an earlier one has ended it, each with the
    /// last part that it took. They end when that one has, and so everything before it. Guarded by the lock.
    private var orphans: [(block: RequestBlock, lastPart: RequestBlock?)] = []
    private let hasOrphans = Atomic(false)
    private let lock = Lock()

    init(_ info: EndpointInfo, of device: UsbfsDevice, sink: any CompletionSink) {
        self.info = info
        self.device = device
        self.sink = sink
        capabilities = device.capabilities(for: info)
    }

    func makeRecord(for request: WireRequest) -> AnyObject? { RequestBlock() }

    func submit(_ request: WireRequest, record: AnyObject?) throws(USBError) {
        guard let block = RequestBlock.from(record) else {
            throw USBError(.invalidArgument, endpoint: info.address, message: "the request has no record of this wire")
        }
        unsafe block.pipe = self
        unsafe block.request = request
        block.isCancelled.store(false, ordering: .relaxed)
        block.isOutsideQueue = false
        switch request.operation {
        case .portReset: return device.runAlone(block)
        case .control(let setup):
            if DeviceCall(setup) != nil {
                return device.runAlone(block)
            }
            try prepareControl(setup, request, block)
        case .data: try prepareData(request, block)
        case .isochronous: try prepareIsochronous(request, block)
        }
        if request.part == .whole { return try device.give(block, to: self) }
        if request.part.contains(.first) { lastPart = nil }
        try device.give(block, to: self)
        if !block.isOutsideQueue { lastPart = request.part.contains(.last) ? nil : block }
    }

    func cancel(_ request: WireRequest, record: AnyObject?) {
        guard let block = RequestBlock.from(record) else { return }
        block.isCancelled.store(true, ordering: .releasing)
        if !block.isOutsideQueue { device.discard(block) }
    }

    func close() {}

    // MARK: Parts that come too late

    /// Takes a part that the kernel refused because its transfer has ended.
    func adopt(_ block: RequestBlock) {
        block.isOutsideQueue = true
        lock.withLock {
            orphans.append((block, lastPart))
            hasOrphans.store(true, ordering: .sequentiallyConsistent)
        }
        endOrphans()
    }

    /// Ends those parts whose transfer the kernel has given back. What is queued behind does not matter: it may wait for
    /// just this end. Called whenever a request has come back.
    func endOrphans() {
        guard hasOrphans.load(ordering: .sequentiallyConsistent) else { return }
        let ended = lock.withLock {
            var ended: [RequestBlock] = []
            orphans.removeAll { orphan in
                if orphan.lastPart?.isOutstanding.load(ordering: .sequentiallyConsistent) ?? false { return false }
                ended.append(orphan.block)
                return true
            }
            hasOrphans.store(!orphans.isEmpty, ordering: .sequentiallyConsistent)
            return ended
        }
        for block in ended { device.bus.post(block, .cancelled) }
    }

    // MARK: Requests for the kernel

    private func prepareControl(_ setup: SetupPacket, _ request: WireRequest, _ block: RequestBlock) throws(USBError) {
        let length = Int(setup.length)
        guard unsafe length <= request.buffer.count else {
            throw USBError(.invalidArgument, message: "wLength is \(length), beyond the buffer's end")
        }
        block.reserve(controlBytes: length)
        let buffer = unsafe block.controlBuffer
        unsafe buffer.storeBytes(of: setup.packed.littleEndian, as: UInt64.self)
        if setup.requestType.direction == .out, length > 0 {
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[RequestBlock.setupSize...])
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: request.buffer[..<length]))
        }
        let used = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<(RequestBlock.setupSize + length)])
        unsafe block.prepare(kind: UInt32(USBDEVFS_URB_TYPE_CONTROL), endpoint: 0, flags: [], buffer: used)
    }

    private func prepareData(_ request: WireRequest, _ block: RequestBlock) throws(USBError) {
        guard unsafe request.buffer.count <= Int(Int32.max) else {
            throw USBError(.invalidArgument, endpoint: info.address, message: "more than 2 GiB in one request")
        }
        let isBulk = info.type == .bulk
        var flags: RequestFlags = []
        if isBulk, request.part != .whole {
            // The ability is about short packets. What is sent is dropped behind a failure on every controller.
            let isDropped = device.abilities.contains(.bulkContinuation) || info.address.direction == .out
            if !request.part.contains(.first), isDropped { flags.insert(.bulkContinuation) }
            // A short packet must look like a failure to the kernel, or it would not drop what follows.
            if info.address.direction == .in, !request.part.contains(.last) { flags.insert(.shortIsError) }
        }
        if request.endsWithZeroLengthPacket { flags.insert(.zeroPacket) }
        defer { if request.streamID != 0 { unsafe block.header.pointee.stream_id = UInt32(request.streamID) } }
        unsafe block.prepare(
            kind: UInt32(isBulk ? USBDEVFS_URB_TYPE_BULK : USBDEVFS_URB_TYPE_INTERRUPT),
            endpoint: info.address.rawValue,
            flags: flags, buffer: request.buffer)
    }

    private func prepareIsochronous(_ request: WireRequest, _ block: RequestBlock) throws(USBError) {
        let packets = unsafe request.packets
        guard let first = unsafe packets.first, let last = unsafe packets.last else {
            throw USBError(.invalidArgument, endpoint: info.address, message: "an isochronous request needs packets")
        }
        block.reserve(packets: packets.count)
        let range = first.offset..<(last.offset + last.length)
        let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: request.buffer[range])
        // Without the flag a controller that was late skips the slots that have passed, and says so packet by packet;
        // with it the stream begins again wherever it can. xHCI has only the latter.
        let isContinuation = request.start == .continuing && device.kind.reportsExpiredSlots
        unsafe block.prepare(
            kind: UInt32(USBDEVFS_URB_TYPE_ISO), endpoint: info.address.rawValue,
            flags: isContinuation ? [] : .asSoonAsPossible, buffer: bytes)
        unsafe block.header.pointee.number_of_packets = Int32(packets.count)
        let descriptors = unsafe block.packets
        for index in 0..<packets.count {
            unsafe descriptors[index] = unsafe usbdevfs_iso_packet_desc(
                length: UInt32(packets[index].length), actual_length: 0, status: 0)
        }
    }

    // MARK: Completions

    /// Passes a request on that the kernel has given back. Called by the event loop, with no lock held.
    func finish(_ block: RequestBlock, hasMore: Bool, time: BusInstant) {
        let request = unsafe block.request!
        let status = unsafe block.header.pointee.status
        let count = unsafe Int(block.header.pointee.actual_length)
        var completion = WireCompletion(status: .completed, byteCount: count, time: time)
        let code = ErrorCode(result: status)
        switch request.operation {
        case .isochronous:
            completion.byteCount = collectPackets(request, block, wasCut: status != 0, time: time)
            if status != 0 { completion.status = device.ending(code, of: block) }
            discipline(packets: unsafe request.packets.count, goesOn: hasMore && status == 0, time: time)
        case .control(let setup):
            if setup.requestType.direction == .in { copyData(from: block, to: request, completion.byteCount) }
            fallthrough
        case .data, .portReset:
            if status != 0, code.number != EREMOTEIO {
                completion.status = ending(code, of: block)
                completion.detail = code.detail()
            }
        }
        sink.complete(request, completion)
    }

    /// Ends a request that the kernel does not have.
    func finish(_ block: RequestBlock, _ status: WireCompletion.Status, detail: WireDetail? = nil, time: BusInstant) {
        sink.complete(unsafe block.request, WireCompletion(status: status, time: time, detail: detail))
    }

    private func ending(_ code: ErrorCode, of block: RequestBlock) -> WireCompletion.Status {
        switch code.number {
        case EPIPE: .stalled
        case ENOENT, ECONNRESET, ENODEV, ESHUTDOWN: device.ending(code, of: block)
        default: .failed(code.busFault ?? .transaction)
        }
    }

    private func copyData(from block: RequestBlock, to request: WireRequest, _ count: Int) {
        let count = unsafe max(0, min(count, request.buffer.count, block.controlBuffer.count - RequestBlock.setupSize))
        guard count > 0 else { return }
        let end = RequestBlock.setupSize + count
        unsafe request.buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: block.controlBuffer[RequestBlock.setupSize..<end]))
    }

    /// Takes the packets' results over. Returns the bytes that moved.
    private func collectPackets(_ request: WireRequest, _ block: RequestBlock, wasCut: Bool, time: BusInstant) -> Int {
        let packets = unsafe request.packets
        let descriptors = unsafe block.packets
        var sum = 0
        for index in 0..<packets.count {
            let descriptor = unsafe descriptors[index]
            let count = unsafe min(Int(descriptor.actual_length), packets[index].length)
            unsafe packets[index].actualLength = count
            unsafe packets[index].time = time
            unsafe packets[index].status = packetStatus(descriptor.status, wasCut: wasCut)
            sum += count
        }
        return sum
    }

    private func packetStatus(_ raw: UInt32, wasCut: Bool) -> PacketStatus {
        guard raw != 0 else { return .completed }
        let code = ErrorCode(result: Int32(bitPattern: raw))
        // The kernel presets every packet to EXDEV, so that those which were never reached have it too.
        guard code.number == EXDEV else { return .failed(code.busFault ?? .transaction) }
        if wasCut { return .notAttempted }
        return device.kind == .xhci ? .missed : .notServiced
    }

    /// Lets the frame clock learn from the end of an isochronous request.
    private func discipline(packets count: Int, goesOn: Bool, time: BusInstant) {
        let end = chainEnd.map { $0 + Int64(count) * max(1, info.intervalMicroframes) }
        let seen = device.bus.frames.learn(from: self, end: end, at: time)
        chainEnd = goesOn ? end ?? seen : nil
        if !goesOn { device.bus.frames.forget(self) }
    }
}
#endif
