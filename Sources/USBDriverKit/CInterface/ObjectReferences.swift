// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit

// A pointer of the C interface is a reference to an object of this module. Sound as long as the program passes what the
// library has given it and has not released yet, as with any pointer of C; what such a pointer is to be, is looked at.

extension OSObject {
    /// The object that a program passes, borrowed for the call; nil for NULL and for an object of another class.
    static func borrowed(_ reference: OpaquePointer?) -> Self? {
        guard let reference = unsafe reference else { return nil }
        return unsafe Unmanaged<OSObject>.fromOpaque(UnsafeRawPointer(reference)).takeUnretainedValue() as? Self
    }

    /// A reference that the program releases.
    final func handOver() -> OpaquePointer {
        unsafe OpaquePointer(Unmanaged<OSObject>.passRetained(self).toOpaque())
    }
}

/// Hands over what a call gives, if it succeeds; nil becomes NULL.
func handOver<Object: OSObject>(
    to place: UnsafeMutablePointer<OpaquePointer?>?, _ call: (inout Object?) -> kern_return_t
) -> kern_return_t {
    guard let place = unsafe place else { return kIOReturnBadArgument }
    var object: Object?
    let status = call(&object)
    guard status == kIOReturnSuccess else { return status }
    unsafe place.pointee = object?.handOver()
    return kIOReturnSuccess
}

/// One more owner of an object.
@c @implementation
public func swiftusb_dk_retain(_ object: OpaquePointer!) {
    guard let object = unsafe object else { return }
    _ = unsafe Unmanaged<OSObject>.fromOpaque(UnsafeRawPointer(object)).retain()
}

/// One owner of an object less.
@c @implementation
public func swiftusb_dk_release(_ object: OpaquePointer!) {
    guard let object = unsafe object else { return }
    unsafe Unmanaged<OSObject>.fromOpaque(UnsafeRawPointer(object)).release()
}

/// Something that opens devices and interfaces.
///
/// Returns kIOReturnSuccess.
@c @implementation
public func swiftusb_dk_client_create(_ client: UnsafeMutablePointer<OpaquePointer?>!) -> kern_return_t {
    unsafe USBDriverKit.handOver(to: client) { (service: inout IOService?) in
        service = IOService()
        return kIOReturnSuccess
    }
}
