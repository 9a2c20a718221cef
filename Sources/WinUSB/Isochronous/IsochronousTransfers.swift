// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// Writes to an isochronous pipe, beginning in a named frame (WinUsb_WriteIsochPipe function, winusb.h).
///
/// Each service interval gets MaximumBytesPerInterval bytes. `Length` fills whole frames, but that the packet in the last
/// interval may be short. `FrameNumber` counts frames of 1 ms modulo 2^32 at every speed; once the transfer has been
/// accepted it names the frame that follows the transfer's last one, which is where the next call begins.
///
/// With a block the call returns FALSE and ERROR_IO_PENDING (997), and the operation ends when the last frame has. Without
/// one the call returns then. Packets whose frame has passed are dropped one by one.
///
/// Fails with ERROR_INVALID_HANDLE (6): the registration, the interface or the file has been given back, another alternate
/// setting was selected, or the block's event is none; ERROR_INVALID_PARAMETER (87): the pipe is no OUT pipe, the part
/// does not lie within the memory, the length is not a whole number of frames or more than 255 (full speed) or 1024
/// packets, the endpoint is served less than once a frame, a transfer that is queued has the frame, or `FrameNumber` is
/// NULL; ERROR_DEVICE_NOT_CONNECTED (1167). `FrameNumber` is then left alone.
///
/// Ends with ERROR_GEN_FAILURE (31), nothing sent, when every frame has passed already, or the first lies 1024 frames or
/// more from the current one; ERROR_OPERATION_ABORTED (995); ERROR_DEVICE_NOT_CONNECTED (1167).
@c @implementation
public func WinUsb_WriteIsochPipe(
    _ BufferHandle: WINUSB_ISOCH_BUFFER_HANDLE!, _ Offset: ULONG, _ Length: ULONG, _ FrameNumber: PULONG!,
    _ Overlapped: LPOVERLAPPED!
) -> BOOL {
    let call = unsafe IsochronousCall(
        handle: BufferHandle, direction: .out, offset: Offset, length: Length, overlapped: Overlapped)
    return unsafe call.begin(inFrame: FrameNumber)
}

/// Writes to an isochronous pipe as soon as possible (WinUsb_WriteIsochPipeAsap function, winusb.h).
///
/// With `ContinueStream` FALSE the transfer follows what is queued on the pipe, or begins with the next frame. TRUE asks
/// for the frame that directly follows the last transfer. When there is none, or that frame has passed, the call still
/// returns ERROR_IO_PENDING (997) and the operation ends with ERROR_INVALID_PARAMETER (87), nothing sent.
///
/// The rest is as ``WinUsb_WriteIsochPipe(_:_:_:_:_:)`` has it.
@c @implementation
public func WinUsb_WriteIsochPipeAsap(
    _ BufferHandle: WINUSB_ISOCH_BUFFER_HANDLE!, _ Offset: ULONG, _ Length: ULONG, _ ContinueStream: BOOL,
    _ Overlapped: LPOVERLAPPED!
) -> BOOL {
    let call = unsafe IsochronousCall(
        handle: BufferHandle, direction: .out, offset: Offset, length: Length, overlapped: Overlapped)
    return call.begin(continuing: ContinueStream != 0)
}

/// Reads from an isochronous pipe, beginning in a named frame (WinUsb_ReadIsochPipe function, winusb.h).
///
/// Each service interval has room for MaximumBytesPerInterval bytes, and `Length` is whole frames of them.
/// `IsoPacketDescriptors` has `NumberOfPackets` places, exactly one for each interval, and stays where it is until the
/// operation has ended. Each then says where in the transfer the packet's bytes lie, how many came, and its USBD_STATUS.
/// A short packet leaves a gap: those behind it keep their places.
///
/// `FrameNumber`, the ends and the errors are those of ``WinUsb_WriteIsochPipe(_:_:_:_:_:)``, and
/// ERROR_INVALID_PARAMETER (87) for another number of packets, or NULL for their descriptors. The bytes of each packet are
/// told by the descriptors alone: the operation reports 0.
@c @implementation
public func WinUsb_ReadIsochPipe(
    _ BufferHandle: WINUSB_ISOCH_BUFFER_HANDLE!, _ Offset: ULONG, _ Length: ULONG, _ FrameNumber: PULONG!,
    _ NumberOfPackets: ULONG, _ IsoPacketDescriptors: PUSBD_ISO_PACKET_DESCRIPTOR!, _ Overlapped: LPOVERLAPPED!
) -> BOOL {
    var call = unsafe IsochronousCall(
        handle: BufferHandle, direction: .in, offset: Offset, length: Length, overlapped: Overlapped)
    unsafe call.descriptors = unsafe IsoPacketDescriptors
    call.packetCount = NumberOfPackets
    return unsafe call.begin(inFrame: FrameNumber)
}

/// Reads from an isochronous pipe as soon as possible (WinUsb_ReadIsochPipeAsap function, winusb.h).
///
/// `ContinueStream` is that of ``WinUsb_WriteIsochPipeAsap(_:_:_:_:_:)``, the rest that of
/// ``WinUsb_ReadIsochPipe(_:_:_:_:_:_:_:)``.
@c @implementation
public func WinUsb_ReadIsochPipeAsap(
    _ BufferHandle: WINUSB_ISOCH_BUFFER_HANDLE!, _ Offset: ULONG, _ Length: ULONG, _ ContinueStream: BOOL,
    _ NumberOfPackets: ULONG, _ IsoPacketDescriptors: PUSBD_ISO_PACKET_DESCRIPTOR!, _ Overlapped: LPOVERLAPPED!
) -> BOOL {
    var call = unsafe IsochronousCall(
        handle: BufferHandle, direction: .in, offset: Offset, length: Length, overlapped: Overlapped)
    unsafe call.descriptors = unsafe IsoPacketDescriptors
    call.packetCount = NumberOfPackets
    return call.begin(continuing: ContinueStream != 0)
}
