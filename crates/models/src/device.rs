use candle_core::DType;
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// Where a network computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The processor; always there.
    #[default]
    Cpu,
    /// The first NVIDIA graphics card; wants a build with `--features cuda`. Not run yet where one is.
    Cuda,
    /// Apple's graphics processor; wants a build with `--features metal`.
    Metal,
}

/// What a network computes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Float {
    /// For training and answers.
    #[default]
    F32,
    /// For checking gradients against differences; such a network does not train.
    F64,
}

impl Device {
    /// Opens the device.
    pub(crate) fn open(self) -> Result<candle_core::Device, ModelError> {
        let refused = |device| Err(ModelError::Device { device });
        let opened = match self {
            Device::Cpu => return Ok(candle_core::Device::Cpu),
            Device::Cuda if !cfg!(feature = "cuda") => return refused("cuda"),
            Device::Metal if !cfg!(feature = "metal") => return refused("metal"),
            Device::Cuda => candle_core::Device::new_cuda(0),
            Device::Metal => candle_core::Device::new_metal(0),
        };
        opened.map_err(|source| ModelError::Backend { what: "open the device", source })
    }
}

impl Float {
    pub(crate) fn dtype(self) -> DType {
        match self {
            Float::F32 => DType::F32,
            Float::F64 => DType::F64,
        }
    }
}
