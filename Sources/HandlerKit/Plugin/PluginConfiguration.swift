public import ArticleProtocol
internal import FoundationEssentials

/// A plugin's own section of articled's configuration.
public struct PluginConfiguration: Sendable {
    /// The section as JSON; `{}` if there is none.
    public let json: [UInt8]

    /// A section as JSON.
    public init(json: [UInt8]) { self.json = json }

    /// Reads the section into a type of the plugin's own.
    ///
    /// `keys` are all that the section may have, so that a misspelt one is told and not ignored:
    ///
    /// ```swift
    /// struct Settings: Decodable {
    ///     var model: String?
    ///     enum CodingKeys: String, CodingKey, CaseIterable { case model }
    /// }
    /// let settings = try context.configuration.decode(Settings.self, keys: Settings.CodingKeys.self)
    /// ```
    ///
    /// Throws `invalidArgument`, with the path of what is wrong.
    public func decode<Settings: Decodable, Keys: CodingKey & CaseIterable>(
        _ type: Settings.Type, keys: Keys.Type
    ) throws(ServiceError) -> Settings {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        do {
            let present = try decoder.decode(KeyNames.self, from: Data(json)).names
            let known = Set(keys.allCases.map(\.stringValue))
            if let unknown = present.filter({ !known.contains($0) }).min() {
                throw ServiceError(
                    .invalidArgument, "\(unknown): unknown key; there are: \(known.sorted().joined(separator: ", "))")
            }
            return try decoder.decode(type, from: Data(json))
        } catch let error as DecodingError {
            throw ServiceError(.invalidArgument, Self.text(of: error))
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(.invalidArgument, "\(error)")
        }
    }

    private static func text(of error: DecodingError) -> String {
        let context: DecodingError.Context
        var path: [any CodingKey]
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
            (context, path) = (found, found.codingPath)
        case .keyNotFound(let key, let found):
            (context, path) = (found, found.codingPath + [key])
        @unknown default:
            return "\(error)"
        }
        let place = path.map(\.stringValue).joined(separator: ".")
        return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    }

    /// The names of an object's members, whatever their values.
    private struct KeyNames: Decodable {
        let names: [String]

        init(from decoder: any Decoder) throws {
            names = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}
