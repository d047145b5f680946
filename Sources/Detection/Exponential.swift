#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// e to the power of `value`.
func exponential(_ value: Float) -> Double { exp(Double(value)) }
