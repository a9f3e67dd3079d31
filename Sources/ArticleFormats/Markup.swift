// SPDX-License-Identifier: Apache-2.0
internal import CXML2

/// A node of a tree that libxml2 has made. It is valid as long as the tree.
///
/// What it tells was decoded by libxml2 and is UTF-8. Entities that a document defines for itself are not expanded.
@safe struct MarkupNode {
    let pointer: xmlNodePtr

    init(_ pointer: xmlNodePtr) { unsafe self.pointer = pointer }

    var isElement: Bool { unsafe pointer.pointee.type == XML_ELEMENT_NODE }
    /// The text of a text node, a CDATA section, or an entity, which stays as it is written; nil of other nodes.
    var ownText: String? {
        switch unsafe pointer.pointee.type {
        case XML_TEXT_NODE, XML_CDATA_SECTION_NODE: unsafe Self.string(pointer.pointee.content)
        case XML_ENTITY_REF_NODE: "&\(unsafe Self.string(pointer.pointee.name));"
        default: nil
        }
    }

    /// The local name of an element, in lower case in HTML; "" of other nodes.
    var name: String { isElement ? unsafe Self.string(pointer.pointee.name) : "" }
    /// The namespace of an element; "" if it has none.
    var namespace: String {
        guard isElement, let space = unsafe pointer.pointee.ns else { return "" }
        return unsafe Self.string(space.pointee.href)
    }
    /// The prefix that the document has for the namespace; "" if it has none.
    var prefix: String {
        guard isElement, let space = unsafe pointer.pointee.ns else { return "" }
        return unsafe Self.string(space.pointee.prefix)
    }

    var parent: MarkupNode? { unsafe pointer.pointee.parent.map { unsafe MarkupNode($0) } }
    private var firstChild: MarkupNode? {
        // Behind the reference to an entity is its definition, which may refer to itself.
        guard unsafe pointer.pointee.type != XML_ENTITY_REF_NODE else { return nil }
        return unsafe pointer.pointee.children.map { unsafe MarkupNode($0) }
    }
    private var next: MarkupNode? { unsafe pointer.pointee.next.map { unsafe MarkupNode($0) } }

    /// The elements directly in this one.
    var elements: [MarkupNode] {
        var elements: [MarkupNode] = []
        var child = firstChild
        while let node = child {
            if node.isElement { elements.append(node) }
            child = node.next
        }
        return elements
    }

    /// The value of an attribute of an element, whatever its namespace.
    func attribute(_ name: String) -> String? {
        guard isElement else { return nil }
        var attribute = unsafe pointer.pointee.properties
        while let current = unsafe attribute {
            if unsafe Self.string(current.pointee.name) == name {
                var value = ""
                var child = unsafe current.pointee.children
                while let part = unsafe child {
                    if unsafe part.pointee.type == XML_TEXT_NODE { unsafe value += Self.string(part.pointee.content) }
                    unsafe child = part.pointee.next
                }
                return value
            }
            unsafe attribute = current.pointee.next
        }
        return nil
    }

    /// Visits this node and all below it, in the order of the document. It needs no stack, however deep the tree is.
    ///
    /// - Parameters:
    ///   - enter: whether to look at what is in the node.
    ///   - leave: called behind what is in the node, if it was looked at.
    func walk(enter: (MarkupNode) -> Bool, leave: (MarkupNode) -> Void = { _ in }) {
        var node = self
        while true {
            if enter(node) {
                if let child = node.firstChild {
                    node = child
                    continue
                }
                leave(node)
            }
            while true {
                if node == self { return }
                if let next = node.next {
                    node = next
                    break
                }
                guard let parent = node.parent else { return }
                node = parent
                leave(node)
            }
        }
    }

    /// All text in it, as it stands.
    var text: String {
        var text = ""
        walk(enter: { node in
            if let own = node.ownText { text += own }
            return true
        })
        return text
    }

    static func string(_ bytes: UnsafePointer<xmlChar>?) -> String {
        guard let bytes = unsafe bytes else { return "" }
        return unsafe String(cString: bytes)
    }
}

extension MarkupNode: Hashable {
    static func == (one: MarkupNode, other: MarkupNode) -> Bool { unsafe one.pointer == other.pointer }
    func hash(into hasher: inout Hasher) { unsafe hasher.combine(pointer) }
}

/// An HTML document, or a piece of one.
@safe final class HTMLDocument {
    private let document: htmlDocPtr

    /// - Parameter encoding: nil: as the document says.
    /// - Returns: nil if there is nothing in it.
    init?(_ bytes: [UInt8], encoding: String?) {
        cxml2_print_nothing()
        let options = Int32(
            HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue
                | HTML_PARSE_NONET.rawValue)
        guard let count = Int32(exactly: bytes.count),
            let document = unsafe bytes.withUnsafeBytes({ bytes in
                unsafe htmlReadMemory(
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count, nil, encoding, options)
            })
        else { return nil }
        unsafe self.document = document
    }

    deinit { unsafe xmlFreeDoc(document) }

    /// Calls `body` with the root element. No node may outlive the call.
    ///
    /// - Returns: nil if there is no element.
    func withRoot<Result>(_ body: (MarkupNode) -> Result) -> Result? {
        guard let root = unsafe xmlDocGetRootElement(document) else { return nil }
        return withExtendedLifetime(self) { unsafe body(MarkupNode(root)) }
    }
}
