internal import ArticleProtocol

extension ServiceMethods {
    /// The text of `service.metrics` and of the metrics listener. Any thread.
    func metrics() -> String {
        ServiceMetrics(
            description: describe(), statistics: statistics(), health: health(), listeners: traffic(),
            process: ProcessUsage(startedAt: context?.startedAt ?? 0)
        ).openMetrics
    }

    private func traffic() -> [ListenerTraffic] {
        guard let counters = context?.counters else { return [] }
        return listeners.enumerated().map { index, listener in
            ListenerTraffic(
                name: listener.description, accepted: counters.sum { $0.accepted.value(at: index) },
                refused: counters.sum { $0.refused.value(at: index) })
        }
    }
}
