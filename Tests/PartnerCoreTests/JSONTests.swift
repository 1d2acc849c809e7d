import Testing

@testable import PartnerCore

private func text(_ json: JSON) -> String { String(decoding: json.text, as: UTF8.self) }

@Suite("JSON")
struct JSONTests {
    @Test(
        "a text comes back as it was, members in order",
        arguments: [
            #"{"b":1,"a":[true,false,null,-7,2.5,"é\"\\"],"c":{}}"#, "{}", "[]", #""""#, #"{"":0}"#, "[[],[{}]]",
            "null",
            #"["a\u0000b","\u001F","\b\f\n\r\t","/","\#u{7f}","\#u{2028}","\#u{1f600}","\#u{10ffff}","\#u{fffe}"]"#,
        ])
    func roundTrip(source: String) throws {
        #expect(text(try json(source)) == source)
    }

    @Test(
        "a number keeps its text",
        arguments: [
            "0", "-0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
            "-9223372036854775809", "123456789012345678901", "999999999999999999", "1000000000000000000", "0.0", "-0.0",
            "25.10", "25.100000000000001", "1e400", "1E+2", "1e-7", "0e0", "0E-0", "2.5e1", "1.0", "1e00",
        ])
    func numbers(number: String) throws {
        for source in [number, "[\(number),\(number)]", "{\"a\":\(number)}"] {
            #expect(text(try json(source)) == source)
        }
        #expect(try json(number).integer == (number == "-0" ? nil : Int(number)))
    }

    @Test(
        "an escape is the character that it stands for",
        arguments: [
            (#""\u0041\u00e9\u20AC\uFFFF""#, "Aé€\u{ffff}"), (#""\ud83d\ude00\uDBFF\uDFFF""#, "😀\u{10ffff}"),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""a\u0000b""#, "a\0b"), (#""\\ud83d""#, #"\ud83d"#),
            (#""12345678\n12345678é\\""#, "12345678\n12345678é\\"),
        ])
    func escapes(source: String, value: String) throws {
        #expect(try json(source).string?.utf8.elementsEqual(value.utf8) == true)
        #expect(try json("{\(source):1}")[value] == 1)
    }

    @Test(
        "half a pair is no string, and is kept",
        arguments: [
            (#""\ud83d""#, #""\uD83D""#), (#""\uDE00\uD83D""#, #""\uDE00\uD83D""#),
            (#""\uD83D\uD83D\uDE00x""#, #""\uD83D😀x""#),
            (#""a\n\uD83D\n\u0041é""#, #""a\n\uD83D\nAé""#), (#""\uD83D\\uDE00""#, #""\uD83D\\uDE00""#),
            (#""\uD800\uDBFF\uDFFE\uDC00\uDFFF""#, #""\uD800\#u{10fffe}\uDC00\uDFFF""#),
        ])
    func unpaired(source: String, written: String) throws {
        let value = try json("{\"a\":\(source),\(source):2,\"b\":\"c\"}")
        #expect(value["a"] != nil && value["a"]?.string == nil)
        #expect(value["b"] == "c")
        #expect(text(value) == "{\"a\":\(written),\(written):2,\"b\":\"c\"}")
        #expect(try JSON.parse(value.text) == value)
    }

    @Test("an unpaired name is found by no name, and is not the name that looks like its text")
    func unpairedNames() throws {
        let value = try json(#"{"\ud83d":1,"\\uD83D":2}"#)
        #expect(value.members?.count == 2)
        #expect(value[#"\uD83D"#] == 2)
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1}", "{]", "{,}", #"{"a"}"#, #"{"a":}"#,
            #"{"a":1,}"#, #"{"a":1 "b":2}"#, #"{"a"1}"#, #"{"a"::1}"#, "{a:1}", "{1:1}", "{'a':1}", "{} x", "{}{}",
            "1 2",
            "NaN", "Infinity", "-Infinity", "nul", "nulll", "True", "truE", "undefined", "'a'", "//\n1", "1/**/",
            "#\n1",
            "01", "-01", "00", "+1", "-", "--1", "1.", ".1", "-.1", "1.e1", "1e", "1e+", "1E-", "1e1.5", "1ee1", "0x1",
            "1_000", "1a", "1e5a", "１", "-a",
            "\"", "\"a", #""\""#, #""\x""#, #""\u12""#, #""\u12g4""#, #""\u 123""#, #""\U0041""#, #""\u+123""#,
            #""\'""#,
            "\"\u{0}\"", "\"\n\"", "\"\t\"", "\"\u{1f}\"", "\"12345678\u{1}\"", #""\ud83d\u12""#, #""\ud83d\""#,
            "\u{feff}1", "\u{feff}", "\u{a0}1", "1\u{2028}", "\u{b}1", "\u{c}1", "\u{0}", "1\u{0}", "[1\u{0}]",
            "[\"a\"\u{0}]",
        ])
    func syntax(source: String) {
        #expect { try json(source) } throws: { ($0 as? JSONError)?.reason == .syntax }
    }

    @Test(
        "what is not UTF-8 is refused, in values, names and beside escapes",
        arguments: [
            [0xff], [0x80], [0xc3], [0xc3, 0x28], [0xe2, 0x82], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80],
            [0xe0, 0x9f, 0xbf], [0xed, 0xa0, 0xbd], [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0x80],
            [0xf0, 0x8f, 0xbf, 0xbf],
            [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xfe],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        for prefix in ["", "1234567", "12345678", "123456789abcdefgh", #"\n"#, #"\ud83d"#] {
            let string = Array("\"\(prefix)".utf8) + bytes + Array("\"".utf8)
            for source in [
                string, Array("[".utf8) + string + Array("]".utf8), Array("{".utf8) + string + Array(":1}".utf8),
            ] {
                #expect { try JSON.parse(source) } throws: { ($0 as? JSONError)?.reason == .invalidUTF8 }
            }
        }
        #expect(throws: JSONError.self) { try JSON.parse(bytes) }
    }

    @Test("space stands wherever it may")
    func space() throws {
        #expect(
            text(try json("\t{ \"a\" :\r\n[ 1 ,\t2 ] , \"b\" : { } , \"c\":[ ] }\n ")) == #"{"a":[1,2],"b":{},"c":[]}"#)
    }

    @Test("every quote, escape and letter beyond ASCII is seen, wherever it stands")
    func positions() throws {
        for length in 0...40 {
            let plain = String(repeating: "x", count: length)
            for (special, value) in [
                (#"\""#, "\""), (#"\\"#, "\\"), ("é", "é"), ("", ""), (#"\u0000"#, "\0"), ("\u{7f}", "\u{7f}"),
            ] {
                let value = JSON.string(plain + value + plain)
                #expect(try json("[\"\(plain)\(special)\(plain)\"]") == [value])
                #expect(try JSON.parse(value.text) == value)
            }
            #expect(throws: JSONError.self) { try json("\"\(plain)\u{1}\(plain)\"") }
        }
    }

    @Test("nesting of 5,000 is refused, of 512 is not, on a thread too", arguments: ["[", #"{"a":"#])
    func nesting(opening: String) throws {
        let close = opening == "[" ? "]" : "}"
        @Sendable func nested(_ depth: Int) -> [UInt8] {
            let middle = opening == "[" ? "" : "1"
            return Array(
                (String(repeating: opening, count: depth) + middle + String(repeating: close, count: depth)).utf8)
        }
        let outcome = Lock<[Bool]>([])
        let thread = PartnerCore.Thread {
            let isKept = (try? JSON.parse(nested(512)))?.text == nested(512)
            let isRefused = [5000, 500_000].allSatisfy { (try? JSON.parse(nested($0))) == nil }
            outcome.withLock { $0 = [isKept, isRefused] }
        }
        if let thread { thread.join() }
        #expect(outcome.withLock { $0 } == [true, true])
        #expect { try JSON.parse(nested(513)) } throws: { ($0 as? JSONError)?.reason == .nestedTooDeeply }
        #expect(throws: Never.self) { try JSON.parse(nested(512)) }
    }

    @Test(
        "a caller may not send a name twice, however it is spelled",
        arguments: [
            #"{"a":1,"a":2}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"{"":1,"":1}"#, #"[{"c":{"a":1,"a":1}}]"#,
            #"{"é":1,"\u00e9":2}"#,
            #"{"\ud83d\ude00":1,"😀":2}"#, #"{"\ud83d":1,"\uD83D":2}"#, #"{"a\u0000":1,"a\u0000":2}"#,
        ])
    func duplicates(source: String) {
        #expect { try json(source) } throws: { ($0 as? JSONError)?.reason == .duplicateName }
    }

    @Test(
        "names that only look alike are different",
        arguments: [#"{"k":1,"\u212a":2,"K":3}"#, #"{"\u00e9":1,"e\u0301":2}"#, #"{"a":1,"a\u0000":2}"#])
    func differentNames(source: String) throws {
        #expect(try json(source).members?.count ?? 0 >= 2)
    }

    @Test("an upstream may send a name twice: the last one counts, where the first one stood")
    func lastWins() throws {
        let parse = { (source: String) in text(try JSON.parse(Array(source.utf8), duplicates: .lastWins)) }
        #expect(try parse(#"{"a":1,"b":2,"\u0061":3,"c":4,"b":5,"a":6}"#) == #"{"a":6,"b":5,"c":4}"#)
        #expect(try parse(#"[{"a":{"b":1,"b":2},"a":{"b":3,"b":4}}]"#) == #"[{"a":{"b":4}}]"#)
        #expect(try JSON.parse(Array(#"{"a":1,"a":2}"#.utf8), duplicates: .lastWins)["a"] == 2)
    }

    @Test("among many names the two that are the same are found", arguments: [2, 24, 25, 26, 1000])
    func manyNames(count: Int) throws {
        let members = (0..<count).map { "\"name\($0 * 7919 % count)\":\($0)" }
        let object = { (members: [String]) in "{" + members.joined(separator: ",") + "}" }
        #expect(text(try json(object(members))) == object(members))
        let twice = object(members + ["\"name0\":\"last\""])
        #expect { try json(twice) } throws: { ($0 as? JSONError)?.reason == .duplicateName }
        let last = try JSON.parse(Array(twice.utf8), duplicates: .lastWins)
        #expect(last["name0"] == "last" && last.members?.count == count && last.members?.first?.name == "name0")
    }

    @Test("a member is not found by a name that only looks the same")
    func lookalikes() throws {
        let value = try json(#"{"route\u212aey":1,"routeKey":2,"e\u0301":3}"#)
        #expect(value["routeKey"] == 2)
        #expect(value["\u{e9}"] == nil)
        #expect(value["e\u{301}"] == 3)
        #expect(JSON.string("\u{212a}") != "K" && JSON.string("e\u{301}") != "\u{e9}")
    }

    @Test("an error says where, and nothing of the text")
    func place() {
        #expect { try json("{\n\"a\": secret}") } throws: {
            ($0 as? JSONError)?.description == "the syntax is wrong (line 2, column 6)"
        }
        #expect { try json("") } throws: { $0 as? JSONError == JSONError(reason: .syntax, line: 1, column: 1) }
    }

    @Test(
        "whole units of a number are exact",
        arguments: [
            ("25.1", 2, 2510), ("1", 0, 1), ("-0", 3, 0), ("-2.50", 1, -25), ("1e3", 0, 1000),
            ("1e16", 2, 1_000_000_000_000_000_000),
            ("92233720368547758.07", 2, .max), ("-92233720368547758.08", 2, .min), ("0.000e-400", 0, 0),
        ] as [(String, Int, Int)])
    func units(number: String, places: Int, units: Int) throws {
        #expect(try json(number).units(places: places) == units)
        #expect(JSON.decimal(units, places: places).units(places: places) == units)
    }

    @Test("units are written with no zero too many")
    func decimals() {
        let texts = [(2510, 2), (2500, 2), (5, 2), (-5, 3), (0, 2), (1234, 0), (-1050, 3), (Int.min, 3)].map {
            text(.decimal($0, places: $1))
        }
        #expect(texts == ["25.1", "25", "0.05", "-0.005", "0", "1234", "-1.05", "-9223372036854775.808"])
    }
}
