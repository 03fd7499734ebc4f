//! The file of weights that a training starts from.

use std::path::PathBuf;

use baeum_core::{Limit, Weights, weights_file};
use baeum_data::{DataError, Place};
use baeum_models::{ModelPlan, StartConfig};

use crate::StageError;

/// How a zip archive begins, which a `.pth` file is.
const ZIP: &[u8] = b"PK\x03\x04";

/// Where it is, if the recipe names one.
///
/// # Errors
/// [`DataError::Absent`] says where it was looked for.
pub(crate) fn path(plan: &ModelPlan, place: &Place) -> Result<Option<PathBuf>, DataError> {
    plan.start().map(|start| place.find(&start.weights)).transpose()
}

/// Its tensors, by their names there. Its content tells whether it is a `.pth` or a `.safetensors` file.
///
/// # Errors
/// [`StageError::StartFile`] for a file that is neither, and [`StageError::Data`] if it cannot be read.
pub(crate) fn weights(start: &StartConfig, place: &Place) -> Result<Weights, StageError> {
    let bytes = place.read(&start.weights, Limit::InflatedBytes)?;
    let read = match bytes.starts_with(ZIP) {
        true => baeum_export::read_pth(&bytes, &place.limits),
        false => weights_file::read(&bytes, &place.limits).map(|(weights, _)| weights).map_err(Into::into),
    };
    read.map_err(|source| StageError::StartFile { file: start.weights.clone(), source })
}
