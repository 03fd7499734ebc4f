use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use baeum_core::Fs;
use baeum_core::commit::Set;
use baeum_core::fs::FsError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CpuClass, Files, Stage};

/// Fingerprints are read in pieces of this size: large enough for BLAKE3's widest instructions, small enough for a cache.
const PIECE: usize = 1 << 18;

/// All that decides the bytes of a run, kept part by part so that differences can be told one by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// How the processor rounds.
    pub cpu: CpuClass,
    /// BLAKE3 of the code of each stage.
    pub code: BTreeMap<Stage, String>,
    /// The recipe as it is meant, `--set` included: a table for each stage, and `run` without what moves no bit
    /// (`run.name`, `run.threads`).
    pub recipe: Value,
    /// BLAKE3 of each data file, by its path as [`fingerprints`] writes it.
    pub files: BTreeMap<String, String>,
    /// The same of the weights that training starts from; none for most recipes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, String>,
}

impl Identity {
    /// This program on a machine of this class, with this recipe and these data files.
    pub fn here(cpu: CpuClass, recipe: Value, files: BTreeMap<String, String>) -> Identity {
        let code = Stage::ALL.map(|stage| (stage, code(stage).to_owned())).into();
        Identity { cpu, code, recipe, files, weights: BTreeMap::new() }
    }

    /// What concerns one stage directly; the rest reaches it through the stages before it.
    ///
    /// The data files belong to the first stage alone: its key covers them, and every later key covers its key.
    pub fn slice(&self, stage: Stage) -> Identity {
        let sections = ["run", stage.name()].map(|name| (name.to_owned(), self.recipe[name].clone()));
        Identity {
            cpu: self.cpu,
            code: self
                .code
                .iter()
                .filter(|(of, _)| **of == stage)
                .map(|(of, code)| (*of, code.clone()))
                .collect(),
            recipe: Value::Object(sections.into_iter().collect()),
            files: if stage == Stage::Data { self.files.clone() } else { BTreeMap::new() },
            weights: if stage == Stage::Models { self.weights.clone() } else { BTreeMap::new() },
        }
    }

    /// The name under which the output of a stage is kept, given what the stages before it have put out; none while one
    /// of these is not known.
    pub fn key(&self, stage: Stage, outputs: &BTreeMap<Stage, String>) -> Option<Key> {
        let Identity { cpu, code, mut recipe, files, weights } = self.slice(stage);
        recipe.sort_all_objects();
        let mut parts = vec![stage.to_string(), cpu.to_string(), recipe.to_string()];
        parts.extend(code.into_values());
        for before in stage.upstream() {
            parts.push(outputs.get(before)?.clone());
        }
        parts.extend(files.into_iter().chain(weights).flat_map(|(name, hash)| [name, hash]));
        Some(Key(digest(&parts)))
    }
}

/// The name of a stage's output: BLAKE3 over everything that decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The key that a set was committed under.
    pub(super) fn of(set: &Set) -> Key {
        Key(set.fingerprint.clone())
    }

    /// The key of an output that nobody can say the origin of: it goes by its files.
    pub(super) fn found(files: &Files) -> Key {
        let texts = files.iter().flat_map(|(name, bytes)| [name.clone(), blake3::hash(bytes).to_string()]);
        Key(digest(&["found".to_owned()].into_iter().chain(texts).collect::<Vec<_>>()))
    }

    /// In hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The code that computes a stage, as `build.rs` saw it.
fn code(stage: Stage) -> &'static str {
    match stage {
        Stage::Data => env!("BAEUM_CODE_DATA"),
        Stage::Models => env!("BAEUM_CODE_MODELS"),
        Stage::Train => env!("BAEUM_CODE_TRAIN"),
        Stage::Evaluate => env!("BAEUM_CODE_EVALUATE"),
        Stage::Export => env!("BAEUM_CODE_EXPORT"),
    }
}

/// BLAKE3 of a list of texts; no two lists look alike, because each text comes with its length.
pub(super) fn digest(texts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    hasher.finalize().to_string()
}

/// BLAKE3 of each file by its path: below `base` without it, elsewhere in full.
///
/// # Errors
/// [`FsError`] for the first file that could not be read.
pub fn fingerprints(
    fs: &dyn Fs,
    base: &Path,
    files: &[PathBuf],
) -> Result<BTreeMap<String, String>, FsError> {
    let one = |path: &PathBuf| {
        let short = path.strip_prefix(base).unwrap_or(path);
        // Names that are not UTF-8 are escaped, because two of them must not fall together.
        let name = short.to_str().map_or_else(|| format!("{short:?}"), str::to_owned);
        Ok((name, fingerprint(fs, path)?))
    };
    files.iter().map(one).collect()
}

/// BLAKE3 of a file, in hexadecimal digits.
///
/// # Errors
/// [`FsError`] if it could not be read.
pub fn fingerprint(fs: &dyn Fs, path: &Path) -> Result<String, FsError> {
    let mut file = fs.open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece).map_err(FsError::io("read", path))? {
            0 => return Ok(hasher.finalize().to_string()),
            read => hasher.update(&piece[..read]),
        };
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::commit::commit_file;
    use baeum_core::fs::CrashFs;
    use serde_json::json;

    use super::*;

    fn identity() -> Identity {
        let recipe = json!({"data": {"target": "y"}, "train": {"epochs": 5}, "run": {"seed": 7}});
        Identity::here(CpuClass::here(), recipe, [("a.csv".to_owned(), "1".to_owned())].into())
    }

    fn key(identity: &Identity, stage: Stage) -> Option<Key> {
        identity.key(stage, &Stage::ALL.map(|stage| (stage, format!("output of {stage}"))).into())
    }

    /// Which stages have another key after a change.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Identity), expect: &[Stage]) {
        let (before, mut after) = (identity(), identity());
        change(&mut after);
        let moved = Stage::ALL.into_iter().filter(|stage| key(&before, *stage) != key(&after, *stage));
        assert_eq!(moved.collect::<Vec<_>>(), expect);
    }

    #[test]
    fn each_part_moves_the_keys_that_it_decides() {
        check(|_| {}, &[]);
        check(|identity| identity.recipe["train"]["epochs"] = 6.into(), &[Stage::Train]);
        check(|identity| identity.recipe["run"]["seed"] = 8.into(), &Stage::ALL);
        check(|identity| drop(identity.files.insert("a.csv".to_owned(), "2".to_owned())), &[Stage::Data]);
        check(|identity| drop(identity.weights.insert("w.pth".to_owned(), "2".to_owned())), &[Stage::Models]);
        check(|identity| drop(identity.code.insert(Stage::Models, "mine".to_owned())), &[Stage::Models]);
        let other = if CpuClass::here() == CpuClass::Portable { CpuClass::Avx2 } else { CpuClass::Portable };
        check(|identity| identity.cpu = other, &Stage::ALL);
    }

    #[test]
    fn the_order_of_settings_moves_nothing() {
        let recipe = json!({"run": {"seed": 7}, "train": {"epochs": 5}, "data": {"target": "y"}});
        check(|identity| identity.recipe = recipe, &[]);
    }

    #[test]
    fn a_key_needs_every_output_before_it_and_moves_with_it() {
        let identity = identity();
        let mut outputs = BTreeMap::from([(Stage::Data, "1".to_owned())]);
        assert_eq!(identity.key(Stage::Train, &outputs), None);
        outputs.insert(Stage::Models, "2".to_owned());
        let before = identity.key(Stage::Train, &outputs).unwrap();
        outputs.insert(Stage::Data, "3".to_owned());
        assert_ne!(identity.key(Stage::Train, &outputs).unwrap(), before);
        assert_eq!(before.as_str().len(), 64);
    }

    #[test]
    fn every_stage_knows_its_code() {
        let code = identity().code;
        assert!(code.values().all(|hash| hash.len() == 64));
        assert_ne!(code[&Stage::Data], code[&Stage::Train]);
    }

    #[test]
    fn an_identity_survives_being_written_down() {
        let mut before = identity();
        before.recipe["train"]["learning_rate"] =
            json!([0.1, 1e-3, 0.1 + 0.2, 0.9073038322028689, 5e-324, 1e300]);
        let text = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), before);
    }

    #[test]
    fn files_are_named_from_the_recipe_and_read_to_their_end() {
        let fs = CrashFs::new();
        let long = vec![7; PIECE + 1];
        fs.create_dir(Path::new("/here")).unwrap();
        commit_file(&fs, Path::new("/here/long"), &long).unwrap();
        commit_file(&fs, Path::new("/there"), b"").unwrap();
        let found = fingerprints(&fs, Path::new("/here"), &["/here/long".into(), "/there".into()]).unwrap();
        let hash = |bytes: &[u8]| blake3::hash(bytes).to_string();
        assert_eq!(found, [("/there".to_owned(), hash(b"")), ("long".to_owned(), hash(&long))].into());
        let error = fingerprints(&fs, Path::new("/"), &["/none".into()]).unwrap_err();
        assert_eq!(error.to_string(), "could not open `/none`");
    }
}
