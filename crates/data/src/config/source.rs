use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Paths;

/// Where examples come from. Paths are relative to the recipe; `--data DIR`, `BAEUM_DATA` and the cache are
/// looked in next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceConfig {
    /// A table of text: one example a row.
    Csv(CsvConfig),
    /// Lines of JSON, each an object of plain values: one example a line; `.gz` and `.zst` are unpacked.
    Jsonl(FilesConfig),
    /// A table in Parquet files: one example a row.
    Parquet(FilesConfig),
    /// Images and their labels in two idx files, as MNIST has them; `.gz` is unpacked.
    Idx(IdxConfig),
    /// Arrays of NumPy, `.npy` or in a `.npz`; the first dimension counts the examples.
    Numpy(NumpyConfig),
    /// Plain text, to learn what comes next in it.
    Text(TextConfig),
    /// A folder with one folder of images for each class.
    Folder(FolderConfig),
    /// A folder with one folder of text files for each class.
    TextFolder(TextFolderConfig),
    /// Numbers computed from numbers drawn at random.
    Function(FunctionConfig),
}

/// A table of comma-separated values, as RFC 4180 describes it, in one file or several. A file whose name ends in
/// `.gz` or `.zst` is unpacked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvConfig {
    /// The file, a list of files, or a pattern such as `part-*.csv`; left out where `data.split.files` names the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Paths>,
    /// Whether the first line names the columns; without one they are `column_1`, `column_2` and so on.
    pub header: bool,
    /// Names for the columns of a table without a header.
    pub columns: Vec<String>,
    /// What stands between two fields: one ASCII character. Unless it is said, that one of comma, tab, semicolon and
    /// `|` which cuts the first lines into equally many fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// What stands around a field that holds a delimiter or a line end: one ASCII character, or nothing where quotes
    /// are text like any other.
    pub quote: String,
    /// How bytes are letters. Unless it is said, UTF-8; a file that is none is read as the one of UTF-16, CP949 and
    /// Latin-1 that it can be, and a warning says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Whether spaces around a cell are left out.
    pub trim: bool,
}

impl Default for CsvConfig {
    fn default() -> CsvConfig {
        CsvConfig {
            path: None,
            header: true,
            columns: vec![],
            delimiter: None,
            quote: "\"".to_owned(),
            encoding: None,
            trim: false,
        }
    }
}

/// How bytes are letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, its byte order told by its mark or by where its zeros are.
    Utf16,
    /// Korean text of Windows programs; EUC-KR is a part of it.
    Cp949,
    /// ISO 8859-1, Western European text of old programs.
    Latin1,
}

impl Encoding {
    /// As messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16 => "UTF-16",
            Encoding::Cp949 => "CP949",
            Encoding::Latin1 => "Latin-1",
        }
    }
}

/// The files of a table whose format leaves nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FilesConfig {
    /// The file, a list of files, or a pattern such as `part-*.jsonl`; left out where `data.split.files` names the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Paths>,
}

/// Plain text, one file behind the other.
///
/// The answer is the piece behind each that the network sees, as many as `tokenise` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextConfig {
    /// The file, a list of files, or a pattern such as `volume-*.txt`.
    pub path: Paths,
    /// What an example is.
    #[serde(default)]
    pub examples: TextExamples,
    /// How bytes are letters; unless it is said, UTF-8 or what a file that is none can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
}

/// What the examples of a plain text are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextExamples {
    /// Windows of pieces, one behind the other; the last of a part begins earlier, so that it is whole. The parts stand one
    /// behind the other, too.
    #[default]
    Windows,
    /// Lines, each by itself: names, say, or sums. The network sees the end of the line before, and tells that of this one.
    /// They are divided by lot.
    Lines,
    /// The same lines, as many in an example as it has room for: those of a part in their order, an end between two, each
    /// piece told once. A line is cut where an example is full, and sees the lines before it, as customary (Radford et al.
    /// 2018); the last example is filled up.
    Packed,
    /// Whole files, each a text by itself: articles, say, or letters. They are packed as lines are, with a form feed between
    /// two, and divided by lot.
    Documents,
}

impl TextExamples {
    /// What stands in front of each text that stands by itself, and behind it.
    pub(crate) fn end(self) -> Option<char> {
        match self {
            TextExamples::Windows => None,
            TextExamples::Lines | TextExamples::Packed => Some('\n'),
            TextExamples::Documents => Some(FORM_FEED),
        }
    }
}

/// Goes to the next page; no text that is looked at on a screen has one.
pub(crate) const FORM_FEED: char = '\u{c}';

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

/// Inputs and targets in arrays. `data.npz#x` is the array `x` of an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumpyConfig {
    /// A file such as `x.npy`, or an array of an archive such as `all.npz#x`. Bytes `[n, height, width]` or `[n, height,
    /// width, channels]` are images; anything else `[n, ..]` is numbers, laid out for the network as `data.shape` says.
    pub inputs: String,
    /// One label or one number for each example.
    pub targets: String,
    /// The same for the test rows, if they are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_inputs: Option<String>,
    /// The targets of the test rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_targets: Option<String>,
}

/// A folder with one folder for each class; its name is the class. Images may lie deeper in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The folder. Beside `data.label_file`, the images in its folder `unlabelled` have no label yet.
    pub path: String,
    /// Whether images are read in colour or in grey.
    #[serde(default)]
    pub channels: ChannelsConfig,
}

/// A folder with one folder for each class; its name is the class. Each `.txt` file in it, however deep, is one text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextFolderConfig {
    /// The folder.
    pub path: String,
    /// How bytes are letters. Unless it is said, UTF-8; a file that is none is read as the one of UTF-16, CP949 and
    /// Latin-1 that it can be, and a warning says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
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
