import Domain
import Settings
import Testing

private func load(_ yaml: String?, _ environment: [String: String] = [:]) throws -> VedetteSettings {
    try VedetteSettings.load(yaml: yaml, fileName: "site.yaml", environment: environment)
}

private func complaint(_ yaml: String, _ environment: [String: String] = [:]) -> String {
    do {
        _ = try load(yaml, environment)
        return "(accepted)"
    } catch {
        return "\(error)"
    }
}

struct SettingsTests {
    /// The file of the README.
    static let firstFile = """
        listen: 127.0.0.1:8080
        data_dir: ./data              # clips, spool, the embedded database
        models_dir: ../shared/models
        cameras:
          - name: gate
            url: rtsp://127.0.0.1:8554/gate
            pre_roll_seconds: 5
            post_roll_seconds: 5
        analyzers:
          - {name: local, kind: embedded}
          - {name: vlm, kind: openai, base_url: "http://127.0.0.1:8081/v1", model: qwen2.5-vl}
        policy: {mode: single, analyzers: [local]}
        definition:
          normal: "The yard is empty, or staff in high-visibility vests walk through it."
          labels: [person, vehicle, animal]
        """

    @Test func `a first user's file is read`() throws {
        let settings = try load(Self.firstFile)
        #expect(settings.listenHost == "127.0.0.1" && settings.listenPort == 8080)
        #expect(settings.cameras.map(\.name) == ["gate"])
        #expect(settings.cameras.first?.settings.preRollSeconds == 5)
        #expect(settings.analyzers.map(\.kind) == [.embedded, .openai])
        #expect(settings.policyAnalyzers == ["local"])
        #expect(settings.definitionLabels == ["person", "vehicle", "animal"])
    }

    @Test func `how an analyzer's server is reached`() throws {
        let analyzer = try #require(
            try load(
                """
                analyzers:
                  - name: vlm
                    kind: openai
                    base_url: https://models.example/v1
                    model: m
                    headers: [{name: api-key, value: secret}]
                    proxy: ""
                    ca_file: ca.pem
                    connect_timeout_seconds: 3
                    first_byte_timeout_seconds: 20
                    max_pictures: 4
                    picture_side: 512
                    picture_detail: low
                """
            ).analyzers.first)
        #expect(
            analyzer.connection
                == AnalyzerConnection(
                    headers: [.init(name: "api-key", value: "secret")], proxy: "", connectTimeoutSeconds: 3,
                    firstByteTimeoutSeconds: 20, pictureSidePixels: 512, detail: .low))
        #expect(analyzer.maximumPictures == 4 && analyzer.certificateFile == "ca.pem")
        let plain = try #require(
            try load("analyzers: [{name: v, kind: openai, base_url: 'http://h/v1', model: m}]").analyzers.first)
        #expect(plain.connection == AnalyzerConnection() && plain.maximumPictures == nil)
    }

    @Test func `a small stream is analysed where one is given, and needs an address where it is asked for`() throws {
        let settings = try load(
            """
            cameras:
              - {name: gate, url: rtsp://h/x, detect_url: "rtsp://u:p@h/small"}
              - {name: yard, url: rtsp://h/y, detect_url: rtsp://h/small, analysis: full}
              - {name: shed, url: rtsp://h/z}
            """)
        #expect(settings.cameras.map(\.settings.analysis) == [.substream, .full, .ladder])
        #expect(settings.cameras.map(\.settings.detectURL) == ["rtsp://u:p@h/small", "rtsp://h/small", nil])
        #expect(settings.cameras.map { $0.settings.detectLocation?.url } == ["rtsp://u:p@h/small", nil, nil])
        let missing = complaint("cameras:\n  - {name: gate, url: rtsp://h/x, analysis: substream}")
        #expect(missing.contains("detect_url"), "\(missing)")
        let wrong = complaint("cameras:\n  - {name: gate, url: rtsp://h/x, detect_url: \"http://u:s3cret@h/y\"}")
        #expect(wrong.contains("`detect_url` of camera `gate`") && !wrong.contains("s3cret"), "\(wrong)")
    }

    @Test func `a camera's schedule is read, checked, and kept from the database where the file has none`() throws {
        let settings = try load(
            """
            cameras:
              - name: gate
                url: rtsp://h/x
                tamper: false
                schedule:
                  - {name: opening, at: "06:30", days: [mon, tue], duration_seconds: 30}
                  - {name: hourly, every_seconds: 3600}
              - {name: yard, url: rtsp://h/y}
              - {name: shed, url: rtsp://h/z, schedule: []}
            """)
        #expect(
            settings.cameras[0].settings.schedule == [
                ScheduleRule(name: "opening", moment: .at(minute: 390), days: [.mon, .tue], seconds: 30),
                ScheduleRule(name: "hourly", moment: .every(seconds: 3600), seconds: 10),
            ])
        #expect(settings.cameras.map(\.keepsSchedule) == [false, true, false])
        #expect(settings.cameras.map(\.settings.tamper) == [false, true, true])
        for (rule, word) in [
            ("name: a", "`at` or `every_seconds`"), ("name: a, at: \"6:30\"", "time of day"),
            ("name: a, at: \"06:30\", days: [funday]", "days"), ("name: a, every_seconds: 5", "every_seconds"),
            ("name: a, at: \"06:30\", duration_seconds: 0", "duration_seconds"),
        ] {
            let text = complaint("cameras: [{name: gate, url: rtsp://h/x, schedule: [{\(rule)}]}]")
            #expect(text.contains(word) && text.contains("schedule"), "\(text)")
        }
    }

    @Test func `a camera listens where it is told from which level on`() throws {
        let settings = try load(
            """
            cameras:
              - {name: gate, url: rtsp://h/x, audio_trigger: {level_dbfs: -28.5, rearm_seconds: 30}}
              - {name: yard, url: rtsp://h/y}
            """, ["VEDETTE_CAMERAS_GATE_AUDIO_TRIGGER_SECONDS": "2"])
        #expect(
            settings.cameras.map(\.settings.audioTrigger) == [
                AudioTrigger(levelDBFS: -28.5, seconds: 2, hysteresisDB: 6, rearmSeconds: 30), nil,
            ])
        for (words, field) in [
            ("seconds: 1", "needs `level_dbfs`"), ("level_dbfs: 3", "cameras[0].audio_trigger.level_dbfs"),
            ("level_dbfs: -30, seconds: 0", "audio_trigger.seconds"), ("level: -30", "known are: level_dbfs"),
        ] {
            let text = complaint("cameras: [{name: gate, url: rtsp://h/x, audio_trigger: {\(words)}}]")
            #expect(text.contains(field), "\(words): \(text)")
        }
    }

    @Test func `zones of a camera are read, and kept from the database where the file has none`() throws {
        let settings = try load(
            """
            cameras:
              - name: gate
                url: rtsp://h/x
                zones:
                  - {name: drive, points: [[0.1, 0.45], [0.9, 0.45], [1, 1]], sensitivity: 0.7}
                  - {name: tree, kind: exclude, points: [[0.7, 0.4], [0.9, 0.4], [0.8, 0.7]]}
              - {name: yard, url: rtsp://h/y}
              - {name: shed, url: rtsp://h/z, zones: []}
            """, ["VEDETTE_CAMERAS_GATE_ZONES_TREE_POINTS": "[[0, 0], [1, 0], [1, 0.5]]"])
        let zones = settings.cameras[0].settings.zones
        #expect(zones.map(\.name) == ["drive", "tree"] && zones.map(\.kind) == [.include, .exclude])
        #expect(zones[0].points.first == Zone.Point(x: 0.1, y: 0.45) && zones[0].points.count == 3)
        #expect(zones[0].sensitivity == 0.7 && zones[0].minimumArea == nil && zones[1].sensitivity == nil)
        #expect(zones[1].points.last == Zone.Point(x: 1, y: 0.5))
        #expect(settings.cameras.map(\.keepsZones) == [false, true, false])
    }

    @Test(arguments: [
        ("points: [[0, 0], [1, 1], [1, 0], [0, 1]]", "crosses"), ("points: [[0, 0], [1, 0]]", "3 to 64"),
        ("points: [[0, 0], [1, 0], [1, 2]]", "corner 3 is outside"),
        ("points: [[0, 0], [1, 0], [1]]", "list of corners"),
        ("points: 7", "list of corners"), ("kind: other, points: [[0, 0], [1, 0], [1, 1]]", "include, exclude"),
        ("kind: include", "`cameras[0].zones[0].points` is missing"),
        ("kind: exclude, minimum_area: 0.1, points: [[0, 0], [1, 0], [1, 1]]", "zones[0].minimum_area"),
    ])
    func `a zone that is none is refused with its line`(zone: String, words: String) {
        let text = complaint("cameras:\n  - name: gate\n    url: rtsp://h/x\n    zones:\n      - {name: a, \(zone)}")
        #expect(text.contains(words) && text.contains("line "), "\(text)")
    }

    @Test func `no file at all gives an embedded analyzer and loopback`() throws {
        let settings = try load(nil)
        #expect(settings.listenHost == "127.0.0.1")
        #expect(settings.analyzers.map(\.name) == ["local"])
        #expect(settings.policyAnalyzers == ["local"])
        #expect(settings.cameras.isEmpty)
        #expect(settings.databaseURL == nil)
    }

    @Test func `defaults of the table are those of the domain`() throws {
        let settings = try load("cameras: [{name: a, url: 'rtsp://h/x'}]")
        #expect(settings.cameras.first?.settings == CameraSettings(url: "rtsp://h/x"))
    }

    @Test(arguments: [
        ("listne: 127.0.0.1:80", "unknown setting `listne` at line 1 of site.yaml; did you mean `listen`?"),
        (
            "cameras:\n  - name: gate\n    url: rtsp://h/x\n    pre_roll: 5",
            "unknown setting `cameras[0].pre_roll` at line 4 of site.yaml"
        ),
        (
            "cameras:\n  - name: gate\n    url: rtsp://h/x\n    pre_roll_seconds: 90",
            "`cameras[0].pre_roll_seconds` is `90` at line 4 of site.yaml, but must be a number from 0 to 60 seconds"
        ),
        (
            "worker_concurrency: many",
            "`worker_concurrency` is `many` at line 1 of site.yaml, but must be a whole number from 1 to 64 jobs"
        ),
        ("log_level: loud", "`log_level` is `loud` at line 1 of site.yaml, but must be one of trace, debug"),
        ("cameras:\n  - name: gate", "`cameras[0].url` is missing at line 2 of site.yaml"),
        ("cameras: {name: gate}", "`cameras` at line 1 of site.yaml must be a list"),
        ("listen: 8080", "`listen` is `8080` at line 1 of site.yaml, but must be address:port"),
        (
            "cameras:\n  - {name: a, url: 'rtsp://h/x'}\n  - {name: a, url: 'rtsp://h/y'}",
            "`cameras[1].name` is `a` at line 3 of site.yaml, but another entry has that name already"
        ),
        (
            "analyzers: [{name: x, kind: embedded}]\npolicy: {analyzers: [y]}",
            "`policy.analyzers` names `y` at line 2 of site.yaml, but `analyzers` has only: x"
        ),
        ("analyzers:\n  - {name: x, kind: openai, model: m}", "`base_url` of analyzer `x`"),
        (
            "analyzers:\n  - {name: x, kind: openai, base_url: 'http://h/v1', model: m, proxy: 'h:1'}",
            "`proxy` of analyzer `x` at line 2 of site.yaml must be like http://host:port"
        ),
        (
            "analyzers:\n  - {name: x, kind: openai, base_url: 'http://h/v1', model: m, headers: [{name: Host, value: v}]}",
            "the header `Host` of analyzer `x` at line 2 of site.yaml is set by Vedette itself"
        ),
        ("a: [", "site.yaml is not valid YAML"), ("- a", "site.yaml must hold `key: value` lines"),
    ])
    func `what is refused says key, value, bound and line`(yaml: String, expected: String) {
        #expect(complaint(yaml).contains(expected), "\(complaint(yaml))")
    }

    @Test func `a secret is never repeated in a complaint`() {
        let text = complaint("cameras:\n  - name: gate\n    url: 'http://user:hunter2@host/x'")
        #expect(text.contains("must begin with rtsp://"))
        #expect(!text.contains("hunter2"))
    }

    @Test func `variables override the file`() throws {
        let settings = try load(
            Self.firstFile,
            [
                "VEDETTE_LISTEN": "[::1]:9000", "VEDETTE_CAMERAS_GATE_POST_ROLL_SECONDS": "7",
                "VEDETTE_CAMERAS_0_TRANSPORT": "udp", "VEDETTE_POLICY_ANALYZERS": "vlm",
                "VEDETTE_DEFINITION_LABELS": "person, dog", "VEDETTE_CAMERAS_1_NAME": "yard",
                "VEDETTE_CAMERAS_1_URL": "rtsp://h/yard", "PATH": "/bin",
            ])
        #expect(settings.listenHost == "::1" && settings.listenPort == 9000)
        #expect(settings.cameras.map(\.name) == ["gate", "yard"])
        #expect(settings.cameras.first?.settings.postRollSeconds == 7)
        #expect(settings.cameras.first?.settings.transport == .udp)
        #expect(settings.policyAnalyzers == ["vlm"])
        #expect(settings.definitionLabels == ["person", "dog"])
    }

    @Test func `an unknown variable is refused, and a bad value names its variable`() {
        #expect(complaint("", ["VEDETTE_LISTNE": "x"]).contains("VEDETTE_LISTNE names no setting"))
        #expect(
            complaint("", ["VEDETTE_WORKER_CONCURRENCY": "0"]).contains(
                "`worker_concurrency` is `0` at the environment variable VEDETTE_WORKER_CONCURRENCY"))
    }
}
