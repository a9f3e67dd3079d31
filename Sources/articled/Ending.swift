internal import Glibc

/// How the process ends.
enum Ending {
    /// Everything was released: exit handlers may run.
    case complete
    /// A thread of a plugin or a loop is still busy, and exit handlers would pull the ground from under it.
    case cutOff

    func leave() -> Never {
        switch self {
        case .complete: exit(0)
        case .cutOff: _exit(70)  // EX_SOFTWARE
        }
    }
}
