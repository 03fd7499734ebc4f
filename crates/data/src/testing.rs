//! What the tests of this crate share: a disk in memory, and recipes as JSON.

use std::path::Path;
use std::sync::Arc;

use baeum_core::fs::{CrashFs, Fs};
use baeum_core::{Limits, Progress};

use crate::{DataConfig, DataError, DataPlan, Place, Prepared};

/// Counts what every test allocates; a few look, each in a process of its own.
#[global_allocator]
pub(crate) static ALLOCATOR: baeum_kernels::Counting = baeum_kernels::Counting::new();

/// Runs an ignored test of this crate in a process of its own, where nobody else takes memory.
pub(crate) fn alone(test: &str) {
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    let output = process.args(["--exact", test, "--ignored", "--nocapture"]).output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success() && said[0].contains("1 passed"), "{}", said.concat());
}

/// A place whose disk holds these files; the recipe lies in `/r`.
pub(crate) fn place(files: &[(&str, &[u8])]) -> Place {
    let fs = CrashFs::new();
    for (name, bytes) in files {
        let path = Path::new("/r").join(name);
        fs.create_dir_all(path.parent().unwrap()).unwrap();
        std::io::Write::write_all(&mut fs.create_new(&path, None).unwrap(), bytes).unwrap();
    }
    let (limits, progress) = (Limits::default(), Progress::default());
    Place { fs: Arc::new(fs), base: "/r".into(), folders: vec![], limits, seed: 7, progress, cache: None }
}

/// A picture of one grey.
pub(crate) fn png(width: u32, height: u32, level: u8) -> Vec<u8> {
    let image = ::image::RgbImage::from_pixel(width, height, ::image::Rgb([level, level, level]));
    let mut bytes = std::io::Cursor::new(vec![]);
    ::image::DynamicImage::from(image).write_to(&mut bytes, ::image::ImageFormat::Png).unwrap();
    bytes.into_inner()
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

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.word() % end as u64) as usize
    }

    /// A number in 0..1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal: the sum of twelve.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}
