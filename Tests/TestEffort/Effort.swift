// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// How much the tests do, for all of them in one place. Three things decide: a plain run does the usual; SWIFT_USB_DEEP
// in the environment, which `.ci/run --deep` sets, asks for the long versions; and SWIFT_USB_SANITIZED tells of a
// sanitizer, under which each step costs many times as much and a share of the steps shows as many faults.

/// Whether the long versions are to run.
public let isDeep = unsafe getenv("SWIFT_USB_DEEP") != nil

/// Whether a sanitizer watches.
public let isSanitized = unsafe getenv("SWIFT_USB_SANITIZED") != nil

/// Rounds of which a sanitizer needs to see one in so many: all of them, unless it watches and the run is not deep.
public func sparing(_ rounds: Int, by share: Int = 10) -> Int {
    isSanitized && !isDeep ? max(1, rounds / share) : rounds
}

/// Seeds or inputs of which a sanitizer needs to see every so manieth, evenly spread and always the first.
public func sparing<Inputs: Collection>(_ inputs: Inputs, by share: Int = 10) -> [Inputs.Element] {
    inputs.enumerated().filter { $0.offset.isMultiple(of: isSanitized && !isDeep ? share : 1) }.map(\.element)
}

/// Rounds of a test that a deep run does many times as often, and that a sanitizer sees a share of.
public func lengthy(_ rounds: Int, by share: Int = 10) -> Int {
    sparing(rounds, by: share) * (isDeep ? 25 : 1)
}
