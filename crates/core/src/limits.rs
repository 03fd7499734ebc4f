//! The one table of resource limits that every reader obeys.
//!
//! Every size that a file declares is compared with its limit before anything is allocated for it. The table
//! below is the only list: settings, defaults, error messages and `baeum limits` all read it.

use std::fmt::Display;
use std::path::Path;

use crate::fs::{Fs, FsError};

/// Writes the table as an enum of names and as a struct of values.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $variant:ident $field:ident = $default:literal, $unit:literal;)+) => {
        /// The name of a limit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Limit {
            $($(#[doc = $doc])+ $variant,)+
        }

        /// How much of anything a reader accepts; the recipe's `run.limits`.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $field: u64,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl Limits {
            /// The value of a limit.
            pub fn get(&self, limit: Limit) -> u64 {
                match limit {
                    $(Limit::$variant => self.$field,)+
                }
            }
        }

        impl Limit {
            /// All limits, in the order of the table.
            pub const ALL: &[Limit] = &[$(Limit::$variant,)+];

            /// The key in the recipe, below `run.limits`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Limit::$variant => stringify!($field),)+
                }
            }

            /// What is counted, such as `bytes`.
            pub fn unit(self) -> &'static str {
                match self {
                    $(Limit::$variant => $unit,)+
                }
            }

            /// What is limited, in one line.
            pub fn doc(self) -> &'static str {
                match self {
                    $(Limit::$variant => concat!($($doc),+).trim_ascii_start(),)+
                }
            }
        }
    };
}

limits! {
    /// Width or height of an image.
    ImageSide image_side = 16_384, "pixels a side";
    /// Width times height of an image.
    ImageArea image_area = 89_478_485, "pixels";
    /// Memory that one image takes while it is decoded; also the length of an image file.
    ImageBytes image_bytes = 536_870_912, "bytes of memory";
    /// Length of one field of a CSV file.
    CsvFieldBytes csv_field_bytes = 67_108_864, "bytes in a field";
    /// Length of the header line of a CSV file, or of what a Parquet file says of itself at its end.
    CsvHeaderBytes csv_header_bytes = 10_485_760, "bytes in the header";
    /// Number of columns of a CSV file.
    CsvColumns csv_columns = 100_000, "columns";
    /// Number of examples of one source.
    Rows rows = 1_000_000_000, "rows";
    /// Number of files in one folder of data.
    FolderFiles folder_files = 1_000_000, "files";
    /// Number of dimensions of an idx file.
    IdxDims idx_dims = 8, "dimensions";
    /// How many times longer than its file an unpacked archive may be, from 16 MiB on.
    ArchiveRatio archive_ratio = 100, "times its packed length";
    /// Length of one unpacked archive.
    InflatedBytes inflated_bytes = 4_294_967_296, "bytes unpacked";
    /// Length of a `tokenizer.json`.
    TokenizerBytes tokenizer_bytes = 8_388_608, "bytes";
    /// Number of classes of a target.
    LabelClasses label_classes = 65_536, "classes";
    /// Length of a recipe or of another JSON or TOML file.
    RecipeBytes recipe_bytes = 10_485_760, "bytes";
    /// Depth to which tables and lists of a recipe may be nested.
    RecipeDepth recipe_depth = 64, "levels of nesting";
    /// Length of the header of a safetensors file.
    SafetensorsHeaderBytes safetensors_header_bytes = 100_000_000, "bytes in the header";
    /// Number of tensors in a safetensors file.
    SafetensorsTensors safetensors_tensors = 100_000, "tensors";
    /// Number of operations in a pickle.
    PickleOps pickle_ops = 10_000_000, "operations";
    /// Number of objects that a pickle builds.
    PickleNodes pickle_nodes = 1_000_000, "objects";
    /// Length of one string in a pickle.
    PickleStringBytes pickle_string_bytes = 1_048_576, "bytes in a string";
    /// Depth to which objects of a pickle may be nested.
    PickleDepth pickle_depth = 1_000, "levels of nesting";
    /// Number of nodes of an ONNX graph.
    OnnxNodes onnx_nodes = 1_000_000, "nodes";
    /// Depth to which messages of an ONNX file may be nested.
    OnnxNesting onnx_nesting = 100, "levels of nesting";
}

/// The largest value a limit may have: 2^53, up to which JSON keeps integers. More would be no limit.
const CEILING: u64 = 1 << 53;

/// A file or a recipe goes beyond a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} wants at most {value} {}, got {found}; `run.limits.{}` raises the limit", limit.unit(), limit.name())]
pub struct LimitError {
    /// Who went beyond it, as a message should call it: a file in backticks, a place in it.
    pub what: String,
    /// Which limit.
    pub limit: Limit,
    /// The limit's value.
    pub value: u64,
    /// What was found.
    pub found: u64,
}

/// A limit has a value that limits nothing, or lets nothing pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`run.limits.{}` wants a number from 1 to {CEILING}, got {found}", limit.name())]
pub struct LimitValueError {
    /// Which limit.
    pub limit: Limit,
    /// The value that was set.
    pub found: u64,
}

/// A file cannot be read whole.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The disk refused, or the path is no regular file.
    #[error(transparent)]
    Fs(FsError),
    /// The file is longer than its limit.
    #[error(transparent)]
    Limit(LimitError),
}

impl Limits {
    /// Refuses a limit of zero and one that limits nothing.
    ///
    /// # Errors
    /// [`LimitValueError`] for the first such limit.
    pub fn check(&self) -> Result<(), LimitValueError> {
        let bad = Limit::ALL
            .iter()
            .map(|&limit| (limit, self.get(limit)))
            .find(|&(_, value)| value == 0 || value > CEILING);
        bad.map_or(Ok(()), |(limit, found)| Err(LimitValueError { limit, found }))
    }

    /// Lets `found` pass if it is within the limit; `what` is who asks, as a message should call it.
    ///
    /// # Errors
    /// [`LimitError`] if it is more.
    pub fn admit(&self, limit: Limit, what: impl Display, found: u64) -> Result<(), LimitError> {
        let value = self.get(limit);
        if found <= value { Ok(()) } else { Err(LimitError { what: what.to_string(), limit, value, found }) }
    }

    /// Reads a whole file whose length has a limit.
    ///
    /// # Errors
    /// [`ReadError`], before anything is read if the file is too long.
    pub fn read(&self, limit: Limit, fs: &dyn Fs, path: &Path) -> Result<Vec<u8>, ReadError> {
        fs.read(path, self.get(limit)).map_err(|error| self.explain(limit, error))
    }

    /// The names in a folder, sorted, whose number has a limit.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn list(&self, limit: Limit, fs: &dyn Fs, path: &Path) -> Result<Vec<std::ffi::OsString>, ReadError> {
        fs.list(path, self.get(limit)).map_err(|error| self.explain(limit, error))
    }

    /// Names the limit behind "too much".
    fn explain(&self, limit: Limit, error: FsError) -> ReadError {
        match error {
            FsError::TooMuch { path, limit: value, found, .. } => ReadError::Limit(LimitError {
                what: format!("`{}`", crate::fs::shown(&path)),
                limit,
                value,
                found,
            }),
            error @ (FsError::Io { .. } | FsError::NotAFile { .. }) => ReadError::Fs(error),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::fs::CrashFs;

    #[test]
    fn a_value_at_the_limit_passes_and_one_above_does_not() {
        let limits = Limits::default();
        for &limit in Limit::ALL {
            let value = limits.get(limit);
            assert_eq!(limits.admit(limit, "it", value), Ok(()), "{limit:?}");
            assert!(limits.admit(limit, "it", value + 1).is_err(), "{limit:?}");
        }
        let error = limits.admit(Limit::ImageSide, "`big.png`", 65_535).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`big.png` wants at most 16384 pixels a side, got 65535; `run.limits.image_side` raises the limit"
        );
    }

    #[test]
    fn zero_and_unlimited_are_refused() {
        assert_eq!(Limits::default().check(), Ok(()));
        let error = Limits { csv_columns: 0, ..Limits::default() }.check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`run.limits.csv_columns` wants a number from 1 to 9007199254740992, got 0"
        );
        assert!(Limits { rows: u64::MAX, ..Limits::default() }.check().is_err());
    }

    #[test]
    fn the_table_and_the_settings_are_one_list() {
        let settings = serde_json::to_value(Limits::default()).unwrap();
        let settings = settings.as_object().unwrap();
        let names: Vec<&str> = Limit::ALL.iter().map(|limit| limit.name()).collect();
        assert_eq!(settings.keys().map(String::as_str).collect::<Vec<_>>(), names);
        assert_eq!(settings["image_area"], 89_478_485);
        assert_eq!(Limit::CsvColumns.doc(), "Number of columns of a CSV file.");
    }

    #[test]
    fn settings_refuse_what_they_do_not_know() {
        let parse = serde_json::from_str::<Limits>;
        assert_eq!(parse(r#"{"rows": 5}"#).unwrap(), Limits { rows: 5, ..Limits::default() });
        assert!(parse(r#"{"row": 5}"#).unwrap_err().to_string().starts_with("unknown field `row`"));
        assert!(parse(r#"{"rows": -5}"#).is_err());
        assert!(parse(r#"{"rows": "unlimited"}"#).is_err());
    }

    #[test]
    fn a_file_that_is_too_long_names_the_limit() {
        let (fs, limits) = (CrashFs::new(), Limits { recipe_bytes: 4, ..Limits::default() });
        for (name, bytes) in [("/short", b"1234".as_slice()), ("/long", b"12345")] {
            std::io::Write::write_all(&mut fs.create_new(Path::new(name), None).unwrap(), bytes).unwrap();
        }
        assert_eq!(limits.read(Limit::RecipeBytes, &fs, Path::new("/short")).unwrap(), b"1234");
        let error = limits.read(Limit::RecipeBytes, &fs, Path::new("/long")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/long` wants at most 4 bytes, got 5; `run.limits.recipe_bytes` raises the limit"
        );
        let error = limits.read(Limit::RecipeBytes, &fs, Path::new("/none")).unwrap_err();
        assert_eq!(error.to_string(), "could not open `/none`");
    }
}
