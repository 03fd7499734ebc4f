//! The `[data]` section of a recipe, as a person writes it.

mod audit;
mod cleaning;
mod head_target;
mod input;
mod labels;
mod mix;
mod paths;
mod series;
mod source;
mod split;
mod step;
mod target;

use std::collections::BTreeMap;

use baeum_core::{Task, tagged};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::augment::Augment;

pub use audit::{AuditConfig, Leak};
pub use cleaning::{CleanConfig, OnBad};
pub use head_target::HeadTarget;
pub use input::InputConfig;
pub use labels::MergeLabels;
pub use mix::MixConfig;
pub use paths::Paths;
pub use series::SeriesConfig;
pub(crate) use source::FORM_FEED;
pub use source::{
    ChannelsConfig, CsvConfig, Encoding, FilesConfig, FolderConfig, FunctionConfig, IdxConfig, NumpyConfig,
    SourceConfig, TextConfig, TextExamples, TextFolderConfig,
};
pub use split::{SplitConfig, Unlisted};
pub(crate) use step::parts_of_a_day;
pub use step::{BinsBy, ImputeWith, Per, StepConfig, TokensBy};
pub use target::TargetConfig;

/// Where the examples are, what is to be learned from them, and how they become numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Where the examples are; the one setting that has no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceConfig>,
    /// The column that the network learns to tell. An idx file or an image folder calls it `label` unless it
    /// is said. A series may tell several: those that fit a pattern such as `*`. A table may have a list of several, all
    /// of them numbers (`regress`), or each saying yes or no (`multi_label`): `1` or `0`, `true` or `false`, `yes` or `no`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetConfig>,
    /// Several columns of a table of which each is a target by itself, in the place of `target`: a class and a number, say. Each has
    /// a head of the network, a loss and metrics. The first decides where rows are divided or drawn by their labels; a row has
    /// all of them or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<HeadTarget>,
    /// What the answer is like. Words are classified and numbers are regressed; classes written as numbers
    /// need `classify`, and rows that may have several labels need `multi_label`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// What stands between two labels in a cell of the target, for `multi_label`; `;`. Spaces around labels do not count. An
    /// empty cell says that no label fits; any other that `data.missing` lists, and `null`, says that nobody knows. JSON
    /// lines may have a list of texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// How probable a label has to be to answer, for `multi_label`; 0.5 where it is not named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, f64>,
    /// Number columns that belong together become one field: its name, and a pattern such as `pixel_*`.
    pub vectors: BTreeMap<String, String>,
    /// Columns that are left out.
    pub ignore: Vec<String>,
    /// Columns that tell rows apart; they are kept beside the rows, and the network never sees them.
    pub ids: Vec<String>,
    /// How a cell of a table without a value is written, such as `["", "-999"]`; a number may be written in any way. Unless it is
    /// said: nothing, `NA`, `NaN` and `?` in CSV. Parquet and JSON lines have a null, beside which nothing else is missing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// What is said about single fields.
    pub fields: BTreeMap<String, FieldConfig>,
    /// Several inputs of the network, by name, each made of fields of its own: a layer that has the name in its `from` reads it.
    /// Unless they are said, all fields stand side by side in one input, `x`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, InputConfig>,
    /// How the numbers of one example are laid out for the network, such as `[1, 8, 8]`: channels, rows,
    /// columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
    /// The rows of the table are steps of a series, of which an example sees a window and tells what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesConfig>,
    /// How the examples are divided. `stratified` for labels and `random` for numbers, with 15 % for each of
    /// `valid` and `test`; where the source has test rows of its own, `given` with 10 % of the others for
    /// `valid`; for a series `time`, as much for each.
    #[serde(deserialize_with = "tagged::option", skip_serializing_if = "Option::is_none")]
    #[schemars(transform = or_bare_name)]
    pub split: Option<SplitConfig>,
    /// How two training examples are made one: `mixup` averages numbers and images, `cutmix` puts a part of one image into
    /// another. Not at all, if not given.
    #[serde(deserialize_with = "tagged::option", skip_serializing_if = "Option::is_none")]
    #[schemars(transform = or_bare_name)]
    pub mix: Option<MixConfig>,
    /// Names for classes that the data write as numbers from 0, in that order.
    pub labels: Vec<String>,
    /// How the labels of the data are made one where they are spelled in several ways.
    pub clean_labels: CleanConfig,
    /// A file beside the recipe with labels that people gave, one JSON object a line, such as `labels.jsonl`; `baeum label`
    /// writes it. Several labels or numbers of a row are a list, or a text as in the data: numbers in the order of
    /// `data.target`, with a space between two. They take the place of those in the data before anything else is done with these. A table calls its rows
    /// by the first column of `data.ids`, a folder by the path of the image in it, arrays and idx files by the number of the
    /// row counted from 0: other rows have these numbers once the array is put in another order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_file: Option<String>,
    /// Which of several labels that the label file has for a row counts.
    pub merge_labels: MergeLabels,
    /// What happens to a row of a table, an image or a text that cannot be read; also to a row that has something else
    /// where `kind` says that a number or a date stands.
    pub on_bad: OnBad,
    /// What the parts may share.
    pub audit: AuditConfig,
    /// Quantiles of the number to be learned, told in its place: `[0.1, 0.5, 0.9]`. The share 0.1 of the truths is to lie below the first,
    /// so that the number is between the first and the last in 80 % of the cases. Their loss is the pinball loss, averaged over the levels. Where two cross, they change places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<f64>,
    /// What the number to be learned counts, such as `USD`; shown beside answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl Default for DataConfig {
    fn default() -> DataConfig {
        DataConfig {
            source: None,
            target: None,
            targets: vec![],
            task: None,
            separator: None,
            thresholds: BTreeMap::new(),
            vectors: BTreeMap::new(),
            ignore: vec![],
            ids: vec![],
            missing: None,
            fields: BTreeMap::new(),
            inputs: BTreeMap::new(),
            shape: None,
            series: None,
            split: None,
            mix: None,
            labels: vec![],
            clean_labels: CleanConfig::default(),
            label_file: None,
            merge_labels: MergeLabels::Last,
            on_bad: OnBad::Stop,
            audit: AuditConfig::default(),
            quantiles: vec![],
            unit: None,
        }
    }
}

/// How a cell without a value is written in CSV, unless it is said.
pub(crate) fn usual_missing() -> Vec<String> {
    ["", "NA", "NaN", "?"].map(str::to_owned).to_vec()
}

/// What is said about one field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FieldConfig {
    /// What it holds; found from the training rows unless it is said.
    #[serde(deserialize_with = "tagged::option", skip_serializing_if = "Option::is_none")]
    #[schemars(transform = or_bare_name)]
    pub kind: Option<KindConfig>,
    /// What is done to it before the network sees it, in order.
    ///
    /// Unless it is said: a number is standardised, its missing values first replaced by the mean if training
    /// has any; a date becomes year, month, day and weekday, treated likewise; a category becomes a row of zeros and a one; the bytes of an image become numbers from 0 to
    /// 1; numbers that belong together stay as they are.
    #[serde(deserialize_with = "steps", skip_serializing_if = "Option::is_none")]
    #[schemars(transform = or_bare_names)]
    pub steps: Option<Vec<StepConfig>>,
    /// What is done to it at random each time the network learns from it, before its steps; for an image, a text, a
    /// series, or numbers that belong together.
    #[serde(deserialize_with = "tagged::many", skip_serializing_if = "Vec::is_empty")]
    #[schemars(transform = or_bare_names)]
    pub augment: Vec<Augment>,
}

impl FieldConfig {
    /// What it holds, as far as the recipe says it: what cuts or rewrites text is for text, and dates alone have parts.
    pub(crate) fn kind(&self) -> Option<KindConfig> {
        let first = self.steps.as_ref().and_then(|steps| steps.first());
        let is_text = matches!(first, Some(StepConfig::NormaliseText { .. } | StepConfig::Tokenise { .. }));
        let is_date = matches!(first, Some(StepConfig::DateParts { .. }));
        let told = is_text.then_some(KindConfig::Text).or(is_date.then_some(KindConfig::Date));
        self.kind.clone().or(told)
    }
}

/// What a column of a table holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KindConfig {
    /// Numbers.
    Number,
    /// Names out of a list.
    Category,
    /// Words.
    Text,
    /// Dates, with a time or without one.
    Date,
    /// The path of an image file: `"image"`, or `{ image = { channels = "grey", folder = "photos" } }`.
    Image {
        /// Whether images are read in colour or in grey.
        #[serde(default)]
        channels: ChannelsConfig,
        /// The folder that the paths start from; unless it is said, that of the table.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
    },
}

fn steps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<StepConfig>>, D::Error> {
    tagged::many(deserializer).map(Some)
}

/// Lets the schema of an enum accept what [`tagged::option`] accepts: the name alone. What it says of itself stays in front.
pub(crate) fn or_bare_name(schema: &mut Schema) {
    let mut as_is = std::mem::take(schema);
    let said = as_is.remove("description");
    *schema = schemars::json_schema!({ "anyOf": [as_is, { "type": "string" }] });
    said.into_iter().for_each(|said| drop(schema.insert("description".to_owned(), said)));
}

/// The same for a list, and [`tagged::many`].
fn or_bare_names(schema: &mut Schema) {
    if let Some(items) = schema.get_mut("items") {
        *items = serde_json::json!({ "anyOf": [items.take(), { "type": "string" }] });
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DataConfig, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_recipe_says_little_or_much() {
        let config =
            parse(r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "split": "random"}"#).unwrap();
        assert_eq!(config.missing, None);
        assert_eq!(config.split, Some(SplitConfig::Random { valid: 0.15, test: 0.15 }));
        let config = parse(
            r#"{"source": {"folder": {"path": "cats", "channels": "grey"}}, "split": {"stratified": {"valid": 0.1}},
                "fields": {"image": {"steps": [{"resize": {"height": 8, "width": 9}}, "standardise"]}}}"#,
        )
        .unwrap();
        let steps = config.fields["image"].steps.clone().unwrap();
        assert_eq!(steps[1], StepConfig::Standardise { per: None });
        assert_eq!(config.split, Some(SplitConfig::Stratified { valid: 0.1, test: 0.15 }));
    }

    #[test]
    fn what_is_written_reads_back() {
        let config = parse(
            r#"{"source": {"idx": {"images": "i", "labels": "l"}}, "labels": ["a", "b"],
                "target": ["a", "b"], "task": "multi_label", "separator": "|", "thresholds": {"a": 0.25},
                "label_file": "l.jsonl", "merge_labels": "dawid_skene", "fields": {"image": {"steps": [{"impute": {"with": {"constant": 2}}}, "category", "one_hot"]}}}"#,
        )
        .unwrap();
        assert_eq!(parse(&serde_json::to_string(&config).unwrap()).unwrap(), config);
    }

    #[test]
    fn a_slip_is_refused_with_the_names_there_are() {
        let error = parse(r#"{"sauce": 1}"#).unwrap_err();
        assert!(error.starts_with("unknown field `sauce`, expected one of `source`, `target`"), "{error}");
        let error = parse(r#"{"source": {"csv": {"file": "a.csv"}}}"#).unwrap_err();
        assert!(
            error.starts_with("unknown field `file`, expected one of `path`, `header`, `columns`"),
            "{error}"
        );
        let error = parse(r#"{"fields": {"a": {"steps": ["standardize"]}}}"#).unwrap_err();
        assert!(
            error.starts_with("unknown variant `standardize`, expected one of `denoise`, `crop`, `resize`"),
            "{error}"
        );
        let error = parse(r#"{"fields": {"a": {"steps": [{"scale": {"facter": 2}}]}}}"#).unwrap_err();
        assert!(error.starts_with("unknown field `facter`, expected `factor` or `offset`"), "{error}");
    }

    #[test]
    fn the_schema_accepts_bare_names() {
        let schema = serde_json::to_value(schemars::schema_for!(DataConfig)).unwrap();
        let split = &schema["properties"]["split"];
        assert_eq!(split["anyOf"][1]["type"], "string", "{split}");
        let items = &schema["$defs"]["FieldConfig"]["properties"]["steps"]["items"];
        assert_eq!(items["anyOf"][1]["type"], "string", "{items}");
    }
}
