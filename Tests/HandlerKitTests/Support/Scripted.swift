// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import HandlerKit
import Synchronization

/// A handler with one method for each way to handle a request.
struct Scripted: Handler {
    enum Behaviour: String, CaseIterable {
        case echo, drop, forget, refuse, throwError, wait, ignore, count, flood, elsewhere, away, deadline, leave
        case sendAway, readAway, stopReading
    }

    static let descriptor = PluginDescriptor(
        name: "scripted", version: "1",
        methods: Behaviour.allCases.map {
            Method(
                "test.\($0.rawValue)", request: "Bytes", response: "Bytes", role: .read,
                flags: $0 == .count ? [.streamRequest, .idempotent] : [])
        })

    struct Settings: Decodable {
        var fails: String?
    }

    private let isStopped = Flag()

    static func check(_ configuration: PluginConfiguration) throws { _ = try configuration.decode(Settings.self) }

    init(context: PluginContext) throws {
        try reload(context.configuration)
        context.log.notice("started")
    }

    func reload(_ configuration: PluginConfiguration) throws {
        let settings = try configuration.decode(Settings.self)
        if let reason = settings.fails { throw ServiceError(.failedPrecondition, reason) }
    }

    func stop() { isStopped.set() }

    var health: Health { isStopped.isSet ? Health(.degraded, "stopped") : .healthy }

    func answer(_ request: borrowing Request, _ responder: consuming Responder) -> Responder? {
        switch Behaviour.allCases[request.method] {
        case .echo:
            responder.respond(request.payload, checksum: 99)
            return nil
        case .drop:
            return nil
        case .elsewhere:
            let response = responder.pending()
            Task.detached {
                response.complete(.success([1, 2, 3]))
                response.complete(.success([4]))
            }
            return nil
        case .deadline:
            let deadline = request.deadline.map { "\($0.nanoseconds)" } ?? "none"
            let peer = "\(request.peer.user.map(Int.init) ?? -1)/\(request.peer.process.map(Int.init) ?? -1)"
            responder.fail(ServiceError(.unavailable, "\(deadline) \(peer) \(request.peer.roles.rawValue)"))
            return nil
        default:
            return responder
        }
    }

    func handle(_ call: Call, _ responder: consuming Responder) async throws {
        struct Odd: Error {}
        let text = String(decoding: call.payload, as: UTF8.self)
        switch Behaviour.allCases[call.method] {
        case .forget: return
        case .refuse: throw ServiceError(.conflict, text)
        case .throwError: throw Odd()
        case .wait: try await Task.sleep(for: .seconds(60))
        case .ignore:
            await Gate.named(text).passed()
            responder.respond(bytes: Array((call.cancellation?.code.name ?? "still there").utf8))
        case .count:
            var sizes: [UInt8] = []
            for try await message in call.messages { sizes.append(UInt8(message.count)) }
            responder.respond(bytes: sizes)
        case .stopReading:
            for try await message in call.messages where message.isEmpty { break }
            responder.respond(bytes: [])
        case .flood:
            for index in 0..<call.payload[0] { try await responder.send([UInt8](repeating: index, count: 100)) }
            responder.finish()
        case .away: await Elsewhere.shared.answer(responder)
        case .sendAway: try await Elsewhere.shared.flood(responder)
        case .readAway: try await Elsewhere.shared.read(call, responder)
        case .leave:
            let response = responder.pending()
            Task.detached {
                await Gate.named(text).passed()
                response.fail(ServiceError(.dataLoss, "late"))
            }
            throw Odd()
        default: throw ServiceError(.internal, "not reached")
        }
    }
}

/// Code that does not run on an event loop.
actor Elsewhere {
    static let shared = Elsewhere()

    func answer(_ responder: consuming Responder) { responder.respond(bytes: [7]) }

    func flood(_ responder: consuming Responder) async throws {
        for index in 0..<UInt8(5) { try await responder.send([index]) }
        responder.finish()
    }

    func read(_ call: Call, _ responder: consuming Responder) async throws {
        var count: UInt8 = 0
        for try await _ in call.messages { count += 1 }
        responder.respond(bytes: [count])
    }
}

/// Something that happened.
final class Flag: Sendable {
    private let state = Atomic(false)
    var isSet: Bool { state.load(ordering: .relaxed) }
    func set() { state.store(true, ordering: .relaxed) }
}
