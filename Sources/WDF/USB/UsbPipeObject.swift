// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import USBRequests
import USBSpecification
import Win32

extension WDF_USB_PIPE_TYPE {
    /// The framework's number for a type of endpoint.
    init(_ type: TransferType) {
        self =
            switch type {
            case .control: WdfUsbPipeTypeControl
            case .isochronous: WdfUsbPipeTypeIsochronous
            case .bulk: WdfUsbPipeTypeBulk
            case .interrupt: WdfUsbPipeTypeInterrupt
            }
    }
}

/// A pipe of the selected setting of an interface (WDFUSBPIPE).
@safe public final class UsbPipeObject: IoTargetObject, @unchecked Sendable {
    /// The open pipe.
    let pipe: TargetPipe
    /// The device; it keeps its interfaces, and they their pipes.
    final weak var usbDevice: UsbDeviceObject?
    /// The interface whose setting has the pipe.
    final weak var interface: UsbInterfaceObject?
    /// What the bus said of the pipe when it was opened.
    // Sound: its handle is a token.
    let information: USBD_PIPE_INFORMATION
    private final var checksPacketSize = true
    private final var continuousReader: ContinuousReader?

    init(
        _ pipe: TargetPipe, _ information: USBD_PIPE_INFORMATION, of interface: UsbInterfaceObject,
        _ usbDevice: UsbDeviceObject, _ device: DriverDevice
    ) {
        self.pipe = pipe
        unsafe self.information = unsafe information
        self.interface = interface
        self.usbDevice = usbDevice
        super.init(.usbPipe, usbDevice.usb, of: device)
    }

    /// The type of the endpoint.
    final var type: WDF_USB_PIPE_TYPE { WDF_USB_PIPE_TYPE(pipe.endpoint.type) }
    /// Whether bytes come from the device.
    final var isIn: Bool { pipe.endpoint.address.direction == .in }

    /// Fills in a description, all but its size.
    final func describe(_ out: PWDF_USB_PIPE_INFORMATION) {
        unsafe out.pointee.MaximumPacketSize = ULONG(pipe.maximumPacketSize)
        unsafe out.pointee.EndpointAddress = unsafe information.EndpointAddress
        unsafe out.pointee.Interval = unsafe information.Interval
        unsafe out.pointee.SettingIndex = interface?.setting ?? 0
        unsafe out.pointee.PipeType = type
        unsafe out.pointee.MaximumTransferSize = usbDevice?.maximumTransferSize(type) ?? 0
    }

    // MARK: Checks

    /// Reads need not be whole packets any more.
    final func forgetPacketSize() { lock.withLock { checksPacketSize = false } }

    /// Whether a read of so many bytes is one of whole packets, or need not be.
    final func takesRead(of count: UInt) -> Bool {
        let size = UInt(pipe.maximumPacketSize)
        return size == 0 || count % size == 0 || !lock.withLock { checksPacketSize }
    }

    /// A transfer of those bytes.
    ///
    /// STATUS_INVALID_DEVICE_REQUEST: a control or isochronous pipe, or the wrong direction. STATUS_INTEGER_OVERFLOW:
    /// the number of bytes needs more than 32 bits. STATUS_INVALID_BUFFER_SIZE: a read that is no whole number of
    /// packets.
    final func transfer(_ part: MemoryPart, isRead: Bool) throws(Refusal) -> Operation {
        switch pipe.endpoint.type {
        case .bulk, .interrupt: break
        case .control, .isochronous: throw Refusal(.invalidDeviceRequest)
        }
        let count = UInt(unsafe part.bytes.count)
        guard count <= UInt(ULONG.max) else { throw Refusal(.integerOverflow) }
        guard isIn == isRead else { throw Refusal(.invalidDeviceRequest) }
        guard !isRead || takesRead(of: count) else { throw Refusal(.invalidBufferSize) }
        return .pipe(self, part, isRead: isRead)
    }

    // MARK: The continuous reader

    /// The reader that the driver has configured; nil for none.
    final var reader: ContinuousReader? { lock.withLock { continuousReader } }

    /// Takes a reader, which begins when the pipe is next started. Returns false when there is one already.
    final func take(_ reader: ContinuousReader) -> Bool {
        lock.withLock {
            guard continuousReader == nil else { return false }
            continuousReader = reader
            return true
        }
    }

    // MARK: States

    override func start() -> NTSTATUS {
        let status = super.start()
        if status >= 0 { reader?.start() }
        return status
    }

    /// With a reader, what has been sent is cancelled whatever the driver says: the reads are sent anew by a start.
    override func stop(_ action: WDF_IO_TARGET_SENT_IO_ACTION) {
        guard let reader else { return super.stop(action) }
        reader.stop()
        super.stop(WdfIoTargetCancelSentIo)
    }

    override func purge(waits: Bool) {
        guard let reader else { return super.purge(waits: waits) }
        reader.stop()
        super.purge(waits: true)
    }

    override func close() {
        reader?.stop()
        super.close()
    }

    override func cancelSent() {
        reader?.cancelReads()
        super.cancelSent()
    }

    override func willDelete() {
        reader?.stop()
        super.willDelete()
    }

    // MARK: Faults

    /// Clears the pipe's halt at both ends, after what was under way has been cancelled, whatever the pipe's state.
    final func clearHalt() -> NTSTATUS {
        unsafe usb.withBlock(
            URB_FUNCTION_SYNC_RESET_PIPE_AND_CLEAR_STALL, byteCount: MemoryLayout<_URB_PIPE_REQUEST>.size
        ) { block in
            unsafe block.body(as: _URB_PIPE_REQUEST.self).pointee.PipeHandle = unsafe pipe.handle
            return unsafe usb.run(block)
        }
    }
}
