// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Rows of cells printed in aligned columns, two spaces apart, without spaces at the ends of lines.
struct TextTable {
    /// On which side of a column shorter cells stand.
    enum Alignment: Sendable {
        case left
        case right
    }

    /// One column: its heading and the side its cells keep to.
    struct Column {
        /// The heading.
        var title: String
        /// The side that short cells keep to, the heading too.
        var alignment = Alignment.left
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Columns that are all aligned to the left.
    init(_ titles: String...) {
        columns = titles.map { Column(title: $0) }
    }

    /// Adds a row. Cells that are not given are empty; cells beyond the last column are left out.
    mutating func add(_ cells: String...) {
        rows.append((0..<columns.count).map { $0 < cells.count ? cells[$0].printable : "" })
    }

    /// The lines, the headings first, each ended by a line feed.
    var text: String {
        let lines = [columns.map(\.title)] + rows
        // A character counts as one place, which is right for the names of nearly all devices.
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            var line = ""
            for (index, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[index] - cell.count)
                if index > 0 { line += "  " }
                line += columns[index].alignment == .left ? cell + padding : padding + cell
            }
            let end = line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex
            return line[..<end] + "\n"
        }.joined()
    }
}
