//! Whether a network that tells what comes next looks at it.

use baeum_core::{Batch, Graph, InputSpec, Tensor, Weights};

use crate::{ModelError, RunnerConfig, network};

/// Changes the last piece of a text, and the one in the middle: no answer before a change may change with it.
///
/// # Errors
/// [`ModelError::Foresight`] names the first place that looks ahead.
pub(super) fn refuse(graph: &Graph, weights: &Weights, inputs: &[InputSpec]) -> Result<(), ModelError> {
    let [input] = inputs else { return Ok(()) };
    let [length] = input.shape[..] else { return Ok(()) };
    let mut net = network(graph, weights, RunnerConfig::default())?;
    let text: Vec<i64> = (0..length as i64).map(|place| 1 + place % 2).collect();
    let mut answers = |text: Vec<i64>| -> Result<Vec<f32>, ModelError> {
        let Ok(tensor) = Tensor::new([1, length], text) else { return Ok(vec![]) };
        let batch = Batch { rows: 1, inputs: [(input.name.clone(), tensor)].into(), targets: vec![] };
        let outputs = net.predict(&batch)?;
        Ok(outputs.first().and_then(|output| output.f32s().ok()).map(<[f32]>::to_vec).unwrap_or_default())
    };
    let before = answers(text.clone())?;
    let width = before.len() / length.max(1);
    for changed in [length / 2, length - 1] {
        let mut other = text.clone();
        other[changed] = 3 - other[changed];
        let after = answers(other)?;
        let places = before.chunks(width.max(1)).zip(after.chunks(width.max(1))).take(changed);
        if let Some(place) = places.into_iter().position(|(before, after)| before != after) {
            return Err(ModelError::Foresight { place });
        }
    }
    Ok(())
}
