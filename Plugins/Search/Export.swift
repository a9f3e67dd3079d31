// SPDX-License-Identifier: Apache-2.0
internal import HandlerKit
internal import SearchHandler

/// The symbol that articled looks up in this library.
@c(articled_plugin_descriptor)
public func articledPlugin() -> UnsafeRawPointer? { unsafe exportPlugin(Search.self) }
