// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import Testing

@testable import LMDBStorage

/// Zeros are written after the data only, and as many as specified.
@Suite struct FileEndTests {
    private let directory = TemporaryDirectory()

    @Test func smallWritesComeToZerosThatAreThere() throws {
        let file = try SystemFile(directory.path + "/file")
        let step = 128 << 10
        var end = FileEnd(0, step: step, large: 50_000)
        var expected: [UInt8] = []
        var growths = 0
        for number in 0..<100 {
            let bytes = [UInt8](repeating: UInt8(number + 1), count: 1 + number * 97)
            let before = try file.size()
            end.prepare(file, for: expected.count..<expected.count + bytes.count)
            try file.write(bytes, at: expected.count)
            expected += bytes
            let size = try file.size()
            #expect(size == before || size == before + step)
            if size > before { growths += 1 }
            #expect(end.offset == size)
        }
        #expect(growths == (expected.count + step - 1) / step && growths > 2)
        let content = FileBytes.read(file.path)
        #expect(content.starts(with: expected))
        #expect(content.dropFirst(expected.count).allSatisfy { $0 == 0 })
    }

    @Test func aLargeWriteMakesItsOwnEnd() throws {
        let file = try SystemFile(directory.path + "/file")
        var end = FileEnd(0, step: 64 << 10, large: 50_000)
        end.prepare(file, for: 0..<50_000)
        #expect(try file.size() == 0)
        #expect(end.offset == 50_000)
        // Within the file there is nothing to do; after a gap, filling continues.
        end.prepare(file, for: 100..<200)
        #expect(try file.size() == 0)
        end.prepare(file, for: 60_000..<60_001)
        #expect(try file.size() == 60_000 + (64 << 10))
    }
}
