// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost

/// The performance counter (QueryPerformanceCounter function, profileapi.h): the bus's clock in steps of 100 ns.
enum PerformanceCounter {
    /// Steps in a second.
    static let frequency: Int64 = 10_000_000
    /// Nanoseconds in a step.
    private static let step: Int64 = 1_000_000_000 / frequency
    /// Steps in a frame.
    static let stepsPerFrame = frequency / 1_000

    /// What the counter shows at an instant.
    static func value(at instant: BusInstant) -> Int64 { instant.nanoseconds / step }
}

extension LARGE_INTEGER {
    /// The number in one piece.
    init(_ value: Int64) {
        self.init()
        // Sound: every bit pattern is a number.
        unsafe QuadPart = LONGLONG(value)
    }
}
