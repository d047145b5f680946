import Glibc

/// How many files and connections this process may have open.
enum DescriptorLimit {
    /// Raises the limit to what the system allows (service managers begin with 1,024, and allow more) and returns it: a site of a
    /// hundred cameras needs some thousands. Nothing here uses `select`, which knows only the first 1,024.
    @discardableResult
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        // More than the table of a busy process costs memory in the kernel and time where all are closed.
        let wanted = min(limit.rlim_max, 65_536)
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = wanted
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(min(limit.rlim_cur, 65_536))
    }

    /// How many clients may be connected at a time, so that those who only connect never take what recording needs.
    static func connections(of descriptors: Int) -> Int { min(10_000, max(64, descriptors / 4)) }
}
