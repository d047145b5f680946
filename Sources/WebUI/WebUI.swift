import Foundation
import Hummingbird

/// The page: static files, sent as they are. It talks to the API over HTTP like any other client.
package enum WebUI {
    /// Adds the page's files to a router; they answer where no route does.
    package static func add<Context: RequestContext>(to router: Router<Context>) {
        router.add(
            middleware: FileMiddleware(
                folder, urlBasePath: nil,
                cacheControl: .init([
                    // Files have no version in their names, so a browser asks each time; unchanged ones cost a 304.
                    (MediaType(type: .any), [CacheControl.Value.noCache])
                ]), searchForIndexHtml: true))
    }

    /// Where the files lie: beside the executable.
    package static var folder: String { Bundle.module.bundleURL.appendingPathComponent("Static").path }
}
