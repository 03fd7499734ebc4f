//! What a training starts from: a file of weights, or a folder.

use std::path::{Path, PathBuf};

use baeum_core::fs::FileKind;
use baeum_core::{Limit, Model, Weights, weights_file};
use baeum_data::{DataError, Place};
use baeum_models::{Folder, ModelError, ModelPlan, StartConfig, start_from, start_from_folder};

use crate::StageError;

/// How a zip archive begins, which a `.pth` file is.
const ZIP: &[u8] = b"PK\x03\x04";

/// What a folder has: what the network is, and its tensors.
const FILES: [&str; 2] = ["config.json", "model.safetensors"];

/// The files that it is, if the recipe names any.
///
/// # Errors
/// [`DataError::Absent`] says where it was looked for.
pub(crate) fn paths(plan: &ModelPlan, place: &Place) -> Result<Vec<PathBuf>, DataError> {
    let Some(start) = plan.start() else { return Ok(vec![]) };
    let path = place.find(&start.weights)?;
    Ok(match is_folder(&path, place)? {
        true => FILES.iter().map(|name| path.join(name)).collect(),
        false => vec![path],
    })
}

/// The model, started as the recipe says.
///
/// # Errors
/// [`StageError::StartFile`] and [`StageError::StartConfig`] for what is none, [`StageError::Data`] for what cannot be read, and
/// [`StageError::Models`] for what does not fit the network.
pub(crate) fn started(model: Model, start: &StartConfig, place: &Place) -> Result<Model, StageError> {
    let path = place.find(&start.weights)?;
    if !is_folder(&path, place)? {
        let tensors = weights(start, &read(&path, Limit::InflatedBytes, place)?, place)?;
        return Ok(start_from(model, start, &tensors).map_err(ModelError::from)?);
    }
    let [config, tensors] = FILES.map(|name| path.join(name));
    let config = read(&config, Limit::RecipeBytes, place)?;
    let folder: Folder = serde_json::from_slice(&config)
        .map_err(|source| StageError::StartConfig { folder: start.weights.clone(), source })?;
    let tensors = weights(start, &read(&tensors, Limit::InflatedBytes, place)?, place)?;
    Ok(start_from_folder(model, start, &folder, tensors)?)
}

fn is_folder(path: &Path, place: &Place) -> Result<bool, DataError> {
    Ok(place.fs.metadata(path)?.kind == FileKind::Dir)
}

fn read(path: &Path, limit: Limit, place: &Place) -> Result<Vec<u8>, DataError> {
    Ok(place.limits.read(limit, place.fs.as_ref(), path)?)
}

/// Tensors by their names in a file; its content tells whether it is a `.pth` or a `.safetensors` file.
fn weights(start: &StartConfig, bytes: &[u8], place: &Place) -> Result<Weights, StageError> {
    let read = match bytes.starts_with(ZIP) {
        true => baeum_export::read_pth(bytes, &place.limits),
        false => weights_file::read(bytes, &place.limits).map(|(weights, _)| weights).map_err(Into::into),
    };
    read.map_err(|source| StageError::StartFile { file: start.weights.clone(), source })
}
