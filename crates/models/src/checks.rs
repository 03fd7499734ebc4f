//! What both runners refuse of a batch or a state, in the same words.

use std::borrow::Cow;

use baeum_core::{DType, NetworkError, Part, Tensor, TensorError};

use crate::network::RunError;
use crate::rule::MOMENTS;

/// The numbers of a target as a loss wants them where each row has several answers: each row once for each of them.
pub(crate) fn for_each_answer(target: &Tensor, answers: usize) -> Result<Cow<'_, Tensor>, NetworkError> {
    let (rows, DType::F32) = (target.shape().first().copied().unwrap_or(0), target.dtype()) else {
        return Ok(Cow::Borrowed(target));
    };
    if answers == 1 || rows == 0 || target.is_empty() {
        return Ok(Cow::Borrowed(target));
    }
    let row = target.len() / rows;
    let numbers: Vec<f32> = target.f32s()?.chunks_exact(row).flat_map(|row| row.repeat(answers)).collect();
    let sizes = [&[rows, answers], &target.shape()[1..]].concat();
    Ok(Cow::Owned(Tensor::new(sizes, numbers)?))
}

/// Class indices, each known to be below `classes`, into `words`: each once for every answer that its row has.
pub(crate) fn classes(
    target: &Tensor,
    classes: usize,
    part: Part,
    answers: usize,
    words: &mut Vec<u32>,
) -> Result<(), NetworkError> {
    words.clear();
    for (row, &got) in target.i64s()?.iter().enumerate() {
        match u32::try_from(got) {
            Ok(index) if (index as usize) < classes => words.extend(std::iter::repeat_n(index, answers)),
            Ok(_) | Err(_) => return Err(NetworkError::Class { row: part.first_row + row, classes, got }),
        }
    }
    Ok(())
}

/// Refuses a target of another length than the output wants.
pub(crate) fn elements(target: &Tensor, wanted: usize) -> Result<(), NetworkError> {
    match target.len() == wanted {
        true => Ok(()),
        false => {
            let (shape, got) = (target.shape().to_vec(), target.len());
            Err(TensorError::Elements { shape, wanted, got }.into())
        }
    }
}

/// The weights of the classes; none where all count the same.
pub(crate) fn class_weights(weights: &[f32], classes: usize) -> Result<Option<&[f32]>, NetworkError> {
    match weights.len() {
        0 => Ok(None),
        got if got == classes => Ok(Some(weights)),
        got => Err(NetworkError::ClassWeights { wanted: classes, got }),
    }
}

/// Refuses a focal loss against probabilities: which of the classes should be the sure one?
pub(crate) fn soft(gamma: f64) -> Result<(), NetworkError> {
    if gamma == 0.0 { Ok(()) } else { Err(NetworkError::Focal { gamma }) }
}

/// Ids of the embedding `node`, each below its vocabulary.
pub(crate) fn ids(node: &str, ids: &[i64], vocabulary: usize) -> Result<(), NetworkError> {
    let known = |id: &&i64| usize::try_from(**id).is_ok_and(|id| id < vocabulary);
    match ids.iter().find(|id| !known(id)) {
        None => Ok(()),
        Some(&got) => Err(NetworkError::Id { node: node.to_owned(), vocabulary, got }),
    }
}

/// The lengths of the sequences that `node` reads, each from 1 to `longest`, one after the other to `take`.
pub(crate) fn lengths(
    node: &str,
    lengths: &[i64],
    longest: usize,
    mut take: impl FnMut(u32),
) -> Result<(), NetworkError> {
    for (row, &got) in lengths.iter().enumerate() {
        match u32::try_from(got) {
            Ok(len @ 1..) if (len as usize) <= longest => take(len),
            Ok(_) | Err(_) => {
                return Err(RunError::Length { node: node.to_owned(), longest, row, got }.into());
            }
        }
    }
    Ok(())
}

/// The tensor of a state, if it has the sizes of the network's.
pub(crate) fn fitting<'a>(
    name: &str,
    sizes: &[usize],
    found: Option<&'a Tensor>,
) -> Result<&'a Tensor, NetworkError> {
    found.filter(|found| found.shape() == sizes).ok_or_else(|| NetworkError::State {
        name: name.to_owned(),
        wanted: sizes.to_vec(),
        got: found.map(|found| found.shape().to_vec()),
    })
}

/// Whose moment a full name is (`conv1.weight.exp_avg`), and which; `learned` tells the parameters.
pub(crate) fn moment(
    full_name: &str,
    learned: impl Fn(&str) -> bool,
) -> Result<(&str, &'static str), NetworkError> {
    let split = full_name.rsplit_once('.').filter(|(name, _)| learned(name));
    let known = split.and_then(|(name, moment)| {
        MOMENTS.into_iter().find(|known| *known == moment).map(|moment| (name, moment))
    });
    known.ok_or_else(|| RunError::Unknown { name: full_name.to_owned() }.into())
}
