// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// The arguments of a call of the isochronous family, and the order in which they are looked at: the handle, the arguments
/// themselves, the block; and then the frame, which depends on the time.
@safe struct IsochronousCall {
    // Sound: pointers of the program, which keeps what they point at for the length of the call, and the block and the
    // descriptors until the operation has ended.
    let handle: WINUSB_ISOCH_BUFFER_HANDLE?
    let direction: Direction
    let offset: ULONG
    let length: ULONG
    let overlapped: LPOVERLAPPED?
    var descriptors: PUSBD_ISO_PACKET_DESCRIPTOR?
    var packetCount: ULONG = 0

    init(
        handle: WINUSB_ISOCH_BUFFER_HANDLE?, direction: Direction, offset: ULONG, length: ULONG,
        overlapped: LPOVERLAPPED?
    ) {
        unsafe self.handle = unsafe handle
        self.direction = direction
        self.offset = offset
        self.length = length
        unsafe self.overlapped = unsafe overlapped
    }

    /// What the arguments stand for when they are right.
    @safe private struct Checked {
        let buffer: IsochronousBuffer
        let part: UnsafeMutableRawBufferPointer
        let extent: IsochronousShape.Extent
        let block: OverlappedBlock?
    }

    private func checked() -> Result<Checked, RefusedCall> {
        guard let buffer = unsafe HandleTable.shared.object(handle, as: IsochronousBuffer.self) else {
            return .failure(.invalidHandle)
        }
        guard buffer.shape.direction == direction, let part = unsafe buffer.part(offset: offset, length: length),
            let extent = buffer.shape.extent(ofBytes: Int(length))
        else { return .failure(.invalidParameter) }
        if direction == .in {
            guard unsafe descriptors != nil, Int(packetCount) == extent.packets else {
                return .failure(.invalidParameter)
            }
        }
        var block: OverlappedBlock?
        if let overlapped = unsafe overlapped {
            block = unsafe OverlappedBlock(beginning: overlapped, on: buffer.owner.file)
            guard block != nil else { return .failure(.invalidHandle) }
        }
        return .success(unsafe Checked(buffer: buffer, part: part, extent: extent, block: block))
    }

    private enum RefusedCall: Error {
        case invalidHandle, invalidParameter

        var systemError: UInt32 {
            self == .invalidHandle ? SystemError.invalidHandle : SystemError.invalidParameter
        }
    }

    // MARK: Starts

    /// Begins as soon as possible.
    func begin(continuing: Bool) -> BOOL {
        switch checked() {
        case .failure(let refusal): failure(refusal.systemError)
        case .success(let call): begin(call, continuing ? .continuing : .asSoonAsPossible) {}
        }
    }

    /// Begins in the frame with this number, which becomes that of the frame behind the transfer.
    func begin(inFrame number: PULONG?) -> BOOL {
        guard let number = unsafe number else {
            // The handle first, as everywhere.
            let isHandle = unsafe HandleTable.shared.object(handle, as: IsochronousBuffer.self) != nil
            return failure(isHandle ? SystemError.invalidParameter : SystemError.invalidHandle)
        }
        switch checked() {
        case .failure(let refusal): return failure(refusal.systemError)
        case .success(let call):
            // Sound: the caller's frame number, not NULL.
            let first = unsafe number.pointee
            let next = first &+ UInt32(truncatingIfNeeded: call.extent.frames)
            let now = call.buffer.owner.file.host.controller.frame().frame
            do throws(IsochronousViolation) {
                let frame = try StartWindow.windows.frame(numbered: first, now: now)
                return begin(call, .at(frame)) { unsafe number.pointee = next }
            } catch {
                unsafe number.pointee = next
                return refuseFarFrame(call)
            }
        }
    }

    private func begin(_ call: Checked, _ start: IsochronousStart, whenAccepted accepted: () -> Void) -> BOOL {
        // Who begins a stream is going to wait for it: a clock that runs free does not run on before that.
        if call.buffer.operations.isEmpty { call.buffer.operations.executor.addClient() }
        let request = unsafe IsochronousOperation.Request(start: start, descriptors: descriptors)
        guard let operation = unsafe call.buffer.takeOperation(on: call.part, request) else {
            call.block?.finish(.invalidHandle, byteCount: 0)
            return failure(SystemError.invalidHandle)
        }
        switch operation.begin(call.block) {
        case .closed:
            call.block?.finish(.invalidHandle, byteCount: 0)
            return failure(SystemError.invalidHandle)
        case .refused(let status):
            if call.block == nil { _ = operation.wait() }
            return failure(status.systemError)
        case .accepted:
            accepted()
            guard call.block == nil else { return failure(SystemError.ioPending) }
            let code = operation.wait().systemError
            return code == 0 ? 1 : failure(code)
        }
    }

    /// A start that far from the present is accepted and fails at once: nothing is sent.
    private func refuseFarFrame(_ call: Checked) -> BOOL {
        for index in 0..<Int(packetCount) {
            unsafe descriptors?[index] = USBD_ISO_PACKET_DESCRIPTOR(
                Offset: ULONG(index * call.buffer.shape.bytesPerInterval), Length: 0, Status: PacketCode.badStartFrame)
        }
        guard let block = call.block else { return failure(NTStatus.unsuccessful.systemError) }
        block.finish(.unsuccessful, byteCount: 0)
        return failure(SystemError.ioPending)
    }
}
