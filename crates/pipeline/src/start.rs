//! What a training starts from: a file of weights, or a folder.

use std::path::{Path, PathBuf};

use baeum_core::fs::FileKind;
use baeum_core::{Limit, Model, Weights, weights_file};
use baeum_data::{DataError, Place};
use baeum_export::ReadError;
use baeum_models::{Folder, ModelError, ModelPlan, StartConfig, start_from, start_from_folder};

use crate::StageError;

/// How a zip archive, which a `.pth` file is, and a pickle begin.
const TORCH: [&[u8]; 2] = [b"PK\x03\x04", b"\x80"];
/// What git-lfs leaves in the place of a file that was not fetched.
const POINTER: &[u8] = b"version https://git-lfs";

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

/// A folder without one of its files is refused by the name of that one, and with what the folder has to be.
///
/// # Errors
/// [`StageError::StartFolder`].
pub(crate) fn refuse_lacking(paths: &[PathBuf], plan: &ModelPlan, place: &Place) -> Result<(), StageError> {
    let (Some(start), [_, _]) = (plan.start(), paths) else { return Ok(()) };
    for (path, file) in paths.iter().zip(FILES) {
        if !place.fs.exists(path).map_err(DataError::from)? {
            return Err(StageError::StartFolder { folder: start.weights.clone(), file });
        }
    }
    Ok(())
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
    // The header of a `.safetensors` file is JSON behind its length, whose own bytes may be any.
    let read = match bytes.get(8) == Some(&b'{') {
        true => weights_file::read(bytes, &place.limits).map(|(weights, _)| weights).map_err(Into::into),
        false if TORCH.iter().any(|begin| bytes.starts_with(begin)) => {
            baeum_export::read_pth(bytes, &place.limits)
        }
        false => Err(neither(bytes)),
    };
    read.map_err(|source| StageError::StartFile { file: start.weights.clone(), source })
}

/// What is said of bytes that begin as no file of weights does.
fn neither(bytes: &[u8]) -> ReadError {
    let got = match bytes {
        [] => "an empty file",
        pointer if pointer.starts_with(POINTER) => {
            "what git-lfs leaves in its place; `git lfs pull` brings the file"
        }
        _ => "another one",
    };
    ReadError::Malformed {
        part: "the file".to_owned(),
        wanted: "the beginning of a `.safetensors` or `.pth` file".to_owned(),
        got: got.to_owned(),
    }
}
