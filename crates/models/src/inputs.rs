//! Several inputs of a network, each read by layers that name it.

use baeum_core::{DType, InputSpec, Layer};

use crate::config::in_words;
use crate::plan::Step;
use crate::{ModelError, ModelPlan, heads, lengths};

/// What a name is made of that stands in front of a parameter's.
pub(crate) const PLAIN: &str = "letters, digits and `_`";

/// What comes in under one name.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    /// The sizes of one item.
    pub(crate) item: &'a [usize],
    pub(crate) dtype: DType,
    /// What a text is filled up with behind.
    pub(crate) padding: Option<u32>,
    /// How many different ids may come in; 1 where numbers do.
    pub(crate) ids: usize,
}

impl<'a> Entry<'a> {
    pub(crate) fn of(input: &'a InputSpec) -> Entry<'a> {
        let padding = lengths::padding(input);
        Entry { name: &input.name, item: &input.shape, dtype: input.dtype, padding, ids: ids(input) }
    }

    /// The same before any data are seen: whether numbers or ids will come is not known yet, so it is what the first reader
    /// wants; `place` counts inputs and steps.
    pub(crate) fn expected(name: &'a str, item: &'a [usize], place: usize, steps: &[Step]) -> Entry<'a> {
        let takes = |step: &Step| {
            let slot = step.inputs.iter().position(|read| *read == place)?;
            Some(step.layer.takes(slot))
        };
        let dtype = steps.iter().find_map(takes).unwrap_or(DType::F32);
        Entry { name, item, dtype, padding: None, ids: 1 }
    }

    /// Refuses a table with fewer rows than there are ids to look up.
    pub(crate) fn refuse_table(&self, step: &Step) -> Result<(), ModelError> {
        let Layer::Embedding { vocabulary, .. } = step.layer else { return Ok(()) };
        if vocabulary >= self.ids {
            return Ok(());
        }
        let Entry { ids, name, .. } = self;
        let rule = format!(
            "must have a `vocabulary` of at least {ids}, as many ids as `{name}` has, got {vocabulary}"
        );
        Err(ModelError::Setting { path: step.path.clone(), rule })
    }
}

/// How many different ids come in, as the data stage has counted them; 1 where numbers do.
pub(crate) fn ids(input: &InputSpec) -> usize {
    let places = input.columns.iter().filter_map(|column| column.steps.last()?.places());
    places.max().unwrap_or(1)
}

impl ModelPlan {
    /// Refuses data with other inputs than the plan was made for.
    pub(crate) fn refuse_others(&self, inputs: &[InputSpec]) -> Result<(), ModelError> {
        let got: Vec<&String> = inputs.iter().map(|input| &input.name).collect();
        match self.inputs().iter().eq(got.iter().copied()) {
            true => Ok(()),
            false => Err(ModelError::Inputs { wanted: named(self.inputs()), got: in_words(got.into_iter()) }),
        }
    }
}

/// Whether a name can stand in front of a parameter's.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Inputs are nodes, and called as these are.
pub(crate) fn check(inputs: &[String]) -> Result<(), ModelError> {
    let refuse = |name: &String, rule| {
        Err(ModelError::Name { path: format!("data.inputs.{name}"), rule, name: name.clone() })
    };
    for name in inputs {
        if !is_plain(name) {
            return refuse(name, PLAIN);
        }
        if heads::is_of_a_head(name) {
            return refuse(name, "a name that is not taken by the heads");
        }
    }
    Ok(())
}

/// A preset is one way from one input.
pub(crate) fn preset(name: &str, inputs: &[String]) -> ModelError {
    let got = named(inputs);
    let rule = format!(
        "wants data with one input, got {got}; write `models.layers`, with a branch from each of them"
    );
    ModelError::Setting { path: format!("models.{name}"), rule }
}

/// The first layer has none above it to read.
pub(crate) fn unsaid(path: String, inputs: &[String]) -> ModelError {
    let first = inputs.first().map_or("", String::as_str);
    let rule = format!(
        "wants to say which input it reads, as there are {}; write `from = [\"{first}\"]`",
        named(inputs)
    );
    ModelError::Setting { path, rule }
}

fn named(inputs: &[String]) -> String {
    in_words(inputs.iter())
}
