internal import ArticleProtocol
internal import HandlerKit
internal import Synchronization

/// Brings groups to disk, and then tells the writers: on a thread of its own, so that the group is shown to readers, and
/// the next group made, meanwhile. A small one can be brought there by the committer itself, sooner than another thread would be
/// at work; the writers are told from this one all the same, for what they do then may need the committer.
///
/// Groups are told in their order, those too that wrote nothing: what their answers say of other records must be on disk
/// as well.
final class LogSync: Sendable {
    private struct State {
        var groups: [WriteGroup] = []
        var isClosed = false
    }

    private let queue: WriteQueue
    private let failure: LogFailure
    private let environment: Environment
    private let disk: any Disk
    private let state = Mutex(State())
    private let hasWork = WakeUp()

    init(_ queue: WriteQueue, _ environment: Environment, _ disk: any Disk, _ failure: LogFailure) {
        self.queue = queue
        self.environment = environment
        self.disk = disk
        self.failure = failure
    }

    /// Adds a group that is in the log.
    func add(_ group: WriteGroup) {
        queue.goesToDisk()
        state.withLock { $0.groups.append(group) }
        hasWork.signal()
    }

    /// Brings a group to disk on the committer's own thread, and has its writers told. No other one is on its way to disk.
    func bring(_ group: WriteGroup) {
        sync([group])
        group.isBrought = true
        queue.wasBrought(group)
        state.withLock { $0.groups.append(group) }
        hasWork.signal()
    }

    /// No group comes any more; those that were added are still told.
    func close() {
        state.withLock { $0.isClosed = true }
        hasWork.signal()
    }

    /// Syncs until it is closed. On a thread of its own.
    func run() {
        while true {
            hasWork.wait()
            let (groups, isClosed) = state.withLock { state in
                defer { state.groups = [] }
                return (state.groups, state.isClosed)
            }
            if !groups.isEmpty { finish(groups) }
            if isClosed { return }
        }
    }

    private func finish(_ groups: [WriteGroup]) {
        let others = groups.filter { !$0.isBrought }
        if !others.isEmpty {
            sync(others)
            queue.areOnDisk(others.count)
        }
        for group in groups where group.waitForDecision() {
            queue.release(group)
            for (write, result) in zip(group.writes, group.results) {
                if let trouble = group.trouble {
                    write.complete(WriteResult(.refused(trouble), id: result.id))
                } else {
                    write.complete(result)
                }
            }
        }
    }

    /// One sync for all that are in one file.
    private func sync(_ groups: [WriteGroup]) {
        defer { for group in groups { group.trouble = failure.current } }
        if groups.contains(where: \.needsHeap), failure.current == nil {
            do throws(ServiceError) {
                try environment.syncHeap(disk)
            } catch {
                failure.note(error)
            }
        }
        var synced: (any LogFile)?
        for file in groups.reversed().compactMap(\.file) where file !== synced {
            if failure.current != nil { return }
            do throws(ServiceError) {
                try file.sync()
                synced = file
            } catch {
                failure.note(error)
            }
        }
    }
}
