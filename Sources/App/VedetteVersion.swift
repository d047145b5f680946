/// This program's version.
package enum VedetteVersion {
    package static let text = "0.1.0"
}
