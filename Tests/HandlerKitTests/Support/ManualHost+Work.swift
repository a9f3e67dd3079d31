// SPDX-License-Identifier: Apache-2.0
import CPluginABI
import Foundation
import Synchronization

/// Background work in the manual host: jobs run at once, on a thread of their own that the test can recognise.
extension ManualHost {
    /// What pieces of work have told, in order: "begin follow", "end follow", "fail follow 13 no space".
    static let works = Mutex<[String]>([])
    /// Whether the calling thread is the one for background work.
    static var isInBackground: Bool { thread.withLock { $0 == pthread_self() } }

    private static let thread = Mutex<pthread_t?>(nil)

    private static let names = Mutex<[String]>([])
    private static let queue = JobQueue()

    static func addWork(to host: inout articled_host) {
        unsafe host.background = { _, run, job, context in
            nonisolated(unsafe) let (job, context) = unsafe (job, context)
            ManualHost.queue.add { unsafe run?(job, context) }
        }
        unsafe host.work_begin = { _, name in
            let name = unsafe ManualHost.text(name)
            ManualHost.works.withLock { $0.append("begin \(name)") }
            let number = ManualHost.names.withLock { names in
                names.append(name)
                return names.count
            }
            return unsafe OpaquePointer(bitPattern: number)
        }
        unsafe host.work_end = { work, code, message in
            let name = ManualHost.names.withLock { $0[Int(bitPattern: work) - 1] }
            let text = unsafe code == 0 ? "end \(name)" : "fail \(name) \(code) \(ManualHost.text(message))"
            ManualHost.works.withLock { $0.append(text) }
        }
    }

    /// One thread that runs jobs in order.
    private final class JobQueue: @unchecked Sendable {  // `jobs` is accessed under the condition's lock
        private let condition = NSCondition()
        private var jobs: [@Sendable () -> Void] = []

        init() {
            let thread = Thread { [self] in
                ManualHost.thread.withLock { $0 = pthread_self() }
                while true {
                    condition.lock()
                    while jobs.isEmpty { condition.wait() }
                    let job = jobs.removeFirst()
                    condition.unlock()
                    job()
                }
            }
            thread.start()
        }

        func add(_ job: @escaping @Sendable () -> Void) {
            condition.lock()
            jobs.append(job)
            condition.signal()
            condition.unlock()
        }
    }
}
