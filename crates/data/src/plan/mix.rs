//! What `data.mix` can mix: refusals of the recipe alone, and of what the data turned out to be.

use baeum_core::{InputSpec, Pipeline, Schema, Stream, Transform};

use super::DataPlan;
use super::check::{Checked, refuse};
use super::steps::{Change, Form};
use crate::DataError;
use crate::augment::Mixer;
use crate::config::{DataConfig, KindConfig, MixConfig};

const PATH: &str = "data.mix";

/// Larger ones mix half and half, as this one does.
const MOST_ALPHA: f64 = 100.0;

/// What can be refused before any data are read.
pub(super) fn check(config: &DataConfig) -> Checked {
    let Some(mix) = config.mix else { return Ok(()) };
    if !(mix.alpha() > 0.0 && mix.alpha() <= MOST_ALPHA) {
        let path = format!("{PATH}.{}.alpha", mix.name());
        return refuse(path, format!("a number above 0, {MOST_ALPHA} at most"), mix.alpha().to_string());
    }
    match config.fields.iter().find(|(_, field)| field.kind() == Some(KindConfig::Text)) {
        None => Ok(()),
        Some((name, _)) => refuse_between(name, "a text"),
    }
}

/// Words are one or another, and so are places in a list of them.
fn refuse_between<T>(field: &str, what: &str) -> Checked<T> {
    refuse(PATH, "images and numbers, for there is nothing between two words", format!("`{field}`, {what}"))
}

/// Refuses inputs in which a field is still one word of several.
fn refuse_words(schema: &Schema, inputs: &[InputSpec]) -> Checked {
    for Pipeline { field: name, steps } in inputs.iter().flat_map(|input| &input.columns) {
        let field = schema.fields.iter().find(|field| field.name == *name);
        let after = |form: Form, step: &Transform| form.after(Change::from(step)).ok();
        match field.and_then(|field| steps.iter().try_fold(Form::of(&field.kind), after)) {
            Some(Form::Pieces { .. } | Form::Words) => return refuse_between(name, "a text"),
            Some(Form::Place | Form::Name) => {
                return refuse_between(name, "a place in a list; `one_hot` makes numbers of it");
            }
            Some(
                Form::Numbers(_)
                | Form::Image { .. }
                | Form::Series { .. }
                | Form::Window { .. }
                | Form::StepsFirst { .. },
            )
            | None => {}
        }
    }
    Ok(())
}

/// Height and width of the image that a rectangle is cut out of; none where nothing is cut.
fn image(mix: MixConfig, inputs: &[InputSpec]) -> Checked<Option<[usize; 2]>> {
    let shapes: Vec<&[usize]> = inputs.iter().map(|input| &input.shape[..]).collect();
    match (mix, &shapes[..]) {
        (MixConfig::Mixup { .. }, _) => Ok(None),
        (MixConfig::Cutmix { .. }, [[_, height, width]]) => Ok(Some([*height, *width])),
        (MixConfig::Cutmix { .. }, shapes) => {
            let wants = "an image `[channels, rows, columns]` for `cutmix`; `mixup` mixes any numbers";
            let shapes: Vec<String> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
            refuse(PATH, wants, shapes.join(", "))
        }
    }
}

impl DataPlan {
    /// What mixes these inputs, if the recipe asks for it; `rows` are those that teach.
    ///
    /// # Errors
    /// [`DataError::Setting`] for inputs that cannot be mixed.
    pub(crate) fn mixer(
        &self,
        schema: &Schema,
        inputs: &[InputSpec],
        rows: &[usize],
        stream: Stream,
    ) -> Result<Option<Mixer>, DataError> {
        let Some(mix) = self.config.mix else { return Ok(None) };
        refuse_words(schema, inputs)?;
        Ok(Some(Mixer { mix, image: image(mix, inputs)?, rows: rows.to_vec(), stream }))
    }
}
