// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Prints a table in Markdown. All columns but the first are numbers.
func printTable(_ header: [String], _ rows: [[String]]) {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
        let padded = cells.enumerated().map { column, cell in
            let padding = String(repeating: " ", count: widths[column] - cell.count)
            return column == 0 ? cell + padding : padding + cell
        }
        return "| " + padded.joined(separator: " | ") + " |"
    }
    print(line(header))
    let rules = widths.enumerated().map { column, width in
        column == 0 ? String(repeating: "-", count: width) : String(repeating: "-", count: max(1, width - 1)) + ":"
    }
    print("| " + rules.joined(separator: " | ") + " |")
    for row in rows { print(line(row)) }
    print()
}

/// A number that is not negative, with three significant digits or all before the point, thousands apart.
func text(_ value: Double) -> String {
    let places = value.magnitude >= 99.95 ? 0 : value.magnitude >= 9.995 ? 1 : 2
    let factor = places == 0 ? 1.0 : places == 1 ? 10.0 : 100.0
    let scaled = Int(value * factor + 0.5)
    let whole = scaled / Int(factor)
    var digits = String(whole)
    var end = digits.count
    while end > 3 {
        end -= 3
        digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
    }
    guard places > 0 else { return digits }
    let fraction = String(scaled % Int(factor))
    return digits + "." + String(repeating: "0", count: places - fraction.count) + fraction
}

/// A ratio, such as "2.31 x".
func ratio(_ value: Double) -> String { text(value) + " x" }

/// How far the repetitions lie to both sides of the median.
func spread(_ rate: Rate) -> String { "± \(Int(rate.spread * 100 + 0.5)) %" }
