// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Glibc
import HandlerKit
import Synchronization
import Testing

@testable import LMDBStorage
@testable import StorageRules

/// A start reports a directory that it cannot use, and does not change it.
@Suite struct OpeningTests {
    private let directory = TemporaryDirectory()
    private var database: String { directory.path + "/articles.mdb" }

    @Test func missingDirectoriesAreMadeForTheOwnerAlone() throws {
        let path = directory.path + "/a/b"
        try LMDBEngine(.tests, directory: path).stop()
        for made in [directory.path + "/a", path] {
            var status = stat()
            unsafe #expect(stat(made, &status) == 0 && status.st_mode & 0o777 == 0o700)
        }
        var status = stat()
        unsafe #expect(stat(path + "/articles.mdb", &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func aDirectoryIsNamedInFull() {
        for path in ["", "relative/path"] {
            let error = refusal(path)
            #expect(error?.code == .failedPrecondition && error?.message.contains("absolute") == true)
        }
    }

    @Test func aFileIsNoDirectory() {
        FileBytes.write([1], to: directory.path + "/file")
        #expect(refusal(directory.path + "/file")?.code == .failedPrecondition)
        #expect(refusal(directory.path + "/file/below")?.code == .failedPrecondition)
    }

    @Test func aSecondProcessIsRefused() throws {
        let first = try LMDBEngine(.tests, directory: directory.path)
        #expect(refusal(directory.path)?.code == .failedPrecondition)
        // Even without the file that names the first one.
        unsafe unlink(directory.path + "/lock")
        #expect(refusal(directory.path)?.code == .failedPrecondition)
        FileBytes.write(Array("\(getpid())\n".utf8), to: directory.path + "/lock")
        let error = refusal(directory.path)
        #expect(error?.code == .failedPrecondition)
        #expect(
            error?.message.contains("process \(getpid())") == true && error?.message.contains(directory.path) == true)
        first.stop()
    }

    @Test func theLockIsReleasedWithItsOwner() throws {
        for _ in 0..<2 { try LMDBEngine(.tests, directory: directory.path).stop() }
    }

    /// After each of its steps. With 5 MB of groups since the last checkpoint, which is in the one file or in the other.
    @Test(arguments: [35, 75]) func aStartThatIsInterruptedLosesNothing(writes: Int) async throws {
        var limits = ModelRun.plain
        (limits.logGroups, limits.logSize) = (40, 1 << 30)
        let storage = try LMDBEngine(limits, directory: directory.path)
        let ids = (0..<writes).map { _ in ArticleID.generate() }
        for id in ids { _ = await storage.put(.id(id), content: [UInt8](repeating: id.bytes[15], count: 160_000)) }
        storage.stop()
        let closed = StorageImage(of: directory.path)
        #expect(closed.logs.contains { $0.count == RedoLog.closedSize })
        var isOpened = false
        for calls in 0..<100 where !isOpened {
            let interrupted = TemporaryDirectory()
            closed.write(to: interrupted.path)
            let disk = SimulatedDisk(interrupted.path)
            disk.state.withLock { $0.callsLeft = calls }
            if let opened = try? LMDBEngine(limits, directory: interrupted.path, disk: disk) {
                isOpened = true
                opened.stop()
            }
            let again = try LMDBEngine(limits, directory: interrupted.path)
            for id in ids { #expect(try again.copy(id)?.content.first == id.bytes[15]) }
            again.stop()
        }
        #expect(isOpened)
    }

    /// Whatever is in the place of the index: the index is rebuilt from the articles, and the old file is kept under
    /// another name.
    @Test func aDamagedIndexIsRebuilt() async throws {
        let whole = try await filled()
        let used = try #require(try DatabaseFile.inspect(database)).usedBytes
        var cases: [(String, [UInt8])] = [("empty", [])]
        for size in [1, 100, 4096, 4100, 8192, used / 2, used - 1] {
            cases.append(("cut at \(size)", Array(whole.prefix(size))))
        }
        let noise = (0..<whole.count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        cases.append(("noise", noise))
        cases.append(("noise in the head", Array(noise.prefix(8192)) + whole.dropFirst(8192)))
        cases.append(("zeros", [UInt8](repeating: 0, count: whole.count)))
        for page in [0, 4096] {
            for offset in [10, 16, 20, 40, 80, 128, 136] {
                // The roots in the older of the two meta pages do not matter: it is not in use.
                if offset >= 80 { continue }
                var bytes = whole
                for index in 0..<8 { bytes[page + offset + index] = 0xfe }
                cases.append(("head at \(page), byte \(offset)", bytes))
            }
        }
        for offset in [80, 128, 136] {
            var bytes = whole
            for page in [0, 4096] { for index in 0..<7 { bytes[page + offset + index] = 0xfe } }
            cases.append(("both heads, byte \(offset)", bytes))
        }
        for (name, bytes) in cases {
            FileBytes.write(bytes, to: database)
            let engine = try LMDBEngine(.tests, directory: directory.path)
            #expect(try engine.list().count == 50, "\(name)")
            engine.stop()
            let isKept = FileBytes.read(directory.path + "/articles.mdb.unused") == bytes
            #expect(isKept, "\(name)")
        }
    }

    @Test func aTailThatIsNotInUseMayBeMissing() async throws {
        let whole = try await filled()
        let used = try #require(try DatabaseFile.inspect(database)).usedBytes
        FileBytes.write(Array(whole.prefix(used)), to: database)
        let engine = try LMDBEngine(.tests, directory: directory.path)
        #expect(try engine.list().count == 50)
        engine.stop()
    }

    @Test func aFirstStartThatWasKilledLeavesNothingInTheWay() throws {
        FileBytes.write([1, 2, 3], to: directory.path + "/articles.mdb.new")
        let engine = try LMDBEngine(.tests, directory: directory.path)
        #expect(try engine.list().isEmpty)
        engine.stop()
    }

    @Test func settingsAreChecked() {
        for (json, word) in [
            (#"{"mapsize": 1}"#, "mapsize"), (#"{"mapSize": "big"}"#, "mapSize"), (#"{"mapSize": 5}"#, "mapSize"),
            (#"{"maxReaders": 0}"#, "maxReaders"), (#"{"queueBytes": -1}"#, "queueBytes"), (#"[]"#, ""),
        ] {
            let context = PluginContext(
                configuration: PluginConfiguration(json: Array(json.utf8)), stateDirectory: directory.path)
            let error = #expect(throws: ServiceError.self) { _ = try LMDBEngine(context: context) }
            #expect(error?.code == .invalidArgument && error?.message.contains(word) == true)
        }
    }

    @Test func settingsNameTheDirectory() throws {
        let path = directory.path + "/elsewhere"
        let json =
            #"{"directory": "\#(path)", "mapSize": 1073741824, "maxReaders": 8, "queueWrites": 10, "queueBytes": 65536}"#
        let context = PluginContext(
            configuration: PluginConfiguration(json: Array(json.utf8)), stateDirectory: "/nowhere")
        try LMDBEngine(context: context).stop()
        unsafe #expect(access(path + "/articles.mdb", F_OK) == 0)
    }

    @Test func littleAddressSpaceIsEnough() async throws {
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            exit(try await Confined.byAddressSpace(path))
        }
    }

    @Test func aDirectoryWithoutRightsIsNamed() async throws {
        _ = try await filled()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            exit(Confined.byRights(path))
        }
    }

    private func refusal(_ path: String) -> ServiceError? {
        do {
            try LMDBEngine(.tests, directory: path).stop()
            return nil
        } catch {
            return error
        }
    }

    /// Stores fifty records. Returns the bytes of the index.
    private func filled() async throws -> [UInt8] {
        let engine = try LMDBEngine(.tests, directory: directory.path)
        for number in 0..<50 {
            _ = await engine.put(
                .id(.generate()), content: [UInt8](repeating: 7, count: number * 100), key: [UInt8(number)])
        }
        engine.stop()
        return FileBytes.read(database)
    }
}
