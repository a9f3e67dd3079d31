import ArticleProtocol

/// Bodies as articles, each made when it is asked for. Ctrl-C ends them.
struct BodyArticles: AsyncSequence, Sendable {
    typealias Element = Article
    typealias Failure = Never

    let bodies: Bodies
    let numbers: [Int]

    func makeAsyncIterator() -> Iterator { Iterator(bodies: bodies, numbers: numbers[...]) }

    struct Iterator: AsyncIteratorProtocol {
        let bodies: Bodies
        var numbers: ArraySlice<Int>

        mutating func next() async -> Article? {
            guard !Signals.isInterrupted, let number = numbers.popFirst() else { return nil }
            let body = unsafe String(decoding: bodies[number], as: UTF8.self)
            return Article(id: ArticleID(bench: number, of: bodies), body: body)
        }
    }
}
