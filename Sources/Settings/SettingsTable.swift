import Domain

/// Every setting there is, in the order of the reference page.
package enum SettingsTable {
    package static let rows: [SettingRow] =
        [
            SettingRow(
                "listen", .text, default: "127.0.0.1:8080",
                "Address and port of the web page and the API. Beyond loopback, set `tls`, or put a proxy that ends TLS in front."
            ),
            SettingRow(
                "data_dir", .text, default: "./data",
                "Folder for clips, the spool, the first API key and the embedded database."),
            SettingRow(
                "database_url", .text, secret: true,
                "PostgreSQL to use (`postgresql://user@host/vedette`). Without it a private one is started in `data_dir`."
            ),
            SettingRow(
                "models_dir", .text,
                "Folder with `yolox_nano.onnx` for the embedded analyzer. Without it OpenCV's lesser people detector is used."
            ),
            SettingRow(
                "decoder", .choice(DecoderPreference.allCases.map(\.rawValue)),
                default: DecoderPreference.auto.rawValue,
                "What decodes video. `auto`: the hardware where it works, else software; a family (`vaapi`, `nvdec`, `v4l2`): "
                    + "that one, else software. See docs/guide/hardware.md and `vedette doctor`."),
            SettingRow(
                "log_level", .choice(["trace", "debug", "info", "notice", "warning", "error"]), default: "info",
                "How much is logged to standard error."),
            SettingRow(
                "worker_concurrency", .integer(1...64), default: "2", unit: "jobs",
                "How many events are judged at the same time by this process. Of more than one, one is kept free of batch jobs."
            ),
            SettingRow(
                "live_transcodes", .integer(0...64), default: "2", unit: "cameras",
                "How many cameras' pictures this process encodes to H.264 at the same time, while somebody watches live who cannot "
                    + "play H.265; each takes about half a core where software does it. Further viewers are told to come back."
            ),
            SettingRow(
                "segment_seconds", .number(2...300), default: "60", unit: "seconds",
                "About how long the files of continuous recording are; they are cut at keyframes."),
            SettingRow(
                "activity_days", .number(1...3650), default: "90", unit: "days",
                "How long it is kept where in the picture something moved; some tens of kB a day for each camera."),
            SettingRow("exports", .group(exports), "Files that are made of recordings and clips on request."),
            SettingRow("site", .group(site), "The place where the cameras are."),
            SettingRow(
                "cameras", .groupList(identity: "name", camera),
                "The cameras. They are created or updated in the database at start; those added over the API stay."),
            SettingRow(
                "analyzers", .groupList(identity: "name", analyzer),
                "The judges. Without any, one of kind `embedded` named `local` is made."),
            SettingRow("policy", .group(policy), "Which analyzers judge an event."),
            SettingRow("definition", .group(definition), "What is normal here, and what to look for."),
        ] + network

    static let exports: [SettingRow] = [
        SettingRow(
            "keep_hours", .number(1...8760), default: "72", unit: "hours",
            "How long an export's file stays from when it is ready."),
        SettingRow(
            "max_gigabytes", .number(0.01...100_000), default: "50", unit: "GB",
            "Most that all exports together may take; a further one fails and says so. 2 GiB of the disk are always left free."
        ),
    ]

    static let site: [SettingRow] = [
        SettingRow("name", .text, default: "home", "Name of the site."),
        SettingRow(
            "time_zone", .text, default: "UTC", "IANA name (`Europe/Helsinki`); the page shows times in this zone."),
    ]

    static let camera: [SettingRow] =
        [
            SettingRow(
                "name", .text, required: true, "Unique name; letters, digits, space, `-`, `_`, `.`; at most 64."),
            SettingRow("enabled", .flag, default: "true", "Whether it is watched."),
            SettingRow(
                "url", .text, required: true, secret: true,
                "RTSP address, with credentials where the camera wants them (`rtsp://user:password@host:554/path`); `rtsps://` "
                    + "for TLS. A camera of this machine is `v4l2:///dev/video0`, with `?format=mjpeg&width=1280&height=720&rate=15` "
                    + "where the choice among what it offers is not to be left to Vedette."),
            SettingRow(
                "detect_url", .text, secret: true,
                "Address of a smaller stream of the same view, as `url`. It is decoded and analysed, while the one of `url` is "
                    + "only received and recorded; evidence pictures and thumbnails come from the smaller one."),
            SettingRow("transport", .choice(["tcp", "udp"]), default: "tcp", "How RTP travels."),
            SettingRow(
                "certificate", .text, default: "system",
                "Whose certificate an `rtsps://` camera may show: `system` one that an authority signed which this machine "
                    + "trusts; the SHA-256 of a certificate (64 digits) that one as well, which is the way for a camera that signs its own; "
                    + "`any` all, so that anybody could pose as the camera."),
            SettingRow(
                "analysis", .choice(AnalysisMode.allCases.map(\.rawValue)),
                "`full` decodes every picture. `ladder` decodes a keyframe every few seconds until that, or the size of a "
                    + "picture, shows that something stirs. `keyframes` looks at every keyframe and trusts no sizes. `substream` decodes every "
                    + "picture of `detect_url`'s stream and is the default where that is given, as `ladder` is elsewhere; while that stream is away, as "
                    + "`ladder`."),
            SettingRow(
                "record", .choice(RecordMode.allCases.map(\.rawValue)),
                default: CameraSettings(url: "").record.rawValue,
                "What is kept besides the clips of events: `events` nothing, `continuous` everything, `motion` the "
                    + "segments that an event's clip touches. Nothing is removed by itself yet."),
        ]
        + CameraRules.bounds.map { bound in
            let standard = CameraSettings(url: "")[keyPath: bound.field]
            return SettingRow(
                bound.key, .number(bound.range), default: plain(standard), unit: bound.unit, bound.sentence)
        }
        + [
            SettingRow(
                "tamper", .flag, default: "true",
                "Whether a covered, blurred or turned camera makes an event of kind `tamper`."),
            SettingRow(
                "audio_trigger", .group(audioTrigger),
                "Events of kind `audio` when the camera's sound is loud for long enough; on where `level_dbfs` is given. Sound is "
                    + "decoded only then."),
            SettingRow(
                "schedule", .groupList(identity: "name", scheduleRule),
                "Clips at fixed times of the site's day, events of kind `schedule`. Left out, the schedule set over the API "
                    + "stays; `[]` removes it."),
            SettingRow(
                "zones", .groupList(identity: "name", zone),
                "Where motion counts and where not. Without an include zone the whole picture counts; an exclude zone wins. "
                    + "Left out, the zones set over the API stay; `[]` removes them."),
        ]

    static let audioTrigger: [SettingRow] = AudioTriggerRules.bounds.map { bound in
        SettingRow(
            bound.key, .number(bound.range), default: bound.standard.map(plain), unit: bound.unit, bound.sentence)
    }

    static let scheduleRule: [SettingRow] = [
        SettingRow(
            "name", .text, required: true, "Unique within the camera, as a camera's name; its events carry it."),
        SettingRow(
            "at", .text,
            "Time of day by the site's clock, quoted: `\"06:30\"`. One that is skipped when clocks go forward comes as much "
                + "later; one that comes twice counts once."),
        SettingRow(
            "every_seconds", .integer(ScheduleRules.everySeconds), unit: "seconds",
            "In place of `at`: again and again, counted from the site's midnight."),
        SettingRow("days", .textList, "`mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`; left out: every day."),
        SettingRow(
            "duration_seconds", .number(TriggerRules.seconds), default: plain(TriggerRules.standardSeconds),
            unit: "seconds", "How long the event lasts; the clip adds pre-roll and post-roll."),
    ]

    static let zone: [SettingRow] =
        [
            SettingRow("name", .text, required: true, "Unique within the camera; as a camera's name."),
            SettingRow(
                "kind", .choice(Zone.Kind.allCases.map(\.rawValue)), default: Zone.Kind.include.rawValue,
                "`include`: motion counts here. `exclude`: never."),
            SettingRow(
                "points", .points, required: true,
                "3 to 64 corners of a polygon that does not cross itself, from `[0, 0]` top left to `[1, 1]` bottom right."
            ),
        ]
        + CameraRules.bounds.filter { $0.field == \.sensitivity || $0.field == \.minimumArea }.map {
            SettingRow($0.key, .number($0.range), unit: $0.unit, "Of an include zone; left out: the camera's.")
        }

    static let analyzer: [SettingRow] = [
        SettingRow("name", .text, required: true, "Unique name, used in `policy.analyzers`."),
        SettingRow(
            "kind", .choice(["embedded", "openai"]), required: true,
            "`embedded` needs no server; `openai` is any server with `/chat/completions` that takes pictures."),
        SettingRow("base_url", .text, "`openai`: address before `/chat/completions` (`http://127.0.0.1:8081/v1`)."),
        SettingRow("model", .text, "`openai`: model name to ask for."),
        SettingRow("api_key", .text, secret: true, "`openai`: sent as `Authorization: Bearer`."),
        SettingRow(
            "timeout_seconds", .number(1...600), default: "60", unit: "seconds",
            "For one whole request to the model server."),
        SettingRow(
            "max_concurrency", .integer(1...1000), unit: "requests",
            "`openai`: most requests at a time. This and the next three hold for all processes together."),
        SettingRow("requests_per_minute", .integer(1...100_000), unit: "requests", "`openai`: most in any minute."),
        SettingRow(
            "tokens_per_minute", .integer(1...1_000_000_000), unit: "tokens",
            "`openai`: most in any minute, in and out."),
        SettingRow("money_per_day", .number(0...1_000_000), "`openai`: most in a UTC day, in the unit of the prices."),
        SettingRow("prompt_price", .number(0...100_000), default: "0", "`openai`: money for a million tokens in."),
        SettingRow("completion_price", .number(0...100_000), default: "0", "`openai`: money for a million tokens out."),
        SettingRow(
            "max_pictures", .integer(1...64), unit: "pictures", "`openai`: most in one request, examples included."),
        SettingRow(
            "picture_side", .integer(AnalyzerConnection.pictureSides), unit: "pixels",
            "`openai`: pictures are made no longer than this; left out: as they are stored."),
        SettingRow(
            "picture_detail", .choice(AnalyzerConnection.Detail.allCases.map(\.rawValue)),
            "`openai`: the `detail` that is sent with each picture; left out: none."),
        SettingRow(
            "headers", .groupList(identity: "name", header), "`openai`: headers that are sent with each request."),
        SettingRow(
            "proxy", .text, secret: true,
            "`openai`: `http://host:port` or `socks5h://host:port`, perhaps with user and password; `\"\"`: none; left out: what `https_proxy` and `no_proxy` of the environment say."
        ),
        SettingRow(
            "ca_file", .text,
            "`openai`: file of certificates (PEM) to trust instead of the system's; read at each start."),
        SettingRow(
            "connect_timeout_seconds", .number(AnalyzerConnection.connectTimeouts), default: "10", unit: "seconds",
            "`openai`: for name, connection and TLS."),
        SettingRow(
            "first_byte_timeout_seconds", .number(AnalyzerConnection.firstByteTimeouts), unit: "seconds",
            "`openai`: until the answer begins; left out: as long as the whole request may take."),
    ]

    static let header: [SettingRow] = [
        SettingRow("name", .text, required: true, "Its name."),
        SettingRow("value", .text, required: true, secret: true, "Its value."),
    ]

    static let policy: [SettingRow] = [
        SettingRow(
            "mode", .choice(["single", "consensus", "cascade"]), default: "single",
            "`single`: one analyzer's answer is the verdict. `consensus`: two are asked, and where they do not agree the verdict is `uncertain`. `cascade`: the second is asked only where the first is not sure that nothing is there."
        ),
        SettingRow(
            "analyzers", .textList,
            "Names of analyzers in order; `single` takes one, the others two. Default: the first there is."),
    ]

    static let definition: [SettingRow] = [
        SettingRow(
            "normal", .text, default: "Nobody is there and nothing moves.", "What is normal, in your own words."),
        SettingRow(
            "labels", .textList, default: "[person, vehicle, animal]",
            "What to look for; seeing one makes the embedded analyzer call the event abnormal."),
    ]
}
