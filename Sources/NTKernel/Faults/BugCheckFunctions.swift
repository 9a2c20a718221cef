// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers

/// Reports a bug check of a driver's own.
///
/// Microsoft's page: "KeBugCheckEx function (wdm.h)".
@c @implementation
public func KeBugCheckEx(
    _ BugCheckCode: ULONG, _ BugCheckParameter1: ULONG_PTR, _ BugCheckParameter2: ULONG_PTR,
    _ BugCheckParameter3: ULONG_PTR, _ BugCheckParameter4: ULONG_PTR
) {
    BugCheck(
        BugCheckCode,
        [BugCheckParameter1, BugCheckParameter2, BugCheckParameter3, BugCheckParameter4].map { UInt($0) },
        in: "KeBugCheckEx", "the driver says so"
    ).report()
}

/// Has `Handler` called for bug checks in place of ending the process; NULL ends that.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbSetBugCheckHandler(
    _ Handler: (@convention(c) (UnsafePointer<SwiftUsbBugCheck>?, UnsafeMutableRawPointer?) -> Void)!,
    _ Context: UnsafeMutableRawPointer!
) {
    unsafe Handlers.shared.set(Handler, Context)
}
