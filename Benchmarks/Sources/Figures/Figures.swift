// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Measures one topic and prints it as Markdown:
///
///     figures TOPIC [--quick]
///
/// Without arguments it lists the topics. Quick runs are short and few: they show that everything works.
@main
enum Figures {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let effort = arguments.contains("--quick") ? Effort.quick : .full
        guard let name = arguments.first, let topic = Topic(rawValue: name) else {
            for topic in Topic.allCases { print(topic.rawValue) }
            return
        }
        switch topic {
        case .busInMemory: try await busInMemory(effort)
        case .transfers: try await transferCosts(effort)
        case .winUSB: try await winUSBCosts(effort)
        case .wdf: try await wdfCosts(effort)
        }
    }

    enum Topic: String, CaseIterable {
        /// How fast simulated time passes.
        case busInMemory = "bus-in-memory"
        /// What a transfer costs, and how that grows.
        case transfers
        /// What WinUSB adds to a transfer.
        case winUSB = "winusb"
        /// What WDF adds to a synchronous write.
        case wdf
    }
}

/// How long and how often everything is measured.
struct Effort {
    /// Repetitions besides the first, which warms up and is not counted.
    var repetitions: Int
    /// What lengths are multiplied by.
    var scale: Double

    static let quick = Effort(repetitions: 3, scale: 0.05)
    static let full = Effort(repetitions: 9, scale: 1)

    /// A length that is `count` in a full run.
    func scaled(_ count: Int) -> Int { max(1, Int(Double(count) * scale)) }
}
