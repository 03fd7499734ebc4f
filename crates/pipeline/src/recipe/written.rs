use std::error::Error;

use serde_json::{Value, json};

use super::{Precision, Recipe};

/// A recipe with a number in it that its file format cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("could not write the recipe")]
pub struct WriteError(#[source] Box<dyn Error + Send + Sync>);

impl Recipe {
    /// The recipe as it is meant, as TOML: arguments merged in and every default written out.
    ///
    /// # Errors
    /// [`WriteError`] for a whole number of 64 bits, which no recipe that was read has.
    pub fn to_toml(&self) -> Result<String, WriteError> {
        toml::to_string(self).map_err(|error| WriteError(error.into()))
    }

    /// What the results depend on: a table for each section, with `run` left without what moves no bit (its name, threads
    /// and limits), and with the precision that is computed instead of the one asked for. How a recipe is written, and whether
    /// it spells a default out, makes no difference.
    ///
    /// # Errors
    /// [`WriteError`], as [`Recipe::to_toml`].
    pub fn identity(&self, computed: Precision) -> Result<Value, WriteError> {
        let mut recipe = serde_json::to_value(self).map_err(|error| WriteError(error.into()))?;
        let run = &self.run;
        recipe["run"] = json!({ "seed": run.seed, "device": run.device, "precision": computed });
        recipe.sort_all_objects();
        Ok(recipe)
    }
}
