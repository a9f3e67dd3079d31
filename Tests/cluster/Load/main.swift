// SPDX-License-Identifier: Apache-2.0
// cluster-load RUN: keeps the services of ARTICLED_ENDPOINT busy until its standard input ends. Then it compares what the
// clients were told with what is stored, and prints the result, a name and a value in each line. The journal of errors goes to
// standard error. Exit status 1: something was lost, duplicated, or cannot be true.
import ArticleClient
import ArticleProtocol
import Glibc

func put(_ line: String, on descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(descriptor, bytes, bytes.count)
}

func printError(_ line: String) { put(line, on: STDERR_FILENO) }

guard CommandLine.arguments.count == 2 else {
    printError("usage: cluster-load RUN")
    exit(64)
}
let run = CommandLine.arguments[1]
// The defaults: what every program gets.
let client = ArticleClient()
let ledger = Ledger()
let mirror = Mirror()
let following = Task { await mirror.follow(client, run, ledger) }
while !mirror.now.hasBegun { try await Task.sleep(for: .milliseconds(20)) }

let clients = Clients(client: client, ledger: ledger, run: run)
let working = Task { await clients.work() }
put("working", on: STDOUT_FILENO)
await withCheckedContinuation { continuation in
    Task.detached {
        var byte: UInt8 = 0
        while unsafe read(STDIN_FILENO, &byte, 1) > 0 {}
        continuation.resume()
    }
}
clients.isOver.set()
await working.value
let result = await verify(client, ledger, mirror, run)
following.cancel()
await following.value
await client.close()
put(result.text, on: STDOUT_FILENO)
exit(result.isGood ? 0 : 1)
