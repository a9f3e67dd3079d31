internal import ArticleProtocol
internal import HandlerKit

/// The engine's own methods: what an administrator asks of the storage.
extension LMDBEngine {
    static let methods = [
        Method(
            "storage.verify", request: VerifyRequest.name, response: VerifyProgress.name, role: .administer,
            flags: [.streamResponse, .idempotent]),
        Method(
            "storage.backup", request: BackupRequest.name, response: BackupProgress.name, role: .administer,
            flags: [.streamResponse, .idempotent]),
    ]

    func handle(_ call: Call, _ responder: consuming Responder) async throws {
        switch call.method {
        case 0: try await care.verification(VerifyRequest(decoding: call.payload)).watch(call, responder)
        case 1: try await care.backup(BackupRequest(decoding: call.payload)).watch(call, responder)
        default: throw ServiceError(.unimplemented, "the storage has no such method")
        }
    }
}
