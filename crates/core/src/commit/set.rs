//! A folder of files that belong together, with a manifest that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::CommitError;
use super::file::write_synced;
use super::temp::{create_beside, parent};
use crate::fs::{FileKind, Fs, FsError};

/// The file that makes a folder a set.
pub const MANIFEST: &str = "set.json";

/// The version of the manifest's format.
const VERSION: u64 = 1;

/// The longest manifest that is read: about 500,000 files.
const MANIFEST_BYTES: u64 = 64 << 20;

/// A set of files as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// What the set was made from, as its writer put it.
    pub fingerprint: String,
    /// The bytes of each file, by path within the set.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// What `set.json` says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: u64,
    fingerprint: String,
    files: BTreeMap<String, Entry>,
    /// BLAKE3 of the manifest as it is written, with nothing in this place.
    checksum: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    size: u64,
    blake3: String,
}

/// Writes a folder of files, by path within it (`a`, `b/c`), that appears complete or not at all.
///
/// `fingerprint` says what the set was made from; it comes back with [`read_set`]. Names of sets are never
/// used twice.
///
/// # Errors
/// [`CommitError::Exists`] and [`CommitError::Name`] before anything is written; [`CommitError::Write`]:
/// nothing is left but perhaps a temp folder; [`CommitError::Durability`]: the set is in place, but a power
/// cut may undo that.
pub fn commit_set(
    fs: &dyn Fs,
    dir: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    fingerprint: &str,
) -> Result<(), CommitError> {
    if dir.file_name().is_none() {
        return Err(CommitError::Nameless { path: dir.to_owned() });
    }
    if let Some(name) = files.keys().find(|name| !stays_within(name)) {
        return Err(CommitError::Name { path: dir.to_owned(), name: name.clone() });
    }
    if fs.exists(dir).map_err(CommitError::write(dir))? {
        return Err(CommitError::Exists { path: dir.to_owned() });
    }
    let manifest = Manifest::of(files, fingerprint).text();
    let (temp, ()) = create_beside(dir, |temp| fs.create_dir(temp)).map_err(CommitError::write(dir))?;
    let written = fill(fs, &temp, files, manifest.as_bytes()).and_then(|()| fs.rename(&temp, dir));
    if let Err(error) = written {
        // As with a file: what cannot be removed now is swept by the next run.
        let _ = fs.remove_dir_all(&temp);
        return Err(match fs.exists(dir) {
            Ok(true) => CommitError::Exists { path: dir.to_owned() }, // another was faster
            Ok(false) | Err(_) => CommitError::write(dir)(error),
        });
    }
    fs.sync_dir(parent(dir)).map_err(|source| CommitError::Durability { path: dir.to_owned(), source })
}

/// Writes all files, the manifest last, and makes their names durable.
fn fill(fs: &dyn Fs, temp: &Path, files: &BTreeMap<String, Vec<u8>>, manifest: &[u8]) -> Result<(), FsError> {
    let write = |path: &Path, bytes: &[u8]| write_synced(fs.create_new(path, None)?, path, bytes);
    let mut folders = BTreeSet::from([temp.to_owned()]);
    for (name, bytes) in files {
        let path = temp.join(name);
        let above = path.ancestors().skip(1).take_while(|above| *above != temp);
        folders.extend(above.map(Path::to_owned));
        fs.create_dir_all(parent(&path))?;
        write(&path, bytes)?;
    }
    write(&temp.join(MANIFEST), manifest)?;
    folders.iter().try_for_each(|folder| fs.sync_dir(folder))
}

/// Reads a set and accepts it only if every listed file has the size and the hash of the manifest. Other
/// files are not looked at.
///
/// # Errors
/// [`CommitError::NoManifest`], [`CommitError::Manifest`], [`CommitError::Missing`], [`CommitError::Size`],
/// [`CommitError::Hash`], each with the file; [`CommitError::Fs`] if the disk refuses.
pub fn read_set(fs: &dyn Fs, dir: &Path) -> Result<Set, CommitError> {
    let path = dir.join(MANIFEST);
    let bytes = match fs.read(&path, MANIFEST_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.is_absent() => return Err(CommitError::NoManifest { path: dir.to_owned() }),
        Err(error) => return Err(CommitError::Fs(error)),
    };
    let manifest = Manifest::decode(&bytes).map_err(|reason| CommitError::Manifest { path, reason })?;
    let files = manifest.files.into_iter().map(|(name, entry)| {
        let bytes = read_entry(fs, &dir.join(&name), &entry)?;
        Ok((name, bytes))
    });
    Ok(Set { fingerprint: manifest.fingerprint, files: files.collect::<Result<_, CommitError>>()? })
}

/// Reads one file of a set and compares it with its entry.
fn read_entry(fs: &dyn Fs, path: &Path, entry: &Entry) -> Result<Vec<u8>, CommitError> {
    let size = |got| CommitError::Size { path: path.to_owned(), wanted: entry.size, got };
    let missing = |error: FsError| match error.is_absent() {
        true => CommitError::Missing { path: path.to_owned() },
        false => CommitError::Fs(error),
    };
    let metadata = fs.metadata(path).map_err(missing)?;
    if metadata.kind == FileKind::File && metadata.len != entry.size {
        return Err(size(metadata.len));
    }
    let bytes = fs.read(path, entry.size)?;
    if bytes.len() as u64 != entry.size {
        return Err(size(bytes.len() as u64));
    }
    if hash(&bytes) != entry.blake3 {
        return Err(CommitError::Hash { path: path.to_owned() });
    }
    Ok(bytes)
}

impl Manifest {
    fn of(files: &BTreeMap<String, Vec<u8>>, fingerprint: &str) -> Manifest {
        let entry = |bytes: &Vec<u8>| Entry { size: bytes.len() as u64, blake3: hash(bytes) };
        let files = files.iter().map(|(name, bytes)| (name.clone(), entry(bytes))).collect();
        let unsealed = Manifest {
            version: VERSION,
            fingerprint: fingerprint.to_owned(),
            files,
            checksum: String::new(),
        };
        unsealed.seal()
    }

    /// The same manifest with the checksum that it should have.
    fn seal(mut self) -> Manifest {
        self.checksum.clear();
        self.checksum = hash(self.text().as_bytes());
        self
    }

    /// The manifest as it is written; the same manifest always gives the same text.
    fn text(&self) -> String {
        // Strings and numbers under string keys always have a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The manifest in these bytes, if they are exactly what [`text`](Self::text) gives for it, sealed.
    fn decode(bytes: &[u8]) -> Result<Manifest, String> {
        /// All that another version is sure to share.
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let no_json = |error: serde_json::Error| {
            format!("it wants to be JSON of a manifest, got an error at line {}", error.line())
        };
        let Versioned { version } = serde_json::from_slice(bytes).map_err(no_json)?;
        if version != VERSION {
            return Err(format!("it wants version {VERSION}, got {version}"));
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(no_json)?;
        if let Some(name) = manifest.files.keys().find(|name| !stays_within(name)) {
            return Err(format!("it wants names of files within its folder, got `{}`", name.escape_debug()));
        }
        // Comparing the text, not the checksum alone, leaves no byte of the file free to differ.
        let sealed = manifest.seal();
        if sealed.text().as_bytes() != bytes {
            return Err("its checksum is wrong".to_owned());
        }
        Ok(sealed)
    }
}

/// Whether a path within a set leads to a file of its own: plain names between slashes, and not the manifest.
fn stays_within(name: &str) -> bool {
    let plain = |part: &str| {
        let mut components = Path::new(part).components();
        matches!((components.next(), components.next()), (Some(Component::Normal(_)), None))
    };
    name != MANIFEST && !name.contains(['\\', '\0']) && name.split('/').all(plain)
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::fs::scratch::Scratch;
    use crate::fs::{CrashFs, RealFs};

    const DIR: &str = "/set";

    fn files() -> BTreeMap<String, Vec<u8>> {
        let file = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
        BTreeMap::from([file("weights", b"12345"), file("a/b/deep", b"x"), file("empty", b"")])
    }

    fn committed() -> CrashFs {
        let fs = CrashFs::new();
        commit_set(&fs, Path::new(DIR), &files(), "seed 7").unwrap();
        fs
    }

    fn overwrite(fs: &CrashFs, path: &Path, bytes: &[u8]) {
        fs.set_len(path, 0).unwrap();
        fs.append(path).unwrap().write_all(bytes).unwrap();
    }

    #[track_caller]
    fn refused(fs: &CrashFs) -> String {
        let error = read_set(fs, Path::new(DIR)).unwrap_err();
        assert!(error.is_damage());
        error.to_string()
    }

    #[test]
    fn a_set_comes_back_whole() {
        let wanted = Set { fingerprint: "seed 7".into(), files: files() };
        assert_eq!(read_set(&committed(), Path::new(DIR)).unwrap(), wanted);
        let dir = Scratch::new();
        commit_set(&RealFs, &dir.join("set"), &files(), "seed 7").unwrap();
        assert_eq!(read_set(&RealFs, &dir.join("set")).unwrap(), wanted);
        assert_eq!(RealFs.list(&dir.join("."), 9).unwrap(), ["set"]);
        commit_set(&RealFs, &dir.join("none"), &BTreeMap::new(), "").unwrap();
        assert!(read_set(&RealFs, &dir.join("none")).unwrap().files.is_empty());
    }

    #[test]
    fn the_manifest_is_frozen() {
        let fs = CrashFs::new();
        let files = BTreeMap::from([("a/b".to_owned(), b"123".to_vec())]);
        commit_set(&fs, Path::new(DIR), &files, "seed 7").unwrap();
        let manifest = fs.read(&Path::new(DIR).join(MANIFEST), 999).unwrap();
        let frozen = r#"{
  "version": 1,
  "fingerprint": "seed 7",
  "files": {
    "a/b": {
      "size": 3,
      "blake3": "b3d4f8803f7e24b8f389b072e75477cdbcfbe074080fb5e500e53e26e054158e"
    }
  },
  "checksum": "83426593b86954713a741a90890f37d9160b4da50aea18c7b010eb9464d10b46"
}
"#;
        assert_eq!(String::from_utf8(manifest).unwrap(), frozen);
    }

    #[test]
    fn every_flipped_and_every_missing_byte_is_found() {
        for name in ["weights", "a/b/deep", MANIFEST] {
            let path = Path::new(DIR).join(name);
            let good = committed().read(&path, 9999).unwrap();
            for at in 0..good.len() {
                let fs = committed();
                let mut bytes = good.clone();
                bytes[at] ^= 1;
                overwrite(&fs, &path, &bytes);
                let error = refused(&fs);
                assert!(error.starts_with(&format!("`/set/{name}` is damaged")), "{at}: {error}");
                overwrite(&fs, &path, &good[..at]);
                let error = refused(&fs);
                assert!(error.starts_with(&format!("`/set/{name}` is damaged")), "{at}: {error}");
            }
        }
    }

    #[test]
    fn each_damage_has_its_message() {
        let fs = committed();
        overwrite(&fs, Path::new("/set/weights"), b"123456");
        assert_eq!(refused(&fs), "`/set/weights` is damaged: it wants 5 bytes, got 6");
        overwrite(&fs, Path::new("/set/weights"), b"12346");
        assert_eq!(refused(&fs), "`/set/weights` is damaged: its BLAKE3 differs from the manifest");
        fs.remove_file(Path::new("/set/weights")).unwrap();
        assert_eq!(refused(&fs), "`/set/weights` is missing, though the manifest lists it");
        overwrite(&fs, Path::new("/set/set.json"), b"{\n\"version\": 2}");
        assert_eq!(refused(&fs), "`/set/set.json` is damaged: it wants version 1, got 2");
        overwrite(&fs, Path::new("/set/set.json"), b"{\n\"version\"}");
        assert_eq!(
            refused(&fs),
            "`/set/set.json` is damaged: it wants to be JSON of a manifest, got an error at line 2"
        );
        fs.remove_file(Path::new("/set/set.json")).unwrap();
        assert_eq!(refused(&fs), "`/set` wants a `set.json`, got none");
    }

    #[test]
    fn a_manifest_cannot_point_outside() {
        let fs = committed();
        for name in ["../x", "/x", "a/../../x", "", "a//b", ".", "a\\b"] {
            let files = BTreeMap::from([(name.to_owned(), vec![])]);
            overwrite(&fs, &Path::new(DIR).join(MANIFEST), Manifest::of(&files, "").text().as_bytes());
            let wanted = format!(
                "`/set/set.json` is damaged: it wants names of files within its folder, got `{}`",
                name.escape_debug()
            );
            assert_eq!(refused(&fs), wanted);
            let error = commit_set(&fs, Path::new("/other"), &files, "").unwrap_err();
            assert!(matches!(error, CommitError::Name { .. }), "{error}");
        }
        let error = commit_set(&fs, Path::new("/o"), &BTreeMap::from([(MANIFEST.to_owned(), vec![])]), "")
            .unwrap_err();
        assert_eq!(error.to_string(), "`/o` wants names of files within it, got `set.json`");
        assert_eq!(fs.list(Path::new("/"), 9).unwrap(), ["set"]);
    }

    #[test]
    fn a_set_is_never_written_over() {
        let fs = committed();
        let error = commit_set(&fs, Path::new(DIR), &files(), "").unwrap_err();
        assert_eq!(error.to_string(), "`/set` wants a name that is free, got one that exists");
        assert_eq!(read_set(&fs, Path::new(DIR)).unwrap().fingerprint, "seed 7");
    }
}
