// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import Win32

/// The structures that a request has of its own, at one place all its life: the block that it sends, and what its
/// completion routine is shown.
@safe final class RequestMemory {
    // Sound: allocated here, never moved, freed when the request goes, which is not before its block has ended.
    let block: PURB
    let completion: PWDF_REQUEST_COMPLETION_PARAMS
    let usb: UnsafeMutablePointer<WDF_USB_REQUEST_COMPLETION_PARAMS>
    /// Where a string descriptor arrives; made when one is first asked for.
    private var descriptor: UnsafeMutableRawBufferPointer?

    init() {
        unsafe block = .allocate(capacity: 1)
        unsafe completion = .allocate(capacity: 1)
        unsafe usb = .allocate(capacity: 1)
        unsafe block.initialize(to: URB())
        unsafe completion.initialize(to: WDF_REQUEST_COMPLETION_PARAMS())
        unsafe usb.initialize(to: WDF_USB_REQUEST_COMPLETION_PARAMS())
        unsafe WDF_REQUEST_COMPLETION_PARAMS_INIT(completion)
    }

    deinit {
        unsafe block.deallocate()
        unsafe completion.deallocate()
        unsafe usb.deallocate()
        unsafe descriptor?.deallocate()
    }

    // MARK: Making the block

    /// Makes the block of an operation. Returns false for one that needs none.
    func build(_ operation: Operation) -> Bool {
        switch operation {
        case .none, .block, .cyclePort, .others, .stackLocation: return false
        case .pipe(let pipe, let part, let isRead): move(part, pipe, isRead: isRead)
        case .control(let setup, let part): control(setup, part)
        case .string(let index, let language, _): string(index, language)
        case .abort(let pipe): manage(pipe, URB_FUNCTION_ABORT_PIPE)
        case .reset(let pipe): manage(pipe, URB_FUNCTION_SYNC_RESET_PIPE_AND_CLEAR_STALL)
        }
        return true
    }

    /// The block as the structure of a function, zeroed but for its header.
    private func begin<Layout>(_ function: Int32, _ type: Layout.Type) -> UnsafeMutablePointer<Layout> {
        let memory = UnsafeMutableRawPointer(unsafe block)
        let size = MemoryLayout<Layout>.size
        // Sound: a URB has room for the structure of every function.
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: unsafe MemoryLayout<URB>.size)
        unsafe block.header.pointee.Length = USHORT(size)
        unsafe block.header.pointee.Function = USHORT(function)
        return unsafe memory.assumingMemoryBound(to: Layout.self)
    }

    private func move(_ part: MemoryPart, _ pipe: UsbPipeObject, isRead: Bool) {
        let view = unsafe begin(URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER, _URB_BULK_OR_INTERRUPT_TRANSFER.self)
        unsafe view.pointee.PipeHandle = unsafe pipe.pipe.handle
        unsafe view.pointee.TransferFlags = isRead ? ULONG(USBD_TRANSFER_DIRECTION_IN | USBD_SHORT_TRANSFER_OK) : 0
        unsafe view.pointee.TransferBuffer = unsafe part.bytes.baseAddress
        unsafe view.pointee.TransferBufferLength = ULONG(truncatingIfNeeded: part.bytes.count)
    }

    private func control(_ setup: WDF_USB_CONTROL_SETUP_PACKET, _ part: MemoryPart) {
        let view = unsafe begin(URB_FUNCTION_CONTROL_TRANSFER, _URB_CONTROL_TRANSFER.self)
        let bytes = unsafe setup.Generic.Bytes
        let isIn = bytes.0 & 0x80 != 0
        unsafe view.pointee.TransferFlags = ULONG(
            USBD_DEFAULT_PIPE_TRANSFER | (isIn ? USBD_TRANSFER_DIRECTION_IN | USBD_SHORT_TRANSFER_OK : 0))
        unsafe view.pointee.TransferBuffer = unsafe part.bytes.baseAddress
        unsafe view.pointee.TransferBufferLength = ULONG(truncatingIfNeeded: part.bytes.count)
        unsafe view.pointee.SetupPacket = bytes
        let length = unsafe part.bytes.count
        unsafe view.pointee.SetupPacket.6 = UInt8(truncatingIfNeeded: length)
        unsafe view.pointee.SetupPacket.7 = UInt8(truncatingIfNeeded: length >> 8)
    }

    private func string(_ index: UInt8, _ language: UInt16) {
        let bytes = unsafe descriptor ?? .allocate(byteCount: 256, alignment: 2)
        unsafe descriptor = unsafe bytes
        let view = unsafe begin(
            URB_FUNCTION_GET_DESCRIPTOR_FROM_DEVICE, _URB_CONTROL_DESCRIPTOR_REQUEST.self)
        unsafe view.pointee.TransferBuffer = bytes.baseAddress
        // The longest descriptor; bLength has eight bits.
        unsafe view.pointee.TransferBufferLength = 255
        unsafe view.pointee.DescriptorType = UCHAR(USB_STRING_DESCRIPTOR_TYPE)
        unsafe view.pointee.Index = index
        unsafe view.pointee.LanguageId = language
    }

    private func manage(_ pipe: UsbPipeObject, _ function: Int32) {
        let view = unsafe begin(function, _URB_PIPE_REQUEST.self)
        unsafe view.pointee.PipeHandle = unsafe pipe.pipe.handle
    }

    // MARK: Reading the block

    /// TransferBufferLength of the block, which lies at the same place in each that moves data.
    var byteCount: Int {
        Int(
            unsafe UnsafeMutableRawPointer(block).assumingMemoryBound(to: _URB_BULK_OR_INTERRUPT_TRANSFER.self)
                .pointee.TransferBufferLength)
    }

    /// Puts the text of the string descriptor that has come where it was wanted. Returns the bytes that the text has, and
    /// the request's status: STATUS_DEVICE_DATA_ERROR for a descriptor of no even length, STATUS_BUFFER_OVERFLOW for one
    /// that is cut off.
    func deliverString(to part: MemoryPart) -> (byteCount: Int, status: NTStatus) {
        guard let bytes = unsafe descriptor else { return (0, .unsuccessful) }
        let length = unsafe byteCount > 0 ? Int(bytes[0]) : 0
        guard length >= 2, length % 2 == 0, length <= byteCount else { return (0, .deviceDataError) }
        let text = unsafe UnsafeRawBufferPointer(rebasing: bytes[2..<length])
        let fitting = unsafe min(text.count, part.bytes.count)
        unsafe part.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: text[..<fitting]))
        return (text.count, fitting == text.count ? .success : .bufferOverflow)
    }

    // MARK: What the completion routine is shown

    /// Nothing has become of the request since it got this status.
    func forget(_ status: NTSTATUS) {
        unsafe WDF_REQUEST_COMPLETION_PARAMS_INIT(completion)
        unsafe completion.pointee.IoStatus.Status = status
    }

    /// Fills in what became of an operation.
    func show(_ operation: Operation, _ result: SentResult, information: UInt) {
        unsafe WDF_REQUEST_COMPLETION_PARAMS_INIT(completion)
        unsafe completion.pointee.IoStatus.Status = result.status
        unsafe completion.pointee.IoStatus.Information = ULONG_PTR(information)
        if case .others(let code, let first, let second, let fourth, _) = operation {
            unsafe completion.pointee.Type = WdfRequestTypeOther
            unsafe completion.pointee.Parameters.Others.Argument1.Ptr = unsafe first
            unsafe completion.pointee.Parameters.Others.Argument2.Ptr = unsafe second
            unsafe completion.pointee.Parameters.Others.Argument3.Value = ULONG_PTR(code)
            unsafe completion.pointee.Parameters.Others.Argument4.Ptr = unsafe fourth
            return
        }
        unsafe usb.pointee = unsafe WDF_USB_REQUEST_COMPLETION_PARAMS()
        guard showUsb(operation, result) else { return }
        unsafe usb.pointee.UsbdStatus = result.usbdStatus
        unsafe completion.pointee.Type = WdfRequestTypeUsb
        unsafe completion.pointee.Parameters.Usb.Completion = unsafe usb
    }

    /// Returns false for an operation that is none of USB's.
    private func showUsb(_ operation: Operation, _ result: SentResult) -> Bool {
        switch operation {
        case .none, .cyclePort, .others, .stackLocation: return false
        case .pipe(_, let part, true):
            unsafe usb.pointee.Type = WdfUsbRequestTypePipeRead
            unsafe usb.pointee.Parameters.PipeRead.Buffer = unsafe part.object?.memoryHandle
            unsafe usb.pointee.Parameters.PipeRead.Length = result.byteCount
            unsafe usb.pointee.Parameters.PipeRead.Offset = part.offset
        case .pipe(_, let part, false):
            unsafe usb.pointee.Type = WdfUsbRequestTypePipeWrite
            unsafe usb.pointee.Parameters.PipeWrite.Buffer = unsafe part.object?.memoryHandle
            unsafe usb.pointee.Parameters.PipeWrite.Length = result.byteCount
            unsafe usb.pointee.Parameters.PipeWrite.Offset = part.offset
        case .control(var setup, let part):
            unsafe usb.pointee.Type = WdfUsbRequestTypeDeviceControlTransfer
            unsafe setup.Packet.wLength = USHORT(truncatingIfNeeded: part.bytes.count)
            unsafe usb.pointee.Parameters.DeviceControlTransfer.Buffer = unsafe part.object?.memoryHandle
            unsafe usb.pointee.Parameters.DeviceControlTransfer.SetupPacket = setup
            unsafe usb.pointee.Parameters.DeviceControlTransfer.Length = ULONG(truncatingIfNeeded: result.byteCount)
        case .string(let index, let language, let part):
            unsafe usb.pointee.Type = WdfUsbRequestTypeDeviceString
            unsafe usb.pointee.Parameters.DeviceString.Buffer = unsafe part.object?.memoryHandle
            unsafe usb.pointee.Parameters.DeviceString.LangID = language
            unsafe usb.pointee.Parameters.DeviceString.StringIndex = index
            unsafe usb.pointee.Parameters.DeviceString.RequiredSize = UCHAR(truncatingIfNeeded: result.byteCount)
        case .block(let block, let object):
            let isOnPipe = unsafe RequestMemory.namesPipe(block)
            unsafe usb.pointee.Type = isOnPipe ? WdfUsbRequestTypePipeUrb : WdfUsbRequestTypeDeviceUrb
            unsafe usb.pointee.Parameters.PipeUrb.Buffer = unsafe object?.memoryHandle
        case .abort: unsafe usb.pointee.Type = WdfUsbRequestTypePipeAbort
        case .reset: unsafe usb.pointee.Type = WdfUsbRequestTypePipeReset
        }
        return true
    }

    /// Whether a block of the driver's goes to one of the pipes.
    private static func namesPipe(_ block: PURB) -> Bool {
        switch Int32(unsafe block.header.pointee.Function) {
        case URB_FUNCTION_ABORT_PIPE, URB_FUNCTION_SYNC_RESET_PIPE_AND_CLEAR_STALL, URB_FUNCTION_SYNC_RESET_PIPE,
            URB_FUNCTION_SYNC_CLEAR_STALL, URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER, URB_FUNCTION_ISOCH_TRANSFER:
            true
        default: false
        }
    }
}

extension MemoryObject {
    /// The driver's name for it.
    var memoryHandle: WDFMEMORY? { unsafe handle?.assumingMemoryBound(to: WDFMEMORY__.self) }
}
