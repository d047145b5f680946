import Dispatch

extension SimulatedSite {
    /// Lets a camera misbehave from now on; the number ends it. Only on a site that was configured with a script, which may
    /// be empty. What happens once is over when this returns.
    @discardableResult
    package func begin(_ fault: Misbehaviour, on camera: String) throws(SimulatorError) -> Int {
        guard
            let (server, feed, door, making) = running.withLock({
                running -> (RTSPServer, CameraFeed, CameraDoor, DispatchQueue)? in
                guard let running, let feed = running.feeds[camera], let door = running.doors[camera] else {
                    return nil
                }
                return (running.server, feed, door, running.making)
            })
        else { throw SimulatorError(.unknownStream, "there is no running camera \(camera) that can misbehave") }
        let other = try fault.name.needsScene ? changedScene(of: camera, fault) : nil
        let token = feed.faults.begin(fault)
        logger.notice("misbehaving", metadata: ["camera": "\(camera)", "fault": "\(fault)"])
        switch fault {
        case .resolution:
            guard let other else { break }
            feed.resize(MediaSupply(on: making) { () throws(SimulatorError) in try SceneEncoder.encode(other) })
        case .codec:
            guard let other else { break }
            let changed = try mount(
                Stream(name: camera, source: .scene(other), parameterSets: feed.parameterSets), on: server,
                making: making, faults: feed.faults)
            running.withLock { $0?.feeds[camera] = changed }
        case .refuse: door.shut()
        default: break
        }
        if fault.replacesConnections || fault == .drop { door.hangUp() }
        return token
    }

    /// Ends what `begin` began; nothing where it is over.
    package func end(_ token: Int, on camera: String) {
        guard
            let (server, feed, door, making) = running.withLock({
                running -> (RTSPServer, CameraFeed, CameraDoor, DispatchQueue)? in
                guard let running, let feed = running.feeds[camera], let door = running.doors[camera] else {
                    return nil
                }
                return (running.server, feed, door, running.making)
            }), let fault = feed.faults.end(token)
        else { return }
        logger.notice("behaving again", metadata: ["camera": "\(camera)", "fault": "\(fault)"])
        do throws(SimulatorError) {
            switch fault {
            case .resolution: feed.resize(nil)
            case .codec:
                guard let stream = try configuration.checkedStreams().first(where: { $0.name == camera }) else { break }
                let own = try mount(stream, on: server, making: making, faults: feed.faults)
                running.withLock { $0?.feeds[camera] = own }
            case .refuse: try door.open()
            default: break
            }
        } catch {
            logger.error("camera does not recover", metadata: ["camera": "\(camera)", "reason": "\(error)"])
        }
        if fault.replacesConnections { door.hangUp() }
    }

    /// Ends the script and all faults there are.
    package func behave() {
        let (director, faults) = running.withLock { running -> (FaultDirector?, [String: ActiveFaults]) in
            let director = running?.director
            running?.director = nil
            return (director, running?.feeds.mapValues(\.faults) ?? [:])
        }
        director?.finish()
        for (camera, faults) in faults { for token in faults.tokens { end(token, on: camera) } }
    }

    /// Ports of their own for all cameras that are served.
    func doors(
        for streams: [Stream], feeds: [String: CameraFeed], server: UInt16
    ) throws(SimulatorError) -> [String: CameraDoor] {
        var doors: [String: CameraDoor] = [:]
        for (number, stream) in streams.enumerated() {
            guard let feed = feeds[stream.name] else { continue }
            let port = configuration.port == 0 ? 0 : Int(configuration.port) + 1 + number
            guard port <= Int(UInt16.max) else {
                throw SimulatorError(.listening, "there is no port for camera \(stream.name); choose a lower one, or 0")
            }
            doors[stream.name] = try CameraDoor(
                address: configuration.address, port: UInt16(port), server: server, faults: feed.faults)
        }
        return doors
    }

    /// Starts to follow the script.
    func direct(_ streams: [Stream]) {
        guard let script = configuration.script, !script.entries.isEmpty || script.randomSeed != nil else { return }
        let director = FaultDirector(
            FaultSchedule(script, streams: streams.filter { $0.fault?.isServed ?? true }),
            begin: { [weak self, logger] fault, camera in
                do throws(SimulatorError) {
                    return try self?.begin(fault, on: camera)
                } catch {
                    logger.error("fault cannot begin", metadata: ["camera": "\(camera)", "reason": "\(error)"])
                    return nil
                }
            }, end: { [weak self] token, camera in self?.end(token, on: camera) })
        running.withLock { $0?.director = director }
    }

    /// The camera's scene with the other codec, or in three quarters of its size.
    private func changedScene(of camera: String, _ fault: Misbehaviour) throws(SimulatorError) -> Scene {
        guard case .scene(var scene) = try configuration.checkedStreams().first(where: { $0.name == camera })?.source
        else {
            throw SimulatorError(
                .configuration, "camera \(camera) plays a file and cannot change its \(fault.name.rawValue)")
        }
        if fault == .codec {
            scene.codec = scene.codec == .h264 ? .h265 : .h264
        } else {
            scene.widthPixels = max(16, scene.widthPixels * 3 / 4 & ~1)
            scene.heightPixels = max(16, scene.heightPixels * 3 / 4 & ~1)
        }
        return scene
    }
}
