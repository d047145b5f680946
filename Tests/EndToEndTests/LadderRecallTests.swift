import Foundation
import Testing

extension EndToEnd {
    /// The activity ladder against full decoding, on footage encoded as cameras encode.
    struct LadderRecallTests {
        // Needs the real footage; skipped where there is no `shared` folder beside the repository. Clips that are always
        // busy say nothing about sleeping. The rest of the encodings: `vedette bench ladder --encoding all`.
        @Test(.enabled(if: SharedFolder.path != nil), .timeLimit(.minutes(20)))
        func `the ladder finds what full decoding finds, with the first moving picture, and nothing more`() throws {
            let shared = try #require(SharedFolder.path)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: VedetteProcess.executable)
            process.arguments =
                ["bench", "ladder", "--media", shared + "/media", "--encoding", "h264-crf25-gop2"]
                + ["indoor-visits", "road-overhead-cars", "tree-sway-hand", "derived-porch-ir-switch"]
                .flatMap { ["--clip", $0] }
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let table = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            print(table)
            #expect(process.terminationStatus == 0, "\(table)")
        }
    }
}
