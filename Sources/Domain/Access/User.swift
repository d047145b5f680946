/// Somebody who signs in with a password.
package struct User: Sendable, Hashable {
    package var id: Identifier<User>
    package var organization: Identifier<Organization>
    /// Lower case; unique in the installation, because who signs in names no organization.
    package var name: String
    package var role: Role
    /// Nil: sees all sites and cameras of the organization.
    package var grants: CameraGrants?
    package var isDisabled: Bool
    package var createdAt: WallTime
    /// Who this is at the issuer with whom they sign in; nil where they did not yet.
    package var identity: OutsideIdentity?
    /// Grows with every change, for `ETag`.
    package var revision: Int64

    package init(
        id: Identifier<User>, organization: Identifier<Organization>, name: String, role: Role,
        grants: CameraGrants? = nil, isDisabled: Bool = false, createdAt: WallTime,
        identity: OutsideIdentity? = nil, revision: Int64 = 1
    ) {
        self.id = id
        self.organization = organization
        self.name = name
        self.role = role
        self.grants = grants
        self.isDisabled = isDisabled
        self.createdAt = createdAt
        self.identity = identity
        self.revision = revision
    }

    /// 1 to 64 of lower-case letters, digits and `. _ - @ +`, so that an e-mail address is one.
    package static func problem(name: String) -> String? {
        let isWord = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || ".+_-@".utf8.contains(byte)
        }
        return (1...64).contains(name.utf8.count) && isWord
            ? nil : "must be 1 to 64 lower-case letters, digits or . _ - @ +"
    }

    /// Length is what counts; the rest is up to its owner.
    package static func problem(password: String) -> String? {
        (10...256).contains(password.count) ? nil : "must have 10 to 256 characters"
    }
}

/// The sites and cameras that a user is limited to.
package struct CameraGrants: Sendable, Hashable {
    package var sites: Set<Identifier<Site>>
    package var cameras: Set<Identifier<Camera>>

    package init(sites: Set<Identifier<Site>> = [], cameras: Set<Identifier<Camera>> = []) {
        self.sites = sites
        self.cameras = cameras
    }

    package func cover(_ site: Identifier<Site>, _ camera: Identifier<Camera>) -> Bool {
        sites.contains(site) || cameras.contains(camera)
    }
}

/// The user whose grants limit what the store shows to the current task.
///
/// Set around each request of a user who has grants; the store passes it on to row security, so that no route can forget it.
package enum RestrictedViewer {
    @TaskLocal package static var current: Identifier<User>?
}
