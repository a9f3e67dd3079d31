// SPDX-License-Identifier: Apache-2.0
internal import CPluginABI

/// The `articled_host` of this process. All plugins share it, and it is never freed.
enum HostTable {
    nonisolated(unsafe) static let shared: UnsafePointer<articled_host> = {  // written once, here
        let table = UnsafeMutablePointer<articled_host>.allocate(capacity: 1)
        unsafe table.initialize(to: make())
        return unsafe UnsafePointer(table)
    }()

    private static func make() -> articled_host {
        unsafe articled_host(
            size: UInt32(MemoryLayout<articled_host>.size),
            abi: UInt32(ARTICLED_ABI_MAJOR << 16 | ARTICLED_ABI_MINOR),
            version: UnsafePointer(CString.immortal(Version.text)),
            log: { log, level, message in
                let name = unsafe PluginLog.name(of: log)
                let text = unsafe String(
                    decoding: UnsafeRawBufferPointer(
                        start: message.data, count: message.data == nil ? 0 : min(message.size, 4096)),
                    as: UTF8.self)
                Log.write(Log.Level(pluginLevel: level), "\(name): \(text)", ["PLUGIN": name])
            },
            schedule: { loop, run, job, context in
                guard let loop = unsafe loop, let run = unsafe run else { return }
                unsafe EventLoop.from(loop).schedule(Inbox.Job(run: run, job: job, context: context))
            },
            is_current: { loop in
                guard let loop = unsafe loop else { return 0 }
                return unsafe EventLoop.from(loop).isCurrent ? 1 : 0
            },
            respond: { request, parts, count, checksum in
                guard let request = unsafe request else { return UInt32(ARTICLED_GONE) }
                return unsafe HostFunctions.respond(RequestTable.slot(of: request), parts, count, checksum)
            },
            send: { request, parts, count, checksum in
                guard let request = unsafe request else { return UInt32(ARTICLED_GONE) }
                return unsafe HostFunctions.send(RequestTable.slot(of: request), parts, count, checksum)
            },
            finish: { request in
                guard let request = unsafe request else { return UInt32(ARTICLED_GONE) }
                return unsafe HostFunctions.finish(RequestTable.slot(of: request))
            },
            fail: { request, code, message in
                guard let request = unsafe request else { return UInt32(ARTICLED_GONE) }
                return unsafe HostFunctions.fail(RequestTable.slot(of: request), code, message)
            },
            watch: { request, events, context in
                guard let request = unsafe request else { return }
                unsafe HostFunctions.watch(RequestTable.slot(of: request), events, context)
            },
            consumed: { request, bytes in
                guard let request = unsafe request else { return }
                unsafe HostFunctions.consumed(RequestTable.slot(of: request), bytes)
            },
            starting: { log, status in
                let name = unsafe PluginLog.name(of: log)
                let text = unsafe String(
                    decoding: UnsafeRawBufferPointer(
                        start: status.data, count: status.data == nil ? 0 : min(status.size, 256)),
                    as: UTF8.self)
                PluginProgress.report("\(name): \(text)")
            })
    }
}
