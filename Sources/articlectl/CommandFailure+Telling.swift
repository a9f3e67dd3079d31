// SPDX-License-Identifier: Apache-2.0
import JSONTree

extension CommandFailure {
    /// Writes it to standard error: for people, or as one line of JSON, so that standard output has results alone.
    func tell(asJSON: Bool) {
        if asJSON { return Complaint.write(json.text + "\n") }
        Complaint.line(message)
        if let hint { Complaint.hint(hint) }
    }

    /// {"error":{"code":"unavailable","exit":69,"message":"...","hint":"...","request":17}}
    var json: JSON {
        var members: [(String, JSON)] = [
            ("code", .string(code.name)), ("exit", .integer(code.rawValue)), ("message", .string(message)),
        ]
        if let hint { members.append(("hint", .string(hint))) }
        if let request { members.append(("request", .integer(request))) }
        return .object([("error", .object(members))])
    }
}
