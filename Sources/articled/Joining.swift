internal import ArticleServer

/// The end of all event loops, as something to wait for.
struct Joining {
    private let call: BoundedCall<Bool>

    /// nil if there is not even a thread left to wait with.
    init?(_ server: Server) {
        guard
            let call = try? BoundedCall({
                server.join()
                return true
            })
        else { return nil }
        self.call = call
    }

    /// Readable when they have ended.
    var descriptor: Int32 { call.descriptor }
    var isDone: Bool { call.answer != nil }
}
