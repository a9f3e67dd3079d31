// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// The reads that engines in Swift are at, each in a task that can be cancelled.
enum RunningReads {
    private enum Entry {
        case running(Task<Void, Never>)
        /// It has ended, or was cancelled, before its task was entered here.
        case over
    }

    private static let all = Mutex<[UInt64: Entry]>([:])

    /// Starts a read. Up to where it waits, it runs at once; then on the loop, if there is one.
    static func start(
        _ read: RequestedRead, _ token: UInt64, _ engine: any StorageEngine, on loop: LoopExecutor?,
        _ done: ReadCallback
    ) {
        let task = Task.immediateDetached(executorPreference: loop) {
            await answer(read, engine, done)
            all.withLock { all in
                if case .running = all[token] { all[token] = nil } else { all[token] = .over }
            }
        }
        all.withLock { all in
            if case .over = all[token] {
                all[token] = nil
                task.cancel()
            } else {
                all[token] = .running(task)
            }
        }
    }

    /// Cancels a read, if it has not ended.
    static func cancel(_ token: UInt64) {
        all.withLock { all in
            if case .running(let task) = all[token] { task.cancel() }
        }
    }

    private static func answer(_ read: RequestedRead, _ engine: any StorageEngine, _ done: ReadCallback) async {
        do throws(ServiceError) {
            switch read {
            case .id(let id): done(try await engine.fetch(id: id).map { RecordPage(records: [$0]) })
            case .key(let key): done(try await engine.fetch(key: key).map { RecordPage(records: [$0]) })
            case .scan(let query): done(try await engine.fetch(query))
            case .changes(let query): done(try await engine.fetch(query))
            }
        } catch {
            done(error)
        }
    }
}
