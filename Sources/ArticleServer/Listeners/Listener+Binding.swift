internal import CLinux
internal import Glibc

extension Listener {
    public init(binding address: String) throws {
        guard address.hasPrefix("unix:") else { throw PluginError(address, "only unix: for now") }
        let path = String(address.dropFirst(5))
        let descriptor = clinux_socket(AF_UNIX, 1)
        _ = unsafe unlink(path)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let ok = unsafe withUnsafePointer(to: &name) { p in
            unsafe p.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard ok == 0, listen(descriptor, 1024) == 0 else { throw SystemError("bind") }
        self.init(descriptor: descriptor, isTCP: false, description: address)
    }
}

public struct Signals {
    let descriptor: Int32
    public init() throws { descriptor = unsafe clinux_signalfd([SIGTERM, SIGINT], 2) }
    public func wait() {
        var p = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&p, 1, -1) < 0 {}
        _ = clinux_signalfd_read(descriptor)
    }
}
