// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSB
public import USBHost

/// The block by which a program follows an operation that goes on beside it (OVERLAPPED, minwinbase.h).
///
/// `Internal` holds the operation's NTSTATUS, STATUS_PENDING until it has ended, so that `HasOverlappedIoCompleted` needs
/// no call; `InternalHigh` holds the bytes moved. The program keeps the block where it is until then.
@safe public struct OverlappedBlock: @unchecked Sendable {
    // Sound: the program owns the block and leaves it in place from the call that begins an operation to its end.
    private let block: LPOVERLAPPED
    private let event: BusEvent

    /// Takes a block for an operation on `file`: it is marked as pending, and its event, or the file where it has none,
    /// is reset.
    ///
    /// Nil when the block's event is a handle of nothing that can be set.
    public init?(beginning block: LPOVERLAPPED, on file: DeviceFile) {
        guard let event = unsafe OverlappedBlock.event(of: block, on: file) else { return nil }
        unsafe self.block = unsafe block
        self.event = event
        event.clear()
        unsafe block.pointee.InternalHigh = 0
        unsafe swiftusb_store_status(block, NTStatus.pending.rawValue)
    }

    /// Marks the operation as ended and wakes whoever waits for it. The block may be gone when this returns.
    public func finish(_ status: NTStatus, byteCount: Int) {
        let event = event
        unsafe block.pointee.InternalHigh = ULONG_PTR(byteCount)
        unsafe swiftusb_store_status(block, status.rawValue)
        event.set()
    }

    /// The block, to be compared.
    public var pointer: LPOVERLAPPED { unsafe block }

    /// The status of a block's operation.
    public static func status(of block: LPOVERLAPPED) -> NTStatus {
        NTStatus(rawValue: unsafe swiftusb_load_status(block))
    }

    /// What is set when a block's operation ends: its event, or the file. The lowest bit of an event's handle is a mark
    /// of the program's and does not count.
    public static func event(of block: LPOVERLAPPED, on file: DeviceFile) -> BusEvent? {
        guard let handle = unsafe block.pointee.hEvent else { return file.event }
        let unmarked = unsafe UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: handle) & ~1)
        return unsafe HandleTable.shared.object(unmarked, as: EventObject.self)?.event
    }
}
