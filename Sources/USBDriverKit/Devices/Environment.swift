// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the environment says.
enum Environment {
    /// Whether opening an interface takes it from a driver of the system: `USB_DETACH_DRIVER=1`.
    static var detachesDrivers: Bool {
        // Sound as long as no other thread changes the environment meanwhile, which POSIX forbids; the text is copied.
        unsafe getenv("USB_DETACH_DRIVER").map { unsafe String(cString: $0) } == "1"
    }
}
