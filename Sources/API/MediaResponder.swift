import Domain
import Foundation
import HTTPTypes
import Hummingbird

/// Sends files of a folder, whole or in part (RFC 9110 §14: one range; several are answered with the whole).
struct MediaResponder: Sendable {
    let mediaFolder: String
    private let files = FileIO()

    init(mediaFolder: String) { self.mediaFolder = mediaFolder }

    func respond(
        to request: Request, context: VedetteContext, path: String, contentType: String, tag: String,
        modified: WallTime, downloadName: String, isAttachment: Bool = false
    ) async throws -> Response {
        var query = QueryReader(request)
        let download = query.parsed("download", "0 or 1") { $0 == "1" ? true : $0 == "0" ? false : nil } ?? false
        try query.finish()
        let file = mediaFolder + "/" + path
        guard let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int, size > 0 else {
            throw Problem(.notFound, "the file is not there any more")
        }
        let etag = "\"\(tag)\""
        var headers: HTTPFields = [
            .contentType: contentType, .acceptRanges: "bytes", .eTag: etag,
            .lastModified: Date(timeIntervalSince1970: modified.secondsSinceEpoch.rounded(.down)).httpHeader,
            .cacheControl: "private, max-age=31536000, immutable",
        ]
        if download || isAttachment { headers[.contentDisposition] = "attachment; filename=\"\(downloadName)\"" }
        if request.headers[.ifNoneMatch].map({ $0 == "*" || $0.contains(etag) }) ?? false {
            return Response(status: .notModified, headers: headers)
        }
        let rangeCounts = request.headers[.ifRange].map { $0 == etag } ?? true
        switch rangeCounts ? ByteRange.parse(request.headers[.range], size: size) : .whole {
        case .whole:
            return Response(
                status: .ok, headers: headers, body: try await files.loadFile(path: file, context: context))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(size)"
            return Response(
                status: .partialContent, headers: headers,
                body: try await files.loadFile(path: file, range: range, context: context))
        case .unsatisfiable:
            throw Problem(
                .rangeNotSatisfiable, "the file has \(size) bytes", headers: [.contentRange: "bytes */\(size)"])
        }
    }
}

/// What a `Range` header asks of a file.
enum ByteRange: Equatable {
    case whole
    case part(ClosedRange<Int>)
    case unsatisfiable

    static func parse(_ header: String?, size: Int) -> ByteRange {
        guard let header, header.lowercased().hasPrefix("bytes="), !header.contains(",") else { return .whole }
        let bounds = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return .whole }
        func digits(_ text: Substring) -> Int? {
            text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
        }
        if bounds[0].isEmpty {
            guard let suffix = digits(bounds[1]) else { return .whole }
            return suffix == 0 ? .unsatisfiable : .part(max(0, size - suffix)...(size - 1))
        }
        guard let first = digits(bounds[0]) else { return .whole }
        guard first < size else { return .unsatisfiable }
        if bounds[1].isEmpty { return .part(first...(size - 1)) }
        guard let last = digits(bounds[1]), last >= first else { return .whole }
        return .part(first...min(last, size - 1))
    }
}

extension Date {
    /// "Fri, 01 May 2026 10:00:05 GMT" (RFC 9110 §5.6.7).
    fileprivate var httpHeader: String {
        formatted(
            Date.VerbatimFormatStyle(
                format:
                    "\(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT",
                locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian)))
    }
}
