// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// One library for the C interfaces of all dialects, so that a process has one engine.
@_exported public import NTKernel
@_exported public import USBD
@_exported public import USBDriverKit
@_exported public import WDF
@_exported public import Win32
@_exported public import WinUSB
