//! Tensors as little-endian bytes.
use baeum_core::{DType, Data};

/// The numbers as bytes, lowest byte first.
pub(crate) fn to_bytes(data: &Data) -> Vec<u8> {
    match data {
        Data::F32(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        Data::F64(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        Data::I64(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        Data::U8(numbers) => numbers.clone(),
    }
}

/// The numbers that such bytes hold. What does not fill a number is left out, so the caller compares the sizes.
pub(crate) fn from_bytes(dtype: DType, bytes: &[u8]) -> Data {
    match dtype {
        DType::F32 => Data::F32(bytes.as_chunks().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()),
        DType::F64 => Data::F64(bytes.as_chunks().0.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()),
        DType::I64 => Data::I64(bytes.as_chunks().0.iter().map(|chunk| i64::from_le_bytes(*chunk)).collect()),
        DType::U8 => Data::U8(bytes.to_vec()),
    }
}

/// Whether the numbers are the same bit for bit: NaN is NaN, and 0 is not -0.
pub(crate) fn same_bits(a: &Data, b: &Data) -> bool {
    a.dtype() == b.dtype() && to_bytes(a) == to_bytes(b)
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
            assert!(same_bits(&from_bytes(data.dtype(), &to_bytes(data)), data));
        }
        assert_eq!(to_bytes(&all[0])[..4], [0, 0, 0xc0, 0x3f]);
        assert!(!same_bits(&Data::F32(vec![0.0]), &Data::F32(vec![-0.0])));
        assert!(!same_bits(&Data::F32(vec![]), &Data::U8(vec![])));
    }
}
