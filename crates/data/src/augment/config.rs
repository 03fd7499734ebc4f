use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One way to change an example a little, at random, while the network learns; valid and test stay as they are.
///
/// Where a setting is a range, the lower bound stands first, and every number between is equally likely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Augment {
    /// Mirrored.
    Flip {
        /// The probability that left and right are exchanged.
        #[serde(default = "half")]
        horizontal: f64,
        /// The probability that top and bottom are exchanged.
        #[serde(default = "zero")]
        vertical: f64,
    },
    /// Padded on all sides and cut back at a random place.
    Shift {
        /// How many pixels are added on each side, hence how far the image moves at most.
        #[serde(default = "four")]
        pixels: usize,
        /// What the added pixels are.
        #[serde(default, deserialize_with = "baeum_core::tagged::one")]
        #[schemars(transform = crate::config::or_bare_name)]
        border: Border,
    },
    /// Turned about its centre; the edge repeats.
    Rotate {
        /// The largest angle, to either side.
        #[serde(default = "fifteen")]
        degrees: f64,
    },
    /// Enlarged or made smaller about its centre; the edge repeats.
    Zoom {
        /// The range of the factor; above 1 enlarges.
        #[serde(default = "scales")]
        scale: [f64; 2],
    },
    /// Brightness, contrast and saturation, in random order, as torchvision's `ColorJitter`.
    ///
    /// Each is multiplied by a factor from `1 - strength` (0 at least) to `1 + strength`.
    Colour {
        /// How much brightness changes.
        #[serde(default = "fifth")]
        brightness: f64,
        /// How much contrast changes.
        #[serde(default = "fifth")]
        contrast: f64,
        /// How much saturation changes; for colour images alone.
        #[serde(default = "fifth")]
        saturation: f64,
    },
    /// Blurred by a Gaussian.
    Blur {
        /// The range of its deviation, in pixels.
        #[serde(default = "sigmas")]
        sigma: [f64; 2],
    },
    /// A random rectangle is filled (Zhong et al. 2020).
    Erase {
        /// The probability that it happens.
        #[serde(default = "half")]
        probability: f64,
        /// The range of its area, as a share of the image.
        #[serde(default = "areas")]
        area: [f64; 2],
        /// The range of its height over its width.
        #[serde(default = "aspects")]
        aspect: [f64; 2],
        /// What it is filled with.
        #[serde(default, deserialize_with = "baeum_core::tagged::one")]
        #[schemars(transform = crate::config::or_bare_name)]
        filling: Filling,
    },
    /// Random operations of one magnitude, one after the other (RandAugment; Cubuk et al. 2020).
    Policy {
        /// How many operations.
        #[serde(default = "two")]
        count: usize,
        /// How strong they are, from 0 to 10.
        #[serde(default = "five")]
        magnitude: f64,
        /// Those it chooses from; none for the fourteen of the paper.
        #[serde(default)]
        among: Vec<Operation>,
    },
    /// Noise upon a series.
    Jitter {
        /// Its deviation, as a share of that of each channel in the window.
        #[serde(default = "twentieth")]
        strength: f64,
    },
    /// Each channel of a series multiplied by a factor; what follows the window stays as it is.
    Scaling {
        /// The deviation of the factors from 1.
        #[serde(default = "tenth")]
        strength: f64,
    },
    /// Time runs faster here and slower there in a series; its first and its last number stay.
    TimeWarp {
        /// How often the speed changes.
        #[serde(default = "four")]
        knots: usize,
        /// The deviation of the logarithm of the speed.
        #[serde(default = "fifth")]
        strength: f64,
    },
    /// Pieces of a text become unknown.
    DropTokens {
        /// The probability of each.
        #[serde(default = "tenth")]
        probability: f64,
    },
    /// Neighbouring pieces of a text change places.
    SwapTokens {
        /// How often.
        #[serde(default = "one")]
        count: usize,
    },
}

/// What stands beyond the edge of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Border {
    /// The image, mirrored without the edge itself: `cb|abc|ba`.
    #[default]
    Reflect,
    /// One grey level in all channels.
    Grey {
        /// 0 is black, 255 white.
        level: u8,
    },
}

/// What fills an erased rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Filling {
    /// One grey level in all channels.
    Grey {
        /// 0 is black, 255 white.
        level: u8,
    },
    /// Every byte at random, each value equally likely.
    #[default]
    Noise,
}

/// One operation of a policy.
///
/// Ranges are those of AutoAugment (Cubuk et al. 2019), reached at magnitude 10; at 0 an operation that has a
/// magnitude does nothing. Where both directions make sense, one is chosen at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Nothing.
    Identity,
    /// Grey levels stretched from 0 to 255; has no magnitude.
    Autocontrast,
    /// Equally many pixels of each grey level; has no magnitude.
    Equalize,
    /// Turned, up to 30 degrees.
    Rotate,
    /// The brightest levels inverted, at magnitude 10 all.
    Solarize,
    /// The low bits of each byte dropped, up to four.
    Posterize,
    /// Saturation, by a factor from 0.1 to 1.9.
    Saturation,
    /// Contrast, by a factor from 0.1 to 1.9.
    Contrast,
    /// Brightness, by a factor from 0.1 to 1.9.
    Brightness,
    /// Sharpness, by a factor from 0.1 to 1.9.
    Sharpness,
    /// Rows moved against each other, up to 0.3 pixels each.
    ShearX,
    /// Columns moved against each other, up to 0.3 pixels each.
    ShearY,
    /// Moved to a side, up to 150/331 of the width, by whole pixels.
    TranslateX,
    /// Moved up or down, up to 150/331 of the height, by whole pixels.
    TranslateY,
    /// Not in the paper: mirrored left to right; has no magnitude.
    Flip,
    /// Not in the paper: enlarged or made smaller, by up to 1.5.
    Zoom,
    /// Not in the paper: blurred, up to a deviation of two pixels.
    Blur,
    /// Not in the paper: a grey rectangle, up to a quarter of the image.
    Erase,
}

impl Augment {
    /// The name used in recipes and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Augment::Flip { .. } => "flip",
            Augment::Shift { .. } => "shift",
            Augment::Rotate { .. } => "rotate",
            Augment::Zoom { .. } => "zoom",
            Augment::Colour { .. } => "colour",
            Augment::Blur { .. } => "blur",
            Augment::Erase { .. } => "erase",
            Augment::Policy { .. } => "policy",
            Augment::Jitter { .. } => "jitter",
            Augment::Scaling { .. } => "scaling",
            Augment::TimeWarp { .. } => "time_warp",
            Augment::DropTokens { .. } => "drop_tokens",
            Augment::SwapTokens { .. } => "swap_tokens",
        }
    }

    /// What it changes.
    pub(crate) fn of(&self) -> Changes {
        match self {
            Augment::Flip { .. }
            | Augment::Shift { .. }
            | Augment::Rotate { .. }
            | Augment::Zoom { .. }
            | Augment::Colour { .. }
            | Augment::Blur { .. }
            | Augment::Erase { .. }
            | Augment::Policy { .. } => Changes::Images,
            Augment::Jitter { .. } | Augment::Scaling { .. } | Augment::TimeWarp { .. } => Changes::Series,
            Augment::DropTokens { .. } | Augment::SwapTokens { .. } => Changes::Texts,
        }
    }
}

/// What a way to augment changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    Images,
    Texts,
    /// A series, or numbers that belong together.
    Series,
}

impl Changes {
    /// As messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Changes::Images => "images",
            Changes::Texts => "texts",
            Changes::Series => "series",
        }
    }
}

fn twentieth() -> f64 {
    0.05
}

fn half() -> f64 {
    0.5
}

fn zero() -> f64 {
    0.0
}

fn four() -> usize {
    4
}

fn fifteen() -> f64 {
    15.0
}

fn scales() -> [f64; 2] {
    [0.9, 1.1]
}

fn fifth() -> f64 {
    0.2
}

fn sigmas() -> [f64; 2] {
    [0.1, 1.5]
}

fn areas() -> [f64; 2] {
    [0.02, 0.2]
}

fn aspects() -> [f64; 2] {
    [0.3, 3.3]
}

fn two() -> usize {
    2
}

fn five() -> f64 {
    5.0
}

fn tenth() -> f64 {
    0.1
}

fn one() -> usize {
    1
}
