// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// A line at the bottom of a terminal that is written over again and again; nothing at all where nobody looks.
///
/// The caller says what time it is, so that a program whose bus keeps its own time decides which time counts.
struct LiveLine {
    /// The least time between two updates.
    private let interval: Duration
    private let columns: Int
    private let write: ((String) -> Void)?
    private var lastUpdate: Duration?
    private var isShown = false

    /// A line on standard error, if that is a terminal.
    static func onStandardError(interval: Duration = .milliseconds(100)) -> LiveLine {
        let terminal = DataFile.standardError
        guard terminal.isTerminal else { return LiveLine(columns: 0, interval: interval, write: nil) }
        // A terminal that went away is no reason to stop the transfer.
        return LiveLine(columns: terminal.terminalColumns ?? 80, interval: interval) { try? terminal.write($0) }
    }

    /// - Parameters:
    ///   - columns: the width of the terminal; longer lines are cut, since a wrapped one cannot be written over.
    ///   - interval: the least time between two updates.
    ///   - write: sends text to the terminal; nil for no line.
    init(columns: Int, interval: Duration, write: ((String) -> Void)?) {
        self.columns = columns
        self.interval = interval
        self.write = write
    }

    /// Whether there is a line at all.
    var isActive: Bool { write != nil }

    /// Shows a new text, unless the last one is too young.
    ///
    /// - Parameters:
    ///   - now: the caller's time since any fixed moment.
    ///   - text: made only if it will be shown.
    mutating func update(at now: Duration, _ text: () -> String) {
        guard let write else { return }
        if let lastUpdate, now - lastUpdate < interval, now >= lastUpdate { return }
        lastUpdate = now
        isShown = true
        // Terminals differ in what they do after the last column; it stays empty.
        write("\r" + text().printable.prefix(max(0, columns - 1)) + Self.clearToEnd)
    }

    /// Takes the line away, to make room for a message or the summary. The next update shows it again, at once.
    mutating func clear() {
        guard let write, isShown else { return }
        write("\r" + Self.clearToEnd)
        isShown = false
        lastUpdate = nil
    }

    private static let clearToEnd = "\u{1B}[K"
}
