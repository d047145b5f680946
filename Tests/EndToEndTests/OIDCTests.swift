import CurlKit
import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized) struct OIDCTests {
        /// Goes through a sign-in as a browser does; the answer of the callback, and the cookies in force after it.
        private func signIn(
            _ vedette: VedetteProcess, change: (String) -> String = { $0 }, cookie: Bool = true
        ) async throws -> (HTTPResponse, cookies: String, code: String) {
            let begun = try await vedette.plain("/v1/auth/oidc/login")
            #expect(begun.status == 303, "\(String(decoding: begun.body, as: UTF8.self))")
            let own = begun.headers.filter { $0.name.lowercased() == "set-cookie" }
            #expect(own.allSatisfy { $0.value.contains("HttpOnly") })
            let asked = try await vedette.plain(address: try #require(begun.header("location")))
            #expect(asked.status == 303)
            let back = change(try #require(asked.header("location")))
            let path = String(back.drop { $0 != "?" })
            let header = own.map { String($0.value.prefix { $0 != ";" }) }.joined(separator: "; ")
            let answer = try await vedette.plain(
                "/v1/auth/oidc/callback" + path, headers: cookie ? [(name: "Cookie", value: header)] : [])
            let set = answer.headers.filter { $0.name.lowercased() == "set-cookie" }
                .map { String($0.value.prefix { $0 != ";" }) }
            return (answer, set.joined(separator: "; "), path)
        }

        /// Who one is with these cookies.
        private func me(_ vedette: VedetteProcess, _ cookies: String) async throws -> String {
            String(
                decoding: try await vedette.plain("/v1/me", headers: [(name: "Cookie", value: cookies)]).body,
                as: UTF8.self)
        }

        @Test(.timeLimit(.minutes(20)))
        func `who the issuer knows comes in, and no token that is not right in every part`() async throws {
            let issuer = try await Issuer.start()
            defer { issuer.stop() }
            let vedette = try VedetteProcess(
                settings: """
                    log_level: trace
                    oidc:
                      issuer: "\(issuer.base)"
                      client_id: \(Issuer.clientID)
                      client_secret: "\(Issuer.secret)"
                      redirect_url: http://localhost:8080/v1/auth/oidc/callback
                      link_users: true
                    """)
            do {
                try await vedette.start()
                // Nobody of this name may come in yet.
                #expect(try await signIn(vedette).0.status == 403)
                let made = try await vedette.post(
                    "/v1/users", #"{"name": "anna@example.org", "password": "a long password", "role": "operator"}"#)
                #expect(made.status == 201)
                for mood in [Issuer.Mood.es256, .rs256, .newKey] {
                    issuer.become(mood)
                    // A key that is new is looked for at most every ten seconds.
                    try await vedette.wait("\(mood) to come in", seconds: 60) {
                        try await signIn(vedette).0.status == 303
                    }
                    let (answer, cookies, _) = try await signIn(vedette)
                    #expect(answer.status == 303 && answer.header("location") == "/", "\(mood)")
                    #expect(try await me(vedette, cookies).contains("anna@example.org"), "\(mood)")
                }
                var said: [String] = []
                for mood in Issuer.Mood.allCases.dropFirst(3) {
                    issuer.become(mood)
                    let (answer, _, _) = try await signIn(vedette)
                    #expect(answer.status == 401, "\(mood): \(answer.status)")
                    #expect(answer.header("set-cookie") == nil, "\(mood)")
                    said.append(String(decoding: answer.body, as: UTF8.self))
                }
                issuer.become(.es256)
                // Another browser, another state, twice, and with an error in place of a code.
                #expect(try await signIn(vedette, cookie: false).0.status == 401)
                #expect(try await signIn(vedette, change: { $0 + "x&state=x" }).0.status == 401)
                #expect(try await signIn(vedette, change: { $0.replacing("code=", with: "error=") }).0.status == 401)
                #expect(try await signIn(vedette, change: { $0.replacing("code=", with: "code=x") }).0.status == 401)
                let (first, _, path) = try await signIn(vedette)
                #expect(first.status == 303)
                #expect(try await vedette.plain("/v1/auth/oidc/callback" + path).status == 401)
                // Somebody whom nobody made here; anna's name, which somebody else has got there since; and she under another one.
                issuer.become(.es256, user: "nobody@example.org", subject: "2")
                #expect(try await signIn(vedette).0.status == 403)
                issuer.become(.es256, subject: "3")
                #expect(try await signIn(vedette).0.status == 403)
                issuer.become(.es256, user: "anna.married@example.org")
                #expect(try await me(vedette, try await signIn(vedette).cookies).contains("anna@example.org"))
                // A browser is led to the page, which says what it means.
                issuer.become(.es256, subject: "3")
                let browser = try await vedette.plain(
                    "/v1/auth/oidc/callback?state=x", headers: [(name: "Accept", value: "text/html,*/*")])
                #expect(browser.status == 303 && browser.header("location") == "/?signin=unauthorized")
                // Who is removed here stays out, and their sessions end.
                issuer.become(.es256)
                let (_, still, _) = try await signIn(vedette)
                let id = try #require(
                    try await vedette.items("/v1/users").first { $0["name"] as? String == "anna@example.org" }?["id"])
                #expect(try await vedette.delete("/v1/users/\(id)").status == 204)
                #expect(try await signIn(vedette).0.status == 403)
                #expect(try await me(vedette, still).contains("unauthorized"))
                #expect(issuer.refusals.allSatisfy { $0 == "code" }, "\(issuer.refusals)")
                let log = vedette.log
                #expect(!log.contains(Issuer.secret) && !said.contains { $0.contains(Issuer.secret) })
                #expect(!log.contains("oidc-s3cret"))
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        @Test(.timeLimit(.minutes(20)))
        func `new users are made with the role that the settings name, and without an issuer there is no such door`()
            async throws
        {
            let issuer = try await Issuer.start()
            defer { issuer.stop() }
            issuer.become(.es256, user: "New.Person@example.org")
            let vedette = try VedetteProcess(
                settings: """
                    oidc:
                      issuer: "\(issuer.base)"
                      client_id: \(Issuer.clientID)
                      client_secret: "\(Issuer.secret)"
                      redirect_url: http://localhost:8080/v1/auth/oidc/callback
                      new_users: viewer
                    """)
            let plain = try VedetteProcess(settings: "")
            do {
                try await vedette.start()
                let (answer, cookies, _) = try await signIn(vedette)
                #expect(answer.status == 303, "\(String(decoding: answer.body, as: UTF8.self))")
                let text = try await me(vedette, cookies)
                #expect(text.contains("new.person@example.org") && text.contains("viewer"), "\(text)")
                // Who signs in with a password is not somebody who comes with that name.
                issuer.become(.es256, user: "admin", subject: "2")
                #expect(try await signIn(vedette).0.status == 403)
                let methods = try await vedette.plain("/v1/auth/methods")
                #expect(String(decoding: methods.body, as: UTF8.self).contains(#""url":"/v1/auth/oidc/login""#))
                try await plain.start()
                #expect(
                    String(decoding: try await plain.plain("/v1/auth/methods").body, as: UTF8.self) == #"{"oidc":null}"#
                )
                #expect(try await plain.plain("/v1/auth/oidc/login").status == 404)
                #expect(try await plain.plain("/v1/auth/oidc/callback?code=x&state=y").status == 404)
            } catch {
                await vedette.cleanUp()
                await plain.cleanUp()
                throw error
            }
            await vedette.cleanUp()
            await plain.cleanUp()
        }

        @Test(.timeLimit(.minutes(20)))
        func `groups of the issuer decide at each sign-in, and a lesser role ends the sessions of the greater`()
            async throws
        {
            let issuer = try await Issuer.start()
            defer { issuer.stop() }
            let vedette = try VedetteProcess(
                settings: """
                    oidc:
                      issuer: "\(issuer.base)"
                      client_id: \(Issuer.clientID)
                      client_secret: "\(Issuer.secret)"
                      redirect_url: http://localhost:8080/v1/auth/oidc/callback
                      roles_claim: realm_access.roles
                      administrators: [cameras-admin]
                      viewers: [cameras]
                    """)
            do {
                try await vedette.start()
                issuer.become(.es256, groups: ["other"])
                #expect(try await signIn(vedette).0.status == 403)
                issuer.become(.es256, groups: ["other", "cameras", "cameras-admin"])
                let (_, great, _) = try await signIn(vedette)
                #expect(try await me(vedette, great).contains("administrator"))
                issuer.become(.es256, groups: ["cameras"])
                let (_, small, _) = try await signIn(vedette)
                #expect(try await me(vedette, small).contains("viewer"))
                #expect(try await me(vedette, great).contains("unauthorized"))
                issuer.become(.es256, groups: [])
                #expect(try await signIn(vedette).0.status == 403)
                let log = String(decoding: try await vedette.get("/v1/audit-log").body, as: UTF8.self)
                #expect(log.contains("user-made-for-issuer") && log.contains("user-changed-by-issuer"))
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }
    }
}
