// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLMDB

/// Checks that no two records overlap in the heap, that none lies in free or waiting space, and that the table of
/// free space is consistent.
///
/// Space that belongs to nothing is not a finding: replacing a damaged record leaves it behind, since its location
/// cannot be trusted.
struct SpaceCheck: StoreCheck {
    let phase = "space"
    /// How much of the heap is checked within one snapshot. One bit per unit: 8 MiB of memory.
    private static let window = 4 << 30

    func run(_ inspection: Inspection) throws(ServiceError) {
        var offset = HeapFile.start
        while true {
            let (end, steps) = try inspection.readers.read { reader throws(ServiceError) -> (Int, Int) in
                let space = try reader.space()
                inspection.total = UInt64(space.end - HeapFile.start)
                if offset == HeapFile.start { try checkTotals(space, reader, inspection) }
                var window = Window(offset..<min(offset + Self.window, space.end))
                return (space.end, try check(&window, space, reader, inspection))
            }
            let next = min(offset + Self.window, max(end, offset))
            try inspection.advance(next - offset, bytes: steps * HeapLocation.size)
            if next >= end { return }
            offset = next
        }
    }

    /// - Returns: the number of extents looked at.
    private func check(
        _ window: inout Window, _ space: HeapSpace, _ reader: ThreadReader, _ inspection: Inspection
    ) throws(ServiceError) -> Int {
        let (environment, heap) = (inspection.environment, inspection.environment.heap.path)
        var steps = 0
        let records = try reader.cursor(environment.records)
        func visit(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(ServiceError) {
            steps += 1
            try inspection.checkStop(at: steps)
            // A record of an earlier version occupies no heap space.
            guard let location = unsafe HeapLocation(value) else { return }
            let id = unsafe ArticleID(bytes: RawSpan(_unsafeBytes: key))
            let extent = Extent(offset: location.offset, size: location.extent)
            if extent.offset < HeapFile.start || extent.end > space.end {
                if window.range.lowerBound == HeapFile.start {
                    inspection.report(id, heap, at: extent.offset, "it is outside the space for articles")
                }
            } else if !window.take(extent) {
                inspection.report(id, heap, at: extent.offset, "it overlaps another article")
            }
        }
        var isFound = try unsafe records.move(.first, visit) != nil
        while isFound { isFound = try unsafe records.move(.next, visit) != nil }
        try Room.forEach(reader) { room, extent in
            steps += 1
            if window.take(extent) { return }
            inspection.report(nil, heap, at: extent.offset, "space that is marked \(room.rawValue) has an article")
        }
        return steps
    }

    private func checkTotals(
        _ space: HeapSpace, _ reader: ThreadReader, _ inspection: Inspection
    ) throws(ServiceError) {
        var sums = (free: 0, waiting: 0)
        try Room.forEach(reader) { room, extent in
            switch room {
            case .free: sums.free += extent.size
            case .waiting: sums.waiting += extent.size
            }
        }
        let bySize = try Room.sizes(reader)
        func compare(_ found: Int, _ said: Int, _ what: String) {
            guard found != said else { return }
            inspection.report(
                nil, inspection.environment.path, "\(found) bytes of the heap are \(what), but the total says \(said)")
        }
        compare(sums.free, space.free, "free")
        compare(bySize, space.free, "free by their size")
        compare(sums.waiting, space.waiting, "waiting")
    }

    /// Which units of a part of the heap are in use.
    private struct Window {
        let range: Range<Int>
        private var bits: [UInt64]

        init(_ range: Range<Int>) {
            self.range = range
            bits = [UInt64](repeating: 0, count: (range.count / HeapLocation.unit + 63) / 64)
        }

        /// Marks an extent as used.
        ///
        /// - Returns: whether it was unused before.
        mutating func take(_ extent: Extent) -> Bool {
            let first = (max(extent.offset, range.lowerBound) - range.lowerBound) / HeapLocation.unit
            let end = (min(extent.end, range.upperBound) - range.lowerBound) / HeapLocation.unit
            guard first < end else { return true }
            var isFree = true
            for unit in first..<end {
                let bit = UInt64(1) << UInt64(unit % 64)
                if bits[unit / 64] & bit != 0 { isFree = false }
                bits[unit / 64] |= bit
            }
            return isFree
        }
    }
}

/// Heap space without a record.
private enum Room: String {
    case free
    case waiting

    /// Calls `body` with each extent.
    static func forEach(
        _ reader: ThreadReader, _ body: (Room, Extent) -> Void
    ) throws(ServiceError) {
        let cursor = try reader.cursor(reader.environment.space)
        func visit(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
            if let offset = unsafe HeapKey.freeAt(key) {
                if let extent = unsafe Extent(offset: offset, value) { body(.free, extent) }
            } else if let waiting = unsafe HeapKey.waiting(key) {
                if let extent = unsafe Extent(offset: waiting.offset, value) { body(.waiting, extent) }
            }
            return true
        }
        var isFound = try unsafe cursor.seek(HeapKey.freeAt(0), visit) != nil
        while isFound { isFound = try unsafe cursor.move(.next, visit) != nil }
    }

    /// The sum of the free extents by size, which is stored redundantly.
    static func sizes(_ reader: ThreadReader) throws(ServiceError) -> Int {
        let cursor = try reader.cursor(reader.environment.space)
        var sum = 0
        func visit(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
            guard let extent = unsafe HeapKey.free(key) else { return false }
            sum += extent.size
            return true
        }
        var isFound = try unsafe cursor.seek(HeapKey.free(Extent(offset: 0, size: 0)), visit) == true
        while isFound { isFound = try unsafe cursor.move(.next, visit) == true }
        return sum
    }
}
