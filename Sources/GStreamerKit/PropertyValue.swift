/// A value for an element's property. Numbers that do not fit the property's type or bounds are refused, not cut.
package enum PropertyValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    /// A string as it is; for an enumeration or flags, its nick ("tcp", "tcp+udp"); for caps, their text.
    case text(String)
    case integer(Int64)
    case unsigned(UInt64)
    case real(Double)
    case boolean(Bool)
    case caps(Caps)

    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}
