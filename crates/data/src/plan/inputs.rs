//! Several inputs of the network, and what must stand in one alone.

use super::check::{self, Checked, refuse, refuse_empty};
use super::{DataPlan, SourcePlan};
use crate::config::{DataConfig, InputConfig, KindConfig, StepConfig};

/// What the one input is called that a network has unless the recipe names several.
pub(crate) const INPUT: &str = "x";

/// What an image asks of the other columns of its table.
pub(crate) const IMAGE_ALONE: &str = "an image to be the one field of its input";

const PATH: &str = "data.inputs";

/// An image of a table stands alone before the network, or in an input of its own.
pub(super) fn images(config: &DataConfig) -> Checked {
    for (image, field) in &config.fields {
        let Some(KindConfig::Image { folder, .. }) = &field.kind else { continue };
        let path = format!("data.fields.{image}.kind");
        if let Some(folder) = folder {
            refuse_empty(&format!("{path}.image.folder"), folder)?;
        }
        let mut seen = config.fields.keys().chain(config.vectors.keys());
        let got = match config.inputs.is_empty() {
            true => seen
                .find(|name| *name != image)
                .map(|other| format!("`{other}` beside it; name several `data.inputs`")),
            false => config
                .inputs
                .values()
                .find_map(|input| beside(input, image))
                .map(|other| format!("`{other}` beside it")),
        };
        if let Some(got) = got {
            return refuse(path, IMAGE_ALONE, got);
        }
    }
    Ok(())
}

/// A field that stands in an input beside the image.
fn beside<'a>(input: &'a InputConfig, image: &str) -> Option<&'a String> {
    let fields = &input.fields.0;
    fields.iter().find(|name| *name != image).filter(|_| fields.iter().any(|name| name == image))
}

/// What can be refused before any data are read.
pub(super) fn check(config: &DataConfig, source: &SourcePlan, targets: &[String]) -> Checked {
    if config.inputs.is_empty() {
        return Ok(());
    }
    if config.inputs.len() == 1 {
        let wants = format!("two inputs or more; one alone is called `{INPUT}` and takes all fields");
        return refuse(PATH, wants, "one");
    }
    if let SourcePlan::Text { .. } = source {
        return refuse(PATH, "to be left out, for a text that is gone on with is one input", "several");
    }
    if let Some(shape) = &config.shape {
        let wants = "to be left out beside `data.inputs`, each of which may have a `shape`";
        return refuse("data.shape", wants, format!("{shape:?}"));
    }
    config.inputs.iter().try_for_each(|(name, input)| {
        check::shape(&format!("{PATH}.{name}.shape"), input.shape.as_deref())?;
        fields(config, &format!("{PATH}.{name}.fields"), input, targets)
    })
}

fn fields(config: &DataConfig, path: &str, input: &InputConfig, targets: &[String]) -> Checked {
    let fields = &input.fields.0;
    if fields.is_empty() {
        return refuse(path, "a field", "an empty list");
    }
    for (place, field) in fields.iter().enumerate() {
        let path = input.path_of(path, place);
        if targets.contains(field) {
            return refuse(path, "a field that the network sees", "the target");
        }
        if config.ignore.iter().chain(&config.ids).any(|column| column == field) {
            return refuse(path, "a field that the network sees", "one of `data.ignore` or `data.ids`");
        }
        if fields[..place].contains(field) {
            return refuse(path, "each field once", format!("`{field}` again"));
        }
    }
    Ok(())
}

impl InputConfig {
    /// Where the recipe names a field; `path` is that of the list.
    pub(crate) fn path_of(&self, path: &str, place: usize) -> String {
        if let [_] = self.fields.0[..] { path.to_owned() } else { format!("{path}[{place}]") }
    }
}

impl DataPlan {
    /// The inputs of the network by name, with the sizes of one item as far as the recipe alone tells them.
    pub fn items(&self) -> Vec<(&str, Option<Vec<usize>>)> {
        if self.config.inputs.is_empty() {
            return vec![(INPUT, self.item_shape())];
        }
        let item = |input: &InputConfig| {
            let of_field = || if let [field] = &input.fields.0[..] { self.item_of(field) } else { None };
            input.shape.clone().or_else(of_field)
        };
        self.config.inputs.iter().map(|(name, input)| (name.as_str(), item(input))).collect()
    }

    /// The sizes of a field that stands alone in its input, if it is an image or a text.
    fn item_of(&self, field: &str) -> Option<Vec<usize>> {
        if let Some(image) = self.image_columns().find(|image| image.name == field) {
            return self.resized(image.name, image.channels);
        }
        self.field(field)?.steps.iter().flatten().find_map(places)
    }

    /// How the numbers of a field are laid out before the network, where the recipe says it.
    pub(crate) fn laid_out(&self, field: &str) -> Option<&[usize]> {
        let of_input = self.config.inputs.values().find(|input| input.fields.0 == [field]);
        of_input.and_then(|input| input.shape.as_deref()).or(self.config.shape.as_deref())
    }
}

/// How many places a step cuts a text into.
pub(super) fn places(step: &StepConfig) -> Option<Vec<usize>> {
    if let StepConfig::Tokenise { length, .. } = step { Some(vec![*length]) } else { None }
}
