// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
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
            log: { own, level, message in
                let name = unsafe PluginSelf.name(of: own)
                let text = unsafe String(message, max: 4096)
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
            starting: { own, status in
                let name = unsafe PluginSelf.name(of: own)
                PluginProgress.report("\(name): \(unsafe String(status, max: 256))")
            },
            background: { own, run, job, context in
                guard let own = unsafe PluginSelf.of(own), let run = unsafe run else { return }
                unsafe own.background.add(BackgroundWork.Job(run: run, job: job, context: context))
            },
            work_begin: { own, name in
                guard let own = unsafe PluginSelf.of(own) else { return nil }
                let number = own.background.begin(unsafe String(name, max: BackgroundWork.maxNameBytes))
                return unsafe OpaquePointer(bitPattern: UInt(number))
            },
            work_end: { work, code, message in
                BackgroundWork.end(
                    UInt64(UInt(bitPattern: work)),
                    code == UInt32(ARTICLED_OK) ? nil : unsafe ServiceError(code, message))
            },
            call: { own, request, method, message, deadline, reply, context in
                guard let own = unsafe PluginSelf.of(own), let method = unsafe method else { return 0 }
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: message.data, count: message.data == nil ? 0 : message.size)
                return unsafe PluginCalls.call(
                    own, request, String(cString: method), bytes, deadline: deadline, reply, context)
            },
            call_consumed: { own, number, bytes in
                guard let own = unsafe PluginSelf.of(own) else { return }
                PluginCalls.consumed(own, number, bytes)
            },
            call_cancel: { own, number in
                guard let own = unsafe PluginSelf.of(own) else { return }
                PluginCalls.cancel(own, number)
            })
    }
}

extension ServiceError {
    /// A failure as a plugin tells it. `code` is not 0.
    init(_ code: UInt32, _ message: articled_bytes) {
        let known = StatusCode(rawValue: code) ?? .internal
        self.init(known == .ok ? .internal : known, unsafe String(message, max: Limits.statusMessage))
    }
}

extension String {
    /// Copies a plugin's text. Invalid UTF-8 is replaced.
    ///
    /// - Parameter max: the most bytes that are kept.
    init(_ bytes: articled_bytes, max: Int) {
        let size = unsafe bytes.data == nil ? 0 : Swift.min(bytes.size, max)
        unsafe self.init(decoding: UnsafeRawBufferPointer(start: bytes.data, count: size), as: UTF8.self)
    }
}
