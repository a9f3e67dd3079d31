// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Foundation
import Glibc
import HandlerKit
import IndexFollowing
import Testing

@testable import DuplicatesHandler
@testable import LMDBStorage

/// The index follows the real storage.
@Suite("Duplicates' follower") struct FollowerTests {
    private static let text = "lũ lụt ở miền trung làm hàng nghìn hộ dân phải rời nhà trong đêm"

    @Test("what is stored, changed and deleted is found, or no longer", .timeLimit(.minutes(2)))
    func following() async throws {
        let newsroom = try Newsroom()
        let first = try await newsroom.put(Article(url: "https://a.vn/1", body: Self.text))
        let second = try await newsroom.put(Article(url: "https://a.vn/2", title: "", body: Self.text + "."))
        _ = try await newsroom.put(Article(url: "https://a.vn/3"))
        try await newsroom.wait(for: [first, second], Self.text)
        try await newsroom.put(Article(url: "https://a.vn/1", body: "một bài khác hẳn về bóng đá"))
        try await newsroom.wait(for: [second], Self.text)
        await newsroom.delete(second)
        try await newsroom.wait(for: [], Self.text)
        try await newsroom.waitUntilCommitted()
        #expect(newsroom.follower.isComplete && newsroom.follower.problem == nil)
        #expect(newsroom.follower.index?.figures.articles == 1)
    }

    @Test("a restart goes on where the index was committed", .timeLimit(.minutes(2)))
    func restarts() async throws {
        let newsroom = try Newsroom()
        let first = try await newsroom.put(Article(body: Self.text))
        try await newsroom.waitUntilCommitted()
        try await newsroom.restart()
        let second = try await newsroom.put(Article(title: "Chép lại", body: Self.text))
        try await newsroom.wait(for: [first, second], Self.text)
        try await newsroom.waitUntilCommitted()
        #expect(newsroom.follower.rebuilds == 0 && newsroom.follower.indexedChanges == 1)
    }

    @Test(
        "an index that is missing, damaged or of another history is made anew", .timeLimit(.minutes(2)),
        arguments: ["missing", "flipped", "cut", "gone", "version", "history"])
    func rebuilds(fault: String) async throws {
        let newsroom = try Newsroom()
        var ids: Set<ArticleID> = []
        for number in 0..<30 {
            ids.insert(try await newsroom.put(Article(url: "https://a.vn/\(number)", body: Self.text)))
        }
        try await newsroom.wait(for: ids, Self.text)
        try await newsroom.waitUntilCommitted()
        try await newsroom.restart {
            let files = URL(filePath: newsroom.indexDirectory)
            let segment = try #require(
                try FileManager.default.contentsOfDirectory(atPath: files.path).first { $0.hasSuffix(".segment") })
            var file = files.appending(path: segment)
            switch fault {
            case "missing": return try FileManager.default.removeItem(at: files)
            case "gone": return try FileManager.default.removeItem(at: file)
            case "history":
                let index = try DuplicateIndex(directory: files.deletingLastPathComponent().path)
                try index.delete(try #require(ids.first))
                try index.commit(
                    CommittedState(
                        position: ChangePosition(epoch: .init(high: 7, low: 7), sequence: 3), isComplete: true))
                return index.close()
            case "version": file = files.appending(path: "manifest")
            default: break
            }
            var contents = try Data(contentsOf: file)
            switch fault {
            case "cut": contents.removeLast()
            case "version":
                contents[8] = 99
                let checksum = CRC32C.checksum(Array(contents.dropLast(4)))
                contents.replaceSubrange(
                    (contents.count - 4)..., with: Data((0..<4).map { UInt8(truncatingIfNeeded: checksum >> ($0 * 8)) })
                )
            default: contents[contents.count / 2] ^= 1
            }
            try contents.write(to: file)
        }
        try await newsroom.wait(for: ids, Self.text)
        try await newsroom.waitUntilCommitted()
        #expect(newsroom.follower.isComplete)
        if fault != "missing" { #expect(newsroom.follower.rebuilds == 1) }
    }

    private static let mayMount: Bool = {
        let directory = FileManager.default.temporaryDirectory.appending(path: "duplicates-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        guard unsafe mount("tmpfs", directory, "tmpfs", 0, "size=1m") == 0 else { return false }
        return unsafe umount2(directory, Int32(MNT_DETACH)) == 0
    }()

    @Test(
        "a full disk is told, and nothing is missing once there is room",
        .enabled(if: mayMount, "a file system must be mounted"), .timeLimit(.minutes(5)))
    func fullDisk() async throws {
        var mounted = ""
        defer {
            unsafe umount2(mounted, Int32(MNT_DETACH))
            try? FileManager.default.removeItem(at: URL(filePath: mounted).deletingLastPathComponent())
        }
        let newsroom = try Newsroom { directory in
            mounted = directory.appending(path: "index").path
            try #require(unsafe mount("tmpfs", mounted, "tmpfs", 0, "size=256k") == 0)
        }
        var ids: Set<ArticleID> = []
        var number = 0
        while newsroom.follower.problem == nil {
            ids.insert(try await newsroom.put(Article(url: "https://a.vn/\(number)", body: Self.text)))
            newsroom.storage.commitPending()
            number += 1
            // Bounded, should the index never tell.
            try #require(number < 5000)
            if number % 10 == 0 { try await Task.sleep(for: .milliseconds(10)) }
        }
        try #require(unsafe mount("tmpfs", mounted, "tmpfs", UInt(MS_REMOUNT), "size=64m") == 0)
        try await newsroom.wait(for: ids, Self.text)
        try await newsroom.waitUntilCommitted()
        try await newsroom.restart()
        try await newsroom.wait(for: ids, Self.text)
        #expect(newsroom.follower.rebuilds == 0 && newsroom.follower.index?.figures.articles == UInt64(ids.count))
    }
}
