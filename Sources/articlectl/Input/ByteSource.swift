// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A file, a pipe, standard input, or a file in an archive, read in pieces. The descriptor is closed with it.
struct ByteSource: ~Copyable {
    /// How the bytes are encoded; they are returned as UTF-8.
    private(set) var encoding = TextEncoding.utf8
    /// What the encoding is if the file does not tell.
    private var assumed: TextEncoding?
    private var decoder: TextDecoder?
    private var isBeginning = true
    private var isDecided = false
    /// How the encoding is known; nil if there is nothing to tell.
    private(set) var reason: String?
    private var reversal: ReversalCheck?
    /// How the file can be had again from its text, once it was read to its end. nil: it is UTF-8, or it cannot.
    var charset: OriginalCharset? { reversal?.charset }

    /// "story.txt", or "standard input".
    let name: String
    /// In bytes; nil if it is not a regular file.
    let size: Int?
    /// Gives the next bytes; none at the end.
    typealias Supply = () throws(CommandFailure) -> [UInt8]

    /// -1: `supply` has the bytes.
    private let descriptor: Int32
    private let owned: Bool
    private let supply: Supply?
    /// Bytes that were looked at, and are still to be returned.
    private var ahead: [UInt8] = []
    /// A descriptor that ends a wait for input when it becomes readable; -1: none.
    private let interrupt: Int32

    init(named name: String, _ supply: @escaping Supply) {
        self.name = name
        self.supply = supply
        (size, descriptor, owned, interrupt) = (nil, -1, false, -1)
    }

    /// - Parameter path: "-" is standard input.
    init(_ path: String, interrupt: Int32 = -1) throws(CommandFailure) {
        owned = path != "-"
        supply = nil
        name = owned ? FileName.shown(path) : "standard input"
        descriptor =
            owned
            ? unsafe FileName.withBytes(of: path) { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY) } : STDIN_FILENO
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        var status = stat()
        let known = unsafe fstat(descriptor, &status) == 0
        if known, status.st_mode & S_IFMT == S_IFDIR {
            if owned { close(descriptor) }
            throw CommandFailure(
                .noInput, "\(FileName.shown(path)) is a directory", hint: "`articlectl import` takes directories")
        }
        size = known && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
        self.interrupt = size == nil ? interrupt : -1
    }

    deinit { if owned { close(descriptor) } }

    private static func failure(_ path: String, _ number: Int32) -> CommandFailure {
        CommandFailure(.noInput, "\(FileName.shown(path)): \(SystemText.describing(number))")
    }

    /// Appends the next piece.
    ///
    /// - Returns: how many bytes; 0 at the end, or when the wait was interrupted.
    mutating func read(into buffer: inout [UInt8], most: Int = 256 << 10) throws(CommandFailure) -> Int {
        var bytes: [UInt8] = []
        while try readBytes(into: &bytes, most: most) > 0 {
            if !isDecided { try chooseEncoding(&bytes, most) }
            bytesRead += bytes.count
            guard decoder != nil else {
                buffer += bytes
                return bytes.count
            }
            let start = buffer.count
            guard decoder?.decode(bytes, into: &buffer) == true else {
                throw CommandFailure(
                    .data, "\(name) is in \(encoding.name), but there are bytes in it that are no character",
                    hint: "mend it: iconv -c -f \(encoding.name) -t UTF-8")
            }
            reversal?.take(bytes, buffer[start...])
            if buffer.count > start { return buffer.count - start }
            bytes.removeAll()
        }
        let start = buffer.count
        guard decoder == nil || decoder?.end(into: &buffer) == true else {
            throw CommandFailure(.data, "\(name) is in \(encoding.name), and ends within a character")
        }
        if buffer.count > start { reversal?.take([], buffer[start...]) }
        return buffer.count - start
    }

    /// Bytes that an encoding is detected by.
    private static let sample = 256 << 10

    /// - Parameter bytes: the next ones of the file; more may be appended.
    private mutating func chooseEncoding(_ bytes: inout [UInt8], _ most: Int) throws(CommandFailure) {
        var isAll = false
        func choose(_ choice: TextEncoding, _ reason: String?) {
            (encoding, self.reason, isDecided) = (choice, reason, true)
        }
        if isBeginning {
            // A pipe may give a byte at a time, and the mark has up to four.
            while bytes.count < 4, !isAll { isAll = try readBytes(into: &bytes, most: most) == 0 }
            if let marked = TextEncoding(beginningWith: bytes) { choose(marked, nil) }
        }
        if !isDecided, let assumed { choose(assumed, nil) }
        loop: while !isDecided {
            let step = try EncodingChoice.step(
                bytes, isBeginning: isBeginning, isAll: isAll || bytes.count >= Self.sample, of: name)
            switch step {
            case .undecided: break loop
            case .decided(let choice): choose(choice.encoding, choice.reason)
            case .more: isAll = try readBytes(into: &bytes, most: most) == 0
            }
        }
        isBeginning = false
        guard isDecided, encoding != .utf8 else { return }
        guard let found = TextDecoder(encoding) else {
            throw CommandFailure(.data, "\(name) is in \(encoding.name), which this system's iconv does not know")
        }
        decoder = found
        reversal = ReversalCheck(encoding)
    }

    /// Tells what the encoding is if the file has no byte order mark.
    mutating func assume(_ encoding: TextEncoding?) { assumed = encoding }

    /// Looks at the first bytes as they stand in the file: so many, or all there are.
    mutating func beginning(_ count: Int) throws(CommandFailure) -> [UInt8] {
        while ahead.count < count {
            var bytes: [UInt8] = []
            guard try readNext(into: &bytes, most: count - ahead.count) > 0 else { break }
            ahead += bytes
        }
        return ahead
    }

    /// The next bytes as they stand in the file; empty at the end.
    mutating func bytes() throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        bytesRead += try readBytes(into: &bytes, most: 256 << 10)
        return bytes
    }

    /// Bytes of the file that were read so far.
    private(set) var bytesRead = 0

    private mutating func readBytes(into buffer: inout [UInt8], most: Int) throws(CommandFailure) -> Int {
        guard ahead.isEmpty else {
            defer { ahead = [] }
            buffer += ahead
            return ahead.count
        }
        return try readNext(into: &buffer, most: most)
    }

    private func readNext(into buffer: inout [UInt8], most: Int) throws(CommandFailure) -> Int {
        if let supply {
            let bytes = try supply()
            buffer += bytes
            return bytes.count
        }
        guard waitForInput() else { return 0 }
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: most))
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress.map { unsafe $0 + start }, most)
            }
            if count < 0 && errno == EINTR && !Signals.isInterrupted { continue }
            let number = errno
            buffer.removeLast(most - max(0, count))
            if count >= 0 { return count }
            if number == EINTR { return 0 }
            throw CommandFailure(.io, "\(name): \(SystemText.describing(number))")
        }
    }

    private func waitForInput() -> Bool {
        guard interrupt >= 0 else { return true }
        var waits = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
        ]
        while unsafe poll(&waits, 2, -1) < 0 && errno == EINTR && !Signals.isInterrupted {}
        return waits[1].revents == 0 && !Signals.isInterrupted
    }

    /// - Parameters:
    ///   - most: the largest piece that is kept in memory, in bytes.
    ///   - piece: what is larger: "it", "its line 3".
    func tooLarge(_ most: Int, in piece: String) -> CommandFailure {
        CommandFailure(
            .data, "\(name) is too large: \(piece) has more than \(Quantity.bytes(most)), too much for one piece",
            hint: "many articles go into one file as JSON Lines, one on each line: `articlectl help import`")
    }
}
