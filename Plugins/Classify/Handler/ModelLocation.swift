internal import ArticleProtocol
import CLinux
import Glibc

/// Finds the model that came with the plugin, when the configuration names none.
enum ModelLocation {
    static let fileName = "news-vi.topics"

    /// In this order: `models` beside the library, `models` beside the library's folder (the installed form:
    /// /usr/lib/articled/models), the share directory of the same prefix, the system's, and `Plugins/Classify/Model` in
    /// a folder above (a checkout, where SwiftPM builds into `.build`).
    static func find() throws(ServiceError) -> String {
        let folder = try libraryFolder()
        var places = ["\(folder)/models", "\(folder)/../models", "\(folder)/../../../share/articled/models"]
        places.append("/usr/share/articled/models")
        var above = folder
        for _ in 0..<6 {
            above = parent(of: above)
            places.append("\(above == "/" ? "" : above)/Plugins/Classify/Model")
            if above == "/" { break }
        }
        for place in places {
            let path = "\(place)/\(fileName)"
            if unsafe access(path, R_OK) == 0 { return path }
        }
        throw ServiceError(
            .failedPrecondition,
            "no topic model: \(fileName) lies neither in \(places[0]) nor in \(places[3]). Name one in the configuration: "
                + "classify.model")
    }

    /// The folder of this library, with links resolved.
    private static func libraryFolder() throws(ServiceError) -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let size = unsafe clinux_library_path(#dsohandle, &path, Int(PATH_MAX))
        guard size > 0, let resolved = unsafe realpath(path, nil) else {
            throw ServiceError(
                .internal, "the plugin cannot tell where it lies. Name a model in the configuration: classify.model")
        }
        defer { unsafe free(resolved) }
        return unsafe parent(of: String(cString: resolved))
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
