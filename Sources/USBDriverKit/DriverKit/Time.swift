// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

import HostFiles
import USB
import USBHost

#if !canImport(Darwin)

/// Relates the units of ``mach_absolute_time()`` to nanoseconds: `numer / denom` nanoseconds each.
public struct mach_timebase_info_data_t: Hashable, Sendable {
    /// The upper number.
    public var numer: UInt32
    /// The lower number.
    public var denom: UInt32

    /// Both numbers are 0, until ``mach_timebase_info(_:)`` fills them in.
    public init() { (numer, denom) = (0, 0) }
}

/// The present of the bus that the calling thread means, as its clock counts: the same count that completions, frame lists
/// and GetFrameNumber give times in.
public func mach_absolute_time() -> UInt64 { ProcessHost.current.clock.now.machTime }

/// Tells the unit of ``mach_absolute_time()``, which is a nanosecond: 1 / 1.
@discardableResult
public func mach_timebase_info(_ info: inout mach_timebase_info_data_t) -> kern_return_t {
    info.numer = 1
    info.denom = 1
    return kIOReturnSuccess
}

#endif

extension BusInstant {
    /// The instant in the units of `mach_absolute_time()`.
    var machTime: UInt64 { UInt64(max(0, nanoseconds)) }
}
