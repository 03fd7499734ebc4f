//! Between the workspace's host tensors and candle's.
use baeum_core::{Data, NetworkError, TensorError};
use candle_core::{DType, Device, Result, Tensor};

use super::error::backend;

/// A tensor of a batch on the device: numbers as `dtype`, ids as they are.
pub(super) fn to_candle(
    tensor: &baeum_core::Tensor,
    dtype: DType,
    device: &Device,
) -> std::result::Result<Tensor, NetworkError> {
    let on_device = match tensor.data() {
        Data::F32(x) => Tensor::from_slice(x, tensor.shape(), device).and_then(|x| x.to_dtype(dtype)),
        Data::F64(x) => Tensor::from_slice(x, tensor.shape(), device).and_then(|x| x.to_dtype(dtype)),
        Data::I64(x) => Tensor::from_slice(x, tensor.shape(), device),
        Data::U8(_) => Err(TensorError::Type { wanted: baeum_core::DType::F32, got: baeum_core::DType::U8 })?,
    };
    on_device.map_err(backend("the batch"))
}

/// A copy in memory, `f64` as `f64` and anything else as `f32`.
pub(super) fn to_host(tensor: &Tensor) -> Result<baeum_core::Tensor> {
    let flat = tensor.flatten_all()?;
    let data = match tensor.dtype() == DType::F64 {
        true => Data::F64(flat.to_vec1()?),
        false => Data::F32(flat.to_dtype(DType::F32)?.to_vec1()?),
    };
    baeum_core::Tensor::new(tensor.dims(), data).map_err(candle_core::Error::wrap)
}

/// Numbers to compare an output with, of its sizes, type and device.
pub(super) fn numbers_like(target: &baeum_core::Tensor, output: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(target.to_f64s(), target.shape(), output.device())?.to_dtype(output.dtype())
}
