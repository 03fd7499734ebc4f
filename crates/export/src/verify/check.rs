use baeum_core::{Limits, Predictor, Tensor, Weights, WeightsError, check_weights, weights_file};

use super::engine::Engine;
use super::golden::Golden;
use super::parity::{Parity, compare};
use super::{answers, feed, rten};
use crate::error::{ReadError, VerifyError};
use crate::files::Files;
use crate::format::{Format, Level};
use crate::onnx::Manifest;
use crate::state_dict::{own_weights, state_dict};
use crate::{onnx, torch};

/// What opening a file has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// How well it agreed. A file that was reread has run no rows yet: its weights are bit-equal, and the caller runs the
    /// predictor made of them.
    pub parity: Parity,
    /// The weights of a file that was reread.
    pub weights: Option<Weights>,
}

/// Opens what was written and compares it with the predictor: an ONNX file is executed by rten on the golden rows, a file
/// of weights is read back and must be equal bit for bit.
///
/// # Errors
/// [`VerifyError`] says what differs, where, and by how much.
pub fn verify(
    format: Format,
    files: &Files,
    predictor: &Predictor,
    golden: &Golden,
    limits: &Limits,
) -> Result<Verified, VerifyError> {
    let file = format.facts().file;
    let _span = tracing::debug_span!("verify", file).entered();
    let bytes = files.get(file).ok_or(VerifyError::Missing { file })?;
    let read = |source: ReadError| VerifyError::Read { file, source };
    match format {
        Format::Safetensors => {
            let (tensors, _) = weights_file::read(bytes, limits).map_err(|error| read(error.into()))?;
            reread(file, predictor, tensors)
        }
        Format::Pth => reread(file, predictor, torch::read(bytes, limits).map_err(read)?),
        Format::Onnx => {
            let model = onnx::read(bytes, limits).map_err(read)?;
            let manifest = Manifest::of(&model).map_err(read)?;
            ran(&Engine::load(model)?, &manifest, predictor, golden)
        }
    }
}

fn reread(file: &'static str, predictor: &Predictor, tensors: Weights) -> Result<Verified, VerifyError> {
    let unfit = |source: WeightsError| VerifyError::Weights { file, source };
    let changed = |(name, wanted): &(String, Tensor)| {
        tensors
            .get(name)
            .is_none_or(|found| found.shape() != wanted.shape() || !found.data().is_same_bits(wanted.data()))
    };
    let changed = state_dict(predictor).map_err(unfit)?.into_iter().find(changed);
    let weights = own_weights(&predictor.graph, tensors);
    check_weights(&predictor.graph, &weights).map_err(unfit)?;
    if let Some((tensor, _)) = changed {
        return Err(VerifyError::Bits { file, tensor });
    }
    let parity = Parity { level: Level::Reread, engine: None, rows: 0, targets: vec![] };
    Ok(Verified { parity, weights: Some(weights) })
}

fn ran(
    engine: &Engine,
    manifest: &Manifest,
    predictor: &Predictor,
    golden: &Golden,
) -> Result<Verified, VerifyError> {
    if golden.records.is_empty() {
        return Err(VerifyError::Empty);
    }
    let mut answers = vec![];
    // Images may differ in size, and a batch cannot.
    let together = if feed::has_images(manifest) { 1 } else { golden.records.len() };
    for first in (0..golden.records.len()).step_by(together) {
        let rows = first..golden.records.len().min(first + together);
        let values = engine.run(feed::inputs(manifest, golden, rows.clone())?)?;
        answers.extend(answers::read(manifest, &predictor.targets, &values, rows.len())?);
    }
    let targets = compare(&predictor.targets, &golden.answers, &answers)?;
    let parity =
        Parity { level: Level::Ran, engine: Some(rten::NAME.to_owned()), rows: answers.len(), targets };
    Ok(Verified { parity, weights: None })
}
