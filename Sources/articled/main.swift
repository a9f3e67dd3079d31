internal import ArticleServer
internal import CLinux
internal import Glibc

/// Logs what is wrong, a line for each problem.
///
/// - Returns: the exit status.
func failed(_ error: any Error) -> Int32 {
    switch error {
    case let error as StartError:
        for problem in error.problems { Log.fatal(problem) }
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
    case .checkConfiguration: try ConfigurationCheck.run(arguments)
    case .recover: try Recovery.run(arguments)
    case .serve:
        let service = try Service(arguments)
        service.run().exitProcess()
    }
} catch {
    exit(failed(error))
}
