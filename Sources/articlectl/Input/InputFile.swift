internal import Glibc

/// A file that articles are read from.
struct InputFile: Sendable, Equatable {
    /// As it can be opened; "-" is standard input.
    let path: String
    /// The directory that was given, and the path from there; nil if the file itself was given.
    let place: Place?

    struct Place: Sendable, Equatable {
        let directory: String
        let relative: String
    }

    init(_ path: String) {
        self.path = path
        place = nil
    }

    private init(_ relative: String, in directory: String) {
        path = directory + "/" + relative
        place = Place(directory: directory, relative: relative)
    }

    /// What the collection is called that its records belong to; nil for standard input, which says nothing.
    var namespace: String? {
        if let place, InputFormat(ofName: path) == .text { return Directory.absolute(place.directory) }
        return path == "-" ? nil : Directory.absolute(path)
    }

    /// Bytes; nil if that is not known.
    var size: Int? {
        var status = stat()
        guard path != "-", unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// The files of a directory that have articles in them, and how many others there are.
    static func all(in directory: String) throws(CommandFailure) -> (files: [InputFile], others: Int) {
        let all = try Directory.files(below: directory)
        let articles = all.filter { InputFormat(ofName: $0) != nil }
        return (articles.map { InputFile($0, in: directory) }, all.count - articles.count)
    }
}
