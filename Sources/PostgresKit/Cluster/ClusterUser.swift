internal import Glibc

/// The operating system's user that the server runs as: ourselves, or `postgres` where we are root, which PostgreSQL
/// refuses.
struct ClusterUser: Sendable {
    var user: uid_t
    var group: gid_t
    /// Put before a command line.
    var prefix: [String]

    /// Throws `PostgresError` of kind `cluster` where root finds no user to drop to.
    static func choose() throws(PostgresError) -> ClusterUser {
        guard geteuid() == 0 else { return ClusterUser(user: geteuid(), group: getegid(), prefix: []) }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwnam_r("postgres", &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw PostgresError(
                .cluster,
                "PostgreSQL does not run as root and there is no user postgres to run it as; install postgresql-15 (make deps), or run as another user, or set database_url"
            )
        }
        for tool in ["/usr/bin/setpriv", "/bin/setpriv"] where Files.exists(tool) {
            return ClusterUser(
                user: entry.pw_uid, group: entry.pw_gid,
                prefix: [tool, "--reuid", "postgres", "--regid", "\(entry.pw_gid)", "--init-groups", "--"])
        }
        for tool in ["/usr/sbin/runuser", "/sbin/runuser"] where Files.exists(tool) {
            return ClusterUser(user: entry.pw_uid, group: entry.pw_gid, prefix: [tool, "-u", "postgres", "--"])
        }
        throw PostgresError(
            .cluster, "neither setpriv nor runuser is installed, one of which is needed as root (util-linux)")
    }

    /// Whether this user can enter the folder and make files in it.
    func canWork(in folder: String) async throws -> Bool {
        guard !prefix.isEmpty else { return access(folder, R_OK | W_OK | X_OK) == 0 }
        let test = ["/usr/bin/test", "-r", folder, "-a", "-w", folder, "-a", "-x", folder]
        return try await Subprocess.run(prefix + test, timeoutSeconds: 10).status == 0
    }
}
