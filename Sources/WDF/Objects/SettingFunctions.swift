// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import Win32

/// Says which is followed where the framework's documentation and its source disagree. Another number than the two
/// changes nothing.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbSetWdfProfile(_ Profile: SwiftUsbWdfProfile) {
    guard let profile = WDF.Profile(rawValue: Int32(truncatingIfNeeded: Profile.rawValue)) else { return }
    WDF.Profile.current = profile
}

/// Which is followed where the framework's documentation and its source disagree.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbGetWdfProfile() -> SwiftUsbWdfProfile {
    Profile.current == .documented ? SwiftUsbWdfDocumented : SwiftUsbWdfFramework
}

/// Turns the framework's verifier on or off.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbSetWdfVerifier(_ On: BOOLEAN) { Verifier.isOn = On != 0 }
