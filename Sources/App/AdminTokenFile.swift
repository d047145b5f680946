import API
import Foundation
import Glibc

/// `data_dir/admin-token`: made at the first start, readable by its owner only.
package struct AdminTokenFile: Sendable {
    package let path: String
    package let token: String
    /// True when this start made it: the one time that it is printed.
    package let isNew: Bool

    package init(dataFolder: String) throws {
        path = dataFolder + "/admin-token"
        if let text = try? String(contentsOfFile: path, encoding: .utf8) {
            let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard token.count >= 32 else {
                throw StartError("\(path) holds no token of at least 32 characters; remove it and a new one is made")
            }
            self.token = token
            isNew = false
            return
        }
        token = Secrets.make()
        isNew = true
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw StartError("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        let bytes = Array((token + "\n").utf8)
        guard write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            throw StartError("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }
}

/// Why Vedette did not start; one sentence for the terminal.
package struct StartError: Error, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
