internal import ArticleProtocol
internal import HandlerKit

/// One check of all that is stored, in slices: each sees the store as it is then, so that what is changed meanwhile is no finding.
protocol StoreCheck: Sendable {
    /// What watchers are told.
    var phase: String { get }

    /// Throws if it is to end early. What it finds it adds to the inspection.
    func run(_ inspection: Inspection) throws(ServiceError)
}

/// What the checks share: the store, what they found, and how far they are. One thread's.
final class Inspection {
    /// What a slice reads at most: no snapshot is kept for long.
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
    /// The disk did not give something back: the map, which the service reads from, must not be touched there.
    private(set) var isDiskFailing = false
    private let checkPages: () -> String?
    private let stop: () throws(ServiceError) -> Void
    private let sliceDone: (Inspection, Int) throws(ServiceError) -> Void

    /// - Parameters:
    ///   - checkPages: compares the pages of the index with their checksums, and answers what is wrong.
    ///   - stop: throws if the work is to end.
    ///   - sliceDone: is told how many bytes a slice has read; reports, waits, and throws if the work is to end.
    init(
        _ environment: LMDBEnvironment, _ readers: ThreadReaders, checkPages: @escaping () -> String?,
        stop: @escaping () throws(ServiceError) -> Void,
        sliceDone: @escaping (Inspection, Int) throws(ServiceError) -> Void
    ) throws(ServiceError) {
        self.environment = environment
        self.readers = readers
        self.checkPages = checkPages
        self.stop = stop
        self.sliceDone = sliceDone
        reader = try VerifyingReader(environment)
    }

    /// All checks but that of the index's own pages, in their order: a later one relies on what an earlier one has read.
    static let checks: [any StoreCheck] = [RecordCheck(), IndexCheck(), SpaceCheck()]

    /// Makes all checks: that of the index's pages first, which the others walk.
    func run() throws(ServiceError) {
        phase = "pages"
        if let fault = checkPages() { return report(nil, environment.path, fault) }
        for check in Self.checks {
            (phase, done, total) = (check.phase, 0, 0)
            do throws(ServiceError) {
                try check.run(self)
            } catch {
                // The database cannot be read any further here: that is what was looked for.
                guard error.code == .dataLoss else { throw error }
                report(nil, environment.path, error.message)
            }
            if isDiskFailing { return }
        }
    }

    /// A slice is done. No read may be under way.
    func advance(_ count: Int, bytes: Int) throws(ServiceError) {
        done += UInt64(count)
        try sliceDone(self, bytes)
    }

    /// Within a long slice, at each of its steps.
    func checkStop(at step: Int) throws(ServiceError) {
        if step % (1 << 14) == 0 { try stop() }
    }

    /// Something is wrong.
    func report(_ id: ArticleID?, _ file: String, at offset: Int = 0, _ problem: String) {
        findings.add(StorageFinding(id: id, file: file, offset: UInt64(clamping: offset), problem: problem))
    }

    /// A record cannot be read as it was written.
    func report(_ id: ArticleID, _ value: UnsafeRawBufferPointer, _ fault: VerifyingReader.Fault) {
        if case .disk = fault { isDiskFailing = true }
        if let location = unsafe HeapLocation(value) {
            report(id, environment.heap.path, at: location.offset, fault.problem)
        } else {
            report(id, environment.path, fault.problem)
        }
    }
}

/// What was found wrong: how much in all, and the first of it.
struct Findings {
    private static let maxKept = 100
    /// In the journal.
    static let maxLogged = 20

    private(set) var count: UInt64 = 0
    private(set) var first: [StorageFinding] = []

    /// "1 finding", "2 findings"
    static func text(_ count: UInt64) -> String { count == 1 ? "1 finding" : "\(count) findings" }

    mutating func add(_ finding: StorageFinding) {
        count += 1
        if first.count < Self.maxKept { first.append(finding) }
    }

    /// Names them in the journal, as far as a person reads.
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
