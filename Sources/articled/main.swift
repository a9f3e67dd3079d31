// SPDX-License-Identifier: Apache-2.0
internal import ArticleServer
internal import CLinux
internal import Glibc

/// Logs what is wrong.
///
/// - Returns: the exit status.
func failed(_ error: any Error) -> Int32 {
    switch error {
    case let error as StartError:
        for line in error.lines { Log.fatal(line) }
        return error.code.exitStatus
    case let error as PluginError:
        Log.fatal("\(error)", ["PLUGIN_PATH": error.path])
        return StartError.Code.plugin.exitStatus
    default:
        Log.fatal("\(error)")
        return StartError.Code.system.exitStatus
    }
}

clinux_fill_standard_descriptors()
do {
    let arguments = try Arguments(Arguments.given)
    switch arguments.task {
    case .help: print(Arguments.help, terminator: "")
    case .version: print(Version.report)
    case .checkConfiguration: exit(ConfigurationCheck.run(arguments))
    case .recover: try Recovery.run(arguments)
    case .serve:
        let service = try Service(arguments)
        service.run().exitProcess()
    }
} catch {
    exit(failed(error))
}
