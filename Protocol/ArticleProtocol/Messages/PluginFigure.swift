// SPDX-License-Identifier: Apache-2.0
/// A figure of a plugin.
public struct PluginFigure: ProtocolMessage {
    public static var name: String { "articled.v1.PluginFigure" }

    /// The plugin's name.
    public var plugin: String
    /// The figure's name: "index_bytes".
    public var name: String
    /// Whether it only grows. Otherwise it may go up and down.
    public var counter: Bool
    /// "seconds" or "bytes"; empty if it is a plain number.
    public var unit: String
    /// The value.
    public var value: Double
    /// What distinguishes it from other figures of this name.
    public var labels: [FigureLabel]
    /// One sentence for people.
    public var help: String

    public init() { self.init(plugin: "") }

    /// Creates a message from its fields.
    public init(
        plugin: String = "", name: String = "", counter: Bool = false, unit: String = "", value: Double = 0,
        labels: [FigureLabel] = [], help: String = ""
    ) {
        self.plugin = plugin
        self.name = name
        self.counter = counter
        self.unit = unit
        self.value = value
        self.labels = labels
        self.help = help
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: plugin = try reader.string()
        case 2: name = try reader.string()
        case 3: counter = try reader.bool()
        case 4: unit = try reader.string()
        case 5: value = try reader.double()
        case 6: labels.append(try reader.message(after: labels.count, max: Limits.repeated))
        case 7: help = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(plugin, at: 1)
        writer.write(name, at: 2)
        writer.write(counter, at: 3)
        writer.write(unit, at: 4)
        writer.write(value, at: 5)
        writer.write(labels, at: 6)
        writer.write(help, at: 7)
    }
}

/// A label of a figure.
public struct FigureLabel: ProtocolMessage {
    public static var name: String { "articled.v1.FigureLabel" }

    /// The label's name.
    public var name: String
    /// The label's value.
    public var value: String

    public init() { self.init(name: "") }

    /// Creates a message from its fields.
    public init(name: String = "", value: String = "") {
        self.name = name
        self.value = value
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: name = try reader.string()
        case 2: value = try reader.string()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(name, at: 1)
        writer.write(value, at: 2)
    }
}
