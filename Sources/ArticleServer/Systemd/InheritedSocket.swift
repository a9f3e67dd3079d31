/// A descriptor that the service manager has passed, and the name that its unit gives it (FileDescriptorName=).
public struct InheritedSocket: Sendable, Equatable {
    /// "unknown" if nobody named it.
    public let name: String
    public let descriptor: Int32
}
