// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// One call of the isochronous family on its way, with the transfer that carries it. It belongs to a buffer and is used
/// again and again.
@safe final class IsochronousOperation: Operation, @unchecked Sendable {
    /// What a program asks of a transfer besides its part of the memory.
    @safe struct Request {
        var start: IsochronousStart
        /// Where the fate of each packet goes; nil for OUT.
        // Sound: the program leaves them in place, one for each packet, until the operation has ended.
        var descriptors: PUSBD_ISO_PACKET_DESCRIPTOR?
    }

    /// What every transfer keeps to. Packets whose frame has passed are dropped one by one, and a wire that cannot start
    /// at a frame comes as close as it can.
    private static let policy = StartPolicy(late: .dropExpired, accuracy: .bestEffort, grid: .frames)

    private unowned let buffer: IsochronousBuffer
    /// Keeps the buffer while the operation is under way.
    private var keeper: IsochronousBuffer?
    /// The transfer, unless it is on its way.
    private var transfer: Transfer<Isochronous>?
    // Compared only, and lent to the transfer.
    private var part = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var request = unsafe Request(start: .asSoonAsPossible, descriptors: nil)

    /// Held from when a use gets its number to when its transfer has been submitted, and to look at what follows: so that
    /// a cancel comes neither too early nor to the wrong use. Never taken by the transfer's handler.
    private let submission = Lock()
    private var canceller: Canceller?
    private var submittedNumber: UInt64 = 0

    private lazy var handler: @Sendable (consuming Completed<Isochronous>) -> Void = { [unowned self] completed in
        end(completed)
    }

    init(of buffer: IsochronousBuffer) {
        self.buffer = buffer
        super.init(in: buffer.operations)
    }

    /// Whether the transfer was made for this part of the memory.
    func isMade(for part: UnsafeMutableRawBufferPointer) -> Bool {
        unsafe self.part.baseAddress == part.baseAddress && self.part.count == part.count
    }

    /// Makes ready: the transfer gets its part of the memory, with one packet for each service interval.
    func prepare(for part: UnsafeMutableRawBufferPointer, on pipe: IsochronousBuffer.Pipe, _ request: Request) {
        self.request = request
        keeper = buffer
        // Sound: the program keeps the memory until every operation on it has ended.
        if transfer == nil {
            switch pipe {
            case .out(let pipe): transfer = unsafe pipe.makeTransfer(borrowing: part)
            case .in(let pipe): transfer = unsafe pipe.makeTransfer(borrowing: part)
            }
        } else if unsafe !isMade(for: part) {
            unsafe transfer?.borrow(part)
            // Cannot fail: the packets are cut from the part's size.
            try? transfer?.setPackets(.filling(bytes: part.count, maximum: buffer.shape.bytesPerInterval))
        }
        unsafe self.part = unsafe part
    }

    /// What became of an operation's beginning.
    enum Beginning {
        /// It is under way, or has ended already; a broken chain is no refusal.
        case accepted
        /// It was refused, and has ended with that status.
        case refused(NTStatus)
        /// Nothing can begin on the pipe any more. The operation never began.
        case closed
    }

    /// Begins the operation: with a block to go on beside the program, without one to be waited for.
    func begin(_ block: OverlappedBlock?) -> Beginning {
        submission.lock()
        guard list.begin(self, block) else {
            submission.unlock()
            let keeper = keeper
            self.keeper = nil
            recycle()
            keeper?.operationEnded()
            return .closed
        }
        submittedNumber = number
        guard let transfer = transfer.take() else { fatalError("the operation was not prepared") }
        canceller = transfer.canceller
        do throws(USBError) {
            try transfer.submit(
                request.start, policy: Self.policy, deliveringRefusal: request.start == .continuing, at: .anyThread,
                completion: handler)
            submission.unlock()
            return .accepted
        } catch {
            submission.unlock()
            // The transfer has gone with its refusal.
            let status = NTStatus(error.kind)
            conclude(status)
            return .refused(status)
        }
    }

    override func cancel(_ number: UInt64) {
        let current: Canceller? = submission.withLock { submittedNumber == number ? canceller : nil }
        current?.cancel()
    }

    override func recycle() { buffer.putBack(self) }

    // MARK: The end

    /// The transfer has ended.
    private func end(_ completed: consuming Completed<Isochronous>) {
        let outcome = completed.outcome
        let transfer = completed.transfer
        let status = Self.status(of: outcome, request.start, isAnyServed: report(transfer, outcome.status))
        self.transfer = consume transfer
        conclude(status)
    }

    /// Ends the operation, which is another's when this returns. Isochronous transfers report no bytes.
    private func conclude(_ status: NTStatus) {
        guard let keeper else { fatalError("an operation that is not under way has ended") }
        self.keeper = nil
        finish(status, byteCount: 0)
        keeper.operationEnded()
    }

    /// Tells the program about each packet, if it wants to know. Returns whether any was served.
    private func report(_ transfer: borrowing Transfer<Isochronous>, _ status: TransferStatus) -> Bool {
        guard let descriptors = unsafe request.descriptors else {
            for index in 0..<transfer.packetCount where transfer.packet(index).status == .completed { return true }
            return false
        }
        var isAnyServed = false
        for index in 0..<transfer.packetCount {
            let packet = transfer.packet(index)
            if packet.status == .completed { isAnyServed = true }
            unsafe descriptors[index] = USBD_ISO_PACKET_DESCRIPTOR(
                Offset: ULONG(packet.offset), Length: ULONG(packet.actualLength),
                Status: PacketCode.of(packet.status, in: status))
        }
        return isAnyServed
    }

    /// How the program sees the end of a transfer.
    private static func status(
        of outcome: TransferOutcome, _ start: IsochronousStart, isAnyServed: Bool
    ) -> NTStatus {
        switch outcome.status {
        // Each packet can fail for itself; that all of them have is a failure of the whole.
        case .completed: isAnyServed ? .success : .unsuccessful
        case .expired: start == .continuing ? .invalidParameter : .unsuccessful
        default: NTStatus(outcome.status)
        }
    }
}
