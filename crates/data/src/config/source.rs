use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where examples come from. Paths are relative to the recipe; `--data DIR`, `BAEUM_DATA` and the cache are
/// looked in next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceConfig {
    /// A table of text: one example a row.
    Csv(CsvConfig),
    /// Images and their labels in two idx files, as MNIST has them; `.gz` is unpacked.
    Idx(IdxConfig),
    /// A folder with one folder of images for each class.
    Folder(FolderConfig),
    /// Numbers computed from numbers drawn at random.
    Function(FunctionConfig),
}

/// A table of comma-separated values, as RFC 4180 describes it, in UTF-8.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvConfig {
    /// The file; left out where `data.split.files` names the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether the first line names the columns; without one they are `column_1`, `column_2` and so on.
    pub header: bool,
    /// What stands between two fields: one ASCII character.
    pub delimiter: String,
}

impl Default for CsvConfig {
    fn default() -> CsvConfig {
        CsvConfig { path: None, header: true, delimiter: ",".to_owned() }
    }
}

/// Images and labels in idx files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdxConfig {
    /// Bytes of three dimensions: images, rows, columns.
    pub images: String,
    /// Bytes of one dimension: a class from 0 for each image.
    pub labels: String,
    /// The same for the test rows, if they are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_images: Option<String>,
    /// The classes of the test rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_labels: Option<String>,
}

/// A folder with one folder for each class; its name is the class. Images may lie deeper in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The folder.
    pub path: String,
    /// Whether images are read in colour or in grey.
    #[serde(default)]
    pub channels: ChannelsConfig,
}

/// How many numbers a pixel has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelsConfig {
    /// One: the luma of ITU-R 601, as PIL's mode `L`.
    Grey,
    /// Three: red, green, blue.
    #[default]
    Rgb,
}

impl ChannelsConfig {
    /// How many.
    pub fn count(self) -> usize {
        match self {
            ChannelsConfig::Grey => 1,
            ChannelsConfig::Rgb => 3,
        }
    }
}

/// A function of numbers to learn from examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionConfig {
    /// The true answer, such as `a + b`: numbers, names of inputs, `+ - * / ^`, parentheses, `sin cos exp abs
    /// sqrt`.
    pub expression: String,
    /// The inputs, and from where to where each is drawn.
    pub inputs: BTreeMap<String, [f64; 2]>,
    /// How many examples are drawn.
    pub rows: usize,
}
