// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import Win32

/// Runs an operation for a C call: begins it, and waits for its end where there is no block.
///
/// `start` is called once the operation has begun, and sees to it that it ends. Returns TRUE with the bytes moved in
/// `transferred`, or FALSE with the last error: ERROR_IO_PENDING (997) where there is a block. After a failure too the
/// bytes that had moved are reported.
func run(
    _ operation: Operation, on file: DeviceFile, _ overlapped: LPOVERLAPPED?, _ transferred: PULONG?,
    start: () -> Void
) -> BOOL {
    var block: OverlappedBlock?
    if let overlapped = unsafe overlapped {
        guard let begun = unsafe OverlappedBlock(beginning: overlapped, on: file) else {
            operation.recycle()
            return failure(SystemError.invalidHandle)
        }
        block = begun
    }
    guard operation.list.begin(operation, block) else {
        operation.recycle()
        block?.finish(.invalidHandle, byteCount: 0)
        return failure(SystemError.invalidHandle)
    }
    start()
    guard block == nil else { return failure(SystemError.ioPending) }
    let result = operation.wait()
    if let transferred = unsafe transferred { unsafe transferred.pointee = ULONG(result.byteCount) }
    return result.systemError == 0 ? 1 : failure(result.systemError)
}

/// The caller's memory; nil for NULL with a length.
func callersMemory(_ bytes: PUCHAR?, _ count: Int) -> UnsafeMutableRawBufferPointer? {
    guard let bytes = unsafe bytes else {
        return unsafe count == 0 ? UnsafeMutableRawBufferPointer(start: nil, count: 0) : nil
    }
    // Sound: the caller says that so many bytes are there, and lends them to the end of the operation.
    return unsafe UnsafeMutableRawBufferPointer(start: bytes, count: count)
}
