// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit

@testable import LMDBStorage
@testable import StorageRules

/// Storages in a process with restrictions. Each function returns 0 on success, otherwise the number of the failed
/// check.
enum Confined {
    static func byAddressSpace(_ path: String) async throws -> Int32 {
        var limit = rlimit(rlim_cur: 4 << 30, rlim_max: 4 << 30)
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        let engine = try LMDBEngine(.tests, directory: path)
        let isCreated = await engine.put(.id(.generate()), "x").outcome.isCreated
        engine.stop()
        return isCreated ? 0 : 1
    }

    static func byRights(_ path: String) -> Int32 {
        // Root may write anywhere.
        if geteuid() == 0 { seteuid(65_534) } else { unsafe chmod(path, 0o500) }
        defer { unsafe chmod(path, 0o700) }
        do throws(ServiceError) {
            _ = try LMDBEngine(.tests, directory: path)
            return 1
        } catch {
            return error.code == .failedPrecondition && error.message.contains(path) ? 0 : 2
        }
    }

    /// A limit on the file size is a full disk that needs no privileges. Its signal is blocked on the committer's
    /// thread.
    static func byFileSize(_ path: String) async throws -> Int32 {
        var limit = rlimit(rlim_cur: 3 << 20, rlim_max: 3 << 20)
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let engine = try LMDBEngine(.tests, directory: path)
        defer { engine.stop() }
        return await fill(engine)
    }

    /// A write that was refused because its pages had no room was already in the log. A kill right after that, and a
    /// start with enough room, do not bring it back.
    static func killedAfterARefusal(_ path: String) async throws -> Int32 {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        limit.rlim_cur = 3 << 20
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let engine = try LMDBEngine(ModelRun.plain, directory: path)
        defer { engine.stop() }
        var stored: [ArticleID] = []
        var refused: ArticleID?
        while refused == nil, stored.count < 1000 {
            let id = ArticleID.generate()
            let result = await engine.put(.id(id), content: [UInt8](repeating: 1, count: 30_000))
            if result.outcome.isCreated { stored.append(id) } else { refused = id }
        }
        guard let refused, stored.count > 20 else { return 1 }
        let image = StorageImage(of: path)
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let directory = path + "/killed"
        guard unsafe mkdir(directory, 0o700) == 0 else { return 2 }
        image.write(to: directory)
        let again = try LMDBEngine(.tests, directory: directory)
        defer { again.stop() }
        for id in stored where try again.copy(id)?.content.count != 30_000 { return 3 }
        return try again.lend(id: refused) { _ in } == .found ? 4 : 0
    }

    /// Where mounting is not permitted, `byFileSize` has to suffice.
    static func byFileSystem(_ path: String) async throws -> Int32 {
        guard geteuid() == 0, unsafe mount("tmpfs", path, "tmpfs", 0, "size=3m") == 0 else { return 0 }
        defer { unsafe umount2(path, Int32(MNT_DETACH)) }
        let engine = try LMDBEngine(.tests, directory: path)
        defer { engine.stop() }
        return await fill(engine)
    }

    /// A start on a full disk, with files and without: it is refused, and works again with enough room.
    static func onAFullDisk(_ path: String) async throws -> Int32 {
        guard geteuid() == 0, unsafe mount("tmpfs", path, "tmpfs", 0, "size=12m") == 0 else { return 0 }
        defer { unsafe umount2(path, Int32(MNT_DETACH)) }
        let (filler, directory) = (path + "/filler", path + "/data")
        guard occupy(filler), unsafe mkdir(directory, 0o700) == 0 else { return 1 }
        guard isRefused(directory) else { return 2 }
        unsafe unlink(filler)
        var engine = try LMDBEngine(.tests, directory: directory)
        let id = ArticleID.generate()
        guard await engine.put(.id(id), "x").outcome.isCreated else { return 3 }
        engine.stop()
        // Like a backup that was restored without the lock file.
        guard unsafe unlink(directory + "/articles.mdb-lock") == 0, occupy(filler) else { return 4 }
        guard isRefused(directory) else { return 5 }
        unsafe unlink(filler)
        engine = try LMDBEngine(.tests, directory: directory)
        defer { engine.stop() }
        return try engine.lend(id: id) { _ in } == .found ? 0 : 6
    }

    /// Writes a file until the disk is full.
    private static func occupy(_ path: String) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let zeros = [UInt8](repeating: 0, count: 4096)
        while unsafe write(descriptor, zeros, zeros.count) > 0 {}
        return descriptor >= 0 && errno == ENOSPC
    }

    private static func isRefused(_ path: String) -> Bool {
        do throws(ServiceError) {
            try LMDBEngine(.tests, directory: path).stop()
            return false
        } catch {
            return error.code == .resourceExhausted
        }
    }

    private static func fill(_ engine: LMDBEngine) async -> Int32 {
        var stored: [ArticleID] = []
        var refusal: ServiceError?
        while refusal == nil {
            let id = ArticleID.generate()
            let result = await engine.put(.id(id), content: [UInt8](repeating: 1, count: 30_000))
            if result.outcome.isCreated { stored.append(id) }
            if case .refused(let error) = result.outcome { refusal = error }
            if stored.count > 1000 { return 1 }
        }
        guard refusal?.code == .resourceExhausted, refusal?.message.contains("articles.mdb") == true else { return 2 }
        guard engine.health.state == .unhealthy, stored.count > 20 else { return 3 }
        for id in stored where (try? engine.copy(id))?.content.count != 30_000 { return 4 }
        // Deleting articles makes room.
        for id in stored.prefix(5) where await !engine.delete(id).outcome.isDeleted { return 5 }
        _ = await engine.put(.id(.generate()), "x")
        let again = await engine.put(.id(.generate()), content: [UInt8](repeating: 1, count: 30_000))
        guard again.outcome.isCreated else { return 6 }
        return engine.health.state == .unhealthy ? 7 : 0
    }
}
