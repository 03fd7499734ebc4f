//! What the tests of this crate share: a disk in memory, and recipes as JSON.

use std::path::Path;
use std::sync::Arc;

use baeum_core::Limits;
use baeum_core::fs::{CrashFs, Fs};

use crate::{DataConfig, DataError, DataPlan, Place, Prepared};

/// A place whose disk holds these files; the recipe lies in `/r`.
pub(crate) fn place(files: &[(&str, &[u8])]) -> Place {
    let fs = CrashFs::new();
    for (name, bytes) in files {
        let path = Path::new("/r").join(name);
        fs.create_dir_all(path.parent().unwrap()).unwrap();
        std::io::Write::write_all(&mut fs.create_new(&path, None).unwrap(), bytes).unwrap();
    }
    Place { fs: Arc::new(fs), base: "/r".into(), folders: vec![], limits: Limits::default(), seed: 7 }
}

pub(crate) fn config(json: &str) -> DataConfig {
    serde_json::from_str(json).unwrap()
}

pub(crate) fn plan(json: &str) -> DataPlan {
    config(json).check().unwrap()
}

/// Runs the stage.
pub(crate) fn prepare(json: &str, place: &Place) -> Result<Prepared, DataError> {
    crate::prepare(&plan(json), place)
}

/// What the stage says against these data.
#[track_caller]
pub(crate) fn refusal(json: &str, place: &Place) -> String {
    match prepare(json, place) {
        Ok(_) => panic!("it was accepted"),
        Err(error) => crate::error::chain(&error),
    }
}
