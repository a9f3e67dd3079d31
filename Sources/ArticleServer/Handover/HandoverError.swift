/// Why connections could not be handed over, or taken over.
struct HandoverError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
