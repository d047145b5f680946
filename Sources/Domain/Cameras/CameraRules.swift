/// What a camera's name, address and numbers must satisfy, wherever they come from.
package enum CameraRules {
    /// Why a name is refused; nil when it is fine.
    package static func problem(name: String) -> String? {
        let allowed = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || " -_.".unicodeScalars.contains($0)
        }
        guard !name.isEmpty, name.count <= 64, allowed, name.first != " ", name.last != " " else {
            return "must be 1 to 64 letters, digits, spaces, '-', '_' or '.'"
        }
        return nil
    }

    /// Why an address is refused; nil when it is fine. The answer never repeats the address.
    package static func problem(url: String) -> String? {
        if DeviceAddress.isMeant(by: url) {
            do throws(DeviceAddress.Problem) {
                _ = try DeviceAddress(url)
                return nil
            } catch {
                return error.text
            }
        }
        let lower = url.lowercased()
        guard let scheme = ["rtsp://", "rtsps://"].first(where: { lower.hasPrefix($0) }) else {
            return "must begin with rtsp://, rtsps:// or v4l2:///dev/video"
        }
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        guard !host.isEmpty, host.first != ":", url.count <= 2048 else { return "has no host name" }
        guard url.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value != 127 }) else {
            return "holds a space or a control character; write it percent-encoded (%20)"
        }
        return nil
    }

    /// As `problem(url:)`, for an address that somebody of an organization gives: a device of this machine belongs to who has
    /// the machine, and so to its first organization.
    package static func problem(url: String, of organization: Identifier<Organization>) -> String? {
        if let problem = problem(url: url) { return problem }
        return DeviceAddress.isMeant(by: url) && organization != Organization.first
            ? "names a device of this machine, which is not your organization's" : nil
    }

    /// The address with the password and any query (some cameras take passwords there) hidden: fit for logs and answers.
    package static func masked(url: String) -> String {
        // Nothing in it is secret.
        if DeviceAddress.isMeant(by: url), problem(url: url) == nil { return url }
        guard let schemeEnd = url.firstRange(of: "://")?.upperBound else { return "(hidden)" }
        let rest = url[schemeEnd...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = rest[authority.endIndex...]
        let shownPath = path.firstIndex(of: "?").map { path[..<$0] + "?***" } ?? path
        guard let at = authority.lastIndex(of: "@") else { return String(url[..<schemeEnd] + authority + shownPath) }
        let user = authority[..<at].prefix { $0 != ":" }
        return String(url[..<schemeEnd]) + user + ":***" + authority[at...] + shownPath
    }
}

extension CameraRules {
    /// A numeric setting of a camera, with its name in files and JSON and its bounds.
    package struct Bound: Sendable {
        package var key: String
        package var range: ClosedRange<Double>
        package var field: any (WritableKeyPath<CameraSettings, Double> & Sendable)
        package var unit: String?
        package var sentence: String
    }

    package static let bounds: [Bound] = [
        Bound(
            key: "timeout_seconds", range: 1...120, field: \.timeoutSeconds, unit: "seconds",
            sentence: "Silence after which the connection counts as failed and is made anew."),
        Bound(
            key: "pre_roll_seconds", range: 0...60, field: \.preRollSeconds, unit: "seconds",
            sentence: "Video kept from before the motion."),
        Bound(
            key: "post_roll_seconds", range: 0...60, field: \.postRollSeconds, unit: "seconds",
            sentence: "Video kept from after the motion."),
        Bound(
            key: "merge_gap_seconds", range: 0.2...60, field: \.mergeGapSeconds, unit: "seconds",
            sentence: "Motion that resumes within this time belongs to the same event."),
        Bound(
            key: "cool_down_seconds", range: 0...3600, field: \.coolDownSeconds, unit: "seconds",
            sentence: "After an event, no new one starts for this long."),
        Bound(
            key: "maximum_length_seconds", range: 10...3600, field: \.maximumLengthSeconds, unit: "seconds",
            sentence: "A longer event is cut; the next one continues without a gap."),
        Bound(
            key: "sensitivity", range: 0...1, field: \.sensitivity, unit: nil,
            sentence: "0 sees little, 1 sees everything."),
        Bound(
            key: "minimum_area", range: 0...0.5, field: \.minimumArea, unit: "fraction of the picture",
            sentence: "Smallest moving region that counts."),
    ]
}
