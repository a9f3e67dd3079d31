/// Rows set in columns as wide as their widest cell; one column gives way if the terminal is too narrow.
struct Table {
    struct Column {
        let title: String
        let rightAligned: Bool
        /// Cut when there is no room for all.
        let flexible: Bool

        init(_ title: String, rightAligned: Bool = false, flexible: Bool = false) {
            self.title = title
            self.rightAligned = rightAligned
            self.flexible = flexible
        }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// - Parameter cells: one for each column, unsafe characters and all.
    mutating func append(_ cells: [String]) { rows.append(cells.map { Sanitised.text($0) }) }

    /// - Parameter width: of the terminal; nil: nothing is cut.
    func lines(width: Int?, style: Style) -> [String] {
        var widths = columns.map { DisplayWidth.of($0.title) }
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], DisplayWidth.of(cell))
            }
        }
        if let width, let flexible = columns.firstIndex(where: \.flexible) {
            let others = widths.reduce(0, +) - widths[flexible] + 2 * (columns.count - 1)
            widths[flexible] = min(widths[flexible], max(10, width - others))
        }
        let head = line(columns.map(\.title), widths)
        return [style.faint(head)] + rows.map { line($0, widths) }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() where index < widths.count {
            let cell = columns[index].flexible ? cell.cut(to: widths[index]) : cell
            if index > 0 { line += "  " }
            if columns[index].rightAligned {
                line += cell.paddedLeft(to: widths[index])
            } else {
                line += index == widths.count - 1 ? cell : cell.padded(to: widths[index])
            }
        }
        return line
    }
}
