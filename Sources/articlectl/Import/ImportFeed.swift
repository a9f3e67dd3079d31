import ArticleProtocol

/// The articles of an import, as they are read. The client takes the next one when there is room for it.
struct ImportFeed: AsyncSequence, Sendable {
    typealias Element = PutRequest

    let files: [InputFile]
    let options: InputOptions
    let keep: Bool
    let interrupt: Int32
    let report: ImportReport

    func makeAsyncIterator() -> Iterator {
        Iterator(reader: RecordReader(files, options, interrupt: interrupt), report: report, expected: keep ? 0 : nil)
    }

    struct Iterator: AsyncIteratorProtocol {
        let reader: RecordReader
        let report: ImportReport
        let expected: UInt64?

        mutating func next() async throws -> PutRequest? {
            while true {
                do throws(CommandFailure) {
                    guard let record = try reader.next() else { return nil }
                    switch record.article {
                    case .success(let article):
                        report.sent(record.origin, bytesRead: reader.bytesRead)
                        return PutRequest(article: article, expectedRevision: expected)
                    case .failure(let error): report.reject(record.origin, error.message)
                    }
                } catch {
                    // One file that cannot be read does not stop the others.
                    guard error.code != .io else { throw error }
                    report.reject(nil, error.message)
                }
            }
        }
    }
}
