// SPDX-License-Identifier: Apache-2.0
internal import DuplicatesHandler
internal import HandlerKit

/// The symbol that articled looks up in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Duplicates.self) }
