use std::path::{Path, PathBuf};
use std::sync::Arc;

use baeum_core::clock::SystemClock;
use baeum_core::fs::RealFs;
use baeum_core::{Clock, Fs, Limit, Progress};
use baeum_data::{DataError, Place};
use baeum_models::Rung;

use super::Failure;
use super::args::Work;
use crate::StageError;
use crate::recipe::{Recipe, limits};
use crate::run::Runs;
use crate::session::Job;

/// Reads a recipe and checks it whole; no data are read.
pub(crate) fn open(work: &Work) -> Result<Job, Failure> {
    let (fs, clock): (Arc<dyn Fs>, Arc<dyn Clock>) = (Arc::new(RealFs), Arc::new(SystemClock::new()));
    let bytes = limits(&work.sets)
        .read(Limit::RecipeBytes, &*fs, &work.recipe)
        .map_err(DataError::from)
        .map_err(StageError::from)?;
    let parsed = Recipe::from_bytes(&work.recipe.display().to_string(), &bytes, &work.sets)?;
    let mut plans = parsed.check()?;
    if let Some(rung) = rung()? {
        plans.run = plans.run.with_isa(rung);
    }
    let place = Place {
        fs: Arc::clone(&fs),
        base: folder_of(&work.recipe),
        folders: folders(work.data.clone()),
        limits: plans.run.limits().clone(),
        seed: plans.run.seed(),
        progress: Progress::default(),
        cache: None,
    };
    let runs = Runs::new(fs, Arc::clone(&clock), &work.runs);
    let (name, text) = (
        plans.run.name(&work.recipe),
        parsed.recipe.to_toml().map_err(crate::artifacts::ArtifactError::from)?,
    );
    Ok(Job { parsed, plans, place, runs, clock, name, text })
}

/// What `BAEUM_ISA` allows of the processor's instructions. It can only lower: tiles stand above every rung, so none names them.
fn rung() -> Result<Option<Rung>, Failure> {
    let Some(wanted) = std::env::var_os("BAEUM_ISA") else { return Ok(None) };
    match Rung::ALL.into_iter().find(|rung| wanted == rung.name()) {
        Some(rung) => Ok(Some(rung)),
        None => {
            let known = Rung::ALL.map(|rung| format!("`{}`", rung.name())).join(", ");
            let got = wanted.to_string_lossy().escape_debug().to_string();
            Err(Failure::Usage(format!(
                "`BAEUM_ISA` wants one of {known}, got `{got}`; unset, all is used that there is"
            )))
        }
    }
}

/// The folder of a file; the present one for a bare name.
pub(crate) fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// Where data files are looked for beside the recipe's own folder: `--data`, `BAEUM_DATA`, the cache that `fetch` fills.
pub fn folders(argument: Option<PathBuf>) -> Vec<PathBuf> {
    let variable = std::env::var_os("BAEUM_DATA").map(PathBuf::from);
    argument.into_iter().chain(variable).chain(cache()).collect()
}

/// The folder that `fetch` fills: `baeum/data` in the user's cache.
pub(crate) fn cache() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache =
        std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute()).or_else(home);
    cache.map(|folder| folder.join("baeum").join("data"))
}
