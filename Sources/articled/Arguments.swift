struct UsageError: Error, CustomStringConvertible { let description: String }

struct Arguments {
    var listen: [String] = []
    var plugins = "/usr/lib/articled/plugins"
    var stateDirectory = "/var/lib/articled"
    var eventLoops: Int?

    init(_ arguments: some Sequence<String>) throws(UsageError) {
        var rest = arguments.makeIterator()
        while let name = rest.next() {
            guard let value = rest.next() else { throw UsageError(description: "\(name) needs a value") }
            switch name {
            case "--listen": listen.append(value)
            case "--plugins": plugins = value
            case "--state-directory": stateDirectory = value
            case "--event-loops": eventLoops = Int(value)
            default: throw UsageError(description: "unknown option \(name)")
            }
        }
    }
}
