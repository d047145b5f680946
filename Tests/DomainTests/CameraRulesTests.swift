import Domain
import Testing

struct CameraRulesTests {
    @Test func `devices of the machine belong to its first organization`() {
        let other = Identifier<Organization>.make(at: WallTime(secondsSinceEpoch: 1_800_000_000))
        #expect(CameraRules.problem(url: "v4l2:///dev/video0", of: Organization.first) == nil)
        #expect(CameraRules.problem(url: "v4l2:///dev/video0", of: other)?.contains("device") == true)
        #expect(CameraRules.problem(url: "V4L2:///dev/video0", of: other) != nil)
        #expect(CameraRules.problem(url: "rtsp://host/x", of: other) == nil)
    }

    @Test(arguments: [
        ("rtsp://host/path", "rtsp://host/path"),
        ("rtsp://user:secret@host:554/path", "rtsp://user:***@host:554/path"),
        ("rtsp://user@host/path", "rtsp://user:***@host/path"),
        ("rtsp://user:se@cret@host/path", "rtsp://user:***@host/path"),
        ("rtsp://host/path?user=a&password=secret", "rtsp://host/path?***"),
        ("rtsp://u:secret@host?x=secret", "rtsp://u:***@host?***"), ("secret", "(hidden)"),
        ("v4l2:///dev/video0?format=mjpeg", "v4l2:///dev/video0?format=mjpeg"),
        ("v4l2:///dev/sda?secret", "v4l2:///dev/sda?***"),
    ])
    func `a masked address shows no secret`(url: String, masked: String) {
        #expect(CameraRules.masked(url: url) == masked)
        #expect(!masked.contains("secret"))
    }

    @Test(arguments: [
        "rtsp://host/x", "rtsps://user:p%40ss@10.0.0.1:322/a?b=c", "RTSP://Host", "v4l2:///dev/video0",
        "v4l2:///dev/v4l/by-id/usb-046d_HD_Webcam-video-index0?format=raw&width=640&height=480&rate=7.5",
    ])
    func `good addresses pass`(url: String) { #expect(CameraRules.problem(url: url) == nil) }

    @Test(arguments: [
        "", "http://host/", "rtsp://", "rtsp://:554/x", "rtsp://host/a b", "rtsp://host/\u{7f}", "v4l2://",
        "v4l2:/dev/video0",
        "v4l2:///etc/passwd", "v4l2:///dev/video", "v4l2:///dev/video0/../sda", "v4l2:///dev/v4l/../sda",
        "v4l2:///dev/video0?format=theora", "v4l2:///dev/video0?width=640", "v4l2:///dev/video0?rate=0",
        "v4l2:///dev/video0?rate=nan", "v4l2:///dev/video0?width=640&height=99999", "v4l2:///dev/video0?device=x",
        "v4l2:///dev/video0 ", "v4l2://host/dev/video0",
    ])
    func `bad addresses are refused without being repeated`(url: String) {
        #expect(CameraRules.problem(url: url) != nil)
    }

    @Test(arguments: ["gate", "Gate 2", "étage-1", "門"])
    func `good names pass`(name: String) { #expect(CameraRules.problem(name: name) == nil) }

    @Test(arguments: ["", " gate", "a/b", "a\nb", "<b>", String(repeating: "x", count: 65)])
    func `bad names are refused`(name: String) { #expect(CameraRules.problem(name: name) != nil) }
}

struct CertificateTrustTests {
    @Test func `a fingerprint is taken in either notation`() {
        let digits = String(repeating: "0a", count: 32)
        let colons = Array(repeating: "0A", count: 32).joined(separator: ":")
        #expect(CertificateTrust(colons) == .fingerprint(digits) && CertificateTrust(digits)?.text == digits)
        #expect(CertificateTrust("any") == .any && CertificateTrust("system")?.text == "system")
        for text in ["", "none", String(digits.dropLast()), digits + "0", digits.replacing("a", with: "g")] {
            #expect(CertificateTrust(text) == nil, "\(text)")
        }
    }
}

struct BackoffTests {
    @Test func `waiting grows from half a second to thirty and starts again after a connection that held`() {
        var backoff = ReconnectBackoff()
        let waits = (0..<9).map { _ in backoff.delaySeconds(onlineSeconds: 0, random: 0.999_999) }
        #expect(waits.first.map { $0 <= 0.5 } == true)
        #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(waits.allSatisfy { $0 <= 30 })
        #expect((waits.last ?? 0) > 29)
        #expect(backoff.delaySeconds(onlineSeconds: 60, random: 0.999_999) <= 0.5)
    }

    @Test func `jobs wait exponentially, with jitter, and no less than the server asked`() {
        let policy = RetryPolicy()
        #expect(policy.delaySeconds(afterAttempt: 1, retryAfterSeconds: nil, random: 0) == 1)
        #expect(policy.delaySeconds(afterAttempt: 1, retryAfterSeconds: nil, random: 1) == 2)
        #expect(policy.delaySeconds(afterAttempt: 4, retryAfterSeconds: nil, random: 1) == 16)
        #expect(policy.delaySeconds(afterAttempt: 60, retryAfterSeconds: nil, random: 1) == 900)
        #expect(policy.delaySeconds(afterAttempt: 1, retryAfterSeconds: 40, random: 0) == 40)
        #expect(policy.delaySeconds(afterAttempt: 1, retryAfterSeconds: 1e9, random: 0) == 3600)
    }
}

struct EvidencePickerTests {
    @Test func `first, strongest and last frames are chosen, in order of time`() {
        var picker = EvidencePicker<Int>()
        for index in 0..<200 {
            let at = MediaTime(seconds: Double(index) / 10)
            let score = index == 90 ? 0.9 : index == 60 ? 0.7 : 0.1
            if picker.wants(at: at, score: score) { picker.add(at: at, score: score, box: nil, payload: index) }
        }
        let chosen = picker.chosen(limit: 4)
        #expect(chosen.count == 4)
        #expect(chosen.first?.payload == 0)
        #expect(chosen.map(\.payload).contains(90))
        #expect(chosen.map(\.payload).contains(60))
        #expect((chosen.last?.payload ?? 0) >= 185)
        #expect(zip(chosen, chosen.dropFirst()).allSatisfy { $0.at < $1.at })
    }

    @Test func `an event of one frame has one picture`() {
        var picker = EvidencePicker<Int>()
        #expect(picker.wants(at: MediaTime(seconds: 0), score: 0.1))
        picker.add(at: MediaTime(seconds: 0), score: 0.1, box: nil, payload: 7)
        #expect(!picker.wants(at: MediaTime(seconds: 0.1), score: 0.1))
        #expect(picker.chosen(limit: 4).map(\.payload) == [7])
    }
}
