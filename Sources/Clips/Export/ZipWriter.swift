import Domain

import Glibc

/// Writes a ZIP file without compression, entry by entry, in bounded memory (APPNOTE.TXT 6.3.10). An entry's header is
/// written again when its checksum is known, so that no reader needs data descriptors. Blocks.
struct ZipWriter {
    private struct Entry {
        var name: [UInt8]
        var date: UInt16
        var time: UInt16
        var size: UInt64
        var crc: UInt32 = 0
        var offset: UInt64
    }
    private let descriptor: Int32
    private let path: String
    /// From which size, offset or number on the 64-bit forms are used: lower in tests only.
    private let wideFrom: UInt64
    private let manyFrom: Int
    private var entries: [Entry] = []
    private var current: (entry: Entry, crc: CRC32, written: UInt64)?
    private var position: UInt64 = 0

    /// `descriptor` is of an empty file, and stays its owner's.
    init(_ descriptor: Int32, path: String, wideFrom: UInt64 = 0xffff_ffff, manyFrom: Int = 0xffff) {
        self.descriptor = descriptor
        self.path = path
        self.wideFrom = wideFrom
        self.manyFrom = manyFrom
    }

    /// Begins an entry of exactly so many bytes.
    mutating func begin(_ name: String, modified: WallTime, sizeBytes: Int64) throws(ClipError) {
        let (date, time) = Self.stamp(modified)
        let entry = Entry(
            name: Array(name.utf8.prefix(0xffff)), date: date, time: time, size: UInt64(max(0, sizeBytes)),
            offset: position)
        try put(header(entry))
        current = (entry, CRC32(), 0)
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ClipError) {
        current?.crc.update(bytes)
        current?.written += UInt64(bytes.count)
        try Self.write(bytes, to: descriptor, at: position, path)
        position += UInt64(bytes.count)
    }

    /// Ends the entry; throws where it had another number of bytes than was said.
    mutating func end() throws(ClipError) {
        guard let ended = current else { return }
        current = nil
        var entry = ended.entry
        guard ended.written == entry.size else {
            throw ClipError("an entry of \(path) has \(ended.written) bytes instead of \(entry.size)")
        }
        entry.crc = ended.crc.value
        try Self.writeAll(header(entry), to: descriptor, at: entry.offset, path)
        entries.append(entry)
    }

    /// Writes the directory.
    mutating func finish() throws(ClipError) {
        let start = position
        for entry in entries { try put(listed(entry)) }
        let length = position - start
        let isWide = start >= wideFrom || length >= wideFrom || entries.count >= manyFrom
        var end: [UInt8] = []
        if isWide {
            let wide = position
            end.word(0x0606_4b50)
            end.long(44)
            end.half(45)
            end.half(45)
            end.word(0)
            end.word(0)
            end.long(UInt64(entries.count))
            end.long(UInt64(entries.count))
            end.long(length)
            end.long(start)
            end.word(0x0706_4b50)
            end.word(0)
            end.long(wide)
            end.word(1)
        }
        end.word(0x0605_4b50)
        end.half(0)
        end.half(0)
        end.half(isWide ? 0xffff : UInt16(entries.count))
        end.half(isWide ? 0xffff : UInt16(entries.count))
        end.word(isWide ? 0xffff_ffff : UInt32(length))
        end.word(isWide ? 0xffff_ffff : UInt32(start))
        end.half(0)
        try put(end)
    }

    private func header(_ entry: Entry) -> [UInt8] {
        let isWide = entry.size >= wideFrom
        var bytes: [UInt8] = []
        bytes.word(0x0403_4b50)
        bytes.common(version: isWide ? 45 : 20, entry.time, entry.date, entry.crc)
        bytes.word(isWide ? 0xffff_ffff : UInt32(entry.size))
        bytes.word(isWide ? 0xffff_ffff : UInt32(entry.size))
        bytes.half(UInt16(entry.name.count))
        bytes.half(isWide ? 20 : 0)
        bytes += entry.name
        if isWide {
            bytes.half(1)
            bytes.half(16)
            bytes.long(entry.size)
            bytes.long(entry.size)
        }
        return bytes
    }

    private func listed(_ entry: Entry) -> [UInt8] {
        let isLarge = entry.size >= wideFrom
        let isFar = entry.offset >= wideFrom
        var extra: [UInt8] = []
        if isLarge {
            extra.long(entry.size)
            extra.long(entry.size)
        }
        if isFar { extra.long(entry.offset) }
        var bytes: [UInt8] = []
        bytes.word(0x0201_4b50)
        // Made by version 4.5 on Unix, so that the file mode counts.
        bytes.half(45 | 3 << 8)
        bytes.common(version: isLarge || isFar ? 45 : 20, entry.time, entry.date, entry.crc)
        bytes.word(isLarge ? 0xffff_ffff : UInt32(entry.size))
        bytes.word(isLarge ? 0xffff_ffff : UInt32(entry.size))
        bytes.half(UInt16(entry.name.count))
        bytes.half(extra.isEmpty ? 0 : UInt16(extra.count + 4))
        bytes.half(0)
        bytes.half(0)
        bytes.half(0)
        bytes.word(0o100644 << 16)
        bytes.word(isFar ? 0xffff_ffff : UInt32(entry.offset))
        bytes += entry.name
        if !extra.isEmpty {
            bytes.half(1)
            bytes.half(UInt16(extra.count))
            bytes += extra
        }
        return bytes
    }

    private mutating func put(_ bytes: [UInt8]) throws(ClipError) {
        try Self.writeAll(bytes, to: descriptor, at: position, path)
        position += UInt64(bytes.count)
    }

    private static func writeAll(
        _ bytes: [UInt8], to descriptor: Int32, at offset: UInt64, _ path: String
    ) throws(ClipError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(ClipError) in try write(buffer, to: descriptor, at: offset, path) }
        }
        try result.get()
    }

    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: UInt64, _ path: String
    ) throws(ClipError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DurableFile.failure("write", path) }
            done += count
        }
    }

    /// Date and time of MS-DOS, in UTC: two-second steps from 1980 to 2107.
    private static func stamp(_ time: WallTime) -> (date: UInt16, time: UInt16) {
        let numbers = time.rfc3339.prefix(19).split { !$0.isNumber }.compactMap { UInt16($0) }
        guard numbers.count == 6, (1980...2107).contains(numbers[0]) else { return (0x21, 0) }
        return (
            (numbers[0] - 1980) << 9 | numbers[1] << 5 | numbers[2],
            numbers[3] << 11 | numbers[4] << 5 | numbers[5] / 2
        )
    }
}

extension [UInt8] {
    fileprivate mutating func half(_ value: UInt16) { Swift.withUnsafeBytes(of: value.littleEndian) { self += $0 } }
    fileprivate mutating func word(_ value: UInt32) { Swift.withUnsafeBytes(of: value.littleEndian) { self += $0 } }
    fileprivate mutating func long(_ value: UInt64) { Swift.withUnsafeBytes(of: value.littleEndian) { self += $0 } }

    /// What both kinds of header share: names are UTF-8 (bit 11), nothing is compressed.
    fileprivate mutating func common(version: UInt16, _ time: UInt16, _ date: UInt16, _ crc: UInt32) {
        half(version)
        half(1 << 11)
        half(0)
        half(time)
        half(date)
        word(crc)
    }
}
