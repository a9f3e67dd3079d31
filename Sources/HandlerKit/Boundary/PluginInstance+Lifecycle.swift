extension PluginInstance {
    func drain() {
        handler?.drain()
        engine?.drain()
    }

    func stop() {
        handler?.stop()
        engine?.stop()
    }

    var health: Health { handler?.health ?? engine?.health ?? .healthy }

    func reload(_ configuration: PluginConfiguration) throws {
        try handler?.reload(configuration)
        try engine?.reload(configuration)
    }
}
