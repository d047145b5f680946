// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")

let package = Package(
    name: "vedette",
    products: [
        .executable(name: "vedette", targets: ["vedette"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Centre
        .target(name: "Domain", swiftSettings: swiftSettings),

        // C libraries and the shims for what Swift cannot import
        .systemLibrary(name: "CGStreamer", pkgConfig: "gstreamer-app-1.0 gstreamer-video-1.0"),
        .systemLibrary(name: "CGStreamerRTSPServer", pkgConfig: "gstreamer-rtsp-server-1.0"),
        .target(
            name: "CGStreamerShims", dependencies: ["CGStreamer"],
            // See rtsp_limits.c.
            linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic-symbol=gst_rtsp_connection_create"])]),
        .target(
            name: "CGStreamerRTSPServerShims", dependencies: ["CGStreamer", "CGStreamerRTSPServer"],
            // TLS certificates and sockets; gstreamer-rtsp-server-1.0 does not name them.
            linkerSettings: [.linkedLibrary("gio-2.0"), .linkedLibrary("gstrtsp-1.0")]),
        .target(
            name: "COpenCVShims",
            cxxSettings: [.unsafeFlags(["-I/usr/include/opencv4", "-O2", "-std=c++17"])],
            linkerSettings: [
                .linkedLibrary("opencv_core"), .linkedLibrary("opencv_imgproc"), .linkedLibrary("opencv_imgcodecs"),
                .linkedLibrary("opencv_dnn"), .linkedLibrary("opencv_objdetect"),
            ]),
        .systemLibrary(name: "CMalloc"),
        .target(name: "COpenAPI", cSettings: [.unsafeFlags(["-Wno-c23-extensions"])]),
        .systemLibrary(name: "CLibav", pkgConfig: "libavcodec libavutil"),
        .target(name: "CLibavShims", dependencies: ["CLibav"]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .target(name: "CCurlShims", dependencies: ["CCurl"]),

        // Kits
        .target(
            name: "GStreamerKit", dependencies: ["CGStreamer", "CGStreamerShims"], swiftSettings: swiftSettings),
        .target(name: "OpenCVKit", dependencies: ["COpenCVShims"], swiftSettings: swiftSettings),
        .target(name: "LibavKit", dependencies: ["CLibavShims"], swiftSettings: swiftSettings),
        .target(name: "PostgresKit", dependencies: ["CPostgres", logging], swiftSettings: swiftSettings),
        .target(name: "CurlKit", dependencies: ["CCurl", "CCurlShims"], swiftSettings: swiftSettings),

        // Adapters
        .target(
            name: "Pipelines", path: "pipelines", exclude: ["README.md"], sources: ["Pipelines.swift"],
            resources: [
                .embedInCode("rtsp.gst"), .embedInCode("rtsp-h264.gst"), .embedInCode("rtsp-h265.gst"),
                .embedInCode("rtsp-jpeg.gst"), .embedInCode("encode.gst"), .embedInCode("encode-trial.gst"),
                .embedInCode("v4l2.gst"), .embedInCode("v4l2-h264.gst"), .embedInCode("v4l2-h265.gst"),
                .embedInCode("v4l2-mjpeg.gst"),
                .embedInCode("rtsp-aac.gst"), .embedInCode("rtsp-g711.gst"), .embedInCode("rtsp-opus.gst"),
                .embedInCode("file.gst"), .embedInCode("decode.gst"), .embedInCode("decode-sound.gst"),
                .embedInCode("decode-hardware.gst"), .embedInCode("live.gst"), .embedInCode("trial.gst"),
                .embedInCode("trial.h264"), .embedInCode("trial.h265"), .embedInCode("clip.gst"),
                .embedInCode("clip-audio.gst"),
            ], swiftSettings: swiftSettings),
        .target(
            name: "Ingest", dependencies: ["Domain", "GStreamerKit", "LibavKit", "Pipelines", logging],
            swiftSettings: swiftSettings),
        .target(name: "Motion", dependencies: ["Domain", "OpenCVKit"], swiftSettings: swiftSettings),
        .target(
            name: "Clips",
            dependencies: ["Domain", "GStreamerKit", "Pipelines", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swiftSettings),
        .target(name: "Spool", dependencies: ["Domain", logging], swiftSettings: swiftSettings),
        .target(
            name: "Store", dependencies: ["Domain", "PostgresKit", logging],
            resources: [.embedInCode("Migrations")], swiftSettings: swiftSettings),
        .target(
            name: "VisionModels",
            dependencies: ["Domain", "CurlKit", logging, .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swiftSettings),
        .target(
            name: "Detection",
            dependencies: ["Domain", "OpenCVKit", logging, .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swiftSettings),
        .target(name: "Worker", dependencies: ["Domain", logging, lifecycle], swiftSettings: swiftSettings),
        .target(
            name: "Simulator",
            dependencies: [
                "GStreamerKit", "CGStreamerRTSPServerShims", logging, lifecycle,
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Settings", dependencies: ["Domain", .product(name: "Yams", package: "Yams")],
            swiftSettings: swiftSettings),
        .target(
            name: "API",
            dependencies: [
                "Domain", "COpenAPI", hummingbird, logging, lifecycle,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            exclude: ["openapi.json"], swiftSettings: swiftSettings),
        .target(
            name: "WebUI", dependencies: [hummingbird], resources: [.copy("Static")], swiftSettings: swiftSettings),

        // Composition and executable
        .target(
            name: "App",
            dependencies: [
                "Domain", "Ingest", "Motion", "Clips", "Spool", "Store", "PostgresKit", "VisionModels", "Detection",
                "Worker",
                "Simulator", "Settings", "API", "WebUI", "CurlKit", "CMalloc", hummingbird, logging, lifecycle,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
            ], swiftSettings: swiftSettings),
        .executableTarget(
            name: "vedette",
            dependencies: ["App", "Settings", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: swiftSettings),

        // Tests
        .target(
            name: "TestSupport", dependencies: ["Domain", "PostgresKit", "GStreamerKit"], swiftSettings: swiftSettings),
        .target(name: "PortConformance", dependencies: ["Domain", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(name: "DomainTests", dependencies: ["Domain"], swiftSettings: swiftSettings),
        .testTarget(
            name: "GStreamerKitTests", dependencies: ["GStreamerKit", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "IngestTests",
            dependencies: [
                "Ingest", "Domain", "GStreamerKit", "Motion", "Pipelines", "Simulator", "TestSupport", logging,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ClipsTests",
            dependencies: ["Clips", "Domain", "GStreamerKit", "Ingest", "Simulator", "TestSupport", logging],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "MotionTests", dependencies: ["Motion", "Domain", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "PostgresKitTests", dependencies: ["PostgresKit", "TestSupport", logging],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StoreTests",
            dependencies: ["Store", "Domain", "PostgresKit", "TestSupport", "PortConformance", logging],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "VisionModelsTests",
            dependencies: ["VisionModels", "CurlKit", "Detection", "Domain", "TestSupport", logging],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SimulatorTests", dependencies: ["Simulator", "TestSupport", logging], swiftSettings: swiftSettings),
        .testTarget(
            name: "SpoolTests", dependencies: ["Spool", "Domain", "TestSupport", logging], swiftSettings: swiftSettings),
        .testTarget(name: "SettingsTests", dependencies: ["Settings", "Domain"], swiftSettings: swiftSettings),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Worker", "Domain", "Store", "PostgresKit", "VisionModels", "CurlKit", "TestSupport", logging,
            ],
            swiftSettings: swiftSettings),
        .testTarget(name: "RepositoryTests", dependencies: ["Settings"], swiftSettings: swiftSettings),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Domain", "Store", "PostgresKit", "TestSupport", hummingbird, logging,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ], swiftSettings: swiftSettings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "vedette", "CurlKit", "Domain", "PostgresKit", "Simulator", "Store", "TestSupport", logging,
                hummingbird,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
    ]
)
