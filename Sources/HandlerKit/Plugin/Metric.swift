// SPDX-License-Identifier: Apache-2.0
/// A figure of a plugin, in the metrics and in the statistics of the service.
///
/// In the metrics it is named `articled_<plugin>_<name>`; a counter gets `_total`. Metrics of one name have the same kind
/// and unit, and differ in their labels. A metric that breaks the rules below is left out, and the journal says why.
public struct Metric: Sendable {
    /// What a value means.
    public enum Kind: UInt32, Sendable {
        /// It only grows, from 0 at the start of the service.
        case counter = 1
        /// It may go up and down.
        case gauge = 2
    }

    /// What the value means.
    public var kind: Kind
    /// `[a-z][a-z0-9_]*`, at most 63 bytes. With a unit, it ends in "_" and the unit.
    public var name: String
    /// One sentence for people.
    public var help: String
    /// "seconds" or "bytes"; `nil` if the value is a plain number.
    public var unit: String?
    /// Finite; a counter's is not negative.
    public var value: Double
    /// At most 8. Names are like `name`, values have at most 256 bytes.
    public var labels: [(name: String, value: String)]

    /// Creates a figure that only grows.
    public static func counter(
        _ name: String, _ value: Double, unit: String? = nil, labels: KeyValuePairs<String, String> = [:],
        _ help: String
    ) -> Metric {
        Metric(
            kind: .counter, name: name, help: help, unit: unit, value: value, labels: labels.map { ($0.key, $0.value) })
    }

    /// Creates a figure that may go up and down.
    public static func gauge(
        _ name: String, _ value: Double, unit: String? = nil, labels: KeyValuePairs<String, String> = [:],
        _ help: String
    ) -> Metric {
        Metric(
            kind: .gauge, name: name, help: help, unit: unit, value: value, labels: labels.map { ($0.key, $0.value) })
    }
}
