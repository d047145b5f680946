internal import Glibc
internal import Logging

/// Where a private cluster keeps what.
struct ClusterFolders: Sendable {
    /// Holds everything below; closed to others.
    var root: String
    var data: String { root + "/data" }
    /// What the server says before its own log begins, and what keeps it from starting.
    var startupLog: String { root + "/startup.log" }
    var logs: String { data + "/log" }

    /// The major version of the cluster in it; nil where there is none yet.
    var version: String? {
        Files.text(data + "/PG_VERSION").map { String($0.prefix { $0 != "\n" && $0 != "." }) }
    }

    /// Unix socket addresses hold 107 bytes, and the longest name in the folder is `.s.PGSQL.5432`.
    static let longestSocketFolder = 107 - "/.s.PGSQL.5432".utf8.count

    /// The folder of the socket: inside `root` where its path is short enough and libpq can be told of it, else a short one
    /// that is named after the data folder itself, so that a new cluster at the same path gets another.
    func socketFolder(for user: ClusterUser) -> String {
        let inside = root + "/socket"
        if inside.utf8.count <= Self.longestSocketFolder, !inside.contains(",") { return inside }
        var status = stat()
        _ = stat(data, &status)
        return "/tmp/vedette-" + Self.hash("\(data):\(status.st_ino):\(status.st_ctim.tv_sec)")
    }

    /// Chooses the folder of a data folder (absolute, existing), and makes it. Where root's data folder cannot be entered by
    /// the user that the server must run as, the cluster lies under `/var/lib/vedette`, and a note in the data folder says so.
    static func prepare(
        dataFolder: String, user: ClusterUser, elsewhere: String = "/var/lib/vedette", logger: Logger
    ) async throws -> ClusterFolders {
        let note = dataFolder + "/postgres.location"
        if let place = Files.text(note)?.split(separator: "\n").first, place.hasPrefix("/") {
            let folders = ClusterFolders(root: String(place))
            try Files.makePrivateFolder(folders.root, owner: user.user, group: user.group)
            return folders
        }
        let inside = ClusterFolders(root: dataFolder + "/postgres")
        try Files.makePrivateFolder(inside.root, owner: user.user, group: user.group)
        if try await user.canWork(in: inside.root) { return inside }
        guard inside.version == nil else {
            throw PostgresError(
                .cluster,
                "the user postgres cannot enter \(inside.root), which holds the database; allow it to enter the folders above (chmod o+x)"
            )
        }
        // The path alone would find the database of a data folder that was since removed; the inode tells them apart.
        var status = stat()
        guard stat(dataFolder, &status) == 0 else { throw Files.failure("look at", dataFolder) }
        let outside = ClusterFolders(root: "\(elsewhere)/postgres-\(hash("\(dataFolder):\(status.st_ino)"))")
        try Files.makePrivateFolder(outside.root, owner: user.user, group: user.group)
        guard try await user.canWork(in: outside.root) else {
            throw PostgresError(
                .cluster, "the user postgres can enter neither \(inside.root) nor \(outside.root); set another data_dir"
            )
        }
        try Files.write(outside.root + "\n", to: note, owner: geteuid(), group: getegid())
        rmdir(inside.root)
        logger.notice(
            "the user postgres cannot enter the data folder, so the private database lies elsewhere",
            metadata: ["data_dir": "\(dataFolder)", "database": "\(outside.root)"])
        return outside
    }

    /// 64-bit FNV-1a in hexadecimal: a short stable name, not a secret.
    static func hash(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
