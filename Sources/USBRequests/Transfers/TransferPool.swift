// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost

/// Idle transfers of one pipe, each for one block at a time, so that steady traffic makes none.
final class TransferPool<Kind: PipeKind>: @unchecked Sendable {
    /// What a transfer is under way for; it keeps the pipe.
    struct Use {
        var block: Block
        var pending: PendingBlock
        var pipe: TargetPipe
    }

    /// Where a transfer is while it is idle.
    final class Place: @unchecked Sendable {
        var transfer: Transfer<Kind>?
        /// What the transfer is under way for.
        var use: Use?
        /// What each submission is given anew, so that it is made once.
        var completion: (@Sendable (consuming Completed<Kind>) -> Void)?

        init(_ transfer: consuming Transfer<Kind>) { self.transfer = consume transfer }
    }

    private let lock = Lock()
    private var idle: [Place] = []
    /// Idle or not.
    private var all: [Place] = []
    private let make: @Sendable () -> Transfer<Kind>

    init(_ make: @escaping @Sendable () -> Transfer<Kind>) { self.make = make }

    /// The place of an idle transfer.
    func take() -> Place {
        if let place = lock.withLock({ idle.popLast() }) { return place }
        let place = Place(make())
        lock.withLock { all.append(place) }
        return place
    }

    /// The transfer is idle again.
    func putBack(_ place: Place) { lock.withLock { idle.append(place) } }
}

extension UnsafeMutableRawBufferPointer {
    /// No memory.
    static var none: UnsafeMutableRawBufferPointer { unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0) }
}
