internal import ArticleProtocol
internal import HandlerKit

/// The plugin's section of the configuration.
struct Settings: Decodable {
    /// The model's file; without it the one that came with the plugin.
    var model: String?
    /// The probability below which an answer is undecided; without it the model's own.
    var threshold: Float?
    /// Threads for long texts.
    var workers: Int
    /// Long texts that may wait for a thread before new ones are turned away.
    var mostWaiting: Int

    enum CodingKeys: String, CodingKey {
        case model
        case threshold
        case workers
        case mostWaiting
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        model = try values.decodeIfPresent(String.self, forKey: .model)
        threshold = try values.decodeIfPresent(Float.self, forKey: .threshold)
        workers = try values.decodeIfPresent(Int.self, forKey: .workers) ?? 1
        mostWaiting = try values.decodeIfPresent(Int.self, forKey: .mostWaiting) ?? 256
    }

    /// Throws `invalidArgument`, with all that is wrong.
    init(_ configuration: PluginConfiguration) throws(ServiceError) {
        self = try configuration.decode(Settings.self) { settings, problems in
            if let threshold = settings.threshold, !(0...1).contains(threshold) {
                problems.add("threshold", "\(threshold) is no probability; 0 to 1 is allowed")
            }
            if !(1...64).contains(settings.workers) {
                problems.add("workers", "\(settings.workers); 1 to 64 are allowed")
            }
            if !(1...65_536).contains(settings.mostWaiting) {
                problems.add("mostWaiting", "\(settings.mostWaiting); 1 to 65536 are allowed")
            }
        }
    }
}
