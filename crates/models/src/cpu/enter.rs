//! From the tensors of a batch into the arena.

use baeum_core::{Batch, DType, Data, Graph, NetworkError, Node, Tensor, TensorError};
use baeum_kernels::{Ctx, Write, as_words_mut, copy};

use crate::checks;
use crate::network::RunError;

/// Refuses a batch without an input of the graph, or with one of other sizes.
pub(super) fn check(graph: &Graph, batch: &Batch) -> Result<(), NetworkError> {
    for node in graph.inputs() {
        let x = tensor(batch, node)?;
        let sizes = x.shape().iter().zip(&node.shape.0);
        let fits = x.shape().len() == node.shape.rank() && !x.is_empty();
        // An axis that is open is the batch.
        if !fits || !sizes.into_iter().all(|(got, dim)| dim.size().unwrap_or(batch.rows) == *got) {
            let (name, wanted, got) = (node.name.clone(), node.shape.to_string(), x.shape().to_vec());
            return Err(RunError::Input { name, wanted, got }.into());
        }
        let id = graph.find(&node.name);
        for reader in graph.nodes() {
            match reader.inputs.iter().position(|read| Some(*read) == id) {
                None => {}
                Some(0) => check_ids(reader, x)?,
                Some(1..) => check_lengths(graph, reader, x)?,
            }
        }
    }
    Ok(())
}

fn check_ids(reader: &Node, x: &Tensor) -> Result<(), NetworkError> {
    match reader.layer.ids() {
        Some(vocabulary) => checks::ids(&reader.name, x.i64s()?, vocabulary),
        None => Ok(()),
    }
}

/// What is read beside a sequence says how long it is, unless it is a number like all others.
fn check_lengths(graph: &Graph, reader: &Node, x: &Tensor) -> Result<(), NetworkError> {
    let time = reader.inputs.first().and_then(|id| graph[*id].shape.0.get(1)?.size());
    if let (DType::I64, Some(time)) = (reader.layer.takes(1), time) {
        checks::lengths(&reader.name, x.i64s()?, time, |_| ())?;
    }
    Ok(())
}

/// The tensor of an input node.
pub(super) fn tensor<'a>(batch: &'a Batch, node: &Node) -> Result<&'a Tensor, NetworkError> {
    batch.inputs.get(&node.name).ok_or_else(|| NetworkError::Input { name: node.name.clone() })
}

/// Numbers of either width.
pub(super) fn numbers(ctx: &Ctx, tensor: &Tensor, place: &mut [f32]) -> Result<(), NetworkError> {
    match tensor.data() {
        Data::F32(numbers) => copy(ctx, numbers, place, Write::Set),
        Data::F64(numbers) => {
            place.iter_mut().zip(numbers).for_each(|(place, number)| *place = *number as f32);
        }
        Data::I64(_) | Data::U8(_) => {
            return Err(TensorError::Type { wanted: DType::F32, got: tensor.dtype() }.into());
        }
    }
    Ok(())
}

/// Ids that [`check`] let pass, as words.
pub(super) fn ids(tensor: &Tensor, place: &mut [f32]) -> Result<(), NetworkError> {
    let words = as_words_mut(place).iter_mut();
    words.zip(tensor.i64s()?).for_each(|(word, id)| *word = *id as u32);
    Ok(())
}
