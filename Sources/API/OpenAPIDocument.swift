internal import COpenAPI

/// `openapi.json`, which is part of the program.
enum OpenAPIDocument {
    static let bytes: [UInt8] = {
        var size = 0
        let start = openapi_document(&size)
        return [UInt8](UnsafeBufferPointer(start: start, count: size))
    }()
}
