/// A method as its plugin describes it, checked.
struct LoadedMethod: Sendable, Equatable {
    let name: String
    let requestType: String
    let responseType: String
    /// A set of `ARTICLED_METHOD_*`.
    let flags: UInt32
    /// One `ARTICLED_ROLE_*`.
    let role: UInt32
}
