// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How many times as long the long tests run: once, or many times where the environment has SWIFT_USB_DEEP, which
/// `.ci/run --deep` sets.
let depth = unsafe getenv("SWIFT_USB_DEEP") == nil ? 1 : 25
