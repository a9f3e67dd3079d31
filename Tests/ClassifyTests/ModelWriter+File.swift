// SPDX-License-Identifier: Apache-2.0

import Foundation
import TopicModel

extension ModelWriter {
    /// Puts the model in the place of what is there.
    consuming func write(to path: String) throws {
        try Data(encoded()).write(to: URL(filePath: path), options: .atomic)
    }
}
