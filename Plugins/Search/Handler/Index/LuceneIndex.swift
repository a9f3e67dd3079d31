// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CLucene
internal import HandlerKit
internal import IndexFollowing
internal import SearchText
internal import Synchronization

/// An index in a directory, made with Lucene++.
///
/// `@unchecked Sendable`: the handle is set once. The shim's rule that one thread at a time changes the index is kept by
/// `writing` and `committing`; merges may run beside both.
@safe final class LuceneIndex: SearchIndex, @unchecked Sendable {
    /// What is written into each commit. An index with another format is thrown away: change it whenever terms or fields
    /// change.
    private static let format = "articled-search-1"

    private let handle: OpaquePointer
    /// The memory for the terms of one document.
    private let writing = Mutex(DocumentTerms())
    private let committing = Mutex(())
    private let closed = Mutex(false)
    /// Whether a change could not be made. The library then drops all changes that it had in memory, those before it, too.
    private let lacksChanges = Mutex(false)
    private let files: IndexFiles

    /// Opens the index in a directory, or creates one. Reads all of its files, to check them.
    ///
    /// - Parameters:
    ///   - directory: which exists; the index is in a subdirectory.
    ///   - bufferMegabytes: memory for articles that are not yet in a segment.
    ///   - anew: removes the index that is there.
    /// - Throws: `damaged` if there is one that cannot be used.
    init(directory: String, bufferMegabytes: Double = 16, anew: Bool = false) throws(IndexError) {
        let files = IndexFiles(directory)
        self.files = files
        try files.lock()
        if anew { try files.remove() }
        // The library trusts its files: it would read beyond its memory.
        try files.verify()
        var fields = unsafe LuceneField.allCases.map { field in
            unsafe clucene_field(name: UnsafePointer(OpaquePointer(field.name.utf8Start)), kind: field.kind)
        }
        var settings = clucene_settings(buffer_mb: bufferMegabytes, merge_factor: 10, max_merge_mb: 256)
        var opened: OpaquePointer?
        try LuceneError.check { error in
            unsafe clucene_open(files.path, &fields, fields.count, &settings, &opened, error)
        }
        guard let opened = unsafe opened else { throw IndexError(kind: .failed, message: "it was not opened") }
        unsafe handle = opened
        // A new index has no commit yet.
        if let format = committed("format"), format != Self.format {
            close()
            throw IndexError(kind: .damaged, message: "it has the format \(format), and not \(Self.format)")
        }
    }

    deinit {
        close()
        unsafe clucene_free(handle)
    }

    var committed: CommittedState? {
        guard let text = committed("position"), let bytes = Hexadecimal.decode(text),
            let position = ChangePosition(bytes: bytes)
        else { return nil }
        return CommittedState(position: position, isComplete: committed("state") == "complete")
    }

    private func committed(_ key: String) -> String? {
        var value = [CChar](repeating: 0, count: 256)
        let size = unsafe clucene_committed(handle, key, &value, value.count)
        guard size > 0 else { return nil }
        return String(decoding: value[..<size].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func update(_ document: IndexDocument) throws(IndexError) {
        let name = Hexadecimal.encode(document.id)
        let failure: IndexError? = writing.withLock { terms in
            terms.set(document)
            return unsafe terms.withTerms { fields in
                var time = document.time
                return LuceneError.caught { error in
                    unsafe clucene_update(
                        handle, name, name.utf8.count, fields.baseAddress, fields.count, &time, 1, error)
                }
            }
        }
        if let failure { throw noted(failure) }
    }

    func delete(_ id: ArticleID) throws(IndexError) {
        let name = Hexadecimal.encode(id)
        let failure = writing.withLock { _ in
            LuceneError.caught { unsafe clucene_delete(handle, name, name.utf8.count, $0) }
        }
        if let failure { throw noted(failure) }
    }

    func commit(_ state: CommittedState) throws(IndexError) {
        let pairs = [
            "format", Self.format, "position", Hexadecimal.encode(state.position.bytes), "state",
            state.isComplete ? "complete" : "incomplete",
        ]
        // Not `writing`: a commit waits for the disk, and changes do not wait for it.
        let failure: IndexError? = committing.withLock { _ in
            do throws(IndexError) {
                // From here on all changes up to `state` are in files. Later ones may fail beside the commit, and do not take them
                // away.
                try flush()
                let failure = CStrings.lend(pairs) { texts in
                    LuceneError.caught { unsafe clucene_commit(handle, texts, pairs.count / 2, $0) }
                }
                if let failure { throw noted(failure) }
                try files.record(try committedFiles())
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Writes all changes into files.
    private func flush() throws(IndexError) {
        let failure: IndexError? = writing.withLock { _ in
            if lacksChanges.withLock({ $0 }) {
                return IndexError(kind: .aborted, message: "changes were lost")
            }
            return LuceneError.caught { unsafe clucene_flush(handle, $0) }
        }
        if let failure { throw noted(failure) }
    }

    private func committedFiles() throws(IndexError) -> [String] {
        let names = FileNames()
        try LuceneError.check { error in
            unsafe clucene_files(
                handle, { context, name in FileNames.receive(context, name) },
                Unmanaged.passUnretained(names).toOpaque(), error)
        }
        return names.names
    }

    func snapshot(after previous: (any SearchSnapshot)?) throws(IndexError) -> any SearchSnapshot {
        let before = previous as? LuceneSnapshot
        var opened: OpaquePointer?
        let failure = writing.withLock { _ in
            LuceneError.caught { error in
                unsafe clucene_refresh(handle, LuceneField.time.rawValue, before?.handle, &opened, error)
            }
        }
        if let failure { throw noted(failure) }
        guard let opened = unsafe opened else { throw IndexError(kind: .memory, message: "there is no snapshot") }
        return unsafe LuceneSnapshot(opened, of: self)
    }

    /// Notes that changes were lost.
    private func noted(_ error: IndexError) -> IndexError {
        lacksChanges.withLock { $0 = true }
        return error
    }

    var needsMerge: Bool { unsafe clucene_needs_merge(handle) }

    func merge() throws(IndexError) {
        try LuceneError.check { unsafe clucene_merge(handle, $0) }
    }

    /// The handle stays until the last snapshot is gone, since queries are made with it.
    func close() {
        let isFirst = closed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        guard isFirst else { return }
        writing.withLock { _ in unsafe clucene_close(handle) }
        files.unlock()
    }

    var figures: IndexFigures {
        let figures = unsafe clucene_index_figures(handle)
        return IndexFigures(segments: figures.segments, bufferedBytes: figures.buffered_bytes)
    }

    /// Makes the query of a request to one of the snapshots.
    func query(_ request: SnapshotRequest, in searcher: OpaquePointer) throws(IndexError) -> LuceneQuery {
        try LuceneQueryBuilder(request, unsafe maker(searcher)).query()
    }

    /// Makes parts of queries to one of the snapshots.
    func maker(_ searcher: OpaquePointer) -> LuceneQueryMaker {
        unsafe LuceneQueryMaker(index: handle, searcher: searcher)
    }
}

/// Receives the names of files, on the thread that asks for them.
private final class FileNames {
    private(set) var names: [String] = []

    @safe static func receive(_ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?) {
        guard let context = unsafe context, let name = unsafe name else { return }
        unsafe Unmanaged<FileNames>.fromOpaque(context).takeUnretainedValue().names.append(String(cString: name))
    }
}

/// Errors of the shim.
enum LuceneError {
    typealias Body = (UnsafeMutablePointer<clucene_error>) -> clucene_code

    @safe static func check(_ body: Body) throws(IndexError) {
        if let error = caught(body) { throw error }
    }

    /// nil if there is no error.
    @safe static func caught(_ body: Body) -> IndexError? {
        var error = clucene_error()
        let code = unsafe body(&error)
        guard code != CLUCENE_OK else { return nil }
        let message = unsafe withUnsafeBytes(of: error.message) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let kind: IndexError.Kind =
            switch code {
            case CLUCENE_DAMAGED: .damaged
            case CLUCENE_IO: .io
            case CLUCENE_MEMORY: .memory
            case CLUCENE_TOO_LONG: .tooLong
            case CLUCENE_ABORTED: .aborted
            default: .failed
            }
        return IndexError(kind: kind, message: message)
    }
}

/// Bytes as text.
enum Hexadecimal {
    static func encode(_ bytes: [UInt8]) -> String {
        var text = ""
        text.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 0x30 + digit : 0x57 + digit))
            }
        }
        return text
    }

    static func encode(_ id: ArticleID) -> String {
        encode(
            (0..<8).map { UInt8(truncatingIfNeeded: id.high >> UInt64(56 - 8 * $0)) }
                + (0..<8).map { UInt8(truncatingIfNeeded: id.low >> UInt64(56 - 8 * $0)) })
    }

    /// nil if it is something else.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }

    static func id(_ text: String) -> ArticleID? {
        guard let bytes = decode(text), bytes.count == 16 else { return nil }
        func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return ArticleID(high: word(0), low: word(8))
    }
}

/// Lends texts to C, as an array of strings.
enum CStrings {
    @safe static func lend<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        var bytes: [CChar] = []
        var starts: [Int] = []
        for text in texts {
            starts.append(bytes.count)
            bytes.append(contentsOf: text.utf8.map { CChar(bitPattern: $0) })
            bytes.append(0)
        }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            let pointers = unsafe starts.map { start in unsafe buffer.baseAddress.map { unsafe $0 + start } } + [nil]
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                guard let first = pointers.baseAddress else { preconditionFailure("the array ends with nil") }
                return unsafe body(first)
            }
        }
    }
}
