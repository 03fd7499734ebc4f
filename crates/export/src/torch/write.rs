use baeum_core::{DType, Graph, Layer, Tensor};

use super::TOP;
use crate::wire::{pickle, zip};

/// The file of a `state_dict`, to be loaded by `torch.load(.., weights_only=True)`; `graph` says what its modules are.
pub(crate) fn write(graph: &Graph, tensors: &[(String, Tensor)]) -> Vec<u8> {
    // PyTorch's own alignment, so that a file mapped into memory gives aligned tensors.
    let mut archive = zip::Writer::aligned(64);
    archive.add(&format!("{TOP}/data.pkl"), &state_dict(graph, tensors));
    archive.add(&format!("{TOP}/byteorder"), b"little");
    for (key, (_, tensor)) in
        tensors.iter().enumerate().filter(|(key, _)| storage_of(graph, tensors, *key) == *key)
    {
        archive.add(&format!("{TOP}/data/{key}"), &tensor.data().to_bytes());
    }
    archive.add(&format!("{TOP}/version"), b"3\n");
    archive.finish()
}

fn state_dict(graph: &Graph, tensors: &[(String, Tensor)]) -> Vec<u8> {
    let mut pickle = pickle::Writer::new();
    ordered_dict(&mut pickle);
    pickle.set_items(|p| {
        for (key, (name, tensor)) in tensors.iter().enumerate() {
            p.text(name);
            rebuild(p, storage_of(graph, tensors, key), tensor);
        }
    });
    pickle.empty_dict();
    pickle.set_items(|p| {
        p.text("_metadata");
        versions(p, graph);
    });
    pickle.build();
    pickle.finish()
}

/// Which tensor's numbers a tensor has: its own, or those of a table that it is tied to.
fn storage_of(graph: &Graph, tensors: &[(String, Tensor)], key: usize) -> usize {
    let name = tensors.get(key).map(|(name, _)| name);
    let table = graph.tied().find(|(copy, _)| Some(copy) == name).map(|(_, table)| table);
    tensors.iter().position(|(name, _)| Some(name) == table.as_ref()).unwrap_or(key)
}

fn ordered_dict(pickle: &mut pickle::Writer) {
    pickle.global("collections", "OrderedDict");
    pickle.empty_tuple();
    pickle.reduce();
}

/// A tensor over the entry `data/<key>`, row-major from its first number.
fn rebuild(pickle: &mut pickle::Writer, key: usize, tensor: &Tensor) {
    pickle.global("torch._utils", "_rebuild_tensor_v2");
    pickle.tuple(|p| {
        p.tuple(|p| {
            p.text("storage");
            p.global("torch", storage(tensor.dtype()));
            p.text(&key.to_string());
            p.text("cpu");
            p.int(tensor.len() as i64);
        });
        p.persistent();
        p.int(0); // offset
        p.tuple(|p| tensor.shape().iter().for_each(|&size| p.int(size as i64)));
        p.tuple(|p| strides(tensor.shape()).into_iter().for_each(|stride| p.int(stride as i64)));
        p.no(); // a state_dict holds no gradients
        ordered_dict(p); // nor hooks
    });
    pickle.reduce();
}

/// The version of each module, by which PyTorch tells old files. Batch norm is at 2: without it, PyTorch would take its
/// counters for missing.
fn versions(pickle: &mut pickle::Writer, graph: &Graph) {
    ordered_dict(pickle);
    pickle.set_items(|p| {
        version(p, "", 1);
        for node in graph.nodes() {
            version(p, &node.name, if matches!(node.layer, Layer::BatchNorm { .. }) { 2 } else { 1 });
        }
    });
}

fn version(pickle: &mut pickle::Writer, module: &str, version: i64) {
    pickle.text(module);
    pickle.empty_dict();
    pickle.set_items(|p| {
        p.text("version");
        p.int(version);
    });
}

fn storage(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "FloatStorage",
        DType::F64 => "DoubleStorage",
        DType::I64 => "LongStorage",
        DType::U8 => "ByteStorage",
    }
}

/// How far apart neighbours along each axis lie, row-major. An empty axis counts as one, as in PyTorch.
pub(super) fn strides(sizes: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; sizes.len()];
    for axis in (1..sizes.len()).rev() {
        strides[axis - 1] = strides[axis] * sizes[axis].max(1);
    }
    strides
}
