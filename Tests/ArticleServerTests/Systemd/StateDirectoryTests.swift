import Glibc
import Testing

@testable import ArticleServer

@Suite struct StateDirectoryTests {
    @Test func madeForOurselvesAlone() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a/b"
        #expect(try StateDirectory.prepare(path) == path)
        #expect(try StateDirectory.prepare(path) == path)
        var status = stat()
        #expect(unsafe stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test func notADirectory() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("file", "")
        #expect(throws: StartError.self) { try StateDirectory.prepare(path) }
        #expect(throws: StartError.self) { try StateDirectory.prepare("\(path)/below") }
    }
}
