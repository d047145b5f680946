import Foundation
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// A certificate and its key in files, which are read again when they change; connections that are open keep what they began
/// with.
final class TLSFiles: Sendable {
    private struct State {
        var context: NIOSSLContext
        var stamp: [Stamp]
    }
    /// Changes when a file is written or replaced.
    private struct Stamp: Equatable {
        var modified: timespec
        var inode: UInt64
        var size: Int64

        init?(_ path: String) {
            var info = stat()
            guard stat(path, &info) == 0 else { return nil }
            (modified, inode, size) = (info.st_mtim, UInt64(info.st_ino), Int64(info.st_size))
        }

        static func == (left: Self, right: Self) -> Bool {
            left.inode == right.inode && left.size == right.size
                && left.modified.tv_sec == right.modified.tv_sec && left.modified.tv_nsec == right.modified.tv_nsec
        }
    }

    private let certificate: String
    private let key: String
    private let logger: Logger
    private let state: Mutex<State>
    private static let lookSeconds = 2.0

    /// Throws `StartError` where the files do not make a pair.
    init(certificate: String, key: String, logger: Logger) throws {
        self.certificate = certificate
        self.key = key
        self.logger = logger
        state = Mutex(
            State(
                context: try Self.read(certificate, key), stamp: [certificate, key].compactMap(Stamp.init)))
    }

    private static func read(_ certificate: String, _ key: String) throws -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw StartError(
                "tls: \(certificate) and \(key) cannot be used: they must be readable PEM files of a certificate (with the ones that signed it) and of its key without a password (\(error))"
            )
        }
    }

    /// Looks whether the files changed; what cannot be used is left, and said once.
    func look() {
        let stamp = [certificate, key].compactMap(Stamp.init)
        guard stamp != state.withLock({ $0.stamp }) else { return }
        do {
            let context = try Self.read(certificate, key)
            state.withLock { $0 = State(context: context, stamp: stamp) }
            logger.notice("the certificate was read again")
        } catch {
            state.withLock { $0.stamp = stamp }
            logger.warning(
                "the changed certificate or key cannot be used; the one before stays", metadata: ["error": "\(error)"])
        }
    }

    /// Until cancelled.
    func run() async {
        while (try? await Task.sleep(for: .seconds(Self.lookSeconds))) != nil { look() }
    }

    fileprivate var context: NIOSSLContext { state.withLock { $0.context } }

    /// An HTTP/1.1 server with TLS in front.
    func server(_ configuration: HTTP1Channel.Configuration) -> HTTPServerBuilder {
        HTTPServerBuilder { [self] responder in
            ReloadingTLSChannel(
                base: HTTP1Channel(responder: responder, configuration: configuration), files: self)
        }
    }
}

/// Begins each connection with the newest certificate.
private struct ReloadingTLSChannel<Base: ServerChildChannel>: ServerChildChannel {
    typealias Value = Base.Value
    let base: Base
    let files: TLSFiles

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: files.context))
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
