import Glibc

/// A program that a test needs, run to its end.
enum Command {
    struct Failure: Error { let status: Int32 }

    static func run(_ program: String, _ arguments: [String]) throws {
        var values = unsafe ([program] + arguments).map { unsafe strdup($0) }
        unsafe values.append(nil)
        defer { while let value = unsafe values.popLast() { unsafe free(value) } }
        var process: pid_t = 0
        let code = unsafe posix_spawn(&process, program, nil, nil, values, environ)
        guard code == 0 else { throw Failure(status: code) }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw Failure(status: status) }
    }
}
