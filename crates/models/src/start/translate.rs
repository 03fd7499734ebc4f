//! Tensors of a folder under our names, laid as ours are.

use std::collections::BTreeMap;

use baeum_core::{DType, Graph, Layer, Tensor, Weights};

use super::folder::Folder;

/// Tensors under our names, or under their own where none of ours is theirs; and what each of ours was there.
pub(super) struct Translated {
    pub(super) tensors: Weights,
    pub(super) there: BTreeMap<String, String>,
}

/// `tensors`: those of the folder, by their names there. What is missing there is missing behind.
pub(super) fn translate(folder: &Folder, blocks: usize, graph: &Graph, tensors: Weights) -> Translated {
    let mut moving = Moving { left: tensors, tensors: Weights::new(), there: BTreeMap::new(), graph };
    match folder {
        Folder::Gpt2(_) => moving.gpt2(blocks),
        Folder::Bert(_) => moving.bert(blocks),
    }
    let Moving { left, mut tensors, there, .. } = moving;
    tensors.extend(left);
    Translated { tensors, there }
}

struct Moving<'a> {
    /// What nobody has asked for yet.
    left: Weights,
    tensors: Weights,
    there: BTreeMap<String, String>,
    graph: &'a Graph,
}

impl Moving<'_> {
    /// Its dense layers lie as `[in, out]` (`Conv1D`).
    fn gpt2(&mut self, blocks: usize) {
        let start = self.beginning("transformer.", "wte.weight");
        self.take("embedding.weight", [format!("{start}wte.weight")], "", |[table]| Some(table));
        self.places([format!("{start}wpe.weight")]);
        self.pair("norm", &format!("{start}ln_f"));
        for i in 0..blocks {
            let (here, there) = (format!("block{}", i + 1), format!("{start}h.{i}"));
            self.pair(&format!("{here}_norm1"), &format!("{there}.ln_1"));
            self.pair(&format!("{here}_norm2"), &format!("{there}.ln_2"));
            for (ours, theirs) in [
                ("attention.in_proj_", "attn.c_attn."),
                ("attention.out_proj.", "attn.c_proj."),
                ("dense1.", "mlp.c_fc."),
                ("dense2.", "mlp.c_proj."),
            ] {
                let names = |end: &str| (format!("{here}_{ours}{end}"), [format!("{there}.{theirs}{end}")]);
                let ((weight, weight_there), (bias, bias_there)) = (names("weight"), names("bias"));
                self.take(&weight, weight_there, ", turned", |[weight]| turned(&weight));
                self.take(&bias, bias_there, "", |[bias]| Some(bias));
            }
        }
        self.head();
    }

    /// A single segment is all there is, so its vector is part of every place.
    fn bert(&mut self, blocks: usize) {
        let start = self.beginning("bert.", "embeddings.word_embeddings.weight");
        let of = |name: &str| format!("{start}embeddings.{name}");
        self.take("embedding.weight", [of("word_embeddings.weight")], "", |[table]| Some(table));
        self.places([of("position_embeddings.weight"), of("token_type_embeddings.weight")]);
        self.pair("embedding_norm", &of("LayerNorm"));
        for i in 0..blocks {
            let (here, there) = (format!("block{}", i + 1), format!("{start}encoder.layer.{i}"));
            for end in ["weight", "bias"] {
                let parts =
                    ["query", "key", "value"].map(|part| format!("{there}.attention.self.{part}.{end}"));
                self.take(&format!("{here}_attention.in_proj_{end}"), parts, "", |parts| joined(&parts));
            }
            self.pair(&format!("{here}_attention.out_proj"), &format!("{there}.attention.output.dense"));
            self.pair(&format!("{here}_norm1"), &format!("{there}.attention.output.LayerNorm"));
            self.pair(&format!("{here}_dense1"), &format!("{there}.intermediate.dense"));
            self.pair(&format!("{here}_dense2"), &format!("{there}.output.dense"));
            self.pair(&format!("{here}_norm2"), &format!("{there}.output.LayerNorm"));
        }
    }

    /// What the names begin with, in the file of a network with a head and in that of one without.
    fn beginning(&self, whole: &'static str, name: &str) -> &'static str {
        if self.left.contains_key(&format!("{whole}{name}")) { whole } else { "" }
    }

    /// Makes one tensor of several that are all there; where they do not fit, they stay as they are, and are told.
    fn take<const N: usize>(
        &mut self,
        here: &str,
        there: [String; N],
        how: &str,
        make: impl Fn([Tensor; N]) -> Option<Tensor>,
    ) {
        let parts = there.each_ref().map(|name| self.left.get(name).cloned());
        if parts.iter().any(Option::is_none) {
            return;
        }
        let empty = || Tensor::zeros([0], DType::F32);
        if let Some(made) = make(parts.map(|part| part.unwrap_or_else(empty))) {
            there.iter().for_each(|name| drop(self.left.remove(name)));
            self.tensors.insert(here.to_owned(), made);
            self.there.insert(here.to_owned(), there.join(" and ") + how);
        }
    }

    /// Weight and bias, as they are.
    fn pair(&mut self, here: &str, there: &str) {
        for end in ["weight", "bias"] {
            self.take(&format!("{here}.{end}"), [format!("{there}.{end}")], "", |[tensor]| Some(tensor));
        }
    }

    /// The first places, as many as the network has; a second table gives its first row to each.
    fn places<const N: usize>(&mut self, there: [String; N]) {
        let position = self.graph.find("position").map(|id| &self.graph[id].layer);
        let Some(Layer::PositionEmbedding { length }) = position else { return };
        let how = format!(", {length} places");
        self.take("position.weight", there, &how, |tables| places(&tables, *length));
    }

    /// What scores pieces, where it is not the table of the vectors itself.
    fn head(&mut self) {
        let tied = self.graph.nodes().iter().find(|node| matches!(node.layer, Layer::Unembedding { .. }));
        let name = tied.map_or("head.weight".to_owned(), |node| format!("{}.weight", node.name));
        self.take(&name, ["lm_head.weight".to_owned()], "", |[weight]| Some(weight));
        let width = self.tensors.get(&name).map(|weight| weight.shape()[0]);
        if let (Some(width), None) = (width, tied) {
            self.tensors.insert("head.bias".to_owned(), Tensor::zeros([width], DType::F32));
            self.there.insert("head.bias".to_owned(), "zeros, for it has none".to_owned());
        }
    }
}

/// Rows become columns.
fn turned(tensor: &Tensor) -> Option<Tensor> {
    let (&[rows, columns], Ok(numbers)) = (tensor.shape(), tensor.f32s()) else { return None };
    let column = |column: usize| numbers.iter().skip(column).step_by(columns.max(1)).copied();
    Tensor::new([columns, rows], (0..columns).flat_map(column).collect::<Vec<f32>>()).ok()
}

/// One below the other.
fn joined(parts: &[Tensor]) -> Option<Tensor> {
    let rest = parts.first()?.shape().get(1..)?;
    let (mut rows, mut numbers) = (0, vec![]);
    for part in parts {
        if part.shape().get(1..) != Some(rest) {
            return None;
        }
        rows += part.shape()[0];
        numbers.extend_from_slice(part.f32s().ok()?);
    }
    Tensor::new([&[rows], rest].concat(), numbers).ok()
}

fn places(tables: &[Tensor], length: usize) -> Option<Tensor> {
    let (first, more) = tables.split_first()?;
    let &[rows, units] = first.shape() else { return None };
    let mut numbers = first.f32s().ok()?.get(..length.min(rows) * units)?.to_vec();
    for table in more {
        let segment = table.f32s().ok()?.get(..units)?;
        for row in numbers.chunks_exact_mut(units.max(1)) {
            row.iter_mut().zip(segment).for_each(|(number, more)| *number += more);
        }
    }
    Tensor::new([length.min(rows), units], numbers).ok()
}
