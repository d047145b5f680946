/// Where the activity of cameras is kept.
package protocol ActivityStore: Sendable {
    /// Adds them to what there is of their minutes; repeating it changes nothing. Throws `StoreError.unavailable` where it is
    /// worth trying again.
    func add(_ minutes: [ActivityMinute]) async throws
    /// A camera's minutes from that of `from` on and before `to`, in order, at most `limit`; those in which nothing moved are not
    /// there.
    func activity(
        of camera: Identifier<Camera>, in organization: Identifier<Organization>, from: WallTime, to: WallTime,
        limit: Int
    ) async throws -> [ActivityMinute]
    /// Removes all before a time, of all organizations, and tells how many minutes.
    func removeActivity(before time: WallTime) async throws -> Int
}
