// SPDX-License-Identifier: Apache-2.0
import Versions

/// Which articlectl this is.
enum Version {
    static let text = Versions.program
    /// The answer to `--version`.
    static let report = Versions.report(of: "articlectl")
}
