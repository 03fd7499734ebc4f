use baeum_core::{Predictor, Schema, Target, Transform};
use serde::{Deserialize, Serialize};

use super::parity::Parity;
use crate::files::Files;
use crate::format::{Format, Says};

/// `manifest.json`: what was written, from what, and how it was proven. Written last, so that it speaks of whole files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this layout.
    pub version: u32,
    /// The version of Baeum.
    pub baeum: String,
    /// Hashes of what the files were made from, by name: `binary`, `predictor`, `recipe`, `data`.
    pub from: std::collections::BTreeMap<String, String>,
    /// What a record looks like.
    pub schema: Schema,
    /// What the answers mean, in the order of the network's outputs.
    pub targets: Vec<Target>,
    /// The formats, in the order they were written.
    pub formats: Vec<Entry>,
    /// The hash of this manifest's bytes with an empty text here.
    pub checksum: String,
}

/// One format in a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which format.
    pub format: Format,
    /// How much of the learned function its files say.
    pub says: Says,
    /// Its files.
    pub files: Vec<FileEntry>,
    /// How they were compared, and how well they agreed.
    pub parity: Parity,
    /// What a user should know.
    pub notices: Vec<String>,
}

/// One file in a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its path, relative to the manifest.
    pub path: String,
    /// How many bytes it has.
    pub size: u64,
    /// Their BLAKE3 hash.
    pub blake3: String,
}

impl Manifest {
    /// The layout that this build writes and reads.
    pub const VERSION: u32 = 1;

    /// The bytes of `manifest.json`, its checksum filled in; `hash` gives the BLAKE3 hash of bytes in hexadecimal.
    ///
    /// # Errors
    /// [`serde_json::Error`] if it cannot be said in JSON.
    pub fn seal(mut self, hash: impl Fn(&[u8]) -> String) -> Result<Vec<u8>, serde_json::Error> {
        self.checksum.clear();
        let text = serde_json::to_string_pretty(&self)? + "\n";
        let checksum = hash(text.as_bytes());
        Ok(match text.strip_suffix(END) {
            Some(rest) => format!("{rest}{checksum}{END}").into_bytes(),
            None => text.into_bytes(),
        })
    }

    /// Whether the bytes of a `manifest.json` are those that were sealed; not one may have changed.
    pub fn is_sound(bytes: &[u8], hash: impl Fn(&[u8]) -> String) -> bool {
        let text = str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix(END));
        let parts = text.and_then(|text| text.rsplit_once('"'));
        parts.is_some_and(|(rest, checksum)| hash(format!("{rest}\"{END}").as_bytes()) == checksum)
    }
}

/// What stands behind the checksum, the last entry of all.
const END: &str = "\"\n}\n";

impl Entry {
    /// The entry of files that were compared; `hash` gives the BLAKE3 hash of bytes in hexadecimal.
    pub fn new(
        format: Format,
        predictor: &Predictor,
        files: &Files,
        parity: Parity,
        hash: impl Fn(&[u8]) -> String,
    ) -> Entry {
        let file = |(path, bytes): (&String, &Vec<u8>)| FileEntry {
            path: path.clone(),
            size: bytes.len() as u64,
            blake3: hash(bytes),
        };
        let says = format.facts().says;
        let notice = |text: &str| {
            format!(
                "`{text}` enters as the places of its pieces, for no operator cuts text; its steps stand in \
                 `predictor.json`, `tokenise` among them"
            )
        };
        let notices = match says {
            Says::Function => texts(predictor).map(notice).collect(),
            Says::Weights => {
                vec![
                    "preprocessing, network and answers are not in the file; they stand in `predictor.json`"
                        .to_owned(),
                ]
            }
        };
        Entry { format, says, files: files.0.iter().map(file).collect(), parity, notices }
    }
}

/// The fields that are cut into pieces before they enter a graph.
fn texts(predictor: &Predictor) -> impl Iterator<Item = &str> {
    let is_cut = |step: &Transform| matches!(step, Transform::Tokenise { .. });
    let columns = predictor.inputs.iter().flat_map(|input| &input.columns);
    columns.filter(move |column| column.steps.iter().any(is_cut)).map(|column| column.field.as_str())
}
