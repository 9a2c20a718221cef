// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// Reads from a bulk or interrupt pipe (WinUsb_ReadPipe function, winusb.h).
///
/// Whole packets are asked for, whatever the length; what comes beyond it is kept for the next read, dropped or an error,
/// as the policies say. Without `Overlapped` the call waits; `Buffer` and `Overlapped` stay where they are to the end.
///
/// Fails with ERROR_IO_PENDING (997) when the read goes on, ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87),
/// ERROR_SEM_TIMEOUT (121), ERROR_MORE_DATA (234), ERROR_GEN_FAILURE (31), ERROR_OPERATION_ABORTED (995),
/// ERROR_DEVICE_NOT_CONNECTED (1167).
@c @implementation
public func WinUsb_ReadPipe(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PipeID: UCHAR, _ Buffer: PUCHAR!, _ BufferLength: ULONG,
    _ LengthTransferred: PULONG!, _ Overlapped: LPOVERLAPPED!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard unsafe LengthTransferred != nil || Overlapped != nil, let pipe = object.pipe(PipeID), pipe.carriesData,
        pipe.info.address.direction == .in, let bytes = unsafe callersMemory(Buffer, Int(BufferLength))
    else { return failure(SystemError.invalidParameter) }
    let policies = pipe.policies
    guard pipe.takesLength(bytes.count, policies) else { return failure(SystemError.invalidParameter) }
    let read = pipe.reads.take()
    return unsafe run(read, on: object.file, Overlapped, LengthTransferred) {
        unsafe pipe.reads.start(read, bytes, policies)
    }
}

/// Writes to a bulk or interrupt pipe (WinUsb_WritePipe function, winusb.h). A length of 0 sends a zero-length packet.
///
/// Without `Overlapped` the call waits; `Buffer` and `Overlapped` stay where they are to the end. Fails as
/// ``WinUsb_ReadPipe(_:_:_:_:_:_:)`` does.
@c @implementation
public func WinUsb_WritePipe(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PipeID: UCHAR, _ Buffer: PUCHAR!, _ BufferLength: ULONG,
    _ LengthTransferred: PULONG!, _ Overlapped: LPOVERLAPPED!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard unsafe LengthTransferred != nil || Overlapped != nil, let pipe = object.pipe(PipeID), pipe.carriesData,
        pipe.info.address.direction == .out, let bytes = unsafe callersMemory(Buffer, Int(BufferLength))
    else { return failure(SystemError.invalidParameter) }
    let policies = pipe.policies
    guard pipe.takesLength(bytes.count, policies) else { return failure(SystemError.invalidParameter) }
    let write = pipe.takeWrite()
    return unsafe run(write, on: object.file, Overlapped, LengthTransferred) {
        unsafe write.start(bytes, timeout: policies.timeLimit)
    }
}

extension PipeObject {
    /// Whether a transfer may have this length: with RAW_IO whole packets, and no more than a single request takes.
    fileprivate func takesLength(_ count: Int, _ policies: PipePolicies) -> Bool {
        guard policies.isRaw else { return true }
        return count % max(1, info.maximumPacketSize) == 0
            && count <= PipePolicies.maximumTransferSize(info.type, at: info.speed)
    }
}
