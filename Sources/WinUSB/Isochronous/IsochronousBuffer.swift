// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// Memory that a program has registered for the transfers of one isochronous pipe: what `WinUsb_RegisterIsochBuffer` gives
/// a handle for.
///
/// It keeps the operations that it has made, so that a loop over the same parts of the memory allocates nothing.
@safe final class IsochronousBuffer: HandleObject, @unchecked Sendable {
    /// The pipe as the engine has it; its direction is a fact of its type.
    enum Pipe: Sendable {
        case out(OutPipe<Isochronous>)
        case `in`(InPipe<Isochronous>)
    }

    /// What a transfer on the pipe may look like.
    let shape: IsochronousShape
    /// The interface.
    let owner: InterfaceObject
    /// The operations on the pipe, those of other buffers too.
    let operations: OperationList
    private let pipe: Pipe
    // Sound: the program keeps the memory from registration to the end of `WinUsb_UnregisterIsochBuffer`, which waits for
    // every operation on it.
    private let bytes: UnsafeMutableRawBufferPointer

    /// Guards what follows.
    private let lock = Lock()
    private var isClosed = false
    private var idle: [IsochronousOperation] = []
    private var madeCount = 0
    /// Operations that are under way, or whose owners are just being told of their end.
    private var busyCount = 0
    /// Set when there are none any more; made when somebody waits for that.
    private var quiet: BusEvent?

    /// How many operations are kept for the parts of the memory that they were made for. Beyond these, operations take
    /// turns with parts.
    private static let operationsByPart = 16

    /// Registers memory for an endpoint of an interface; nil when it has no such isochronous endpoint now.
    init?(_ bytes: UnsafeMutableRawBufferPointer, for endpoint: UInt8, of owner: InterfaceObject) {
        guard let object = owner.pipe(endpoint), let shape = IsochronousShape(object.info) else { return nil }
        if let pipe = object.pipe.outPipe(Isochronous.self) {
            self.pipe = .out(pipe)
        } else if let pipe = object.pipe.inPipe(Isochronous.self) {
            self.pipe = .in(pipe)
        } else {
            return nil
        }
        self.shape = shape
        self.owner = owner
        operations = object.operations
        unsafe self.bytes = unsafe bytes
        super.init()
    }

    /// The part of the memory that a program names; nil when it is not within it.
    func part(offset: ULONG, length: ULONG) -> UnsafeMutableRawBufferPointer? {
        guard unsafe Int(offset) + Int(length) <= bytes.count else { return nil }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset) + Int(length)])
    }

    // MARK: Operations

    /// An operation on a part of the memory, which counts as busy from now on; nil when the registration has ended.
    func takeOperation(
        on part: UnsafeMutableRawBufferPointer, _ request: IsochronousOperation.Request
    ) -> IsochronousOperation? {
        lock.withLock {
            guard !isClosed else { return nil }
            let operation: IsochronousOperation
            if let index = idle.lastIndex(where: { unsafe $0.isMade(for: part) }) {
                operation = idle.remove(at: index)
            } else if madeCount >= IsochronousBuffer.operationsByPart, !idle.isEmpty {
                operation = idle.removeFirst()
            } else {
                madeCount += 1
                operation = IsochronousOperation(of: self)
            }
            unsafe operation.prepare(for: part, on: pipe, request)
            busyCount += 1
            return operation
        }
    }

    /// An operation can be taken again.
    func putBack(_ operation: IsochronousOperation) {
        lock.withLock { idle.append(operation) }
    }

    /// An operation has ended, and its owner knows: nothing of the owner's is looked at any more.
    func operationEnded() {
        let event = lock.withLock {
            busyCount -= 1
            return busyCount == 0 ? quiet : nil
        }
        event?.set()
    }

    // MARK: The end of the registration

    override func handleClosed() { lock.withLock { isClosed = true } }

    /// Blocks until no operation is busy.
    func waitUntilQuiet() {
        let event: BusEvent? = lock.withLock {
            guard busyCount > 0 else { return nil }
            let event = quiet ?? BusEvent(on: operations.executor)
            quiet = event
            return event
        }
        guard let event else { return }
        if event.wait() == .neverSet {
            // Time moves by hand, and nothing is scheduled that would end them.
            operations.abort()
        }
    }
}
