// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import HandlerKit

/// One check of everything stored, done in slices. Each slice reads its own snapshot, so writes in between are not
/// findings.
protocol StoreCheck: Sendable {
    /// The phase that watchers are told.
    var phase: String { get }

    /// Adds what it finds to the inspection. Throws if it has to end early.
    func run(_ inspection: Inspection) throws(ServiceError)
}

/// What the checks share: the store, the findings and the progress. For one thread.
final class Inspection {
    /// The most that a slice reads, so that no snapshot is kept for long.
    static let slice = (bytes: 1 << 20, records: 512, entries: 4096)

    let environment: LMDBEnvironment
    let readers: ThreadReaders
    let reader: VerifyingReader
    private(set) var findings = Findings()
    private(set) var phase = ""
    private(set) var done: UInt64 = 0
    var total: UInt64 = 0
    var records: UInt64 = 0
    var bytes: UInt64 = 0
    var indexEntries: UInt64 = 0
    /// The disk failed to return a record. The memory map, which the service reads from, must not be touched there.
    private(set) var isDiskFailing = false
    private let pages: PageCheck
    private let stop: () throws(ServiceError) -> Void
    private let sliceDone: (Inspection, Int) throws(ServiceError) -> Void

    /// - Parameters:
    ///   - pages: compares the index's pages with their checksums.
    ///   - stop: throws if the work has to end.
    ///   - sliceDone: called with the bytes that a slice has read. It reports progress, pauses, and throws if the
    ///     work has to end.
    init(
        _ environment: LMDBEnvironment, _ readers: ThreadReaders, _ pages: PageCheck,
        stop: @escaping () throws(ServiceError) -> Void,
        sliceDone: @escaping (Inspection, Int) throws(ServiceError) -> Void
    ) throws(ServiceError) {
        self.environment = environment
        self.readers = readers
        self.pages = pages
        self.stop = stop
        self.sliceDone = sliceDone
        reader = try VerifyingReader(environment)
    }

    /// All checks but the one of the index's pages, in order: later ones rely on earlier ones.
    static let checks: [any StoreCheck] = [RecordCheck(), IndexCheck(), ChangeCheck(), SpaceCheck()]

    /// Runs all checks. The pages come first, since the other checks walk them.
    func run() throws(ServiceError) {
        phase = "pages"
        if let fault = try pages.run(stop) { return report(nil, environment.path, fault) }
        for check in Self.checks {
            (phase, done, total) = (check.phase, 0, 0)
            do throws(ServiceError) {
                try check.run(self)
            } catch {
                // The index cannot be read any further, which is a finding.
                guard error.code == .dataLoss else { throw error }
                report(nil, environment.path, error.message)
            }
            if isDiskFailing { return }
        }
    }

    /// Ends a slice. No read may be under way.
    func advance(_ count: Int, bytes: Int) throws(ServiceError) {
        done += UInt64(count)
        try sliceDone(self, bytes)
    }

    /// Called at each step of a long slice.
    func checkStop(at step: Int) throws(ServiceError) {
        if step % (1 << 14) == 0 { try stop() }
    }

    /// Adds a finding.
    func report(_ id: ArticleID?, _ file: String, at offset: Int = 0, _ problem: String) {
        findings.add(StorageFinding(id: id, file: file, offset: UInt64(clamping: offset), problem: problem))
    }

    /// Adds a finding about a record that cannot be read.
    func report(_ id: ArticleID, _ value: UnsafeRawBufferPointer, _ fault: VerifyingReader.Fault) {
        if case .disk = fault { isDiskFailing = true }
        if let location = unsafe HeapLocation(value) {
            report(id, environment.heap.path, at: location.offset, fault.problem)
        } else {
            report(id, environment.path, fault.problem)
        }
    }
}

/// The number of findings, and the first of them.
struct Findings {
    private static let maxKept = 100
    /// The most that are logged.
    static let maxLogged = 20

    private(set) var count: UInt64 = 0
    private(set) var first: [StorageFinding] = []

    /// "1 finding", "2 findings"
    static func text(_ count: UInt64) -> String { count == 1 ? "1 finding" : "\(count) findings" }

    mutating func add(_ finding: StorageFinding) {
        count += 1
        if first.count < Self.maxKept { first.append(finding) }
    }

    /// Logs the first findings, as many as a person would read.
    func write(to log: PluginLog) {
        for finding in first.prefix(Self.maxLogged) { log.error(finding.text) }
        if count > Self.maxLogged { log.error("and \(Self.text(count - UInt64(Self.maxLogged))) more") }
    }
}

extension StorageFinding {
    /// One line for people.
    var text: String {
        let place = file.isEmpty ? "" : offset > 0 ? " (\(file) at \(offset))" : " (\(file))"
        return (id.map { "the article \($0): " } ?? "") + problem + place
    }
}
