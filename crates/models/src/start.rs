//! Starting from what another network has learned.

mod folder;
mod translate;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use baeum_core::{DType, Graph, Layer, Model, Tensor, Weights, fits};
use serde::{Deserialize, Serialize};

use crate::ModelError;
pub use folder::{BertFolder, Folder, FolderActivation, FolderError, Gpt2Folder};
use translate::translate;

/// The setting `models.start`: where parameters and running statistics come from before training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartConfig {
    /// A `.safetensors` or `.pth` file, or a folder of a GPT-2 or a BERT as Hugging Face's transformers writes it (`config.json` and
    /// `model.safetensors`); looked for where data files are. Halves (`f16`, `bf16`) are read as `f32`.
    pub weights: String,
    /// What names in the file begin with, and what they begin with here: `{ "encoder." = "" }`. The longest beginning counts; a
    /// name that begins with none stays.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rename: BTreeMap<String, String>,
    /// Tensors of this network that start fresh, whatever the file says, such as `["head.*"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fresh: Vec<String>,
    /// Tensors of the file that are left out, by their names there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

/// A file of weights and a network do not fit; every tensor that does not is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartError {
    /// The file.
    pub file: String,
    /// Tensors of the network that the file has not.
    pub missing: Vec<String>,
    /// Tensors of the file that the network has not, by their names here.
    pub unknown: Vec<String>,
    /// Two tensors of the file that would have one name here.
    pub twice: Vec<String>,
    /// Settings that fit no tensor, by their paths in the recipe, such as ``models.start.fresh[0]` `hed.*``.
    pub idle: Vec<String>,
    /// Tensors with numbers that are not finite, by their names here.
    pub infinite: Vec<String>,
    /// Tensors of other sizes or of another type: the name here, what it wants, what came.
    pub misshapen: Vec<(String, Vec<usize>, String)>,
}

impl std::error::Error for StartError {}

impl StartError {
    fn lists_nothing(&self) -> bool {
        let StartError { file: _, missing, unknown, twice, idle, infinite, misshapen } = self;
        [missing, unknown, twice, idle, infinite].iter().all(|names| names.is_empty()) && misshapen.is_empty()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` does not fit the network", self.file.escape_debug())?;
        listed(f, "the network wants, and the file has not,", &self.missing)?;
        listed(f, "the file has, and the network has not,", &self.unknown)?;
        listed(f, "the file has twice", &self.twice)?;
        listed(f, "not all numbers are finite in", &self.infinite)?;
        listed(f, "no tensor is meant by", &self.idle)?;
        for (name, wanted, got) in &self.misshapen {
            write!(f, "; `{name}` wants {wanted:?} of f32, got {got}")?;
        }
        f.write_str(
            ". Of `models.start`, `rename` gives names, `fresh` leaves tensors of the network as they start, and `ignore` leaves out \
             tensors of the file",
        )
    }
}

fn listed(f: &mut fmt::Formatter<'_>, what: &str, names: &[String]) -> fmt::Result {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
    if names.is_empty() { Ok(()) } else { write!(f, "; {what} {}", names.join(", ")) }
}

/// The model, started from the tensors of a file instead of from random ones.
///
/// # Errors
/// [`StartError`] lists all that is missing, left over, or of other sizes; nothing is taken over then.
pub fn start_from(model: Model, start: &StartConfig, file: &Weights) -> Result<Model, StartError> {
    let idle = start.idle(&model.weights, file);
    taken_over(model, start, file, idle)
}

/// `idle`: settings that fit no tensor, as [`StartError`] lists them.
fn taken_over(
    model: Model,
    start: &StartConfig,
    file: &Weights,
    idle: Vec<String>,
) -> Result<Model, StartError> {
    let Model { graph, mut weights, mut taken } = model;
    let mut wrong = StartError { file: start.weights.clone(), idle, ..StartError::default() };
    let mut wanted: BTreeSet<String> = weights.keys().filter(|name| !start.is_fresh(name)).cloned().collect();
    for (there, tensor) in file.iter().filter(|(there, _)| !start.is_ignored(there)) {
        let here = start.name(there);
        match weights.get_mut(&here) {
            None if is_counter(&graph, &here) || is_copy(&graph, start, file, (&here, tensor)) => {}
            None => wrong.unknown.push(here),
            Some(_) if start.is_fresh(&here) => {}
            Some(_) if !wanted.remove(&here) => wrong.twice.push(here),
            Some(own) if tensor.shape() != own.shape() || tensor.dtype() != DType::F32 => {
                wrong.misshapen.push((here, own.shape().to_vec(), shown(tensor)));
            }
            Some(_) if !is_finite(tensor) => wrong.infinite.push(here),
            Some(own) => {
                *own = tensor.clone();
                taken.insert(here, there.clone());
            }
        }
    }
    wrong.missing = wanted.into_iter().collect();
    if wrong.lists_nothing() { Ok(Model { graph, weights, taken }) } else { Err(wrong) }
}

/// The model, started from the network of a folder: `folder` is what its `config.json` says, `tensors` what its
/// `model.safetensors` has.
///
/// The network must be that of the folder, up to dropout and to how many places a text has. Tensors get the names of the presets
/// `gpt` and `transformer_encoder`, and are laid as ours are.
///
/// # Errors
/// [`FolderError`] for numbers that no network has, and for another network; [`StartError`] as [`start_from`].
pub fn start_from_folder(
    model: Model,
    start: &StartConfig,
    folder: &Folder,
    mut tensors: Weights,
) -> Result<Model, ModelError> {
    if !start.rename.is_empty() {
        return Err(FolderError::Rename.into());
    }
    let numbers = folder.refuse_another(&model.graph)?;
    let idle = start.idle(&model.weights, &tensors);
    tensors.retain(|name, _| !start.is_ignored(name));
    let translated = translate(folder, numbers.blocks, &model.graph, tensors);
    let mut model = taken_over(model, start, &translated.tensors, idle)?;
    model.taken.extend(translated.there.into_iter().filter(|(here, _)| !start.is_fresh(here)));
    Ok(model)
}

impl StartConfig {
    /// What a tensor of the file is called here.
    fn name(&self, there: &str) -> String {
        let begins = |(from, _): &(&String, &String)| there.starts_with(from.as_str());
        match self.rename.iter().filter(begins).max_by_key(|(from, _)| from.len()) {
            Some((from, to)) => format!("{to}{}", &there[from.len()..]),
            None => there.to_owned(),
        }
    }

    /// The patterns and beginnings that fit none of our names or none of those in the file: nothing that a person says is for
    /// nothing.
    fn idle(&self, here: &Weights, there: &Weights) -> Vec<String> {
        let fresh = self.fresh.iter().filter(|pattern| !here.keys().any(|name| fits(pattern, name)));
        let ignore = self.ignore.iter().filter(|pattern| !there.keys().any(|name| fits(pattern, name)));
        let rename = self.rename.keys().filter(|from| !there.keys().any(|name| name.starts_with(*from)));
        let said = |setting: &'static str| move |what: &String| format!("models.start.{setting} = {what}");
        fresh.map(said("fresh")).chain(ignore.map(said("ignore"))).chain(rename.map(said("rename"))).collect()
    }

    fn is_fresh(&self, here: &str) -> bool {
        self.fresh.iter().any(|pattern| fits(pattern, here))
    }

    fn is_ignored(&self, there: &str) -> bool {
        self.ignore.iter().any(|pattern| fits(pattern, there))
    }
}

/// Whether it is what PyTorch counts the batches of a batch norm in; it changes no answer, and we keep none.
fn is_counter(graph: &Graph, name: &str) -> bool {
    let norm = name.strip_suffix(".num_batches_tracked").and_then(|node| graph.find(node));
    norm.is_some_and(|id| matches!(graph[id].layer, Layer::BatchNorm { .. }))
}

/// Whether it is the second name of a table that is used twice, and the same table.
fn is_copy(graph: &Graph, start: &StartConfig, file: &Weights, (here, tensor): (&str, &Tensor)) -> bool {
    let table = graph.tied().find(|(copy, _)| copy == here).map(|(_, table)| table);
    let mut same = file.iter().filter(|(there, _)| table.as_ref() == Some(&start.name(there)));
    same.any(|(_, found)| found == tensor)
}

fn is_finite(tensor: &Tensor) -> bool {
    tensor.f32s().is_ok_and(|numbers| numbers.iter().all(|number| number.is_finite()))
}

fn shown(tensor: &Tensor) -> String {
    format!("{:?} of {}", tensor.shape(), tensor.dtype())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::initial;
    use crate::testing::{cases, chain};
    use baeum_core::ChannelAxis;

    /// A dense layer and a batch norm, `l0` and `l1`, and the head.
    fn model(seed: u64) -> Model {
        let layers = vec![
            Layer::Dense { units: 4, bias: true },
            Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second },
        ];
        let graph = chain(&[3], DType::F32, layers);
        let weights = initial(&graph, seed);
        Model { graph, weights, taken: BTreeMap::new() }
    }

    fn start(json: &str) -> StartConfig {
        serde_json::from_str(json).unwrap()
    }

    /// What another network has learned, under names that begin with `old.`.
    fn file() -> Weights {
        let mut file: Weights =
            model(2).weights.into_iter().map(|(name, tensor)| (format!("old.{name}"), tensor)).collect();
        file.insert("old.l1.num_batches_tracked".to_owned(), Tensor::zeros([], DType::I64));
        file
    }

    const RENAMED: &str = r#"{"weights": "old.pth", "rename": {"old.": ""}}"#;

    #[test]
    fn every_tensor_is_taken_over_under_its_name_here() {
        let started = start_from(model(1), &start(RENAMED), &file()).unwrap();
        assert_eq!(started.weights, model(2).weights);
        assert_eq!(started.taken["l0.weight"], "old.l0.weight");
        assert_eq!(started.taken.len(), started.weights.len());
    }

    #[test]
    fn a_new_head_starts_fresh() {
        let mut file = file();
        file.insert("old.head.weight".to_owned(), Tensor::zeros([9, 9], DType::F32));
        file.insert("old.mask".to_owned(), Tensor::zeros([1], DType::F32));
        let said =
            r#"{"weights": "old.pth", "rename": {"old.": ""}, "fresh": ["head.*"], "ignore": ["*.mask"]}"#;
        let started = start_from(model(1), &start(said), &file).unwrap();
        assert_eq!(started.weights["head.weight"], model(1).weights["head.weight"]);
        assert_eq!(started.weights["l0.weight"], model(2).weights["l0.weight"]);
        assert!(!started.taken.contains_key("head.weight"));
    }

    #[test]
    fn a_table_that_stands_twice_is_taken_once() {
        let (_, graph) = cases().into_iter().find(|(name, _)| *name == "unembedding").unwrap();
        let model =
            |seed| Model { weights: initial(&graph, seed), graph: graph.clone(), taken: BTreeMap::new() };
        let mut file = model(2).weights;
        file.insert("first.weight".to_owned(), file["vectors.weight"].clone());
        let said = start(r#"{"weights": "old.pth"}"#);
        assert_eq!(start_from(model(1), &said, &file).unwrap().weights, model(2).weights);
        file.insert("second.weight".to_owned(), Tensor::zeros([6, 2], DType::F32));
        assert_eq!(start_from(model(1), &said, &file).unwrap_err().unknown, ["second.weight"]);
    }

    #[test]
    fn the_longest_beginning_gives_the_name() {
        let said = start(r#"{"weights": "w", "rename": {"a.": "x.", "a.b.": "y.", "c": "d"}}"#);
        assert_eq!(["a.c", "a.b.c", "c", "e"].map(|name| said.name(name)), ["x.c", "y.c", "d", "e"]);
    }

    #[test]
    fn all_that_does_not_fit_is_listed() {
        let mut file = file();
        file.remove("old.l1.bias");
        file.remove("old.l1.weight");
        file.insert("old.l0.weight".to_owned(), Tensor::zeros([3, 4], DType::F32));
        file.insert("old.l0.bias".to_owned(), Tensor::zeros([4], DType::F64));
        file.insert("new.x".to_owned(), Tensor::zeros([1], DType::F32));
        file.insert("l1.running_var".to_owned(), Tensor::zeros([4], DType::F32));
        let error = start_from(model(1), &start(RENAMED), &file).unwrap_err();
        let expect = "`old.pth` does not fit the network; the network wants, and the file has not, `l1.bias`, `l1.weight`; the file \
                      has, and the network has not, `new.x`; the file has twice `l1.running_var`; `l0.bias` wants [4] of f32, got [4] \
                      of f64; `l0.weight` wants [4, 3] of f32, got [3, 4] of f32. Of `models.start`, `rename` gives names, `fresh` \
                      leaves tensors of the network as they start, and `ignore` leaves out tensors of the file";
        assert_eq!(error.to_string(), expect);
    }

    #[test]
    fn what_is_said_for_nothing_is_refused() {
        let said = start(
            r#"{"weights": "old.pth", "rename": {"old.": "", "odl.": "x."}, "fresh": ["l0.*", "hed.*"], "ignore": ["pool*"]}"#,
        );
        let error = start_from(model(1), &said, &file()).unwrap_err();
        assert_eq!(
            error.idle,
            ["models.start.fresh = hed.*", "models.start.ignore = pool*", "models.start.rename = odl."]
        );
        let expect =
            "`old.pth` does not fit the network; no tensor is meant by `models.start.fresh = hed.*`, ";
        assert!(error.to_string().starts_with(expect), "{error}");
    }

    #[test]
    fn numbers_that_are_not_finite_are_no_start() {
        for number in [f32::NAN, f32::INFINITY] {
            let mut file = file();
            file.insert("old.l0.bias".to_owned(), Tensor::vector(vec![0.0, number, 0.0, 0.0]));
            let error = start_from(model(1), &start(RENAMED), &file).unwrap_err();
            let expect = "`old.pth` does not fit the network; not all numbers are finite in `l0.bias`. ";
            assert!(error.to_string().starts_with(expect), "{error}");
        }
    }
}
