// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ArticleServer

@Suite struct ListenAddressTests {
    @Test(arguments: ["unix:/a", "tcp:127.0.0.1:80", "tcp:[::1]:65535", "tcp:0.0.0.0:0", "tcp:[2001:db8::1]:1"])
    func thereAndBack(text: String) throws {
        #expect(try ListenAddress(text).description == text)
    }

    @Test(arguments: [
        "", "unix:", "unix:a", "tcp:", "tcp:1", "tcp:localhost:80", "tcp:127.0.0.1", "tcp:127.0.0.1:",
        "tcp:127.0.0.1:65536",
        "tcp:127.0.0.1:-1", "tcp:127.0.0.1:+1", "tcp:::1:80", "tcp:[::1]", "tcp:[127.0.0.1]:80", "udp:127.0.0.1:80",
        "unix:/a\u{0}b", "unix:/" + String(repeating: "a", count: 107),
    ])
    func refused(text: String) {
        #expect(throws: StartError.self) { try ListenAddress(text) }
    }

    @Test func local() throws {
        for text in ["unix:/a", "tcp:127.0.0.1:1", "tcp:127.9.9.9:1", "tcp:[::1]:1", "tcp:[::ffff:127.0.0.1]:1"] {
            #expect(try ListenAddress(text).isLocal)
        }
        for text in ["tcp:0.0.0.0:1", "tcp:[::]:1", "tcp:192.168.0.1:1", "tcp:[::ffff:10.0.0.1]:1", "tcp:[fe80::1]:1"] {
            #expect(try !ListenAddress(text).isLocal)
        }
    }

    @Test func times() {
        #expect(TimeText.nanoseconds("250 ms") == 250_000_000)
        #expect(TimeText.nanoseconds("1.5s") == 1_500_000_000)
        for text in ["", "5", "s", "-1 s", "1e9 h", "99999999999 h", "1 day", "NaN s", "inf s"] {
            #expect(TimeText.nanoseconds(text) == nil, "\(text)")
        }
        #expect(TimeText.of(nanoseconds: 600_000_000_000) == "10 min")
        #expect(TimeText.of(nanoseconds: 1_500_000_000) == "1500 ms")
    }
}
