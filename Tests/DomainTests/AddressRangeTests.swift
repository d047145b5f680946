import Domain
import Testing

struct AddressRangeTests {
    @Test(arguments: [
        (
            "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
            ["11.0.0.0", "9.255.255.255", "::10.1.2.3"]
        ),
        ("192.0.2.7", ["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:C000:0207"], ["192.0.2.6", "192.0.2.70"]),
        ("192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::1", "unknown", ""]),
        ("::1", ["::1", "0:0:0:0:0:0:0:1", "::0001"], ["::", "127.0.0.1", "::2"]),
        ("fd00::/8", ["fd12:3456::1", "fdff::"], ["fe00::", "fc00::"]),
        ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1"]),
        ("fe80::/10", ["fe80::1%eth0", "febf::"], ["fec0::"]),
        ("::/0", ["::", "2001:db8::1"], ["1.2.3.4", "::ffff:1.2.3.4"]),
    ])
    func `what lies in a range`(range: String, inside: [String], outside: [String]) throws {
        let range = try #require(AddressRange(range))
        for address in inside { #expect(range.contains(address), "\(address)") }
        for address in outside { #expect(!range.contains(address), "\(address)") }
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0",
        "10.0.0.0.0", "010.0.0.1", "0x0a.0.0.1", "256.0.0.1", "1.2.3.4 ", " 1.2.3.4", "1..2.3", "gate.example.org",
        "::/129",
        ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1.2.3", "1.2.3.4::", "::1/64",
        "１.2.3.4",
        "::１", "[::1]", "unix:", "fd00::/8 ",
    ])
    func `what is no range`(text: String) { #expect(AddressRange(text) == nil) }
}

struct RoleRulesTests {
    @Test func `of several groups the greatest role counts, and without one there is none`() {
        let rules = RoleRules(administrators: ["root"], operators: ["ops"], viewers: ["all", "ops"])
        #expect(rules.usesGroups)
        #expect(rules.role(of: ["all", "ops"]) == .operator)
        #expect(rules.role(of: ["all", "root", "x"]) == .administrator)
        #expect(rules.role(of: ["Root"]) == nil && rules.role(of: []) == nil)
        #expect(!RoleRules(newUserRole: .viewer).usesGroups)
    }
}
