internal import ArticleProtocol
internal import HandlerKit

extension PutResult {
    /// What a client is told of a write.
    static func of(_ result: WriteResult) -> Result<PutResult, ServiceError> {
        let outcome: PutOutcome
        switch result.outcome {
        case .created: outcome = .created
        case .updated: outcome = .updated
        case .unchanged: outcome = .unchanged
        case .deleted: return .failure(ServiceError(.internal, "the storage deleted what it was to store"))
        case .refused(let error): return .failure(error)
        }
        return .success(
            PutResult(
                outcome: outcome, id: result.id, revision: result.revision, createdAt: result.createdAt,
                storedAt: result.storedAt))
    }
}

extension DeleteResult {
    /// What a client is told of a deletion.
    static func of(_ result: WriteResult) -> Result<DeleteResult, ServiceError> {
        switch result.outcome {
        case .deleted: .success(DeleteResult(id: result.id, revision: result.revision))
        case .refused(let error): .failure(error)
        case .created, .updated, .unchanged:
            .failure(ServiceError(.internal, "the storage stored what it was to delete"))
        }
    }
}

extension PutManyResult {
    /// What a client is told of one of many writes.
    static func of(_ result: Result<PutResult, ServiceError>, index: UInt64) -> PutManyResult {
        switch result {
        case .success(let result): PutManyResult(index: index, result: result)
        case .failure(let error):
            PutManyResult(index: index, status: Status(code: error.code.rawValue, message: error.message))
        }
    }
}
