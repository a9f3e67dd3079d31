// SPDX-License-Identifier: Apache-2.0

/// The versions of PROTOCOL.md that this package speaks. A peer offers a range of them in its HELLO.
public enum ProtocolVersion {
    /// The versions that this library speaks; a HELLO offers the lowest and the highest.
    public static let supported: ClosedRange<UInt32> = 1...1
}
