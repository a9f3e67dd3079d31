// SPDX-License-Identifier: Apache-2.0
import ArticleFormats

/// An archive, or a compressed file, that is being read: the files in it, one after the other.
final class OpenArchive {
    private let input: InputFile
    let beginning: [UInt8]
    private let archive: Archive
    private let supply: Supply
    private var isFirst = true
    private var found = 0
    private var others = 0
    private var other: String?

    /// Hands the archive's own bytes to libarchive, and keeps what went wrong there.
    private final class Supply {
        private var source: ByteSource
        private(set) var failure: CommandFailure?
        var bytesRead: Int { source.bytesRead }
        var size: Int? { source.size }

        init(_ source: consuming ByteSource) { self.source = source }

        func next() -> [UInt8] {
            do throws(CommandFailure) {
                return try source.bytes()
            } catch {
                failure = error
                return []
            }
        }
    }

    /// - Parameter beginning: its first bytes.
    init(_ source: consuming ByteSource, _ input: InputFile, _ beginning: [UInt8]) throws(RecordError) {
        self.input = input
        self.beginning = beginning
        let supply = Supply(source)
        self.supply = supply
        do throws(Archive.Failure) {
            archive = try Archive { supply.next() }
        } catch {
            throw RecordError("the archive cannot be read: \(error.message)")
        }
    }

    var name: String { input.name }
    /// Of the archive itself.
    var bytesRead: Int { supply.bytesRead }

    /// The next file that may have articles; nil at the end.
    ///
    /// - Throws: what cannot be read. After `isOver`, there is nothing more.
    func next() throws(RecordError) -> (InputFile, ByteSource.Supply)? {
        while let entry = try nextEntry() {
            guard let bytes = entry.path else {
                found += 1
                let inner = InputFile(unpackedFrom: input)
                return (inner, content(inner.name))
            }
            if isFirst, Self.marks.contains(where: { bytes == Array($0.utf8) }) {
                isOver = true
                throw RecordError("it is a document of an office program or an e-book: export it as text first")
            }
            isFirst = false
            let path = FileName.text(bytes)
            let parts = path.split(separator: "/")
            if parts.contains("__MACOSX") { continue }
            // Nothing is unpacked: "../a.txt" is a name like any other.
            let isHidden = parts.contains { $0.hasPrefix(".") && $0 != "." && $0 != ".." }
            guard entry.kind != .other, !isHidden else {
                // "._a.txt" is what macOS keeps beside a.txt.
                if InputFormat(ofName: path) != nil, parts.last?.hasPrefix("._") == false {
                    passOver(FileName.shown(path), isHidden ? "hidden" : "a link")
                }
                continue
            }
            let inner = InputFile(path, in: input)
            guard InputFormat(ofName: path) != nil || inner.isPacked else {
                others += 1
                if other == nil { other = inner.name }
                continue
            }
            found += 1
            guard entry.kind != .encrypted else {
                throw RecordError("\(FileName.shown(path)) in it is encrypted: unpack the archive first")
            }
            return (inner, content(inner.name))
        }
        return nil
    }

    /// Nothing more can be read.
    private(set) var isOver = false

    /// What is told at the end.
    var remarks: [RecordNote] {
        var remarks: [RecordNote] = []
        if let other {
            remarks.append(
                RecordNote(
                    kind: "others in \(name)",
                    "skipped \(Quantity.count(others, "file")) of other kinds in it, as \(other)")
            )
        }
        if let passedOver {
            remarks.append(
                RecordNote(
                    kind: "passed over in \(name)",
                    "left out \(Quantity.count(passedOverCount, "file")) in it that are hidden or links, as \(passedOver)",
                    isLoss: true))
        }
        return remarks
    }

    /// Counts a file that seems to have articles and is not read.
    private func passOver(_ path: String, _ why: String) {
        passedOverCount += 1
        passedOver = passedOver ?? "\(path) (\(why))"
    }

    private var passedOverCount = 0
    private var passedOver: String?

    /// The archive has no file for us.
    var isEmpty: Bool { found == 0 }

    /// The first entries of Open Document, EPUB, and Office Open XML.
    private static let marks = ["mimetype", "[Content_Types].xml", "_rels/.rels"]

    private func nextEntry() throws(RecordError) -> Archive.Entry? {
        do throws(Archive.Failure) {
            let entry = try archive.next()
            if entry == nil { isOver = true }
            return entry
        } catch {
            isOver = isOver || error.isFinal
            throw RecordError(text(error))
        }
    }

    private func content(_ name: String) -> ByteSource.Supply {
        { [self] () throws(CommandFailure) in
            do throws(Archive.Failure) {
                return try archive.read()
            } catch {
                isOver = isOver || error.isFinal
                throw CommandFailure(.data, "\(name): \(text(error))")
            }
        }
    }

    private func text(_ failure: Archive.Failure) -> String {
        supply.failure?.message ?? "the archive is damaged (\(failure.message)), and not read on"
    }
}
