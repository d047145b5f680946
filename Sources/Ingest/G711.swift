/// Expands G.711, a sample a byte, to ±1. ITU-T G.711, as in the public-domain routines of Sun Microsystems (g711.c).
enum G711 {
    static let aLaw: [Float] = (0...255).map { code in
        let value = UInt8(code) ^ 0x55
        let mantissa = Int(value & 0x0f) << 4
        let segment = Int(value & 0x70) >> 4
        let magnitude = segment == 0 ? mantissa + 8 : (mantissa + 0x108) << (segment - 1)
        return Float(value & 0x80 != 0 ? magnitude : -magnitude) / 32768
    }

    static let muLaw: [Float] = (0...255).map { code in
        let value = ~UInt8(code)
        let bias = 0x84
        let magnitude = ((Int(value & 0x0f) << 3) + bias) << (Int(value & 0x70) >> 4) - bias
        return Float(value & 0x80 != 0 ? -magnitude : magnitude) / 32768
    }
}
