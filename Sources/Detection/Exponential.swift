import Glibc

/// e to the power of `value`.
func exponential(_ value: Float) -> Double { exp(Double(value)) }
