//! What is worth reaching, and where it is published.
use std::collections::BTreeMap;

/// A recipe of `datasets/`, and what it is held against.
#[derive(Clone, Copy, Debug)]
pub struct Lesson {
    /// The recipe, as a path from the root of the workspace.
    pub recipe: &'static str,
    /// What the examples are, and how they are divided.
    pub protocol: &'static str,
    /// Which score on the test rows counts.
    pub measure: Measure,
    /// What it is called in the table.
    pub called: &'static str,
    /// What the mean over the seeds is to reach, if anything was published.
    pub bar: Option<Bar>,
    /// What others reached, and where they say so.
    pub published: &'static str,
    /// What was tried, where the bar is not reached.
    pub tried: &'static str,
}

/// Which score counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// A metric of `metrics.json`.
    Metric(&'static str),
    /// The square of one: papers give the squared error of forecasts, the report its root.
    SquareOf(&'static str),
}

/// What a score is to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

impl Lesson {
    /// What it is called: its path in `datasets`, without what goes without saying.
    pub fn name(&self) -> &'static str {
        let path = self.recipe.strip_prefix("datasets/").unwrap_or(self.recipe);
        let path = path.strip_suffix(".toml").unwrap_or(path);
        path.strip_suffix("/recipe").unwrap_or(path)
    }
}

impl Measure {
    /// The score among these metrics.
    pub fn of(self, metrics: &BTreeMap<String, f64>) -> Option<f64> {
        match self {
            Measure::Metric(name) => metrics.get(name).copied(),
            Measure::SquareOf(name) => metrics.get(name).map(|root| root * root),
        }
    }
}

impl Bar {
    /// Whether a score reaches it.
    pub fn is_reached(self, score: f64) -> bool {
        match self {
            Bar::AtLeast(least) => score >= least,
            Bar::AtMost(most) => score <= most,
        }
    }
}

/// Every recipe of `datasets/`, in the order of the table.
pub const LESSONS: &[Lesson] = &[
    Lesson {
        recipe: "datasets/digits/recipe.toml",
        protocol: "1,797 images of 8x8, ten classes; a stratified fifth is tested",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.985)),
        published: "support vector machine about 0.99 (scikit-learn)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/fashion-mnist/recipe.toml",
        protocol: "60,000 and 10,000 images of 28x28, ten classes; eight epochs of the network that the bench trains",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.898)),
        published: "MLP 0.883, XGBoost 0.898 (the data's README)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/fashion-mnist/cnn.toml",
        protocol: "as above; fewer than 100,000 parameters, ten minutes of a CPU's core",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.925)),
        published: "two convolutions of fewer than 100,000 parameters 0.925, with batch norm 0.934 (the data's README)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/fashion-mnist/best.toml",
        protocol: "as above, without a bound",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.94)),
        published: "ResNet-18 of 11 million parameters, with moved images, 0.949 (the data's README)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/clothing/recipe.toml",
        protocol: "photos of 106 sizes, ten classes; 150 to learn from, the official 372 are tested; no pre-training",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.29)),
        published: "logistic regression over 64x48 pixels 0.290 (scikit-learn)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/adult/recipe.toml",
        protocol: "mixed table, the official 16,281 rows are tested",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.868)),
        published: "MLP 0.852, FT-Transformer 0.859, XGBoost 0.874 (Gorishniy et al. 2021), TabM-mini 0.870 (Gorishniy et al. 2025)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/california-housing/recipe.toml",
        protocol: "20,640 districts, a random fifth is tested",
        measure: Measure::Metric("rmse"),
        called: "root mean squared error, USD",
        bar: Some(Bar::AtMost(50_000.0)),
        published: "linear 69,050, forest 49,680 (Géron)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/iris/recipe.toml",
        protocol: "150 flowers, three species; a stratified fifth is tested",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.955)),
        published: "logistic regression 0.955 (scikit-learn, cross-validation)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/wine/recipe.toml",
        protocol: "178 wines, three cultivars; a stratified fifth is tested",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.981)),
        published: "logistic regression 0.981 (scikit-learn, cross-validation), LDA 0.989 (Aeberhard et al. 1992)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/breast-cancer/recipe.toml",
        protocol: "569 tumours, two classes; ten folds, each tested once",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.978)),
        published: "logistic regression 0.978 (scikit-learn, cross-validation)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/penguins/recipe.toml",
        protocol: "344 penguins, three species, values missing; a stratified fifth is tested",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.96)),
        published: "0.96 to 0.99",
        tried: "",
    },
    Lesson {
        recipe: "datasets/diabetes/recipe.toml",
        protocol: "442 patients; a random fifth is tested",
        measure: Measure::Metric("r2"),
        called: "R2",
        bar: Some(Bar::AtLeast(0.48)),
        published: "linear regression 0.48 (scikit-learn, cross-validation)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/function/recipe.toml",
        protocol: "2,000 rows of a + b; a random fifth is tested",
        measure: Measure::Metric("r2"),
        called: "R2",
        bar: Some(Bar::AtLeast(0.9999)),
        published: "-",
        tried: "",
    },
    Lesson {
        recipe: "datasets/function/product.toml",
        protocol: "4,000 rows of a * b; a random fifth is tested",
        measure: Measure::Metric("r2"),
        called: "R2",
        bar: Some(Bar::AtLeast(0.9999)),
        published: "-",
        tried: "",
    },
    Lesson {
        recipe: "datasets/languages/recipe.toml",
        protocol: "7,200 names, twelve languages; five folds, each tested once",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.865)),
        published: "linear SVM over n-grams of characters 0.865 (scikit-learn, cross-validation)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/sst2/recipe.toml",
        protocol: "6,920, 872 and 1,821 sentences, no pre-training",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.82)),
        published: "CNN 0.827 (Kim 2014), linear SVM over n-grams 0.813",
        tried: "",
    },
    Lesson {
        recipe: "datasets/nsmc/recipe.toml",
        protocol: "150,000 and 50,000 Korean reviews, no pre-training",
        measure: Measure::Metric("accuracy"),
        called: "accuracy",
        bar: Some(Bar::AtLeast(0.874)),
        published: "linear model over n-grams 0.874; pre-trained KoBERT 0.896",
        tried: "",
    },
    Lesson {
        recipe: "datasets/tinyshakespeare/recipe.toml",
        protocol: "the last tenth of 1,115,394 characters is tested, whole; 2,000 steps of 12 pieces of 64 characters",
        measure: Measure::Metric("log_loss"),
        called: "nats per character",
        bar: Some(Bar::AtMost(1.75)),
        published: "1.88, estimated (nanoGPT on a CPU: 4 blocks, 128 channels, 2,000 steps)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/tinyshakespeare/nanogpt.toml",
        protocol: "as above, by nanoGPT's recipe for a CPU",
        measure: Measure::Metric("log_loss"),
        called: "nats per character",
        bar: Some(Bar::AtMost(1.88)),
        published: "1.88, estimated (nanoGPT); PyTorch by that recipe on the whole tenth 1.896 (one seed)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/names/recipe.toml",
        protocol: "32,033 names, 29,494 of them different; equal ones stay together, a tenth is tested",
        measure: Measure::Metric("log_loss"),
        called: "nats per letter",
        bar: Some(Bar::AtMost(2.0)),
        published: "about 1.92, of names drawn by lot (makemore, a Transformer of 200,000 parameters), pairs of letters 2.45",
        tried: "",
    },
    Lesson {
        recipe: "datasets/addition/recipe.toml",
        protocol: "4,095 sums as text; a random fifth is tested",
        measure: Measure::Metric("log_loss"),
        called: "nats per sign; 0.94 is the least there is",
        bar: None,
        published: "-",
        tried: "",
    },
    Lesson {
        recipe: "datasets/etth1/recipe.toml",
        protocol: "seven columns, 336 hours seen, 96 told; 8,640, 2,880 and 2,880 hours",
        measure: Measure::SquareOf("rmse"),
        called: "mean squared error of scaled values",
        bar: Some(Bar::AtMost(0.38)),
        published: "NLinear 0.374, DLinear 0.375 (Zeng et al. 2023)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/etth1/patchtst.toml",
        protocol: "as above",
        measure: Measure::SquareOf("rmse"),
        called: "mean squared error of scaled values",
        bar: Some(Bar::AtMost(0.375)),
        published: "PatchTST/42 0.375 (Nie et al. 2023)",
        tried: "",
    },
    Lesson {
        recipe: "datasets/series/recipe.toml",
        protocol: "1,461 days, 56 seen and 7 told; the last fifth is tested",
        measure: Measure::Metric("mae"),
        called: "mean absolute error, visitors",
        bar: Some(Bar::AtMost(9.91)),
        published: "the week before 9.91, the formula itself 6.70",
        tried: "",
    },
    Lesson {
        recipe: "datasets/airline/recipe.toml",
        protocol: "144 months, 24 seen and 12 told; the last twelve are tested",
        measure: Measure::Metric("mae"),
        called: "mean absolute error, thousand passengers",
        bar: Some(Bar::AtMost(47.83)),
        published: "the year before 47.83",
        tried: "",
    },
];

/// Wrong labels that are found: no network learns there, so it is no lesson.
#[derive(Clone, Copy, Debug)]
pub struct WrongLabels {
    /// How many people agree on.
    pub known: usize,
    /// How many of them are to stand among the first hundred rows that are proposed.
    pub bar: usize,
    /// How many do.
    pub found: usize,
}

/// Among 10,000 test digits of MNIST (Northcutt et al. 2021); `tests/it/labels.rs` finds them.
pub const WRONG_LABELS: WrongLabels = WrongLabels { known: 15, bar: 12, found: 15 };
