use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Fails if the file (a path from the root of the workspace) differs from `text`; rewrites it first when `UPDATE=1`.
///
/// # Panics
/// If they differ.
#[track_caller]
pub fn expect_file(path: &str, text: &str) {
    let full = root().join(path);
    if env::var_os("UPDATE").is_some() {
        fs::write(&full, text).expect("the expected file can be written");
    }
    let found = fs::read_to_string(&full).unwrap_or_default();
    assert_eq!(found, text, "{path} is stale: run `UPDATE=1 cargo test`, and review the change like code");
}

/// A folder of a test's own, removed when it ends.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder; `name` helps to find it when a test hangs.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn new(name: &str) -> Scratch {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let unique = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("baeum-{name}-{}-{unique}", process::id()));
        fs::create_dir_all(&path).expect("a temporary folder can be made");
        Scratch(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it, with the folders above it, and gives its path.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
        fs::write(&path, bytes).expect("a file can be written");
        path
    }

    /// Copies a file of the workspace into it under the same name.
    ///
    /// # Panics
    /// If it cannot be copied.
    pub fn copy(&self, from_root: &str) -> PathBuf {
        let from = root().join(from_root);
        let name = from.file_name().expect("a file has a name").to_owned();
        fs::copy(&from, self.0.join(&name)).expect("a file of the workspace can be copied");
        self.0.join(name)
    }

    /// Lets it stay, for whoever looks into it; gives its path.
    pub fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0) // what is dropped is a folder without a name, which is none
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The folder of a public set that not everybody has: below `BAEUM_DATA`, or else `shared/data` beside the checkout.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn public(set: &str) -> Option<PathBuf> {
    let all = env::var_os("BAEUM_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let folder = all.join(set);
    if !folder.is_dir() {
        eprintln!("{set} is not here and was skipped; `BAEUM_DATA` names the folder of all sets");
        return None;
    }
    Some(folder)
}

/// A folder with what is in an archive.
///
/// # Panics
/// If it is none.
pub fn unpack(archive: &Path) -> Scratch {
    let scratch = Scratch::new("unpacked");
    let tar = process::Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(scratch.path()).status();
    assert!(tar.is_ok_and(|status| status.success()), "could not unpack `{}`", archive.display());
    scratch
}
