internal import ArticleServer
internal import CLinux
internal import Glibc

/// Says what is wrong, a line each, and how the process ends.
func failed(_ error: any Error) -> Int32 {
    switch error {
    case let error as StartError:
        for problem in error.problems { Log.lastWords(problem) }
        return error.code.exitStatus
    case let error as PluginError:
        Log.lastWords("\(error)", ["PLUGIN_PATH": error.path])
        return StartError.Code.plugin.exitStatus
    default:
        Log.lastWords("\(error)")
        return StartError.Code.system.exitStatus
    }
}

clinux_fill_standard_descriptors()
do {
    let arguments = try Arguments(Arguments.given)
    switch arguments.task {
    case .help: print(Arguments.help, terminator: "")
    case .version: print(Arguments.version)
    case .checkConfiguration: try ConfigurationCheck.run(arguments)
    case .recover: try Recovery.run(arguments)
    case .serve:
        let service = try Service(arguments)
        service.ending().leave()
    }
} catch {
    exit(failed(error))
}
