// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// What a program asks of a driver.
@safe struct RequestDescription: @unchecked Sendable {
    /// How a control code's bytes get to the driver: its two lowest bits.
    enum Method: UInt32 {
        /// Input and output share memory of the request's own.
        case buffered = 0
        /// Input through memory of the request's own, output in the program's.
        case inDirect = 1
        /// The same, with another meaning.
        case outDirect = 2
        /// As they are.
        case neither = 3
    }

    /// Read, write, control code, or internal control code.
    var type: WDF_REQUEST_TYPE
    /// The control code.
    var code: UInt32 = 0
    /// What the driver reads.
    // Sound: the program keeps its memory until the request's completion.
    var input = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// What it fills.
    var output = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Of a read or write.
    var deviceOffset: Int64 = 0
    /// Whom it comes from.
    var file: FrameworkObject?

    /// Whether it is a control code.
    var isControl: Bool { type == WdfRequestTypeDeviceControl || type == WdfRequestTypeDeviceControlInternal }

    /// How its bytes get to the driver. Those of reads and writes are the program's own.
    var method: Method { isControl ? Method(rawValue: code & 3) ?? .neither : .outDirect }

    /// Whether it comes from a program, and not from another driver.
    var isFromProgram: Bool { type != WdfRequestTypeDeviceControlInternal }

    /// Writes what is asked into a stack location.
    func fill(_ location: PIO_STACK_LOCATION) {
        unsafe location.pointee.MajorFunction = UCHAR(truncatingIfNeeded: type.rawValue)
        unsafe location.pointee.MinorFunction = 0
        switch type {
        case WdfRequestTypeRead:
            unsafe location.pointee.Parameters.Read.Length = ULONG(clamping: output.count)
            unsafe location.pointee.Parameters.Read.ByteOffset.QuadPart = deviceOffset
        case WdfRequestTypeWrite:
            unsafe location.pointee.Parameters.Write.Length = ULONG(clamping: input.count)
            unsafe location.pointee.Parameters.Write.ByteOffset.QuadPart = deviceOffset
        default:
            unsafe location.pointee.Parameters.DeviceIoControl.OutputBufferLength = ULONG(clamping: output.count)
            unsafe location.pointee.Parameters.DeviceIoControl.InputBufferLength = ULONG(clamping: input.count)
            unsafe location.pointee.Parameters.DeviceIoControl.IoControlCode = code
            unsafe location.pointee.Parameters.DeviceIoControl.Type3InputBuffer =
                unsafe method == .neither ? input.baseAddress : nil
        }
    }

    /// What is asked, as WdfRequestGetParameters tells it.
    var parameters: WDF_REQUEST_PARAMETERS {
        var result = unsafe WDF_REQUEST_PARAMETERS()
        unsafe result.Size = USHORT(MemoryLayout<WDF_REQUEST_PARAMETERS>.size)
        unsafe result.Type = type
        switch type {
        case WdfRequestTypeRead:
            unsafe result.Parameters.Read.Length = output.count
            unsafe result.Parameters.Read.DeviceOffset = deviceOffset
        case WdfRequestTypeWrite:
            unsafe result.Parameters.Write.Length = input.count
            unsafe result.Parameters.Write.DeviceOffset = deviceOffset
        default:
            unsafe result.Parameters.DeviceIoControl.OutputBufferLength = output.count
            unsafe result.Parameters.DeviceIoControl.InputBufferLength = input.count
            unsafe result.Parameters.DeviceIoControl.IoControlCode = code
            unsafe result.Parameters.DeviceIoControl.Type3InputBuffer =
                unsafe method == .neither && !Verifier.isOn ? input.baseAddress : nil
        }
        return unsafe result
    }
}
