// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names and layouts are declared once, in the headers for C; this module has the functions.

@_exported public import CMicrosoftUSBDrivers
@_exported public import NTKernel
@_exported public import Win32
