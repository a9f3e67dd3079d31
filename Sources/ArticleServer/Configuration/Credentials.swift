// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import JSONTree
internal import LinuxRuntime

/// Secrets that systemd hands over, each in a file of its own: LoadCredential= and SetCredential= in systemd.exec(5).
///
/// Their content is never part of an error.
struct Credentials {
    /// The directory of the files; nil if there are none.
    let directory: String?

    /// Those of this process.
    static var own: Credentials { Credentials(directory: ProcessEnvironment.text("CREDENTIALS_DIRECTORY")) }

    /// The content of a credential, without the line feed at its end.
    func text(_ name: String) throws(StartError) -> String {
        let path = try path(name)
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { throw missing(name) }
        guard descriptor >= 0 else { throw StartError(.configuration, "\(path): \(SystemError.text(of: errno))") }
        defer { Descriptor.close(descriptor) }
        let bytes = try ConfigurationFile.contents(descriptor, path)
        guard bytes.count <= ConfigurationFile.maxSize, !bytes.contains(0),
            var text = String(validating: bytes, as: UTF8.self)
        else {
            throw StartError(
                .configuration, "\(path): must be UTF-8 text of at most \(ConfigurationFile.maxSize) bytes, without NUL"
            )
        }
        if text.hasSuffix("\n") || text.hasSuffix("\r\n") { text.removeLast() }
        return text
    }

    /// The file of a credential, which exists.
    func path(_ name: String) throws(StartError) -> String {
        guard (1...255).contains(name.utf8.count), name != ".", name != "..",
            !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 < 0x20 })
        else { throw StartError(.configuration, "\"\(name)\" is not a valid name of a credential") }
        guard let directory else {
            throw StartError(
                .configuration, "credential \"\(name)\": $CREDENTIALS_DIRECTORY is not set; \(Self.remedy(name))")
        }
        let path = "\(directory)/\(name)"
        if unsafe access(path, F_OK) != 0, errno == ENOENT { throw missing(name) }
        return path
    }

    private func missing(_ name: String) -> StartError {
        StartError(
            .configuration, "there is no credential \"\(name)\" in \(directory ?? ""); \(Self.remedy(name))")
    }

    private static func remedy(_ name: String) -> String {
        "add LoadCredential=\(name):/etc/credstore/\(name) to the unit"
    }
}

extension JSON {
    /// Replaces each `{ credential: "NAME" }` by the content of the credential.
    ///
    /// - Parameter problem: gets a path within this value, and what is wrong there.
    func resolving(_ credentials: Credentials, at path: JSONPath, problem: (JSONPath, String) -> Void) -> JSON {
        switch self {
        case .members(let members):
            if members.count == 1, members[0].name == "credential", case .string(let name) = members[0].value {
                do throws(StartError) { return .string(try credentials.text(name)) } catch {
                    problem(path, error.description)
                    return .string("")
                }
            }
            return .members(
                members.map { member in
                    let inner = path.member(member.name)
                    return Member(
                        name: member.name, value: member.value.resolving(credentials, at: inner, problem: problem))
                })
        case .array(let elements):
            return .array(
                elements.enumerated().map {
                    $1.resolving(credentials, at: path.element($0), problem: problem)
                })
        case .null, .bool, .number, .string: return self
        }
    }
}
