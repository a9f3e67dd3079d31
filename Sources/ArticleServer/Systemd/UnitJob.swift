// SPDX-License-Identifier: Apache-2.0
internal import CSystemd
internal import Glibc
internal import LinuxRuntime

/// What the service manager is doing with our unit. It is asked over D-Bus, because the signal is the same for a stop
/// and a restart.
public enum UnitJob: Sendable, Equatable {
    /// It stops the unit, or it has no job and someone else sent the signal. No process follows us.
    case stop
    /// Any other job, most likely a restart.
    case other
    /// It cannot be asked: there is no service manager or no D-Bus, or we are not one of its units.
    case unknown

    /// The limit of each call: a bus that hangs must not keep the process from stopping.
    private static let callTimeout: UInt64 = 1_000_000  // microseconds
    private static let manager = "org.freedesktop.systemd1"

    /// Asks. Blocks for some milliseconds.
    public static var current: UnitJob {
        do throws(Unanswered) {
            return try ask()
        } catch {
            Log.debug("cannot tell a stop from a restart: \(error.reason)")
            return .unknown
        }
    }

    private struct Unanswered: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
        init(_ call: StaticString, _ code: Int32) { reason = "\(call): \(SystemError.text(of: -code))" }
    }

    private static func ask() throws(Unanswered) -> UnitJob {
        var opened: OpaquePointer?
        let code = unsafe isUsers ? sd_bus_open_user(&opened) : sd_bus_open_system(&opened)
        guard code >= 0, let bus = unsafe opened else { throw Unanswered("sd_bus_open", code) }
        defer { unsafe _ = sd_bus_flush_close_unref(bus) }
        unsafe sd_bus_set_method_call_timeout(bus, callTimeout)
        let unit = try unsafe unit(bus)
        // A unit that merely contains this process, such as a terminal's session, is not ours.
        let main: UInt32 = try unsafe property(bus, unit, "Service", "MainPID", "u") { message in
            var value: UInt32 = 0
            return unsafe sd_bus_message_read_basic(message, CChar(UInt8(ascii: "u")), &value) > 0 ? value : nil
        }
        guard main == UInt32(getpid()) else { throw Unanswered("its main process is \(main), not this one") }
        let job: (UInt32, String) = try unsafe property(bus, unit, "Unit", "Job", "(uo)") { message in
            var number: UInt32 = 0
            var path: UnsafePointer<CChar>?
            guard unsafe sd_bus_message_enter_container(message, CChar(UInt8(ascii: "r")), "uo") > 0,
                unsafe sd_bus_message_read_basic(message, CChar(UInt8(ascii: "u")), &number) > 0,
                unsafe sd_bus_message_read_basic(message, CChar(UInt8(ascii: "o")), &path) > 0,
                let path = unsafe path
            else { return nil }
            return unsafe (number, String(cString: path))
        }
        guard job.0 != 0 else { return .stop }
        let kind: String = try unsafe property(bus, job.1, "Job", "JobType", "s") { message in
            var text: UnsafePointer<CChar>?
            guard unsafe sd_bus_message_read_basic(message, CChar(UInt8(ascii: "s")), &text) > 0, let text = unsafe text
            else { return nil }
            return unsafe String(cString: text)
        }
        return kind == "stop" ? .stop : .other
    }

    /// Whether our service manager is a user's.
    private static var isUsers: Bool {
        guard let directory = ProcessEnvironment.text("XDG_RUNTIME_DIR") else { return false }
        return ProcessEnvironment.text("NOTIFY_SOCKET")?.hasPrefix("\(directory)/") ?? false
    }

    /// Our unit's object. /proc would not do: a hardened service does not see process 1 there.
    private static func unit(_ bus: OpaquePointer) throws(Unanswered) -> String {
        var question: OpaquePointer?
        var code = unsafe sd_bus_message_new_method_call(
            bus, &question, manager, "/org/freedesktop/systemd1", "\(manager).Manager", "GetUnitByPID")
        guard code >= 0, let question = unsafe question else {
            throw Unanswered("sd_bus_message_new_method_call", code)
        }
        defer { unsafe _ = sd_bus_message_unref(question) }
        var ourselves: UInt32 = 0
        code = unsafe sd_bus_message_append_basic(question, CChar(UInt8(ascii: "u")), &ourselves)
        guard code >= 0 else { throw Unanswered("sd_bus_message_append_basic", code) }
        var answer: OpaquePointer?
        code = unsafe sd_bus_call(bus, question, callTimeout, nil, &answer)
        guard code >= 0, let answer = unsafe answer else { throw Unanswered("GetUnitByPID", code) }
        defer { unsafe _ = sd_bus_message_unref(answer) }
        var path: UnsafePointer<CChar>?
        guard unsafe sd_bus_message_read_basic(answer, CChar(UInt8(ascii: "o")), &path) > 0, let path = unsafe path
        else { throw Unanswered("GetUnitByPID has no answer") }
        return unsafe String(cString: path)
    }

    private static func property<Value>(
        _ bus: OpaquePointer, _ path: String, _ interface: String, _ name: String, _ type: String,
        _ read: (OpaquePointer) -> Value?
    ) throws(Unanswered) -> Value {
        var answer: OpaquePointer?
        let code = unsafe sd_bus_get_property(
            bus, manager, path, "\(manager).\(interface)", name, nil, &answer, type)
        guard code >= 0, let answer = unsafe answer else { throw Unanswered("sd_bus_get_property", code) }
        defer { unsafe _ = sd_bus_message_unref(answer) }
        guard let value = unsafe read(answer) else { throw Unanswered("\(name) is not of type \(type)") }
        return value
    }
}
