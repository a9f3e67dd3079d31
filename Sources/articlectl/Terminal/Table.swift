// SPDX-License-Identifier: Apache-2.0
/// Rows set in columns as wide as their widest cell. Where a terminal has no room for all, columns that may be missing are
/// left out, and those that may be cut give way, the widest first.
struct Table {
    struct Column {
        let title: String
        let rightAligned: Bool
        /// It may be cut, to no less than `atLeast` columns.
        let flexible: Bool
        let atLeast: Int
        /// Cells that are wider are cut even where there is room.
        let atMost: Int
        /// Of the columns that may be missing, the one of the lowest rank is left out first; nil: always shown.
        let rank: Int?

        init(
            _ title: String, rightAligned: Bool = false, flexible: Bool = false, atLeast: Int = 10,
            atMost: Int = .max, rank: Int? = nil
        ) {
            self.title = title
            self.rightAligned = rightAligned
            self.flexible = flexible || atMost < .max
            self.atLeast = min(atLeast, atMost)
            self.atMost = atMost
            self.rank = rank
        }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []
    private var colours: [[Int: Style.Colour]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// - Parameters:
    ///   - cells: one for each column, unsafe characters and all.
    ///   - colours: of cells, by the column's index.
    mutating func append(_ cells: [String], colours: [Int: Style.Colour] = [:]) {
        rows.append(cells.map { Sanitised.text($0) })
        self.colours.append(colours)
    }

    /// - Parameter width: of the terminal; nil: nothing is cut, nothing is missing.
    func lines(width: Int?, style: Style) -> [String] {
        let layout = layout(width: width)
        return [layout.head(style)] + lines(in: layout, style: style)
    }

    /// The rows alone, in a layout that other rows may have decided.
    func lines(in layout: Layout, style: Style) -> [String] {
        zip(rows, colours).map { layout.line($0, colours: $1, style: style) }
    }

    /// Which columns are shown, and how wide.
    struct Layout {
        fileprivate let columns: [(index: Int, column: Column, width: Int)]

        func head(_ style: Style) -> String {
            let titles = columns.map { $0.column.title.cut(to: $0.width) }
            return style.faint(zip(columns, titles).map { Self.set($1, $0.column, $0.width) }.joinedCells())
        }

        fileprivate func line(_ cells: [String], colours: [Int: Style.Colour], style: Style) -> String {
            columns.map { index, column, width in
                let cell = index < cells.count ? cells[index] : ""
                let text = Self.set(column.flexible ? cell.cut(to: width) : cell, column, width)
                return colours[index].map { style.paint(text, $0) } ?? text
            }.joinedCells()
        }

        private static func set(_ cell: String, _ column: Column, _ width: Int) -> String {
            column.rightAligned ? cell.paddedLeft(to: width) : cell.padded(to: width)
        }
    }

    func layout(width: Int?) -> Layout {
        var shown = columns.indices.map { index in
            let cells = rows.map { index < $0.count ? DisplayWidth.of($0[index]) : 0 }
            let widest = max(DisplayWidth.of(columns[index].title), cells.max() ?? 0)
            return (index: index, column: columns[index], width: min(widest, columns[index].atMost))
        }
        guard let width else { return Layout(columns: shown) }
        func gaps() -> Int { 2 * max(0, shown.count - 1) }
        func least() -> Int {
            shown.reduce(gaps()) { $0 + ($1.column.flexible ? min($1.width, $1.column.atLeast) : $1.width) }
        }
        while least() > width,
            let place = shown.indices.filter({ shown[$0].column.rank != nil })
                .min(by: { shown[$0].column.rank ?? 0 < shown[$1].column.rank ?? 0 })
        {
            shown.remove(at: place)
        }
        while shown.reduce(gaps(), { $0 + $1.width }) > width,
            let place = shown.indices.filter({ shown[$0].column.flexible && shown[$0].width > shown[$0].column.atLeast }
            )
            .max(by: { shown[$0].width < shown[$1].width })
        {
            shown[place].width -= 1
        }
        return Layout(columns: shown)
    }
}

extension [String] {
    /// Two spaces between cells, and none at the end.
    fileprivate func joinedCells() -> String {
        var line = joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }
}
