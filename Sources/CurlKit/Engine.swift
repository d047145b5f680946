internal import CCurl
internal import CCurlShims
internal import Dispatch
internal import Synchronization

/// One libcurl multi handle and the thread that drives it.
///
/// The thread keeps the engine alive until `stop()`, which the client calls when it goes. Other threads only put
/// transfers into the inbox and wake the thread up: `curl_multi_wakeup` is the one call libcurl allows from elsewhere.
final class Engine: @unchecked Sendable {
    // Unchecked because: `active` is touched only on the engine's thread; the rest is guarded by `inbox`'s lock.

    private struct Inbox {
        var arrived: [Transfer] = []
        var isStopping = false
        /// Nil once the thread has ended, so that nobody wakes a freed handle.
        var multi: UnsafeMutableRawPointer?
    }

    private let inbox: Mutex<Inbox>
    private var active: [UnsafeMutableRawPointer: Transfer] = [:]
    private static let globalInit: CURLcode = curlshims_global_init()

    init() throws(HTTPError) {
        guard Self.globalInit == CURLE_OK, let multi = curl_multi_init() else {
            throw HTTPError(.broken, target: "libcurl", message: "could not be started: out of memory?")
        }
        // Idle connections kept for reuse.
        guard curlshims_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 16) == CURLM_OK else {
            curl_multi_cleanup(multi)
            throw HTTPError(.broken, target: "libcurl", message: "refused CURLMOPT_MAXCONNECTS")
        }
        inbox = Mutex(Inbox(multi: multi))
        DispatchQueue(label: "vedette.curl").async { [self] in
            guard let multi = inbox.withLock({ $0.multi }) else { return }
            run(multi)
        }
    }

    func submit(_ transfer: Transfer) {
        let isRunning = inbox.withLock { inbox in
            guard !inbox.isStopping, let multi = inbox.multi else { return false }
            inbox.arrived.append(transfer)
            curl_multi_wakeup(multi)
            return true
        }
        if !isRunning { transfer.finish(.failure(transfer.error(.cancelled, "the HTTP client has been stopped"))) }
    }

    func wakeUp() {
        inbox.withLock { inbox in
            if let multi = inbox.multi { _ = curl_multi_wakeup(multi) }
        }
    }

    func stop() {
        inbox.withLock { inbox in
            inbox.isStopping = true
            if let multi = inbox.multi { _ = curl_multi_wakeup(multi) }
        }
    }

    private func run(_ multi: UnsafeMutableRawPointer) {
        while true {
            let (arrived, isStopping) = inbox.withLock { inbox in
                defer { inbox.arrived.removeAll() }
                return (inbox.arrived, inbox.isStopping)
            }
            for transfer in arrived { add(transfer, to: multi) }
            if isStopping { break }
            dropCancelled(from: multi)
            dropLate(from: multi)
            var running: Int32 = 0
            let performed = curl_multi_perform(multi, &running)
            collectFinished(from: multi)
            if performed != CURLM_OK { failAll(performed, of: multi) }
            var ready: Int32 = 0
            // Returns early on traffic, on libcurl's own timers and on a wake-up.
            let polled = curl_multi_poll(multi, nil, 0, pollMilliseconds(), &ready)
            if polled != CURLM_OK { failAll(polled, of: multi) }
        }
        for transfer in active.values {
            remove(transfer, from: multi)
            transfer.finish(.failure(transfer.error(.cancelled, "the HTTP client has been stopped")))
        }
        active.removeAll()
        inbox.withLock { $0.multi = nil }
        curl_multi_cleanup(multi)
    }

    private func add(_ transfer: Transfer, to multi: UnsafeMutableRawPointer) {
        do throws(HTTPError) {
            try transfer.prepare()
            guard let easy = transfer.easy else { throw transfer.error(.broken, "no handle") }
            let added = curl_multi_add_handle(multi, easy)
            guard added == CURLM_OK else {
                throw transfer.error(.broken, String(cString: curl_multi_strerror(added)))
            }
            active[easy] = transfer
        } catch {
            transfer.finish(.failure(error))
        }
    }

    private func dropCancelled(from multi: UnsafeMutableRawPointer) {
        for (easy, transfer) in active where transfer.cancelled.load(ordering: .acquiring) {
            remove(transfer, from: multi)
            active[easy] = nil
            transfer.finish(.failure(transfer.error(.cancelled, "cancelled")))
        }
    }

    private func dropLate(from multi: UnsafeMutableRawPointer) {
        let now = ContinuousClock.now
        for (easy, transfer) in active where transfer.isLate(now) {
            remove(transfer, from: multi)
            active[easy] = nil
            let seconds = transfer.request.firstByteTimeoutSeconds ?? 0
            transfer.finish(.failure(transfer.error(.timeout, "no answer began within \(seconds) s")))
        }
    }

    /// Until the next transfer is late, at most a minute.
    private func pollMilliseconds() -> Int32 {
        let next = active.values.lazy.filter(\.awaitsFirstByte).compactMap(\.firstByteDeadline).min()
        guard let next else { return 60_000 }
        // Rounded up, so that it is late when the poll ends.
        return Int32(max(1, min(60_000, (next - .now) / .milliseconds(1) + 1)))
    }

    private func collectFinished(from multi: UnsafeMutableRawPointer) {
        var easy: UnsafeMutableRawPointer?
        var result = CURLE_OK
        while curlshims_multi_next_done(multi, &easy, &result) == 1 {
            guard let handle = easy, let transfer = active.removeValue(forKey: handle) else { continue }
            remove(transfer, from: multi)
            transfer.finish(transfer.outcome(result))
        }
    }

    private func failAll(_ code: CURLMcode, of multi: UnsafeMutableRawPointer) {
        for transfer in active.values {
            remove(transfer, from: multi)
            transfer.finish(.failure(transfer.error(.broken, String(cString: curl_multi_strerror(code)))))
        }
        active.removeAll()
    }

    private func remove(_ transfer: Transfer, from multi: UnsafeMutableRawPointer) {
        guard let easy = transfer.easy else { return }
        // Fails only for handles that are not ours; there is nothing more to do about one.
        _ = curl_multi_remove_handle(multi, easy)
    }
}
