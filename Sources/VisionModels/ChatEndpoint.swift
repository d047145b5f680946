/// The address of a server's chat completions.
enum ChatEndpoint {
    /// From what people give: with or without a slash at the end, with the path of the call or before it, and with a query
    /// (`?api-version=…`), which stays at the end.
    static func url(_ base: String) -> String {
        let path = base.prefix { $0 != "?" && $0 != "#" }
        let query = base[path.endIndex...].prefix { $0 != "#" }
        var trimmed = path
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        return trimmed + (trimmed.hasSuffix("/chat/completions") ? "" : "/chat/completions") + query
    }
}
