internal import Glibc
internal import JSONTree
internal import LinuxRuntime

/// Secrets that systemd hands over, each in a file of its own: LoadCredential= and SetCredential= in systemd.exec(5).
///
/// What is in them is never part of an error.
struct Credentials {
    /// Where they are; nil if there are none.
    let directory: String?

    /// Those of this process.
    static var own: Credentials { Credentials(directory: ProcessEnvironment.text("CREDENTIALS_DIRECTORY")) }

    /// What a credential says, without the end of its last line.
    func text(_ name: String) throws(StartError) -> String {
        guard (1...255).contains(name.utf8.count), name != ".", name != "..",
            !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 < 0x20 })
        else { throw StartError(.configuration, "\"\(name)\" cannot be the name of a credential") }
        let remedy = "the unit has to name it, as in LoadCredential=\(name):/etc/credstore/\(name)"
        guard let directory else {
            throw StartError(.configuration, "credential \"\(name)\": there is no $CREDENTIALS_DIRECTORY: \(remedy)")
        }
        let path = "\(directory)/\(name)"
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT {
            throw StartError(.configuration, "there is no credential \"\(name)\" in \(directory): \(remedy)")
        }
        guard descriptor >= 0 else { throw StartError(.configuration, "\(path): \(SystemError.text(of: errno))") }
        defer { Descriptor.close(descriptor) }
        let bytes = try ConfigurationFile.contents(descriptor, path)
        guard bytes.count <= JSONValue.longest, !bytes.contains(0), var text = String(validating: bytes, as: UTF8.self)
        else {
            throw StartError(
                .configuration, "\(path): a text of at most \(JSONValue.longest) bytes in UTF-8 is expected there")
        }
        if text.hasSuffix("\n") || text.hasSuffix("\r\n") { text.removeLast() }
        return text
    }
}

extension JSONValue {
    /// With what the credential says in place of each `{ credential: "NAME" }`.
    ///
    /// - Parameter problem: told of a path within this value, and what is wrong there.
    func resolving(_ credentials: Credentials, at path: String, problem: (String, String) -> Void) -> JSONValue {
        switch self {
        case .object(let members):
            if members.count == 1, case .string(let name)? = members["credential"] {
                do throws(StartError) { return .string(try credentials.text(name)) } catch {
                    problem(path, error.description)
                    return .string("")
                }
            }
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { key, value in
                        (key, value.resolving(credentials, at: "\(path).\(key)", problem: problem))
                    }))
        case .array(let elements):
            return .array(
                elements.enumerated().map { $1.resolving(credentials, at: "\(path)[\($0)]", problem: problem) })
        case .null, .bool, .integer, .number, .string: return self
        }
    }
}
