/// Reads big-endian numbers and nested boxes from bytes that may be anything: past the end it says nil.
struct ByteCursor {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func number(bytes count: Int) -> UInt64? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func byte() -> Int? { number(bytes: 1).map { Int($0) } }
    mutating func word16() -> Int? { number(bytes: 2).map { Int($0) } }
    mutating func word32() -> Int? { number(bytes: 4).map { Int($0) } }
    mutating func signed32() -> Int64? { number(bytes: 4).map { Int64(Int32(truncatingIfNeeded: $0)) } }
    mutating func word64() -> Int64? { number(bytes: 8).flatMap { Int64(exactly: $0) } }

    mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, rest.count >= count else { return false }
        rest = rest.dropFirst(count)
        return true
    }

    /// The version and flags that begin a "full" box.
    mutating func versionAndFlags() -> (version: Int, flags: Int)? {
        word32().map { ($0 >> 24, $0 & 0xff_ffff) }
    }

    /// The next box and its content; nil at the end or where the rest is no box.
    mutating func box() -> (type: String, content: ArraySlice<UInt8>)? {
        guard rest.count >= 8, let size = word32(), size >= 8, let type = number(bytes: 4), rest.count >= size - 8
        else { return nil }
        let name = String(
            decoding: (0..<4).map { UInt8(truncatingIfNeeded: type >> (24 - 8 * UInt64($0))) }, as: UTF8.self)
        defer { rest = rest.dropFirst(size - 8) }
        return (name, rest.prefix(size - 8))
    }

    /// The content of the first box of a type among those that follow.
    func first(_ type: String) -> ArraySlice<UInt8>? {
        var cursor = self
        while let box = cursor.box() { if box.type == type { return box.content } }
        return nil
    }

    /// The content of the box at the end of a path of types.
    static func find(_ path: String..., in content: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        path.reduce(content) { content, type in content.flatMap { ByteCursor($0).first(type) } }
    }
}
