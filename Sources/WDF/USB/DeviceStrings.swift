// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// A string descriptor, as it is read.
@safe struct StringDescriptor {
    /// The bytes before the characters.
    static let headerLength = 2

    // Sound: whoever made the struct keeps the bytes while it is used.
    let bytes: UnsafeMutableRawBufferPointer

    /// The number of characters that the device has.
    ///
    /// STATUS_DEVICE_DATA_ERROR: half a character, or less than a header.
    var characterCount: Int {
        get throws(Refusal) {
            let length = Int(unsafe bytes[0])
            guard length % 2 == 0, length >= StringDescriptor.headerLength else { throw Refusal(.deviceDataError) }
            return (length - StringDescriptor.headerLength) / 2
        }
    }

    /// Copies as many characters as there is room for, and says how many the device has.
    ///
    /// STATUS_BUFFER_OVERFLOW: the room was too little.
    func copy(to out: PUSHORT, _ count: PUSHORT) throws(Refusal) {
        let there = try characterCount
        let room = Int(unsafe count.pointee)
        unsafe count.pointee = USHORT(there)
        // Sound: the descriptor was read into room for as many characters, and the driver has room for them.
        for index in 0..<min(room, there) {
            unsafe out[index] = unsafe bytes.loadUnaligned(
                fromByteOffset: StringDescriptor.headerLength + 2 * index, as: USHORT.self)
        }
        guard there <= room else { throw Refusal(.bufferOverflow) }
    }
}

extension UsbDeviceObject {
    /// Calls `body` with zeroed room for a string descriptor of so many characters.
    fileprivate final func withDescriptor<Value>(
        _ characterCount: Int, _ body: (StringDescriptor) throws(Refusal) -> Value
    ) throws(Refusal) -> Value {
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: StringDescriptor.headerLength + 2 * characterCount, alignment: 2)
        defer { unsafe bytes.deallocate() }
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
        return try body(unsafe StringDescriptor(bytes: bytes))
    }

    /// Reads a string; `out` NULL only counts.
    fileprivate final func readString(
        _ index: UInt8, _ language: UInt16, _ out: PUSHORT?, _ count: PUSHORT,
        _ read: (UnsafeMutableRawBufferPointer) -> NTSTATUS
    ) throws(Refusal) {
        let room = unsafe out == nil ? 0 : Int(count.pointee)
        try withDescriptor(room) { descriptor throws(Refusal) in
            let status = unsafe read(descriptor.bytes)
            guard status >= 0 else { throw Refusal(status) }
            if let out = unsafe out {
                unsafe try descriptor.copy(to: out, count)
            } else {
                unsafe count.pointee = USHORT(try descriptor.characterCount)
            }
        }
    }
}

/// How long a string may take when the driver does not say, in seconds.
private let usualTimeout: Int64 = 2

/// Reads a string of the device, in units of 16 bits without an end mark, and waits for it.
///
/// `*NumCharacters` is how many there is room for, and becomes how many the device has. `String` may be NULL: then they
/// are only counted. `Request` and `RequestOptions` may be NULL; without options the device has two seconds.
///
/// At PASSIVE_LEVEL. Bug check 0x10D: a handle is wrong, `NumCharacters` is NULL, or the request has been sent (as
/// documented: STATUS_INVALID_DEVICE_REQUEST). STATUS_INVALID_DEVICE_REQUEST: above PASSIVE_LEVEL, with the verifier on or
/// as documented. STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER: the options. STATUS_DEVICE_DATA_ERROR: the device
/// sent half a character, or no descriptor. STATUS_BUFFER_OVERFLOW: there are more characters than there is room for;
/// those that there is have been copied. STATUS_IO_TIMEOUT, and what the request ends with.
///
/// Microsoft's page: "WdfUsbTargetDeviceQueryString function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceQueryString(
    _ UsbDevice: WDFUSBDEVICE!, _ Request: WDFREQUEST!, _ RequestOptions: PWDF_REQUEST_SEND_OPTIONS!,
    _ String: PUSHORT!, _ NumCharacters: PUSHORT!, _ StringIndex: UCHAR, _ LangID: USHORT
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceQueryString"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let count = unsafe try required(NumCharacters, "NumCharacters", in: name)
        var options = WDF_REQUEST_SEND_OPTIONS()
        options.Size = ULONG(MemoryLayout<WDF_REQUEST_SEND_OPTIONS>.size)
        options.Flags = ULONG(WDF_REQUEST_SEND_OPTION_TIMEOUT.rawValue)
        options.Timeout = -10_000_000 * usualTimeout
        unsafe try device.readString(StringIndex, LangID, String, count) { bytes in
            unsafe device.usb.withBlock(
                URB_FUNCTION_GET_DESCRIPTOR_FROM_DEVICE, byteCount: MemoryLayout<_URB_CONTROL_DESCRIPTOR_REQUEST>.size
            ) { block in
                unsafe UsbDeviceObject.ask(
                    block, USB_STRING_DESCRIPTOR_TYPE, index: StringIndex, language: LangID, bytes)
                return unsafe withUnsafeMutablePointer(to: &options) { usual in
                    unsafe device.call(Request, RequestOptions ?? usual, in: name) { () throws(Refusal) in
                        unsafe .block(block, nil)
                    }
                }
            }
        }
        return NTStatus.success.rawValue
    }
}

/// Reads a string of the device into a new memory object, in units of 16 bits without an end mark, and waits for it. A
/// string without characters gives success, and no object.
///
/// `*NumCharacters`, unless the pointer is NULL, becomes how many there are. On failure `*StringMemory` is NULL.
///
/// At PASSIVE_LEVEL. Bug check 0x10D: a handle is wrong, `StringMemory` is NULL. STATUS_INVALID_DEVICE_REQUEST: above
/// PASSIVE_LEVEL, with the verifier on or as documented. Those of the attributes. STATUS_DEVICE_DATA_ERROR: the device sent
/// half a character, or no descriptor. STATUS_BUFFER_OVERFLOW: it changed its mind. STATUS_INSUFFICIENT_RESOURCES.
/// STATUS_IO_TIMEOUT, after two seconds, and what the requests end with.
///
/// Microsoft's page: "WdfUsbTargetDeviceAllocAndQueryString function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceAllocAndQueryString(
    _ UsbDevice: WDFUSBDEVICE!, _ StringMemoryAttributes: PWDF_OBJECT_ATTRIBUTES!,
    _ StringMemory: UnsafeMutablePointer<WDFMEMORY?>!, _ NumCharacters: PUSHORT!, _ StringIndex: UCHAR,
    _ LangID: USHORT
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceAllocAndQueryString"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let out = unsafe try required(StringMemory, "StringMemory", in: name)
        unsafe out.pointee = nil
        unsafe NumCharacters?.pointee = 0
        try Verifier.requirePassive()
        let attributes = unsafe try ObjectAttributes(StringMemoryAttributes, in: name)
        let read: (UnsafeMutableRawBufferPointer) -> NTSTATUS = { bytes in
            unsafe device.readDescriptor(
                USB_STRING_DESCRIPTOR_TYPE, index: StringIndex, language: LangID, bytes, within: usualTimeout
            ).0
        }
        var count: USHORT = 0
        unsafe try device.readString(StringIndex, LangID, nil, &count, read)
        guard count > 0 else { return NTStatus.success.rawValue }
        let memory = try device.makeStringMemory(Int(count), attributes)
        do throws(Refusal) {
            let characters = unsafe memory.bytes.baseAddress?.assumingMemoryBound(to: USHORT.self)
            unsafe try device.readString(StringIndex, LangID, characters, &count, read)
        } catch {
            memory.delete()
            throw error
        }
        unsafe NumCharacters?.pointee = count
        unsafe out.pointee = unsafe memory.handle(as: WDFMEMORY.self)
        return NTStatus.success.rawValue
    }
}

extension UsbDeviceObject {
    /// The tag of strings in the pool.
    private static var tag: UInt32 { 0x7453_4457 }

    /// Makes a memory object for so many characters, which belongs to the driver unless the attributes say otherwise.
    fileprivate final func makeStringMemory(
        _ characterCount: Int, _ attributes: ObjectAttributes
    ) throws(Refusal) -> MemoryObject {
        let byteCount = 2 * characterCount
        guard let start = unsafe Pool.shared.allocate(byteCount, tag: UsbDeviceObject.tag, zeroed: true) else {
            throw Refusal(.insufficientResources)
        }
        // Sound: as many bytes as were allocated, freed by the object with its last reference.
        let memory = unsafe MemoryObject(UnsafeMutableRawBufferPointer(start: start, count: byteCount), host: host) {
            guard let start = $0.baseAddress else { return }
            unsafe Pool.shared.free(start, tag: UsbDeviceObject.tag, in: "WdfObjectDelete")
        }
        do throws(Refusal) {
            try memory.publish(attributes, parent: DriverObject.shared)
        } catch {
            unsafe Pool.shared.free(start, tag: UsbDeviceObject.tag, in: "WdfObjectDelete")
            throw error
        }
        return memory
    }
}

/// Makes a request ready to read a string of the device into a memory object, in units of 16 bits without an end mark.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: a handle is wrong, or the request has been sent (as documented:
/// STATUS_INVALID_DEVICE_REQUEST). STATUS_INTEGER_OVERFLOW: the offsets. STATUS_INVALID_PARAMETER: half a character of
/// room. STATUS_INVALID_DEVICE_STATE: the target is closed. STATUS_REQUEST_NOT_ACCEPTED. STATUS_INSUFFICIENT_RESOURCES.
///
/// Microsoft's page: "WdfUsbTargetDeviceFormatRequestForString function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceFormatRequestForString(
    _ UsbDevice: WDFUSBDEVICE!, _ Request: WDFREQUEST!, _ Memory: WDFMEMORY!, _ Offset: PWDFMEMORY_OFFSET!,
    _ StringIndex: UCHAR, _ LangID: USHORT
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceFormatRequestForString"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let object = unsafe try Handles.object(Memory, MemoryObject.self, .memory, in: name)
        return unsafe device.format(Request, in: name) { () throws(Refusal) in
            let part = unsafe try MemoryPart(object, Offset)
            guard unsafe part.bytes.count % 2 == 0 else { throw Refusal(.invalidParameter) }
            return .string(index: StringIndex, language: LangID, part)
        }
    }
}
