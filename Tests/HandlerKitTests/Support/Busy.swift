// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Synchronization

/// A plugin with background work, metrics, and calls of other plugins' methods.
struct Busy: Handler {
    enum Behaviour: String, CaseIterable {
        case call, stream, leaveStream
    }

    static let descriptor = PluginDescriptor(
        name: "busy", version: "1",
        methods: Behaviour.allCases.map {
            Method(
                "busy.\($0.rawValue)", request: "Bytes", response: "Bytes", role: .read,
                flags: $0 == .stream ? [.streamResponse, .endless] : [])
        }, needsDirectory: true, after: ["search", "duplicates"])

    /// What the background work does: the test sets it before the start.
    struct Settings: Decodable {
        var work: String?
    }

    /// What has happened, by the name of the work.
    static let notes = Mutex<[String: [String]]>([:])
    private let name: String

    init(context: PluginContext) throws {
        let name = try context.configuration.decode(Settings.self).work ?? ""
        self.name = name
        guard !name.isEmpty else { return }
        context.background(name) {
            let runs = Self.note(name, ManualHost.isInBackground ? "in the background" : "elsewhere")
            switch name.split(separator: "-").first {
            case "calls": Self.note(name, String(decoding: try await context.call("other.echo", [65]), as: UTF8.self))
            case "fails":
                if runs == 1 { throw ServiceError(.resourceExhausted, "no space") }
                await Gate.named(name).passed()
            case "waits":
                do { try await Task.sleep(for: .seconds(600)) } catch {
                    Self.note(name, "cancelled")
                    throw error
                }
            default: break
            }
        }
    }

    /// - Returns: how many notes there are.
    @discardableResult
    static func note(_ name: String, _ text: String) -> Int {
        notes.withLock { notes in
            notes[name, default: []].append(text)
            return notes[name]?.count ?? 0
        }
    }

    var metrics: [Metric] {
        [
            .counter("lookups", 7, labels: ["part": "a", "kind": ""], "Lookups."),
            .gauge("index_bytes", 0.5, unit: "bytes", "The size of the index."),
        ]
    }

    func stop() { if !name.isEmpty { Self.note(name, "stop") } }

    func handle(_ call: Call, _ responder: consuming Responder) async throws {
        let line = call.payload.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
        let method = String(decoding: line[0], as: UTF8.self)
        let message = line.count > 1 ? Array(line[1]) : []
        switch Behaviour.allCases[call.method] {
        case .call: responder.respond(bytes: try await call.call(method, message, deadline: Deadline(nanoseconds: 5)))
        case .stream:
            for try await message in call.stream(method, message) { try await responder.send(message) }
            responder.finish()
        case .leaveStream:
            var first: [UInt8] = []
            for try await message in call.stream(method, message) {
                first = message
                break
            }
            responder.respond(bytes: first)
        }
    }
}
