mod stored;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use stored::Stored;

/// What the numbers of a tensor are stored as.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum DType {
    /// 32-bit floating point: weights, activations, network inputs.
    F32,
    /// 64-bit floating point: checks and statistics.
    F64,
    /// 64-bit integers: class indices and token ids.
    I64,
    /// Bytes: pixels.
    U8,
}

/// The numbers of a tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is documented on DType")]
pub enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    U8(Vec<u8>),
}

/// A small host array: sizes and numbers, row-major. The only array type in public interfaces.
///
/// Invariant: the product of `shape` is the number of elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

/// The sizes and the numbers of a tensor do not fit, or its type is not the one asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TensorError {
    /// The product of the sizes is not the number of elements.
    #[error("a tensor of shape {shape:?} wants {wanted} elements, got {got}")]
    Elements {
        /// The sizes given.
        shape: Vec<usize>,
        /// Their product, saturating.
        wanted: usize,
        /// How many elements came.
        got: usize,
    },
    /// A tensor of another element type was needed.
    #[error("the tensor wants to be {wanted}, got {got}")]
    Type {
        /// The type asked for.
        wanted: DType,
        /// The type it has.
        got: DType,
    },
}

impl Data {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(x) => x.len(),
            Data::F64(x) => x.len(),
            Data::I64(x) => x.len(),
            Data::U8(x) => x.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        match self {
            Data::F32(_) => DType::F32,
            Data::F64(_) => DType::F64,
            Data::I64(_) => DType::I64,
            Data::U8(_) => DType::U8,
        }
    }
}

impl Tensor {
    /// A tensor of the given sizes over the given numbers, row-major.
    ///
    /// # Errors
    /// [`TensorError::Elements`] if the sizes do not multiply to the number of elements.
    pub fn new(shape: impl Into<Vec<usize>>, data: impl Into<Data>) -> Result<Tensor, TensorError> {
        let (shape, data) = (shape.into(), data.into());
        let wanted = shape.iter().fold(1usize, |product, &size| product.saturating_mul(size));
        match wanted == data.len() {
            true => Ok(Tensor { shape, data }),
            false => Err(TensorError::Elements { shape, wanted, got: data.len() }),
        }
    }

    /// One axis: as many elements as there are numbers.
    pub fn vector(data: impl Into<Data>) -> Tensor {
        let data = data.into();
        Tensor { shape: vec![data.len()], data }
    }

    /// No axis: one number.
    pub fn scalar(value: f32) -> Tensor {
        Tensor { shape: vec![], data: Data::F32(vec![value]) }
    }

    /// All zeros.
    pub fn zeros(shape: impl Into<Vec<usize>>, dtype: DType) -> Tensor {
        let shape = shape.into();
        let n = shape.iter().product();
        let data = match dtype {
            DType::F32 => Data::F32(vec![0.0; n]),
            DType::F64 => Data::F64(vec![0.0; n]),
            DType::I64 => Data::I64(vec![0; n]),
            DType::U8 => Data::U8(vec![0; n]),
        };
        Tensor { shape, data }
    }

    /// Its sizes, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its numbers, row-major.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Its numbers, handed over.
    pub fn into_data(self) -> Data {
        self.data
    }

    /// The type of its elements.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// How many elements it has.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The same numbers under other sizes.
    ///
    /// # Errors
    /// [`TensorError::Elements`] if the new sizes want another number of elements.
    pub fn reshape(self, shape: impl Into<Vec<usize>>) -> Result<Tensor, TensorError> {
        Tensor::new(shape, self.data)
    }

    /// Its numbers as `f32`.
    ///
    /// # Errors
    /// [`TensorError::Type`] if it holds another type; nothing is converted.
    pub fn f32s(&self) -> Result<&[f32], TensorError> {
        match &self.data {
            Data::F32(x) => Ok(x),
            Data::F64(_) | Data::I64(_) | Data::U8(_) => Err(self.not(DType::F32)),
        }
    }

    /// Its numbers as `i64`.
    ///
    /// # Errors
    /// [`TensorError::Type`] if it holds another type; nothing is converted.
    pub fn i64s(&self) -> Result<&[i64], TensorError> {
        match &self.data {
            Data::I64(x) => Ok(x),
            Data::F32(_) | Data::F64(_) | Data::U8(_) => Err(self.not(DType::I64)),
        }
    }

    /// Its numbers as bytes.
    ///
    /// # Errors
    /// [`TensorError::Type`] if it holds another type; nothing is converted.
    pub fn u8s(&self) -> Result<&[u8], TensorError> {
        match &self.data {
            Data::U8(x) => Ok(x),
            Data::F32(_) | Data::F64(_) | Data::I64(_) => Err(self.not(DType::U8)),
        }
    }

    /// Every number as `f64`, whatever the type.
    pub fn to_f64s(&self) -> Vec<f64> {
        match &self.data {
            Data::F32(x) => x.iter().map(|&v| v.into()).collect(),
            Data::F64(x) => x.clone(),
            Data::I64(x) => x.iter().map(|&v| v as f64).collect(),
            Data::U8(x) => x.iter().map(|&v| v.into()).collect(),
        }
    }

    fn not(&self, wanted: DType) -> TensorError {
        TensorError::Type { wanted, got: self.dtype() }
    }
}

impl DType {
    /// How many bytes one element takes.
    pub fn bytes(self) -> usize {
        match self {
            DType::F64 | DType::I64 => 8,
            DType::F32 => 4,
            DType::U8 => 1,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::I64 => "i64",
            DType::U8 => "u8",
        })
    }
}

impl From<Vec<f32>> for Data {
    fn from(x: Vec<f32>) -> Data {
        Data::F32(x)
    }
}

impl From<Vec<f64>> for Data {
    fn from(x: Vec<f64>) -> Data {
        Data::F64(x)
    }
}

impl From<Vec<i64>> for Data {
    fn from(x: Vec<i64>) -> Data {
        Data::I64(x)
    }
}

impl From<Vec<u8>> for Data {
    fn from(x: Vec<u8>) -> Data {
        Data::U8(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_numbers_must_fit() {
        let error = Tensor::new([2, 3], vec![0.0f32; 5]).err().map(|e| e.to_string());
        assert_eq!(error.as_deref(), Some("a tensor of shape [2, 3] wants 6 elements, got 5"));
        assert!(Tensor::new([0, 3], Vec::<f32>::new()).is_ok());
    }

    #[test]
    fn a_huge_shape_does_not_wrap() {
        assert!(Tensor::new([usize::MAX, 2], vec![0u8; 2]).is_err());
    }

    #[test]
    fn another_type_is_refused_by_name() {
        let error = Tensor::scalar(1.0).i64s().err().map(|e| e.to_string());
        assert_eq!(error.as_deref(), Some("the tensor wants to be i64, got f32"));
    }
}
