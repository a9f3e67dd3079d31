internal import LinuxRuntime

/// Connections that outlive the process: the service manager keeps them until the next one has started, and clients
/// notice no more than a pause. See PROTOCOL.md, "The end".
///
/// `Server.handOver` brings them to rest, `Server.pack` makes one descriptor of them, which goes into the service
/// manager's store; the next process gets it among its inherited descriptors, and gives it to `Server.adopt`.
public enum Handover {
    /// The descriptor's name, in the store and among those that are inherited.
    public static let name = "handover"

    /// Whether the service manager would keep a descriptor for us.
    public static var isPossible: Bool { DescriptorStore.capacity > 0 }

    /// Connections that are packed.
    public struct Outgoing {
        let descriptor: Int32
        let leftovers: [HandoverLeftover]

        /// Gives them to the service manager, which keeps them if it starts the service again, and else closes them.
        ///
        /// If it does not take them, their clients are told to connect again.
        public func store() {
            defer { Descriptor.close(descriptor) }
            guard let fault = DescriptorStore.store(descriptor, name: Handover.name) else {
                return Log.notice(
                    "left \(leftovers.count) connections to the next process", ["CONNECTIONS": "\(leftovers.count)"])
            }
            Log.warning("the service manager did not take the connections: \(fault); clients are told to connect again")
            for leftover in leftovers { leftover.dismiss("the service is restarting; connect again") }
        }
    }
}
