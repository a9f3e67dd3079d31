import Glibc

@testable import LMDBStorage

/// The files of a storage at one moment.
struct StorageImage: Equatable {
    var database: [UInt8]
    var heap: [UInt8]
    var logs: [[UInt8]]

    static func paths(_ directory: String) -> (database: String, logs: [String]) {
        (directory + "/articles.mdb", (0..<2).map { directory + "/articles.mdb-redo\($0)" })
    }

    /// As the files are now, but for zeros at the end of the database: space that was allocated ahead.
    init(of directory: String) {
        let paths = Self.paths(directory)
        database = Self.database(directory)
        heap = Self.heap(directory)
        logs = paths.logs.map(FileBytes.read)
    }

    static func database(_ directory: String) -> [UInt8] {
        let bytes = FileBytes.read(paths(directory).database)
        let step = 128 << 10
        let zeros = [UInt8](repeating: 0, count: step)
        var used = (bytes.count + step - 1) / step * step
        while used > 0 {
            let last = bytes[(used - step)..<min(used, bytes.count)]
            let isZero = unsafe last.withUnsafeBytes { last in
                unsafe zeros.withUnsafeBytes { unsafe memcmp(last.baseAddress!, $0.baseAddress!, last.count) == 0 }
            }
            guard isZero else { break }
            used -= step
        }
        return Array(bytes.prefix(used))
    }

    static func heap(_ directory: String) -> [UInt8] { FileBytes.read(directory + "/articles.mdb-records") }

    init(database: [UInt8], heap: [UInt8], logs: [[UInt8]]) {
        self.database = database
        self.heap = heap
        self.logs = logs
    }

    /// Makes files of it in a directory of its own.
    func write(to directory: String) {
        let paths = Self.paths(directory)
        if !database.isEmpty { FileBytes.write(database, to: paths.database) }
        if !heap.isEmpty { FileBytes.write(heap, to: directory + "/articles.mdb-records") }
        for (path, log) in zip(paths.logs, logs) where !log.isEmpty { FileBytes.write(log, to: path) }
    }

    /// What a disk may have after power was lost: of each block what was synced, or anything newer that was written.
    static func afterPowerLoss(
        synced: StorageImage, written: StorageImage, _ random: inout SeededNumbers
    ) -> StorageImage {
        StorageImage(
            database: mix(synced.database, written.database, 4096, &random),
            heap: mix(synced.heap, written.heap, 512, &random),
            // The log's blocks too, sector by sector: groups that nobody was told of may be there in part.
            logs: zip(synced.logs, written.logs).map { mix($0, $1, 512, &random) })
    }

    private static func mix(
        _ synced: [UInt8], _ written: [UInt8], _ block: Int, _ random: inout SeededNumbers
    ) -> [UInt8] {
        // A file that grew may have its new size, or not.
        var mixed = synced
        if written.count > mixed.count, random.next(2) == 0 {
            mixed += [UInt8](repeating: 0, count: written.count - mixed.count)
        }
        let likelihood = random.next(5)
        for start in stride(from: 0, to: min(mixed.count, written.count), by: block)
        where random.next(4) < likelihood {
            let end = min(start + block, mixed.count, written.count)
            mixed.replaceSubrange(start..<end, with: written[start..<end])
        }
        return mixed
    }
}
