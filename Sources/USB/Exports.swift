// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The front door has everything that a host program needs behind it.

@_exported public import LinuxUSB
@_exported public import USBHost
@_exported public import USBSpecification
@_exported public import VirtualUSB
