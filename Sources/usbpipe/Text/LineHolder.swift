// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// The live line of one run, for closures; only the task that plays or records uses it.
final class LineHolder: @unchecked Sendable {
    private var line = LiveLine.onStandardError()

    func update(at time: Duration, _ text: () -> String) { line.update(at: time, text) }
    func clear() { line.clear() }
}
