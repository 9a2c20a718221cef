// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What libFuzzer calls for each input. Every program consists of this folder and one file of `Targets`, which has the
/// function `fuzz`.
///
/// - Returns: 0, as libFuzzer wants it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    // Sound: libFuzzer lends `count` bytes for the length of the call, and they are copied.
    fuzz(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Ends the program, so that the input is kept, when something is not as it must be.
func require(_ condition: Bool, _ message: @autoclosure () -> String, line: UInt = #line) {
    guard !condition else { return }
    fatalError("line \(line): \(message())")
}
