//! CRC-32C, the checksum of log records and of TensorBoard's event files.
//!
//! The Castagnoli polynomial (RFC 3720, appendix B.4), eight bytes at a time by tables (Kounavis and Berry
//! 2005). It finds accidents, not attacks: what must not be forged is hashed with BLAKE3.

/// The polynomial 0x1edc6f41, its bits in reverse order.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// `TABLES[k][b]`: what byte `b` contributes when `k` more bytes follow it.
static TABLES: [[u32; 256]; 8] = tables();

/// The CRC-32C of some bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = Crc32c::new();
    crc.update(bytes);
    crc.value()
}

/// A CRC-32C of bytes that come piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crc32c {
    /// The remainder with all bits turned, as the standard keeps it between bytes.
    state: u32,
}

impl Crc32c {
    /// The checksum of nothing.
    pub fn new() -> Self {
        Self { state: u32::MAX }
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let (body, rest) = bytes.as_chunks::<8>();
        for &[a, b, c, d, e, f, g, h] in body {
            let [a, b, c, d] = (self.state ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
            self.state = [h, g, f, e, d, c, b, a]
                .into_iter()
                .zip(&TABLES)
                .fold(0, |sum, (byte, table)| sum ^ table[usize::from(byte)]);
        }
        for byte in rest {
            self.state = TABLES[0][usize::from(self.state as u8 ^ byte)] ^ (self.state >> 8);
        }
    }

    /// The checksum of all bytes so far.
    pub fn value(&self) -> u32 {
        !self.state
    }
}

impl Default for Crc32c {
    fn default() -> Self {
        Self::new()
    }
}

/// A checksum turned as TFRecord files want it, so that a checksum over checksums stays sound.
pub fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder >> 1) ^ if remainder & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[0][byte] = remainder;
        byte += 1;
    }
    let mut k = 1;
    while k < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[k - 1][byte];
            tables[k][byte] = tables[0][(before & 0xff) as usize] ^ (before >> 8);
            byte += 1;
        }
        k += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        assert_eq!(crc32c(b""), 0);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0x00; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&std::array::from_fn::<u8, 32, _>(|i| i as u8)), 0x46dd_794e);
        assert_eq!(crc32c(&std::array::from_fn::<u8, 32, _>(|i| 31 - i as u8)), 0x113f_db5c);
    }

    #[test]
    fn pieces_give_the_checksum_of_the_whole() {
        let bytes: Vec<u8> = (0..100u8).map(|i| i.wrapping_mul(37)).collect();
        let bit_by_bit = !bytes.iter().fold(u32::MAX, |crc, &byte| {
            (0..8)
                .fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 })
        });
        for cut in 0..=bytes.len() {
            let mut crc = Crc32c::default();
            crc.update(&bytes[..cut]);
            crc.update(&bytes[cut..]);
            assert_eq!(crc.value(), bit_by_bit, "cut at {cut}");
        }
    }

    #[test]
    fn masking_follows_tfrecord() {
        // Rotated right by 15 and added to, by hand: 0xe3069283 -> 0x2507c60d -> 0xc78ab0e5.
        assert_eq!(masked(0xe306_9283), 0xc78a_b0e5);
        assert_eq!(masked(0), 0xa282_ead8);
    }
}
