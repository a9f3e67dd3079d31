// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import LinuxRuntime

extension Thread {
    /// The engine's own threads: a commit blocks for as long as the disk takes, which no thread of Swift's pool may.
    ///
    /// Throws a `ServiceError`, as all of the engine does.
    init(starting name: String, _ body: @escaping @Sendable () -> Void) throws(ServiceError) {
        do throws(SystemError) {
            try self.init(name, body)
        } catch {
            throw ServiceError(lmdb: error.code, "cannot start a thread")
        }
    }
}
