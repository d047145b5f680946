internal import CMalloc
import Foundation

/// How this process gives memory back.
package enum FreedMemory {
    /// glibc keeps an arena for each few threads, and after the first large block was freed takes such blocks from there, where
    /// a single picture of 3 MB that stays keeps its surroundings. With a fixed bound pictures are returned as soon as they are
    /// freed: 7 MB less for each camera at 1080p. Call before threads are made.
    package static func returnAtOnce() {
        mallopt(M_MMAP_THRESHOLD, 256 << 10)
        mallopt(M_TRIM_THRESHOLD, 1 << 20)
        mallopt(M_ARENA_MAX, Int32(clamping: max(2, ProcessInfo.processInfo.activeProcessorCount)))
    }

    /// What was freed in between stays with the process: when a hundred cameras have just gone to sleep, 7 MB for each of
    /// them. Returns it twice a minute, until the task is cancelled.
    package static func returnNowAndThen() async {
        while (try? await Task.sleep(for: .seconds(30))) != nil { malloc_trim(0) }
    }
}
