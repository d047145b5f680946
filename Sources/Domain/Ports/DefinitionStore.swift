/// Definitions of one organization. `StoreError.notFound` where there is no such definition, version, camera or picture.
package protocol DefinitionStore: Sendable {
    /// By name.
    func definitions(of organization: Identifier<Organization>) async throws -> [StoredDefinition]
    func definition(
        _ id: Identifier<Definition>, of organization: Identifier<Organization>
    ) async throws -> StoredDefinition
    /// With its first version. `duplicate` where the name is taken or the site or camera has one.
    func create(
        name: String, scope: StoredDefinition.Scope, parts: DefinitionParts, author: String,
        of organization: Identifier<Organization>
    ) async throws -> StoredDefinition
    /// A new version where the parts are not those of the newest. `conflict` where `ifNewest` is not the newest, or where the
    /// organization's definition would not say what is normal.
    func add(
        _ parts: DefinitionParts, to id: Identifier<Definition>, ifNewest version: Int?, author: String,
        of organization: Identifier<Organization>
    ) async throws -> StoredDefinition
    /// Newest first, older than `before`.
    func versions(
        of id: Identifier<Definition>, in organization: Identifier<Organization>, limit: Int, before: Int?
    ) async throws -> [StoredVersion]
    func version(
        _ version: Int, of id: Identifier<Definition>, in organization: Identifier<Organization>
    ) async throws -> StoredVersion
    func effective(
        for camera: Identifier<Camera>, of organization: Identifier<Organization>
    ) async throws -> EffectiveDefinition
    /// Keeps a picture; one of the same bytes only once. Pictures that no version names are forgotten after a day.
    func keep(
        _ picture: ReferencePicture, of organization: Identifier<Organization>
    ) async throws -> Identifier<ReferencePicture>
    func picture(
        _ id: Identifier<ReferencePicture>, of organization: Identifier<Organization>
    ) async throws -> ReferencePicture
}
