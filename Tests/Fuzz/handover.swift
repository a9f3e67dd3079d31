// SPDX-License-Identifier: Apache-2.0
// What a file from the descriptor store may say: it is read or refused, and what was read makes sessions that serve on.
// modules: ArticleServer
import ArticleProtocol

@testable import ArticleServer

/// One input: a state's message, whose header is made right here; with a first byte that is odd, the whole file.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data = unsafe data, count > 0 else { return 0 }
    let bytes = unsafe Array(UnsafeBufferPointer(start: data + 1, count: count - 1))
    let file = unsafe data.pointee % 2 == 1 ? bytes : file(bytes)
    guard let state = try? HandoverState(file: file) else { return 0 }
    guard let again = try? HandoverState(file: state.file()), again == state else {
        fatalError("its own file is another state")
    }
    return 0
}

private func file(_ body: [UInt8]) -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    return Array("articled".utf8) + number(1, 4) + number(Int(CRC32C.checksum(body)), 4) + number(body.count, 8) + body
}
