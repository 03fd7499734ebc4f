//! Numbers as files hold them: little-endian bytes, of more widths than tensors have.

use half::{bf16, f16};

use crate::{DType, Data};

/// How wide a file's numbers are. Halves become `f32`, which holds each of them exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As tensors have them.
    As(DType),
    /// IEEE 754 binary16.
    F16,
    /// The upper half of an `f32`.
    Bf16,
}

impl Stored {
    /// All of them; those of tensors first.
    pub const ALL: [Stored; 6] = [
        Stored::As(DType::F32),
        Stored::As(DType::F64),
        Stored::As(DType::I64),
        Stored::As(DType::U8),
        Stored::F16,
        Stored::Bf16,
    ];

    /// Bytes of one number in the file.
    pub fn bytes(self) -> usize {
        match self {
            Stored::As(dtype) => dtype.bytes(),
            Stored::F16 | Stored::Bf16 => 2,
        }
    }

    /// The numbers that such bytes hold. What does not fill a number is left out, so the caller compares the sizes.
    pub fn read(self, bytes: &[u8]) -> Data {
        match self {
            Stored::As(DType::F32) => Data::F32(each(bytes, f32::from_le_bytes)),
            Stored::As(DType::F64) => Data::F64(each(bytes, f64::from_le_bytes)),
            Stored::As(DType::I64) => Data::I64(each(bytes, i64::from_le_bytes)),
            Stored::As(DType::U8) => Data::U8(bytes.to_vec()),
            Stored::F16 => Data::F32(each(bytes, |number| f16::from_le_bytes(number).to_f32())),
            Stored::Bf16 => Data::F32(each(bytes, |number| bf16::from_le_bytes(number).to_f32())),
        }
    }
}

fn each<const WIDTH: usize, T>(bytes: &[u8], read: impl Fn([u8; WIDTH]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|number| read(*number)).collect()
}

impl Data {
    /// The numbers as bytes, lowest byte first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len() * self.dtype().bytes());
        self.put(&mut bytes);
        bytes
    }

    /// Appends them to `bytes`.
    pub(crate) fn put(&self, bytes: &mut Vec<u8>) {
        match self {
            Data::F32(x) => bytes.extend(x.iter().flat_map(|number| number.to_le_bytes())),
            Data::F64(x) => bytes.extend(x.iter().flat_map(|number| number.to_le_bytes())),
            Data::I64(x) => bytes.extend(x.iter().flat_map(|number| number.to_le_bytes())),
            Data::U8(x) => bytes.extend(x),
        }
    }

    /// Whether the numbers are the same bit for bit: NaN is NaN, and 0 is not -0.
    pub fn is_same_bits(&self, other: &Data) -> bool {
        self.dtype() == other.dtype() && self.to_bytes() == other.to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_bits() {
        let all = [
            Data::F32(vec![1.5, f32::NAN, -0.0]),
            Data::F64(vec![f64::MIN_POSITIVE]),
            Data::I64(vec![-2, i64::MAX]),
            Data::U8(vec![0, 255]),
        ];
        for data in &all {
            assert!(Stored::As(data.dtype()).read(&data.to_bytes()).is_same_bits(data));
        }
        assert_eq!(all[0].to_bytes()[..4], [0, 0, 0xc0, 0x3f]);
        assert!(!Data::F32(vec![0.0]).is_same_bits(&Data::F32(vec![-0.0])));
        assert!(!Data::F32(vec![]).is_same_bits(&Data::U8(vec![])));
    }

    /// The examples of IEEE 754's table of binary16, and the same bits as the upper half of an `f32`.
    #[test]
    fn halves_become_the_same_numbers() {
        let bits = [0x3c00u16, 0x3555, 0x7bff, 0x0400, 0x0001, 0x8000, 0x7c00, 0xfc00];
        let bytes: Vec<u8> = bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        let infinity = f32::INFINITY;
        let told = [1.0, 0.333_251_95, 65504.0, 2f32.powi(-14), 2f32.powi(-24), -0.0, infinity, -infinity];
        assert!(Stored::F16.read(&bytes).is_same_bits(&Data::F32(told.to_vec())));
        let upper = bits.map(|bits| f32::from_bits(u32::from(bits) << 16));
        assert!(Stored::Bf16.read(&bytes).is_same_bits(&Data::F32(upper.to_vec())));
        assert!(matches!(Stored::F16.read(&[0, 0x7e]), Data::F32(x) if x[0].is_nan()));
    }
}
