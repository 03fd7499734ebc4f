use baeum_core::{Anchor, DatePart, Denoise, Distribution, End, Filter, Fit, TextForm, tagged};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step from a field to numbers, as a recipe writes it; fitted to the training rows it is a
/// `baeum_core::Transform`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StepConfig {
    /// Less noise in an image, before it is resized.
    Denoise {
        /// How: `"median"`, `"gaussian"`, `"bilateral"` or `"non_local_means"`, each alone or with its settings.
        #[serde(deserialize_with = "tagged::one")]
        #[schemars(transform = super::or_bare_name)]
        by: Denoise,
    },
    /// The middle of an image, before it is resized.
    Crop {
        /// Rows that stay.
        height: usize,
        /// Columns that stay.
        width: usize,
    },
    /// An image of any size to one size.
    Resize {
        /// Rows that come out.
        height: usize,
        /// Columns that come out.
        width: usize,
        /// How pixels are weighed.
        #[serde(default)]
        filter: Filter,
        /// What becomes of an image whose sides have another ratio: `"stretch"`, `"cover"`, `"letterbox"` or
        /// `{ letterbox = { grey = 0 } }`.
        #[serde(default, deserialize_with = "tagged::one")]
        #[schemars(transform = super::or_bare_name)]
        fit: Fit,
    },
    /// `x * factor + offset`.
    Scale {
        /// What each number is multiplied by.
        #[serde(default = "one")]
        factor: f64,
        /// What is added then.
        #[serde(default)]
        offset: f64,
    },
    /// `(x - mean) / deviation`, both of the training rows.
    Standardise {
        /// Which numbers share a mean; those of a channel where they are laid out as an image, else each has its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per: Option<Per>,
    },
    /// `(x - median) / (third quartile - first quartile)`, all of the training rows: numbers far out hardly move it.
    Robust {},
    /// `ln(1 + x)`, for numbers above -1 that spread over orders of magnitude.
    Log1p {},
    /// A number beyond a bound becomes the bound.
    Clip {
        /// The least that comes out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        low: Option<f64>,
        /// The most that comes out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        high: Option<f64>,
        /// Both bounds as shares of the training rows, such as `[0.01, 0.99]`, in place of `low` and `high`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quantiles: Option<[f64; 2]>,
    },
    /// A number becomes the share of training rows below it, and by that the number which has the same share in a
    /// normal distribution.
    Quantile {
        /// How many quantiles are kept; no more than there are training rows.
        #[serde(default = "thousand")]
        quantiles: usize,
        /// How the numbers are spread that come out.
        #[serde(default)]
        output: Distribution,
    },
    /// A missing number becomes another one.
    Impute {
        /// Which one.
        #[serde(default)]
        with: ImputeWith,
        /// Whether the network also sees, as one more number of 0 or 1, that it was missing.
        #[serde(default)]
        flag: bool,
    },
    /// One number becomes the place of its bin, from 1; 0 is for a missing one.
    Bins {
        /// How many bins there are, unless several edges fall together.
        #[serde(default = "five")]
        count: usize,
        /// Where their edges are.
        #[serde(default)]
        by: BinsBy,
    },
    /// One number becomes how far it has come in each bin, 0 before it and 1 behind it; the bins hold equally many
    /// training rows.
    PiecewiseLinear {
        /// How many bins there are, unless several edges fall together.
        #[serde(default = "sixteen")]
        count: usize,
    },
    /// A name becomes its place among the names of the training rows, from 1; 0 stands for all others.
    Category {
        /// A name with fewer training rows than this counts as one of the others.
        #[serde(default = "one_row")]
        min_rows: usize,
    },
    /// A name becomes one of so many places by its hash, from 1; 0 is for a missing one. For names without end.
    Hash {
        /// How many places there are.
        buckets: usize,
    },
    /// A date such as `2026-11-25` or `2026-11-25 13:00` becomes some of its parts as numbers, side by side.
    DateParts {
        /// Which: `year`, `month` (from 1), `day` (from 1), `weekday` (0 is Monday), `hour`, `minute`, `day_of_year`
        /// (from 1).
        #[serde(default = "parts_of_a_day")]
        parts: Vec<DatePart>,
        /// Whether a part that goes round, which is any but `year`, becomes its place on a circle: two numbers, so that
        /// December is near January.
        #[serde(default)]
        cyclic: bool,
    },
    /// Letters that are written in several ways become one, before `tokenise`.
    NormaliseText {
        /// Which of Unicode's normal forms.
        #[serde(default)]
        form: TextForm,
        /// Whether capitals become small letters.
        #[serde(default)]
        lower: bool,
    },
    /// A text becomes the places of its pieces; 0 fills up what is short, and 1 is a piece that training did not know.
    Tokenise {
        /// What a piece is: `"character"`, `"word"`, `"bpe"`, `"word_piece"` or `"unigram"`, learned from the training
        /// rows, or `{ file = { path = "tokenizer.json" } }`. A long text is cut part by part, divided at blanks; one of more than 4 MiB
        /// in a piece is refused.
        #[serde(deserialize_with = "tagged::one")]
        #[schemars(transform = super::or_bare_name)]
        by: TokensBy,
        /// How many pieces are learned at most, 0 and 1 counted.
        #[serde(default = "eight_thousand")]
        vocabulary: usize,
        /// How many places a text has: a longer one is cut off, a shorter one filled up.
        length: usize,
        /// Which end of a longer text stays.
        #[serde(default)]
        keep: End,
        /// Which end of a shorter text is filled up. Behind (`end`), the network is told how many pieces count, one for an empty
        /// text, and sees no padding; in front, padding counts as pieces do.
        #[serde(default = "end")]
        fill: End,
    },
    /// A place becomes a row of zeros with a one at that place.
    OneHot {},
    /// Each window of a series is measured from itself, and so is what follows it: a series without a lasting level.
    NormaliseWindow {
        /// `last`: from its last number. `mean`: from its mean, in its own standard deviations.
        #[serde(default)]
        by: Anchor,
    },
    /// The steps of a window become their differences; what follows is measured from the last number of the window.
    Difference {
        /// How many steps lie between the two numbers: 1, or as many as a season has.
        #[serde(default = "one_row")]
        lag: usize,
    },
    /// The numbers of a window step by step and not channel by channel, as `lstm`, `gru` and attention read them.
    StepsFirst {},
}

/// What the pieces of a text are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TokensBy {
    /// Its characters.
    Character {},
    /// Its words and its signs, the most frequent of the training rows.
    Word {},
    /// Bytes that often follow each other (byte-pair encoding; Sennrich, Haddow & Birch 2016): no text is unknown.
    Bpe {},
    /// Parts of words; what does not start a word starts with `##` (WordPiece; Schuster & Nakajima 2012).
    WordPiece {},
    /// Parts of words, the most probable ones together (Kudo 2018).
    Unigram {},
    /// Whatever a `tokenizer.json` says.
    File {
        /// The file.
        path: String,
    },
}

/// Where the edges of bins are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BinsBy {
    /// So that each bin has equally many training rows.
    #[default]
    Quantile,
    /// So that all bins are equally wide.
    Width,
}

/// Which numbers share a mean and a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each number of a row has its own.
    Feature,
    /// All numbers of all rows share one.
    All,
    /// Each channel of an image has its own.
    Channel,
}

/// What a missing number becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImputeWith {
    /// The mean of the training rows.
    #[default]
    Mean,
    /// The number in the middle of the training rows.
    Median,
    /// The most frequent number of the training rows, the smallest of several.
    Mode,
    /// A number of your choice.
    Constant(f64),
}

impl StepConfig {
    /// The name used in recipes and errors.
    pub fn name(&self) -> &'static str {
        match self {
            StepConfig::Denoise { .. } => "denoise",
            StepConfig::Crop { .. } => "crop",
            StepConfig::Resize { .. } => "resize",
            StepConfig::Scale { .. } => "scale",
            StepConfig::Standardise { .. } => "standardise",
            StepConfig::Robust {} => "robust",
            StepConfig::Log1p {} => "log1p",
            StepConfig::Clip { .. } => "clip",
            StepConfig::Quantile { .. } => "quantile",
            StepConfig::Impute { .. } => "impute",
            StepConfig::Bins { .. } => "bins",
            StepConfig::PiecewiseLinear { .. } => "piecewise_linear",
            StepConfig::Category { .. } => "category",
            StepConfig::Hash { .. } => "hash",
            StepConfig::DateParts { .. } => "date_parts",
            StepConfig::NormaliseText { .. } => "normalise_text",
            StepConfig::Tokenise { .. } => "tokenise",
            StepConfig::OneHot {} => "one_hot",
            StepConfig::NormaliseWindow { .. } => "normalise_window",
            StepConfig::Difference { .. } => "difference",
            StepConfig::StepsFirst {} => "steps_first",
        }
    }
}

/// What a recipe means that says nothing of parts.
pub(crate) fn parts_of_a_day() -> Vec<DatePart> {
    vec![DatePart::Year, DatePart::Month, DatePart::Day, DatePart::Weekday]
}

fn one() -> f64 {
    1.0
}

fn one_row() -> usize {
    1
}

fn five() -> usize {
    5
}

fn sixteen() -> usize {
    16
}

fn thousand() -> usize {
    1000
}

fn end() -> End {
    End::End
}

fn eight_thousand() -> usize {
    8000
}
