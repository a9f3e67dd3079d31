internal import CLinux

extension Arguments {
    /// Those of this process, without its name. Not those of `CommandLine`, which are none where a preloaded library has
    /// moved the environment.
    static var given: [String] {
        var given: [String] = []
        while let word = unsafe clinux_argument(Int32(given.count + 1)) { given.append(unsafe String(cString: word)) }
        return given
    }
}
