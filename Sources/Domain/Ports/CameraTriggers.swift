/// Asks for clips of the cameras that this process watches.
package protocol CameraTriggers: Sendable {
    /// Opens an event now, or makes the one of that kind that is running last longer. The event is in the store once its clip
    /// is finished, not before.
    func trigger(_ trigger: Trigger, on camera: Identifier<Camera>) async throws(TriggerRefusal) -> TriggerReceipt
}

/// Why there is no clip.
package enum TriggerRefusal: Error, Sendable, Hashable {
    /// The camera is switched off.
    case disabled
    /// It delivers nothing now; what is known of the cause.
    case notConnected(String?)
    /// It delivers, but its clip could not be begun; the log says why.
    case notRecorded
}
