// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBSpecification
import Win32

/// How many reads a reader has under way when the driver does not say.
private let usualReadCount: UInt8 = 2
/// How many it has at most.
private let maximumReadCount: UInt8 = 10

/// Configures a reader that reads an IN pipe again and again whenever the pipe is started after this.
///
/// Each read has a buffer of its own, zeroed, of `HeaderLength`, `TransferLength` and `TrailerLength` bytes; the transfer
/// fills the middle. EvtUsbTargetPipeReadComplete is called at DISPATCH_LEVEL, read by read in their order; the buffer
/// goes when it returns, unless the driver has referenced it. After a failure no read is under way any more when
/// EvtUsbTargetPipeReadersFailed is called, at PASSIVE_LEVEL; unless that returns FALSE, the pipe is reset and the reads
/// begin anew, if the device is still there.
///
/// At any level up to DISPATCH_LEVEL. In this order: bug check 0x10D: the handle is wrong, `Config` is NULL.
/// STATUS_INFO_LENGTH_MISMATCH: its size. STATUS_INVALID_PARAMETER: no EvtUsbTargetPipeReadComplete, or a transfer of no
/// bytes. STATUS_INTEGER_OVERFLOW: the lengths. Those of the attributes, which must not name a parent.
/// STATUS_INVALID_DEVICE_REQUEST: no bulk or interrupt pipe, or an OUT pipe. STATUS_INVALID_BUFFER_SIZE: the transfer is
/// no whole number of packets. STATUS_INVALID_DEVICE_STATE: the pipe has a reader. STATUS_INTEGER_OVERFLOW: the transfer's
/// length needs more than 32 bits. STATUS_INSUFFICIENT_RESOURCES.
///
/// Microsoft's page: "WdfUsbTargetPipeConfigContinuousReader function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetPipeConfigContinuousReader(
    _ Pipe: WDFUSBPIPE!, _ Config: PWDF_USB_CONTINUOUS_READER_CONFIG!
) -> NTSTATUS {
    let name = "WdfUsbTargetPipeConfigContinuousReader"
    return answer { () throws(Refusal) in
        let pipe = unsafe try Handles.object(Pipe, UsbPipeObject.self, .usbPipe, in: name)
        let given = unsafe try required(Config, "Config", in: name).pointee
        guard unsafe given.Size == ULONG(MemoryLayout<WDF_USB_CONTINUOUS_READER_CONFIG>.size) else {
            throw Refusal(.infoLengthMismatch)
        }
        guard let completed = unsafe given.EvtUsbTargetPipeReadComplete, unsafe given.TransferLength != 0 else {
            throw Refusal(.invalidParameter)
        }
        // Lengths beyond half the address space come as negative numbers.
        let transferLength = unsafe UInt(bitPattern: given.TransferLength)
        let (front, frontOverflows) = unsafe UInt(bitPattern: given.HeaderLength).addingReportingOverflow(
            transferLength)
        let (total, overflows) = unsafe front.addingReportingOverflow(UInt(bitPattern: given.TrailerLength))
        guard !frontOverflows, !overflows else { throw Refusal(.integerOverflow) }
        let attributes = unsafe try ObjectAttributes(given.BufferAttributes, parent: .notAllowed, in: name)
        switch pipe.pipe.endpoint.type {
        case .bulk, .interrupt: break
        case .control, .isochronous: throw Refusal(.invalidDeviceRequest)
        }
        guard pipe.isIn else { throw Refusal(.invalidDeviceRequest) }
        guard pipe.takesRead(of: transferLength) else { throw Refusal(.invalidBufferSize) }
        guard pipe.reader == nil else { throw Refusal(.invalidDeviceState) }
        guard transferLength <= UInt(ULONG.max) else { throw Refusal(.integerOverflow) }
        guard total <= UInt(Int.max) else { throw Refusal(.insufficientResources) }
        let count = unsafe given.NumPendingReads
        let reader = unsafe try ContinuousReader(
            ContinuousReader.Configuration(
                headerLength: given.HeaderLength, transferLength: given.TransferLength, byteCount: Int(total),
                readCount: Int(count == 0 ? usualReadCount : min(count, maximumReadCount)), attributes: attributes,
                completed: completed, context: given.EvtUsbTargetPipeReadCompleteContext,
                failed: given.EvtUsbTargetPipeReadersFailed), on: pipe)
        guard pipe.take(reader) else { throw Refusal(.invalidDeviceState) }
        return NTStatus.success.rawValue
    }
}
