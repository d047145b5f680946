import Domain
import GStreamerKit

// Access units and formats are GStreamer's own objects, shared by reference. `Clips` casts them back.
extension Buffer: AccessUnitPayload {}
extension Caps: OpaqueFormat {}
