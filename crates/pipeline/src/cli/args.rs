use std::path::{Path, PathBuf};

use baeum_train::RateRange;
use clap::{Args, Parser, Subcommand};

use crate::run::Stage;

/// Find a function from data: examples and one recipe in; a trained, measured and exported model out.
#[derive(Debug, Parser)]
#[command(name = "baeum", version, long_version = VERSION, propagate_version = true)]
#[command(max_term_width = 100, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,

    /// What to tell about the work, on standard error: error, warn, info, debug or trace; also set by BAEUM_LOG.
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

/// With what all sources hash to, so that two commands of one version can be told apart.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (sources ", env!("BAEUM_SOURCES"), ")");

const AFTER: &str = "\
The five stages: data -> models -> train -> evaluate -> export. Try: baeum pipeline datasets/digits/recipe.toml

Exit codes: 0 done; 1 a bug in Baeum; 2 usage or recipe; 3 input refused; 4 disk or network; 5 diverged;
6 out of memory or disk budget; 7 locked by another run; 8 damaged or not equal; 9 a stage of yours failed;
129, 130, 143 stopped by a signal, after a checkpoint.";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run all five stages of a recipe.
    Pipeline(Work),
    /// Read, split and profile the data; later stages do not run.
    Data(Work),
    /// Build the network and print its summary; later stages do not run.
    Models(Work),
    /// Train the network; later stages do not run.
    Train(Work),
    /// Measure the trained network on the test rows; export does not run.
    Evaluate(Work),
    /// Write and prove the model files.
    Export(Work),
    /// Say which stages would run, and why.
    Plan(Work),
    /// Try learning rates from small to large, draw how the loss answers, and suggest one; no run is begun.
    FindRate(FindRate),
    /// Answer for one record, a file or a folder, by a finished run.
    Predict(Predict),
    /// Label rows, correct labels, and list the rows that are worth a look.
    Label(Label),
    /// Download the files that the recipe's source.toml lists, and check them.
    Fetch(Fetch),
    /// Print a JSON Schema of recipes, for editors.
    Schema,
    /// Check every file of a run against its recorded hash.
    Verify(Verify),
    /// Run a step again that training could not take; it fails unless the same is wrong with it.
    Replay(Replay),
    /// List the runs, or clean the cache behind them.
    Runs(Runs),
    /// Print the limits on what is read, and the settings that raise them.
    Limits,
}

/// What every command about a recipe takes.
#[derive(Debug, Args)]
pub(crate) struct Work {
    /// The recipe, a TOML file.
    pub(crate) recipe: PathBuf,

    /// Change a setting of the recipe: `train.learning_rate=0.01`. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) sets: Vec<String>,

    /// Where the runs are kept.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) runs: PathBuf,

    /// Another folder where the data files may lie; BAEUM_DATA and the cache are looked at too.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Run this stage and those after it again, with what the earlier ones left in the run folder.
    #[arg(long, value_name = "STAGE")]
    pub(crate) from: Option<Stage>,

    /// Stop after this stage.
    #[arg(long, value_name = "STAGE")]
    pub(crate) to: Option<Stage>,

    /// Continue exactly this run, or refuse and list what differs.
    #[arg(long, value_name = "RUN")]
    pub(crate) resume: Option<String>,
}

impl Work {
    /// The recipe, as every command about one opens it: its file, settings, runs and data.
    pub(crate) fn about(recipe: &Path, sets: &[String], runs: &Path, data: Option<&Path>) -> Work {
        let [recipe, runs] = [recipe, runs].map(Path::to_owned);
        let (sets, data) = (sets.to_vec(), data.map(Path::to_owned));
        Work { recipe, sets, runs, data, from: None, to: None, resume: None }
    }
}

#[derive(Debug, Args)]
pub(crate) struct FindRate {
    /// The recipe; all but its `train.learning_rate`, warmup and schedule is as it says.
    pub(crate) recipe: PathBuf,

    /// The smallest learning rate.
    #[arg(long, value_name = "NUMBER", default_value_t = RateRange::default().least())]
    pub(crate) least: f64,

    /// The largest learning rate; the search ends before it where the loss becomes too large.
    #[arg(long, value_name = "NUMBER", default_value_t = RateRange::default().most())]
    pub(crate) most: f64,

    /// How many steps there are between them.
    #[arg(long, value_name = "N", default_value_t = RateRange::default().steps())]
    pub(crate) steps: usize,

    /// Where to write the page; RUNS/NAME-rate.html, if not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Change a setting of the recipe. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) sets: Vec<String>,

    /// Where the runs are kept.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) runs: PathBuf,

    /// Another folder where the data files may lie.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// A run: its name (`digits-0001`), its recipe's name for the newest (`digits`), or its folder.
    pub(crate) run: String,

    /// A CSV file, with paths from its own folder where a record has an image beside other fields; an image, a folder of images, or
    /// a text to go on with: the lines of it, where the run learned lines.
    #[arg(conflicts_with = "fields", required_unless_present = "fields")]
    pub(crate) input: Option<PathBuf>,

    /// One field of one record: `a=3`; the path of a file for an image. May be given several times.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(crate) fields: Vec<String>,

    /// How many pieces a text is gone on with.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) pieces: usize,

    /// How daring a text is gone on with: 1 as the network says, 0 always the most probable piece.
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0, allow_negative_numbers = true)]
    pub(crate) temperature: f64,

    /// Draw a piece from the K most probable ones alone.
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    pub(crate) top_k: Option<usize>,

    /// Draw a piece from the most probable ones alone that make up this share together, such as 0.9.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub(crate) top_p: Option<f64>,

    /// End where this text would come. May be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,

    /// Decides which pieces are drawn.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Where the runs are kept.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) runs: PathBuf,

    /// Print one JSON object a line instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = LABEL_AFTER)]
pub(crate) struct Label {
    /// The recipe; its `data.label_file` says where labels are kept.
    pub(crate) recipe: PathBuf,

    /// A row and its label. A row is called by the first column of `data.ids`, an image by its path in the folder, a row of
    /// an array by its number from 0.
    #[arg(value_name = "ID=LABEL")]
    pub(crate) labels: Vec<String>,

    /// Many labels: a CSV file with the columns id, label and perhaps annotator. All of them are added, or none.
    #[arg(long, value_name = "FILE", conflicts_with = "labels")]
    pub(crate) from: Option<PathBuf>,

    /// Take back the labels that people gave to these rows, those of `--by` alone if it is said: the rows are as the data
    /// have them again. What was said stays in the file.
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with_all = ["labels", "from", "next", "candidates"])]
    pub(crate) withdraw: Vec<String>,

    /// Who labels, where the file does not say it.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,

    /// Accept a label that no row has so far.
    #[arg(long)]
    pub(crate) new_class: bool,

    /// List the N rows without a label that a trained run is least sure of: these teach it most.
    #[arg(long, value_name = "N", conflicts_with_all = ["labels", "from", "candidates"])]
    pub(crate) next: Option<usize>,

    /// List the N rows whose label is most probably wrong, of those that the run has not learned from.
    #[arg(long, value_name = "N", conflicts_with_all = ["labels", "from"])]
    pub(crate) candidates: Option<usize>,

    /// The run that says it, the newest trained one if not given; several, such as those of all folds, are averaged for
    /// `--candidates`.
    #[arg(long = "run", value_name = "RUN")]
    pub(crate) run: Vec<String>,

    /// Change a setting of the recipe. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) sets: Vec<String>,

    /// Where the runs are kept.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) runs: PathBuf,

    /// Another folder where the data files may lie.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

const LABEL_AFTER: &str = "\
Without ID=LABEL, --from, --withdraw, --next and --candidates it tells how many rows have a label. The next run of the recipe
learns from what was added.";

#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// The recipe whose folder holds a source.toml.
    pub(crate) recipe: PathBuf,

    /// Where to put the files; the cache, if not given.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A run: its name, its recipe's name for the newest, or its folder.
    pub(crate) run: String,

    /// Where the runs are kept.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) runs: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The folder that the run has kept it in: `runs/digits-0001/replay/000003`.
    pub(crate) bundle: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// Where the runs are kept.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) runs: PathBuf,

    /// Remove from the cache what no run has any longer: outputs and examples of runs whose folders were deleted.
    #[arg(long)]
    pub(crate) clean: bool,
}
