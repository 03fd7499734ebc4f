mod places;

use serde::{Deserialize, Serialize};

/// One step of preprocessing with the numbers it was fitted to. The only list of transforms in the workspace.
///
/// `data` fits them on the training rows and applies them; `export` writes them into files that can say them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Transform {
    /// Less noise in an image: bytes `[h, w, c]` in, as many bytes out.
    Denoise {
        /// How.
        by: Denoise,
    },
    /// The middle of an image: bytes `[h, w, c]` in, bytes `[height, width, c]` out.
    Crop {
        /// Rows that stay.
        height: usize,
        /// Columns that stay.
        width: usize,
    },
    /// An image of any size to one size: bytes `[h, w, c]` in, numbers `[c, height, width]` from 0 to 255 out; computed
    /// in `f32` and not rounded.
    Resize {
        /// Rows that come out.
        height: usize,
        /// Columns that come out.
        width: usize,
        /// How pixels are weighed.
        filter: Filter,
        /// What becomes of an image whose sides have another ratio.
        fit: Fit,
    },
    /// `x * factor + offset`.
    Scale {
        /// What each number is multiplied by.
        factor: f64,
        /// What is added then.
        offset: f64,
    },
    /// `(x - centre) / spread`: one pair for all numbers, or one for each number of a row or each channel of an image.
    /// A number that never changed in training has spread 1 here, so it becomes 0.
    Standardise {
        /// Means of the training rows, or their medians.
        centre: Vec<f64>,
        /// Their standard deviations (over n), or the distances between their quartiles; none of them 0.
        spread: Vec<f64>,
    },
    /// `ln(1 + x)`.
    Log1p {},
    /// A number beyond a bound becomes the bound; one that is missing stays so.
    Clip {
        /// The least that comes out, one for all numbers or one for each of a row; none where nothing bounds them.
        low: Vec<f64>,
        /// The most.
        high: Vec<f64>,
    },
    /// The share of training rows below a number, read off its quantiles with straight lines between them.
    Quantile {
        /// For each number of a row: equally spaced quantiles of the training rows, going up; at least two, each a
        /// number of 32 bits.
        quantiles: Vec<Vec<f64>>,
        /// What comes out.
        output: Distribution,
    },
    /// A missing number becomes this one: the mean, median or mode of the training rows, or a constant of the recipe.
    Impute {
        /// One value, or one for each number of a row.
        value: Vec<f64>,
    },
    /// 1 where a number is missing, 0 where it is there.
    IsMissing {},
    /// One number becomes the place of its bin, counted from 1; 0 is for a missing one.
    Bins {
        /// Where the second bin starts, the third, and so on; going up. A number on an edge is in the upper bin.
        edges: Vec<f64>,
    },
    /// One number becomes how far it has come in each bin: 0 before it, 1 behind it, a share within; the first goes
    /// below 0 and the last above 1 (piecewise linear encoding; Gorishniy, Rubachev & Babenko 2022).
    PiecewiseLinear {
        /// Where the bins start, and where the last one ends; going up, at least two.
        edges: Vec<f64>,
    },
    /// A name becomes its place among the names of the training rows, counted from 1; 0 is for a name that training
    /// did not see or saw too rarely, and for a missing one.
    Category {
        /// The names, in order.
        labels: Vec<String>,
    },
    /// A date becomes some of its parts as numbers, side by side; a missing one is missing in all of them.
    DateParts {
        /// Which, in order.
        parts: Vec<DatePart>,
        /// Whether a part that goes round is a place on a circle: two numbers, its sine and its cosine.
        cyclic: bool,
    },
    /// Letters that are written in several ways become one.
    NormaliseText {
        /// Which of Unicode's forms.
        form: TextForm,
        /// Whether capitals become small letters.
        lower: bool,
    },
    /// A text becomes the places of its pieces, `[length]`: what is longer is cut off, what is shorter is filled up
    /// with `padding`.
    Tokenise {
        /// A `tokenizer.json`, as the Hugging Face library reads it.
        tokenizer: String,
        /// How many pieces it knows; each place is below it.
        vocabulary: usize,
        /// The place of what fills up.
        padding: u32,
        /// How many places come out.
        length: usize,
        /// Which end of a longer text stays.
        keep: End,
        /// Which end of a shorter text is filled up.
        fill: End,
    },
    /// A name becomes one of so many places by its hash, counted from 1; 0 is for a missing one. No list of names is
    /// needed, and two names may share a place.
    Hash {
        /// How many places there are.
        buckets: usize,
    },
    /// A place becomes a row of zeros with a 1 at that place.
    OneHot {
        /// Length of the row: the places, and one more for place 0.
        size: usize,
    },
    /// Each channel of a series relative to itself: `[channels, steps]` in and out.
    NormaliseWindow {
        /// How many channels it has.
        channels: usize,
        /// What it is measured from.
        by: Anchor,
    },
    /// How much each step of a series differs from the one `lag` before it: `[channels, steps]` in,
    /// `[channels, steps - lag]` out.
    Difference {
        /// How many channels the series has.
        channels: usize,
        /// How many steps lie between the two.
        lag: usize,
    },
    /// A series laid out as recurrent networks and Transformers read it: `[channels, steps]` in, `[steps, channels]` out.
    StepsFirst {
        /// How many channels it has.
        channels: usize,
    },
}

/// What the numbers of a window are measured from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// From its last number (NLinear; Zeng, Chen, Zhang & Xu 2023).
    #[default]
    Last,
    /// From its mean, in its own standard deviations (reversible instance normalisation; Kim et al. 2022). A window that
    /// never moves has the deviation 1.
    Mean,
}

impl Anchor {
    /// What to take from the numbers of a window, and what to divide them by then, if by anything.
    pub fn of(self, window: &[f64]) -> (f64, Option<f64>) {
        match self {
            Anchor::Last => (window.last().copied().unwrap_or(f64::NAN), None),
            Anchor::Mean => {
                let n = window.len() as f64;
                let mean = window.iter().sum::<f64>() / n;
                let spread = (window.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
                (mean, Some(if (spread as f32) == 0.0 { 1.0 } else { spread }))
            }
        }
    }
}

/// A filter that takes noise out of an image; equal to OpenCV's of the same name within one grey level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Denoise {
    /// The median of a square of pixels: takes out single wrong pixels and keeps edges (`medianBlur`).
    Median {
        /// Side of the square, an odd number.
        #[serde(default = "three")]
        aperture: usize,
    },
    /// A weighted mean of a square of pixels: takes out fine noise, and blurs (`GaussianBlur`).
    Gaussian {
        /// Side of the square, an odd number.
        #[serde(default = "three")]
        size: usize,
        /// Deviation of the weights in pixels; 0 takes the one that suits the size.
        #[serde(default)]
        sigma: f64,
    },
    /// A mean of the pixels that are near and alike: takes out fine noise and keeps edges (`bilateralFilter`).
    Bilateral {
        /// Diameter of the circle, an odd number.
        #[serde(default = "five")]
        diameter: usize,
        /// How different two colours may be.
        #[serde(default = "fifty")]
        sigma_color: f64,
        /// How far apart two pixels may be.
        #[serde(default = "fifty")]
        sigma_space: f64,
    },
    /// A mean of the pixels whose surroundings are alike: takes out strong noise, slowly (`fastNlMeansDenoising`).
    NonLocalMeans {
        /// How strong.
        #[serde(default = "ten")]
        h: f64,
        /// Side of the surroundings that are compared, an odd number.
        #[serde(default = "seven")]
        template: usize,
        /// Side of the square that is searched, an odd number.
        #[serde(default = "twenty_one")]
        search: usize,
    },
}

fn three() -> usize {
    3
}

fn five() -> usize {
    5
}

fn seven() -> usize {
    7
}

fn twenty_one() -> usize {
    21
}

fn ten() -> f64 {
    10.0
}

fn fifty() -> f64 {
    50.0
}

/// One part of a date, as it stands in the calendar and on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// The year, which never comes again.
    Year,
    /// From 1 to 12.
    Month,
    /// The day of the month, from 1.
    Day,
    /// From 0 for Monday to 6 for Sunday.
    Weekday,
    /// From 0 to 23.
    Hour,
    /// From 0 to 59.
    Minute,
    /// From 1 to 365 or 366.
    DayOfYear,
}

impl DatePart {
    /// How many numbers some parts become.
    pub fn width(parts: &[DatePart], cyclic: bool) -> usize {
        parts.iter().map(|part| if cyclic && *part != DatePart::Year { 2 } else { 1 }).sum()
    }
}

/// A normal form of text (Unicode Standard Annex 15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextForm {
    /// As it is written.
    AsIs,
    /// Letters and their accents as one sign where there is one.
    #[default]
    Nfc,
    /// The same, and signs that mean the same become one: `ﬁ` is `fi`, a full-width `Ａ` is `A`.
    Nfkc,
}

/// One end of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Where it starts.
    #[default]
    Start,
    /// Where it ends.
    End,
}

/// How numbers are spread that a quantile transform gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// As the normal distribution, cut off at 5.2 deviations.
    #[default]
    Normal,
    /// Evenly from 0 to 1.
    Uniform,
}

/// How pixels are weighed when an image changes its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// A triangle, PIL's `BILINEAR`; where it shrinks it covers more pixels, so that none is left out (antialiased).
    #[default]
    Bilinear,
    /// A Catmull-Rom spline (a = -0.5), PIL's `BICUBIC`; antialiased too.
    Bicubic,
    /// The mean of what a pixel covers, OpenCV's `INTER_AREA`.
    Area,
    /// Lines between the four nearest pixels and nothing else, OpenCV's `INTER_LINEAR`: where it shrinks much, pixels
    /// are left out.
    Linear,
    /// The pixel that lies there, OpenCV's `INTER_NEAREST`.
    Nearest,
}

/// What becomes of an image whose sides have another ratio than those that are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fit {
    /// It is stretched.
    #[default]
    Stretch,
    /// Its middle is taken, as much as has the ratio.
    Cover,
    /// It stands in the middle as a whole, and grey fills the rest.
    Letterbox {
        /// How bright the rest is, from 0 to 255.
        #[serde(default = "grey")]
        grey: u8,
    },
}

fn grey() -> u8 {
    114
}

impl Transform {
    /// The name used in recipes, tables and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Transform::Denoise { .. } => "denoise",
            Transform::Crop { .. } => "crop",
            Transform::Resize { .. } => "resize",
            Transform::Scale { .. } => "scale",
            Transform::Standardise { .. } => "standardise",
            Transform::Log1p {} => "log1p",
            Transform::Clip { .. } => "clip",
            Transform::Quantile { .. } => "quantile",
            Transform::Impute { .. } => "impute",
            Transform::IsMissing {} => "is_missing",
            Transform::Bins { .. } => "bins",
            Transform::PiecewiseLinear { .. } => "piecewise_linear",
            Transform::Category { .. } => "category",
            Transform::Hash { .. } => "hash",
            Transform::DateParts { .. } => "date_parts",
            Transform::NormaliseText { .. } => "normalise_text",
            Transform::Tokenise { .. } => "tokenise",
            Transform::OneHot { .. } => "one_hot",
            Transform::NormaliseWindow { .. } => "normalise_window",
            Transform::Difference { .. } => "difference",
            Transform::StepsFirst { .. } => "steps_first",
        }
    }
}
