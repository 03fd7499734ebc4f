//! The recipe: one file with a section for each stage, and the settings that `--set` changes in it.
//!
//! A recipe is read and checked whole before any data is: every mistake has its place in the file, or the argument that
//! it stands in. In reading order:

mod check;
mod run;
mod schema;
mod written;

mod depth;
mod error;
mod problem;
mod read;
mod refusal;
mod set;
mod source;
mod spans;
mod words;

pub use check::{CheckError, Plans};
pub use error::RecipeError;
pub use problem::Problem;
pub use run::{Precision, RunConfig, RunConfigError, RunPlan};
pub use schema::schema;
pub use source::{Origin, Place};
pub(crate) use words::list;
pub use written::WriteError;

use baeum_core::{Limit, Limits};
use baeum_data::DataConfig;
use baeum_evaluate::EvaluateConfig;
use baeum_export::ExportConfig;
use baeum_models::ModelConfig;
use baeum_train::TrainConfig;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use refusal::Refusal;
use set::Set;
use source::Sources;

/// Everything that decides a run, as it is said: a section for each stage, and one for all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// What concerns every stage.
    pub run: RunConfig,
    /// Where the examples come from, and how they become numbers.
    pub data: DataConfig,
    /// The network.
    pub models: ModelConfig,
    /// How the network learns.
    pub train: TrainConfig,
    /// How the result is measured.
    pub evaluate: EvaluateConfig,
    /// Which files are written.
    pub export: ExportConfig,
}

/// A recipe together with its text, so that whatever turns out to be wrong later can be shown at its place.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The recipe, with the arguments merged in.
    pub recipe: Recipe,
    sources: Sources,
}

impl Recipe {
    /// Reads a recipe. `name` is what messages call its file; `sets` are the `path=value` of `--set` arguments, of which
    /// a later one outdoes an earlier one.
    ///
    /// # Errors
    /// [`RecipeError`] for the first mistake.
    pub fn parse(name: &str, text: &str, sets: &[String]) -> Result<Parsed, RecipeError> {
        let sources = Sources::new(name, text, sets);
        let recipe = tree(&sources).and_then(|root| Recipe::deserialize(read::Value::new(root)));
        let recipe = recipe.map_err(|refusal| sources.error(refusal))?;
        Ok(Parsed { recipe, sources })
    }

    /// Reads a recipe from the bytes of its file.
    ///
    /// # Errors
    /// As [`Recipe::parse`], and if the file is not UTF-8.
    pub fn from_bytes(name: &str, bytes: &[u8], sets: &[String]) -> Result<Parsed, RecipeError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Recipe::parse(name, text, sets),
            Err(error) => {
                let end = error.valid_up_to();
                let problem = Problem::Encoding(bytes.get(end).copied().unwrap_or_default());
                let sources = Sources::new(name, &String::from_utf8_lossy(bytes), sets);
                Err(sources
                    .error(Refusal::new(&(end..end + char::REPLACEMENT_CHARACTER.len_utf8()), problem)))
            }
        }
    }
}

impl Parsed {
    /// Everything that can be refused before any data is read.
    ///
    /// # Errors
    /// [`RecipeError`] for the first setting that is impossible, or that does not go with another one.
    pub fn check(&self) -> Result<Plans, RecipeError> {
        self.recipe.check().map_err(|error| self.blame(error))
    }

    /// Shows what a stage refuses at its place in the recipe; at its beginning, if the error blames no setting.
    pub fn blame(&self, error: impl Into<CheckError>) -> RecipeError {
        let error = error.into();
        let path = error.path().unwrap_or_default();
        // A text that was read once reads the same again, so there is a tree.
        let span = tree(&self.sources).map_or(0..0, |root| spans::find(&root, &path));
        RecipeError::new(path, self.sources.place(&span), Problem::Refused(error))
    }
}

/// The limits that hold while a recipe is read. What its own `run.limits` says comes too late; what `--set` says does not.
pub fn limits(sets: &[String]) -> Limits {
    let mut limits = Limits::default();
    for set in sets.iter().filter_map(|set| Set::parse(set, 0).ok()) {
        match (set.path().as_str(), set.number()) {
            ("run.limits.recipe_bytes", Some(bytes)) => limits.recipe_bytes = bytes,
            ("run.limits.recipe_depth", Some(depth)) => limits.recipe_depth = depth,
            (_, _) => {}
        }
    }
    limits
}

/// The file with the arguments merged into it.
fn tree(sources: &Sources) -> Result<Spanned<DeValue<'_>>, Refusal> {
    admit(sources)?;
    let table = DeTable::parse(sources.file()).map_err(|error| syntax(sources, &error))?;
    let mut root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
    for (begin, set) in sources.sets() {
        Set::parse(set, begin)?.merge(&mut root)?;
    }
    Ok(root)
}

/// Refuses what is too long or too deep, before a tree is made of it.
fn admit(sources: &Sources) -> Result<(), Refusal> {
    let (name, limits) = (format!("`{}`", sources.name()), limits(sources.arguments()));
    limits.admit(Limit::RecipeBytes, &name, sources.file().len() as u64).map_err(Problem::Limit)?;
    for (begin, text) in std::iter::once((0, sources.file())).chain(sources.sets()) {
        if let Some((at, depth)) = depth::too_deep(text, limits.get(Limit::RecipeDepth)) {
            let admitted = limits.admit(Limit::RecipeDepth, &name, depth);
            admitted.map_err(|error| Refusal::new(&(begin + at..begin + at + 1), Problem::Limit(error)))?;
        }
    }
    Ok(())
}

fn syntax(sources: &Sources, error: &toml::de::Error) -> Refusal {
    let span = error.span().unwrap_or(0..0);
    let problem = match (error.message(), sources.file().get(span.clone()).unwrap_or_default()) {
        ("duplicate key", key) => Problem::Duplicate(key.to_owned()),
        (what, text) => Problem::Syntax(words::syntax(what, text)),
    };
    Refusal::new(&span, problem)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests;
