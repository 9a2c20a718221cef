// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSBDrivers
public import USBHost
import USBSpecification
public import Win32

/// A pipe that a driver has a USBD_PIPE_HANDLE for.
@safe public final class TargetPipe: HandleObject, @unchecked Sendable {
    /// The device that the pipe goes to.
    public private(set) weak var target: USBTarget?
    /// The pipe as the engine has it.
    public let pipe: AnyPipe
    /// The handle.
    public private(set) var handle: USBD_PIPE_HANDLE?

    /// The transfers of the pipe's type.
    enum Transfers: Sendable {
        case bulk(TransferPool<Bulk>)
        case interrupt(TransferPool<Interrupt>)
        case isochronous(TransferPool<Isochronous>)
        case control
    }
    let transfers: Transfers

    private let lock = Lock()
    private var activeCount = 0
    /// Behind the last packet of the isochronous block that was last to end.
    private var lastEnd: Microframe?

    init(_ pipe: AnyPipe, of target: USBTarget) {
        self.pipe = pipe
        self.target = target
        transfers = TargetPipe.transfers(of: pipe)
        super.init()
        unsafe handle = unsafe HandleTable.shared.insert(self)
    }

    /// The pipe of a handle; nil when it is none that is open.
    public static func named(by handle: USBD_PIPE_HANDLE?) -> TargetPipe? {
        unsafe HandleTable.shared.object(handle, as: TargetPipe.self)
    }

    /// The endpoint.
    public var endpoint: EndpointInfo { pipe.endpoint }

    /// MaximumPacketSize as drivers see it: of an isochronous pipe, the bytes of a service interval.
    public var maximumPacketSize: Int {
        endpoint.type == .isochronous ? endpoint.maximumBytesPerInterval : endpoint.maximumPacketSize
    }

    private static func transfers(of pipe: AnyPipe) -> Transfers {
        // Sound: each submit gives the transfer the memory that it is to use.
        if let pipe = pipe.inPipe(Bulk.self) {
            return .bulk(TransferPool { unsafe pipe.makeTransfer(borrowing: .none) })
        }
        if let pipe = pipe.outPipe(Bulk.self) {
            return .bulk(TransferPool { unsafe pipe.makeTransfer(borrowing: .none) })
        }
        if let pipe = pipe.inPipe(Interrupt.self) {
            return .interrupt(TransferPool { unsafe pipe.makeTransfer(borrowing: .none) })
        }
        if let pipe = pipe.outPipe(Interrupt.self) {
            return .interrupt(TransferPool { unsafe pipe.makeTransfer(borrowing: .none) })
        }
        if let pipe = pipe.inPipe(Isochronous.self) {
            return .isochronous(TransferPool { unsafe pipe.makeTransfer(borrowing: .none) })
        }
        if let pipe = pipe.outPipe(Isochronous.self) {
            return .isochronous(TransferPool { unsafe pipe.makeTransfer(borrowing: .none) })
        }
        return .control
    }

    // MARK: What is under way

    /// Whether a block is under way.
    public var isBusy: Bool { lock.withLock { activeCount > 0 } }

    /// A block goes under way. Returns the end of the last isochronous one, if none is under way.
    @discardableResult
    func blockBegins() -> Microframe? {
        lock.withLock {
            activeCount += 1
            return activeCount == 1 ? lastEnd : nil
        }
    }

    /// A block has ended, an isochronous one at that position.
    func blockEnded(at end: Microframe? = nil) {
        lock.withLock {
            activeCount -= 1
            if let end { lastEnd = max(end, lastEnd ?? end) }
        }
    }

    /// The next block that starts as soon as possible is the first of its stream.
    func forgetStream() { lock.withLock { lastEnd = nil } }

    /// Nobody can name the pipe any more.
    func close() { unsafe HandleTable.shared.remove(handle, as: TargetPipe.self) }
}
