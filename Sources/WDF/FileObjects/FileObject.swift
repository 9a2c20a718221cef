// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// Who presented requests come from: what a program opened of a device (WDFFILEOBJECT).
@safe final class FileObject: FrameworkObject, @unchecked Sendable {
    /// The device that was opened; it keeps its files.
    final weak var device: DriverDevice?
    // Sound: allocated here, never moved, freed with the object.
    private let name: PUNICODE_STRING

    /// Makes an object without a handle.
    ///
    /// - Parameters:
    ///   - device: the device that was opened.
    ///   - name: what was opened of it, without the device's own name; nil for nothing further.
    /// - Throws: STATUS_INVALID_PARAMETER: the name has more than 16382 characters.
    init(of device: DriverDevice, name: String? = nil) throws(Refusal) {
        let characters = Array((name ?? "").unicodeScalars)
        guard (characters.count + 1) * MemoryLayout<WCHAR>.size <= Int(UNICODE_STRING_MAX_BYTES) else {
            throw Refusal(.invalidParameter)
        }
        unsafe self.name = .allocate(capacity: 1)
        unsafe self.name.initialize(to: UNICODE_STRING())
        if name != nil {
            let buffer = UnsafeMutablePointer<WCHAR>.allocate(capacity: characters.count + 1)
            for (index, character) in characters.enumerated() {
                unsafe (buffer + index).initialize(to: WCHAR(truncatingIfNeeded: character.value))
            }
            unsafe (buffer + characters.count).initialize(to: 0)
            let size = characters.count * MemoryLayout<WCHAR>.size
            unsafe self.name.pointee = UNICODE_STRING(
                Length: USHORT(size), MaximumLength: USHORT(size + MemoryLayout<WCHAR>.size), Buffer: buffer)
        }
        self.device = device
        super.init(.fileObject, host: device.host)
        constraints = device.constraints
    }

    deinit {
        unsafe name.pointee.Buffer?.deallocate()
        unsafe name.deallocate()
    }

    /// The name, which is the object's for as long as it is there.
    var fileName: PUNICODE_STRING { unsafe name }
}

/// The device that a file was opened of.
///
/// NULL, with bug check 0x10D, 5: the handle names no file object.
///
/// Microsoft's page: "WdfFileObjectGetDevice function (wdffileobject.h)".
@c @implementation
public func WdfFileObjectGetDevice(_ FileObject: WDFFILEOBJECT!) -> WDFDEVICE! {
    let name = "WdfFileObjectGetDevice"
    guard let file = unsafe try? Handles.object(FileObject, WDF.FileObject.self, .fileObject, in: name) else {
        return nil
    }
    return unsafe WDFDEVICE(bitPattern: UInt(bitPattern: file.device?.handle))
}

/// What was opened of a device, for as long as the object is there; an empty string when it was the device itself.
///
/// NULL: the level is above PASSIVE_LEVEL with the verifier on; or, with bug check 0x10D, 5, the handle names no file
/// object.
///
/// Microsoft's page: "WdfFileObjectGetFileName function (wdffileobject.h)".
@c @implementation
public func WdfFileObjectGetFileName(_ FileObject: WDFFILEOBJECT!) -> PUNICODE_STRING! {
    let name = "WdfFileObjectGetFileName"
    guard let file = unsafe try? Handles.object(FileObject, WDF.FileObject.self, .fileObject, in: name) else {
        return nil
    }
    if Verifier.isOn, InterruptLevel.current != InterruptLevel.passive { return nil }
    return unsafe file.fileName
}
