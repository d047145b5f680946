import Foundation

/// Seconds of CPU time, user's and system's, that processes have used so far.
enum ProcessCPU {
    /// Nil where there is no such process.
    static func seconds(of process: Int32) -> Double? { stat(of: "\(process)")?.seconds }

    /// Of all processes there are with this program's name; of those that have ended nothing.
    static func seconds(named name: String) -> Double {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.lazy.filter { $0.first?.isNumber == true }.compactMap(stat).filter { $0.name == name }
            .reduce(0) { $0 + $1.seconds }
    }

    /// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    private static func stat(of process: String) -> (name: String, seconds: Double)? {
        // The second field is the name in parentheses, in which there may be spaces.
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (
            String(text[text.index(after: open)..<close]), (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        )
    }
}
