internal import ArticleProtocol

/// Takes over the storage of an earlier articled.
struct Migration {
    let directory: DataDirectory
    let limits: EngineLimits
    let disk: any Disk
    let progress: StartProgress

    func run() throws(ServiceError) {}
}
