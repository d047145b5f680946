import Simulator
import Testing

extension SimulatedSite {
    /// Until more than `count` pictures were sent; counters give no signal, so they are looked at now and then.
    func playing(_ camera: String, beyond count: Int = 5) async throws {
        while try #require(counters(of: camera)).unitsSent <= count { try await Task.sleep(for: .milliseconds(20)) }
    }
}
