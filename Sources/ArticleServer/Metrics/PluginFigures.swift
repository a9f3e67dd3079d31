// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

extension PluginFigure {
    /// The name in the metrics, without the "_total" of a counter.
    var family: String { "articled_\(String(plugin.map { $0 == "-" ? "_" : $0 }))_\(name)" }
}

/// Collects the figures of one plugin, and leaves out what is wrong.
final class FigureCollection {
    private(set) var figures: [PluginFigure] = []
    private let plugin: String
    private let mistakes: FigureMistakes
    private var count = 0
    /// The first figure of each name: the others must be of its kind.
    private var families: [String: PluginFigure] = [:]
    private var samples: Set<String> = []

    private static let maxFigures = Int(ARTICLED_MAX_METRICS)
    private static let maxNameBytes = 63
    private static let maxLabels = 8
    private static let maxLabelBytes = 256
    private static let maxHelpBytes = 256

    init(_ plugin: String, _ mistakes: FigureMistakes) {
        self.plugin = plugin
        self.mistakes = mistakes
    }

    /// Takes a figure from the plugin, which is not trusted to be right.
    func add(_ metric: UnsafePointer<articled_metric>) {
        count += 1
        guard count <= Self.maxFigures else {
            return mistakes.report(
                plugin, "more than \(Self.maxFigures)",
                "it has more than \(Self.maxFigures) metrics; the others are left out")
        }
        guard unsafe Int(metric.pointee.size) >= MemoryLayout<articled_metric>.size else {
            return mistakes.report(plugin, "size", "a metric has \(unsafe metric.pointee.size) bytes, too few")
        }
        guard let name = unsafe Self.text(metric.pointee.name, max: Self.maxNameBytes) else {
            return mistakes.report(
                plugin, "name", "a metric has no name, or one longer than \(Self.maxNameBytes) bytes")
        }
        do throws(Mistake) {
            let figure = try unsafe checked(metric, name)
            families[name] = families[name] ?? figure
            figures.append(figure)
        } catch {
            mistakes.report(plugin, name, "its metric \(name) is left out: \(error.text)")
        }
    }

    private struct Mistake: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private func checked(_ metric: UnsafePointer<articled_metric>, _ name: String) throws(Mistake) -> PluginFigure {
        guard Self.isName(name) else { throw Mistake("its name is not of the form [a-z][a-z0-9_]*") }
        let isCounter = unsafe metric.pointee.kind == UInt32(ARTICLED_METRIC_COUNTER)
        guard unsafe isCounter || metric.pointee.kind == UInt32(ARTICLED_METRIC_GAUGE) else {
            throw Mistake("its kind is \(unsafe metric.pointee.kind), which is none of ARTICLED_METRIC_*")
        }
        guard !isCounter || !name.hasSuffix("_total") else {
            throw Mistake("articled adds the \"_total\" of a counter's name; take it out")
        }
        var unit = ""
        if unsafe metric.pointee.unit != nil {
            guard let text = unsafe Self.text(metric.pointee.unit, max: Self.maxNameBytes), Self.isName(text),
                name.hasSuffix("_\(text)")
            else { throw Mistake("its unit is not a word that the name ends with") }
            unit = text
        }
        let value = unsafe metric.pointee.value
        guard value.isFinite else { throw Mistake("its value is \(value), which is not finite") }
        guard !isCounter || value >= 0 else { throw Mistake("it is a counter, and its value is \(value)") }
        let help = unsafe Self.text(metric.pointee.help, max: Self.maxHelpBytes) ?? ""
        let figure = PluginFigure(
            plugin: plugin, name: name, counter: isCounter, unit: unit, value: value,
            labels: try unsafe labels(of: metric),
            help: String(help.map { $0.isNewline || $0 == "\\" ? " " : $0 }))
        if let first = families[name], first.counter != isCounter || first.unit != unit {
            throw Mistake("another metric of this name has another kind or unit")
        }
        let sample =
            "\(name)\(figure.labels.sorted { $0.name < $1.name }.map { "\u{0}\($0.name)\u{0}\($0.value)" }.joined())"
        guard samples.insert(sample).inserted else { throw Mistake("there is another one with the same labels") }
        return figure
    }

    private func labels(of metric: UnsafePointer<articled_metric>) throws(Mistake) -> [FigureLabel] {
        let count = unsafe metric.pointee.label_count
        guard count > 0 else { return [] }
        guard count <= Self.maxLabels, let parts = unsafe metric.pointee.labels else {
            throw Mistake("it has \(count) labels; at most \(Self.maxLabels) are allowed, in an array")
        }
        var labels: [FigureLabel] = []
        for index in 0..<count {
            guard let name = unsafe Self.text(parts[2 * index], max: Self.maxNameBytes), Self.isName(name) else {
                throw Mistake("the name of label \(index) is not of the form [a-z][a-z0-9_]*, at most 63 bytes")
            }
            guard !labels.contains(where: { $0.name == name }) else { throw Mistake("it has the label \(name) twice") }
            guard let value = unsafe Self.text(parts[2 * index + 1], max: Self.maxLabelBytes) else {
                throw Mistake("the value of its label \(name) is longer than \(Self.maxLabelBytes) bytes, or not UTF-8")
            }
            labels.append(FigureLabel(name: name, value: value))
        }
        return labels
    }

    /// nil if it is NULL, too long or not UTF-8.
    private static func text(_ pointer: UnsafePointer<CChar>?, max: Int) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        var length = 0
        while length <= max, unsafe pointer[length] != 0 { length += 1 }
        return unsafe text(articled_bytes(data: pointer, size: length), max: max)
    }

    private static func text(_ bytes: articled_bytes, max: Int) -> String? {
        guard unsafe bytes.size <= max else { return nil }
        let size = unsafe bytes.data == nil ? 0 : bytes.size
        return unsafe String(validating: UnsafeRawBufferPointer(start: bytes.data, count: size), as: UTF8.self)
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }
}

/// What is wrong with a plugin's figures, each reported once. Any thread.
final class FigureMistakes: Sendable {
    /// A plugin that makes up names could fill the memory otherwise.
    private static let most = 64
    private let reported = Mutex<Set<String>>([])

    /// What was reported, for tests.
    var all: Set<String> { reported.withLock { $0 } }

    /// - Parameter about: the metric, or what else it is about.
    func report(_ plugin: String, _ about: String, _ text: String) {
        let isNew = reported.withLock { reported in
            guard reported.count < Self.most else { return false }
            return reported.insert(about).inserted
        }
        if isNew { Log.warning("\(plugin): \(text)", ["PLUGIN": plugin, "METRIC": about]) }
    }
}

extension LoadedPlugin {
    /// The plugin's figures. Any thread.
    func figures() -> [PluginFigure] {
        guard unsafe DescriptorCheck.has(descriptor, \.metrics), let metrics = unsafe descriptor.pointee.metrics else {
            return []
        }
        let collection = FigureCollection(name, own.mistakes)
        unsafe metrics(
            instance,
            { collection, metric in
                guard let collection = unsafe collection, let metric = unsafe metric else { return }
                unsafe Unmanaged<FigureCollection>.fromOpaque(collection).takeUnretainedValue().add(metric)
            }, Unmanaged.passUnretained(collection).toOpaque())
        return withExtendedLifetime(collection) { $0.figures }
    }
}
