// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

/// What `plan` shows: the bus time of each alternate setting of a configuration, and of a set of them together.
struct BusPlan {
    /// The periodic endpoints of one alternate setting, placed on a bus of their own.
    private struct Row {
        var interface: UInt8
        var alternate: UInt8
        var endpoints: [EndpointAddress]
        var schedule: PeriodicSchedule
    }

    private let title: String
    private let speed: Speed
    private let rows: [Row]
    private let chosen: [Row]
    private let together: PeriodicSchedule
    private let shortage: PeriodicShortage?

    /// Whether the wanted settings fit together.
    var fits: Bool { shortage == nil }

    /// Plans a device.
    ///
    /// - Throws: `ToolError` when the device has no such configuration or setting, or an interface is named twice.
    init(_ device: DeviceDescription, configuration value: UInt8?, with wanted: [SettingName]) throws(ToolError) {
        let value = value ?? (device.activeConfiguration == 0 ? nil : device.activeConfiguration)
        guard let configuration = device.configurations.first(where: { value == nil || $0.value == value }) else {
            throw ToolError(
                .badUsage, value.map { "the device has no configuration \($0)" } ?? "the device has no configuration")
        }
        var choices: [UInt8: UInt8] = [:]
        for name in wanted {
            guard configuration.alternateSetting(name.alternate, of: name.interface) != nil else {
                throw ToolError(.badUsage, "configuration \(configuration.value) has no alternate setting \(name)")
            }
            guard choices.updateValue(name.alternate, forKey: name.interface) == nil else {
                throw ToolError(.badUsage, "interface \(name.interface) can have one alternate setting at a time")
            }
        }
        let empty = PeriodicSchedule(speed: device.speed)
        var rows: [Row] = []
        var chosen: [Row] = []
        var needs: [PeriodicNeed] = []
        for interface in configuration.interfaces {
            for setting in interface.alternateSettings {
                let own = setting.periodicNeeds(at: device.speed)
                var schedule = empty
                _ = schedule.place(own)
                let row = Row(
                    interface: interface.number, alternate: setting.descriptor.alternateSetting,
                    endpoints: own.map(\.endpoint), schedule: schedule)
                rows.append(row)
                if row.alternate == choices[row.interface] ?? 0 {
                    chosen.append(row)
                    needs += own
                }
            }
        }
        var together = empty
        _ = together.place(needs)
        title = "\(device.identifier) at \(device.path), \(device.speed), configuration \(configuration.value)"
        speed = device.speed
        self.rows = rows
        self.chosen = chosen
        self.together = together
        shortage = empty.shortage(placing: needs)
    }

    /// The chart.
    var text: String {
        let unit = speed >= .high ? "microframe" : "frame"
        let budget = together.budget
        var result = title + "\n"
        result += "periodic endpoints may take \(Self.microseconds(budget.limitNanoseconds)) of the "
        result += "\(Self.microseconds(budget.periodNanoseconds)) of a \(unit)\n\n"
        var table = TextTable([
            .init(title: "SETTING"), .init(title: "ENDPOINTS"), .init(title: "WORST", alignment: .right),
            .init(title: "SHARE", alignment: .right), .init(title: "IN"), .init(title: bar(0, title: true)),
        ])
        for row in rows {
            let peak = row.schedule.peak
            table.add(
                "\(row.interface):\(row.alternate)", row.endpoints.map(\.description).joined(separator: " "),
                Self.microseconds(peak), "\(percent(peak)) %", peak == 0 ? "" : occurrence(of: row.schedule, unit),
                bar(peak))
        }
        result += table.text + "\n"
        let names = chosen.map { "\($0.interface):\($0.alternate)" }.joined(separator: " ")
        result += "together, \(names):\n"
        var chart = TextTable([
            .init(title: unit.uppercased()), .init(title: "TAKEN", alignment: .right),
            .init(title: "SHARE", alignment: .right), .init(title: bar(0, title: true)),
        ])
        for (places, load) in Self.runs(of: together.loads) {
            let numbers = places.count == 1 ? "\(places.lowerBound)" : "\(places.lowerBound)-\(places.upperBound - 1)"
            chart.add(
                together.loads.count == 1 ? "every" : numbers, Self.microseconds(load), "\(percent(load)) %", bar(load))
        }
        result += chart.text
        if let shortage {
            result += "do not fit: they need \(shortage)\n"
        } else {
            let left = budget.nanosecondsLeft(afterTaking: together.peak) / 1_000 * 1_000
            result += "fit: \(Self.microseconds(left)) are left in the fullest \(unit)\n"
        }
        return result
    }

    /// In which (micro)frames the fullest load of a setting comes.
    private func occurrence(of schedule: PeriodicSchedule, _ unit: String) -> String {
        let (count, full) = (schedule.loads.count, schedule.loads.count { $0 == schedule.peak })
        return count == 1 ? "every \(unit)" : "\(full) of \(count) \(unit)s"
    }

    /// Percent of the whole (micro)frame, rounded up.
    private func percent(_ nanoseconds: Int64) -> Int64 {
        let period = together.budget.periodNanoseconds
        return (nanoseconds * 100 + period - 1) / period
    }

    /// A (micro)frame as forty characters: `#` is taken, `.` is free, `|` ends what periodic endpoints may have, and
    /// what is taken beyond shows as `!`.
    private func bar(_ nanoseconds: Int64, title: Bool = false) -> String {
        if title { return speed >= .high ? "MICROFRAME" : "FRAME" }
        let budget = together.budget
        let width: Int64 = 40
        let limit = budget.limitNanoseconds * width / budget.periodNanoseconds
        let taken = min(width, (nanoseconds * width + budget.periodNanoseconds - 1) / budget.periodNanoseconds)
        var text = ""
        for place in 0..<width {
            if place == limit { text += "|" }
            // A load within the limit must not look like one beyond it.
            let isBeyond = place >= limit && nanoseconds > budget.limitNanoseconds
            text += place >= taken ? "." : isBeyond ? "!" : "#"
        }
        return text
    }

    /// Places next to each other with the same load, at most sixteen runs; what follows is folded into the last.
    private static func runs(of loads: [Int64]) -> [(places: Range<Int>, load: Int64)] {
        var runs: [(places: Range<Int>, load: Int64)] = []
        for (index, load) in loads.enumerated() {
            if let last = runs.last, last.load == load || runs.count == 16 {
                runs[runs.count - 1] = (last.places.lowerBound..<index + 1, max(last.load, load))
            } else {
                runs.append((index..<index + 1, load))
            }
        }
        return runs
    }

    /// Rounded up, with a decimal place where there is one: "61 us", "112.5 us".
    private static func microseconds(_ nanoseconds: Int64) -> String {
        let tenths = (nanoseconds + 99) / 100
        return tenths % 10 == 0 ? "\(tenths / 10) us" : "\(tenths / 10).\(tenths % 10) us"
    }
}
