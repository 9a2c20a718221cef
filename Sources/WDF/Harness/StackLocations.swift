// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CMicrosoftUSBDrivers
import NTKernel
import Synchronization

/// How many stack locations requests have that are presented from now on, for sending them on.
public enum StackLocations {
    private static let setting = Atomic<Int32>(-1)
    /// A thread's own setting plus one; 0 for none.
    private static let own = ThreadKey()

    /// More than any request uses.
    private static let enough = 100

    /// The number: the calling thread's own, else the process's.
    static var current: Int {
        let own = own.value
        if own != 0 { return Int(own) - 1 }
        let number = setting.load(ordering: .relaxed)
        return number < 0 ? enough : Int(number)
    }

    /// Sets the process's number; a negative one is enough.
    static func set(_ number: Int32) { setting.store(number, ordering: .relaxed) }

    /// Runs `body`; requests that the calling thread presents meanwhile have so many, whatever the process's setting
    /// is.
    public static func with<Value, Failure: Error>(
        _ number: Int, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let before = own.value
        own.value = UInt(max(0, number)) + 1
        defer { own.value = before }
        return try body()
    }
}

/// Says how many stack locations requests have that are presented from now on, for sending them on.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbSetRequestStackLocations(_ Count: Int32) { StackLocations.set(Count) }
