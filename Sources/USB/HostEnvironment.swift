// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension HostAddress {
    /// The environment variable that names the host to use where a program is told none.
    public static let environmentVariable = "USB_HOST"

    /// The address in the environment variable `USB_HOST`; ``local`` when it is not set, or empty.
    ///
    /// Throws ``HostAddressError`` when the variable holds no address.
    public static func preferred() throws(HostAddressError) -> HostAddress {
        // Sound as long as no other thread changes the environment meanwhile, which POSIX forbids; the text is copied.
        let text = unsafe getenv(environmentVariable).map { unsafe String(cString: $0) } ?? ""
        return text.isEmpty ? .local : try HostAddress(parsing: text)
    }
}
