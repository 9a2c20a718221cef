// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USBHost

extension DeviceFile {
    /// Collects the result of a block's operation on this file: the bytes moved, and TRUE or FALSE with the operation's
    /// error. While it is under way that is ERROR_IO_INCOMPLETE after `milliseconds` = 0, WAIT_TIMEOUT after others, and
    /// ERROR_POSSIBLE_DEADLOCK when nothing can ever end it.
    public func result(of block: LPOVERLAPPED, bytes: LPDWORD, milliseconds: DWORD) -> BOOL {
        var status = unsafe OverlappedBlock.status(of: block)
        if status == .pending {
            guard milliseconds != 0 else { return LastError.fail(ERROR_IO_INCOMPLETE) }
            guard let event = unsafe OverlappedBlock.event(of: block, on: self) else {
                return LastError.fail(ERROR_INVALID_HANDLE)
            }
            let deadline = Waits.deadline(after: milliseconds, on: event.executor)
            let end = event.wait(until: deadline)
            status = unsafe OverlappedBlock.status(of: block)
            if status == .pending {
                switch end {
                // The event was set by something else, another operation on the same file for one.
                case .set: return LastError.fail(ERROR_IO_INCOMPLETE)
                case .timedOut: return LastError.fail(WAIT_TIMEOUT)
                case .neverSet: return LastError.fail(ERROR_POSSIBLE_DEADLOCK)
                }
            }
        }
        unsafe bytes.pointee = DWORD(truncatingIfNeeded: block.pointee.InternalHigh)
        guard status.isSuccess else {
            LastError.current = status.systemError
            return FALSE
        }
        return TRUE
    }
}

private func result(
    of overlapped: LPOVERLAPPED?, on file: HANDLE?, bytes: LPDWORD?, milliseconds: DWORD
) -> BOOL {
    guard let file = unsafe HandleTable.shared.object(file, as: DeviceFile.self) else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    guard let overlapped = unsafe overlapped, let bytes = unsafe bytes else {
        return LastError.fail(ERROR_INVALID_PARAMETER)
    }
    return unsafe file.result(of: overlapped, bytes: bytes, milliseconds: milliseconds)
}

/// The result of an overlapped operation on a file, waiting for its end if `wait` says so. A wait takes place on the
/// block's event, or on the file where it has none.
///
/// FALSE with the operation's own error, or ERROR_IO_INCOMPLETE (it is under way, or the event was set by something else),
/// ERROR_INVALID_HANDLE (no file, or the block's event is none), ERROR_INVALID_PARAMETER (NULL), ERROR_POSSIBLE_DEADLOCK
/// (nothing can ever end it on a clock that moves by hand).
///
/// Microsoft's page: "GetOverlappedResult function (ioapiset.h)".
@c @implementation
public func GetOverlappedResult(
    _ file: HANDLE!, _ overlapped: LPOVERLAPPED!, _ bytesTransferred: LPDWORD!, _ wait: BOOL
) -> BOOL {
    unsafe result(of: overlapped, on: file, bytes: bytesTransferred, milliseconds: wait != 0 ? INFINITE : 0)
}

/// ``GetOverlappedResult(_:_:_:_:)`` with a time to wait; WAIT_TIMEOUT when that is over.
///
/// Microsoft's page: "GetOverlappedResultEx function (ioapiset.h)".
@c @implementation
public func GetOverlappedResultEx(
    _ file: HANDLE!, _ overlapped: LPOVERLAPPED!, _ bytesTransferred: LPDWORD!, _ milliseconds: DWORD,
    _ alertable: BOOL
) -> BOOL {
    unsafe result(of: overlapped, on: file, bytes: bytesTransferred, milliseconds: milliseconds)
}

/// Cancels the operations on a file that the calling thread has begun; they end with ERROR_OPERATION_ABORTED, unless they
/// ended before. TRUE even if there were none.
///
/// ERROR_INVALID_HANDLE: it is no file's handle.
///
/// Microsoft's page: "CancelIo function (ioapiset.h)".
@c @implementation
public func CancelIo(_ file: HANDLE!) -> BOOL {
    guard let file = unsafe HandleTable.shared.object(file, as: DeviceFile.self) else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    _ = unsafe file.cancelOperations(of: nil, begunBy: CurrentThread.id)
    return TRUE
}

/// Cancels the operation of a block, or all operations on the file where it is NULL, whoever began them.
///
/// ERROR_INVALID_HANDLE: it is no file's handle. ERROR_NOT_FOUND: there was nothing to cancel.
///
/// Microsoft's page: "CancelIoEx function (ioapiset.h)".
@c @implementation
public func CancelIoEx(_ file: HANDLE!, _ overlapped: LPOVERLAPPED!) -> BOOL {
    guard let file = unsafe HandleTable.shared.object(file, as: DeviceFile.self) else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    guard unsafe file.cancelOperations(of: overlapped, begunBy: nil) else { return LastError.fail(ERROR_NOT_FOUND) }
    return TRUE
}
