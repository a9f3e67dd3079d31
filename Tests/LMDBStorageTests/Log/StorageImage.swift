// SPDX-License-Identifier: Apache-2.0
import Glibc

@testable import LMDBStorage
@testable import StorageRules

/// The files of a storage at one moment.
struct StorageImage: Equatable {
    /// One of the files.
    enum File: CaseIterable {
        case database, heap, sums, log0, log1, durable

        var name: String {
            switch self {
            case .database: "articles.mdb"
            case .heap: "articles.mdb-records"
            case .sums: "articles.mdb-sums"
            case .log0: "articles.mdb-redo0"
            case .log1: "articles.mdb-redo1"
            case .durable: "articles.mdb-durable"
            }
        }
    }

    private var files: [File: [UInt8]] = [:]

    /// No files.
    init() {}

    /// The current files, except for zeros at the end of the LMDB file, which are preallocated.
    init(of directory: String) {
        for file in File.allCases { files[file] = Self.read(file, directory) }
    }

    subscript(file: File) -> [UInt8] {
        get { files[file] ?? [] }
        set { files[file] = newValue }
    }

    var database: [UInt8] {
        get { self[.database] }
        set { self[.database] = newValue }
    }

    var heap: [UInt8] {
        get { self[.heap] }
        set { self[.heap] = newValue }
    }

    var logs: [[UInt8]] {
        get { [self[.log0], self[.log1]] }
        set { (self[.log0], self[.log1]) = (newValue[0], newValue[1]) }
    }

    /// Replaces some files by those of another image.
    func with(_ exchanged: [File], from other: StorageImage) -> StorageImage {
        var image = self
        for file in exchanged { image[file] = other[file] }
        return image
    }

    /// Removes some files.
    func without(_ missing: File...) -> StorageImage { with(missing, from: StorageImage()) }

    static func read(_ file: File, _ directory: String) -> [UInt8] {
        let bytes = FileBytes.read(directory + "/" + file.name)
        return file == .database ? withoutZeros(bytes) : bytes
    }

    private static func withoutZeros(_ bytes: [UInt8]) -> [UInt8] {
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

    /// Writes the files to a directory.
    func write(to directory: String) {
        for file in File.allCases where !self[file].isEmpty {
            FileBytes.write(self[file], to: directory + "/" + file.name)
        }
    }

    /// What a disk may contain after a power failure: each block is what was synced, or anything newer that was
    /// written.
    static func afterPowerLoss(
        synced: StorageImage, written: StorageImage, _ random: inout SeededNumbers
    ) -> StorageImage {
        var image = StorageImage()
        for file in File.allCases {
            // Sector by sector for log and heap: groups that were not acknowledged may be there in part.
            let block = file == .database ? 4096 : 512
            image[file] = mix(synced[file], written[file], block, &random)
        }
        return image
    }

    private static func mix(
        _ synced: [UInt8], _ written: [UInt8], _ block: Int, _ random: inout SeededNumbers
    ) -> [UInt8] {
        // A file that grew may have its old or its new size.
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
