use std::sync::Arc;

use baeum_core::{Dataset, Decode, Field, InputSpec, Probes, Schema, Splits, Target, TargetStats, Task};
use serde::{Deserialize, Serialize};

use crate::audit::audit;
use crate::config::{OnBad, TextExamples};
use crate::encoder::Encoder;
use crate::examples::{Examples, KEPT_BYTES};
use crate::fit::{Fitted, fit};
use crate::labelling::given;
use crate::labels::Labels;
use crate::plan::{DataPlan, SourcePlan, plain_text};
use crate::profile::{Profile, Warning, profile};
use crate::source::{Divided, Raw, Scan, function, scan};
use crate::split::{divide, lists};
use crate::text::Pieces;
use crate::{DataError, Place};

/// All that the stage learned from the data, written down; with the same files it gives the same dataset
/// again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataBlueprint {
    /// What the answer is like.
    pub task: Task,
    /// What a record looks like.
    pub schema: Schema,
    /// From a record to the network's inputs, fitted.
    pub inputs: Vec<InputSpec>,
    /// From the network's outputs to answers.
    pub targets: Vec<Target>,
    /// What the training rows answer on average, one for each target.
    pub stats: Vec<TargetStats>,
    /// Which rows are for what.
    pub splits: SplitRows,
}

/// The rows of each part, by their places in the source, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRows {
    /// What the network learns from.
    pub train: Vec<usize>,
    /// What chooses the best epoch.
    pub valid: Vec<usize>,
    /// What the final score is measured on.
    pub test: Vec<usize>,
    /// What nobody knows the answer to; it is in no part.
    #[serde(default)]
    pub unlabelled: Vec<usize>,
}

/// What the stage hands on.
pub struct Prepared {
    /// What it learned.
    pub blueprint: DataBlueprint,
    /// What the data look like, for people.
    pub profile: Profile,
    /// The examples, ready for a network.
    pub dataset: Dataset,
}

/// Reads the data, divides them, and fits steps and labels to the training rows.
///
/// # Errors
/// [`DataError`] for a file that is missing or not what it should be, a name that the data do not have, and a
/// split that cannot be.
pub fn prepare(plan: &DataPlan, place: &Place) -> Result<Prepared, DataError> {
    let progress = &place.progress;
    progress.begin("reading", 0);
    let mut scan = scan(plan, place)?;
    let lists = lists(plan, scan.as_ref(), place)?;
    progress.begin("looking at each row", scan.rows());
    let ids = scan.ids()?; // what cannot be read is left out here
    let given = given(plan, place, scan.as_ref())?;
    let task = plan.task.map_or_else(|| scan.task(&given.targets), Ok)?;
    plan.check_answers(task)?;
    let splits = divide(plan, task, scan.as_ref(), (ids, &given.targets), lists.as_ref(), &place.rng())?;
    let fields = scan.fields(task, &splits.train)?;
    let (unlabelled, mut found) = (given.targets.unknown()?, given.warnings.clone());
    progress.begin("reading cells", 0);
    let raw = given.over(scan.load(&fields)?, &fields)?;
    progress.begin("fitting steps", splits.train.rows().len());
    let fitted = fit(plan, raw.as_ref(), fields, &splits.train, place)?;
    let labels = count_labels(plan, raw.as_ref(), &fitted, &splits)?;
    progress.begin("looking for leaks", raw.rows());
    let ((raw, splits), leaks) = examined(plan, task, (raw, splits), &fitted)?;
    found.extend(leaks);
    progress.begin("describing fields", 0);
    let profile = profile(raw.as_ref(), &fitted.schema, &splits, labels, found)?;
    let rows = SplitRows {
        train: splits.train.rows().to_vec(),
        valid: splits.valid.rows().to_vec(),
        test: splits.test.rows().to_vec(),
        unlabelled,
    };
    let Fitted { schema, inputs, targets, stats } = fitted;
    let blueprint = DataBlueprint { task, schema, inputs, targets, stats, splits: rows };
    let examples = examples(plan, place, raw, &blueprint, KEPT_BYTES)?;
    examples.check()?;
    let dataset = dataset(plan, examples, &blueprint, splits)?;
    progress.end();
    Ok(Prepared { blueprint, profile, dataset })
}

/// The dataset of a blueprint that was fitted before; nothing is fitted anew.
///
/// # Errors
/// [`DataError`] as for [`prepare`], and [`DataError::Changed`] if there are other rows than when the
/// blueprint was fitted.
pub fn open(plan: &DataPlan, place: &Place, blueprint: &DataBlueprint) -> Result<Dataset, DataError> {
    let SplitRows { train, valid, test, unlabelled } = blueprint.splits.clone();
    let changed = |wants: String, got: String| DataError::Changed { wants, got };
    let known = [&train[..], &valid, &test, &unlabelled].concat();
    place.progress.begin("reading", 0);
    let mut scan = scan(plan, place)?;
    if plan.config.on_bad == OnBad::Skip {
        scan.ids()?; // what cannot be read is left out here as it was then
    }
    let refuse_others = |rows: usize| match known.len() != rows || known.iter().any(|row| *row >= rows) {
        true => Err(changed(format!("{} rows", known.len()), rows.to_string())),
        false => Ok(()),
    };
    let fields = &blueprint.schema.fields;
    let raw = if let Some(pieces) = pieces(plan, &blueprint.inputs)? {
        let raw = cut_again(plan, place, scan, fields, &pieces)?;
        refuse_others(raw.rows())?;
        raw
    } else {
        refuse_others(scan.rows())?;
        let given = given(plan, place, scan.as_ref())?;
        given.over(scan.load(fields)?, fields)?
    };
    let splits = Splits::new(train, valid, test)
        .map_err(|error| changed("each row once".to_owned(), error.to_string()))?;
    let dataset = dataset(plan, examples(plan, place, raw, blueprint, KEPT_BYTES)?, blueprint, splits);
    place.progress.end();
    dataset
}

/// The examples of divided data, and what its parts share. A text that is gone on with is cut into its examples: its lines
/// or files are looked at before, for an example may hold several, and its windows behind.
fn examined(
    plan: &DataPlan,
    task: Task,
    (raw, splits): Divided,
    fitted: &Fitted,
) -> Result<(Divided, Vec<Warning>), DataError> {
    let leaks = |raw: &dyn Raw, splits: &Splits| audit(plan, raw, &fitted.schema.fields, task, splits);
    let Some(pieces) = pieces(plan, &fitted.inputs)? else {
        let found = leaks(raw.as_ref(), &splits)?;
        return Ok(((raw, splits), found));
    };
    match plain_text::examples(&plan.config) {
        TextExamples::Windows => {
            let (raw, splits) = raw.cut(&pieces, &splits)?;
            let found = leaks(raw.as_ref(), &splits)?;
            Ok(((raw, splits), found))
        }
        TextExamples::Lines | TextExamples::Packed | TextExamples::Documents => {
            let found = leaks(raw.as_ref(), &splits)?;
            let (raw, splits) = raw.cut(&pieces, &splits)?;
            Ok(((raw, splits), found))
        }
    }
}

/// What a text is cut into that is gone on with; none for other data.
fn pieces(plan: &DataPlan, inputs: &[InputSpec]) -> Result<Option<Pieces>, DataError> {
    if plan.tells_next() { Pieces::of(inputs) } else { Ok(None) }
}

/// The examples of a text that was cut before: its parts or lines are divided as they were then.
fn cut_again(
    plan: &DataPlan,
    place: &Place,
    mut scan: Box<dyn Scan + '_>,
    fields: &[Field],
    pieces: &Pieces,
) -> Result<Box<dyn Raw>, DataError> {
    let (ids, targets) = (scan.ids()?, scan.targets()?);
    let divided = divide(plan, Task::Generate, scan.as_ref(), (ids, &targets), None, &place.rng())?;
    Ok(scan.load(fields)?.cut(pieces, &divided)?.0)
}

/// How often each label stands in each part; nothing for numbers.
fn count_labels(
    plan: &DataPlan,
    raw: &dyn Raw,
    fitted: &Fitted,
    splits: &Splits,
) -> Result<Vec<(String, [usize; 3])>, DataError> {
    let mut counted = vec![];
    for target in &fitted.targets {
        let field = fitted.schema.fields.iter().position(|field| field.name == target.field);
        let names = match &target.decode {
            Decode::Label { labels } | Decode::Labels { labels, .. } => labels,
            Decode::Number { .. }
            | Decode::Numbers { .. }
            | Decode::Quantiles { .. }
            | Decode::Forecast { .. }
            | Decode::Next { .. } => continue,
        };
        if let Some(field) = field {
            let labels = Labels::new(&fitted.schema.fields[field], field, names, &plan.naming(&target.field));
            let counts = labels.count(raw, splits)?;
            // Rows are divided by the labels of the first target; a rare one of another may be absent by chance.
            if plan.split.wants_all_labels() && target.field == plan.target {
                labels.refuse_absent(&counts, !splits.valid.rows().is_empty())?;
            }
            let several = fitted.targets.len() > 1;
            let called =
                |name: &String| if several { format!("{}: {name}", target.field) } else { name.clone() };
            counted.extend(names.iter().map(called).zip(counts));
        }
    }
    Ok(counted)
}

fn examples(
    plan: &DataPlan,
    place: &Place,
    raw: Box<dyn Raw>,
    blueprint: &DataBlueprint,
    room: usize,
) -> Result<Examples, DataError> {
    place.progress.begin("encoding examples", raw.rows());
    let encoder = Encoder::new(&blueprint.schema, &blueprint.inputs)?;
    let DataBlueprint { schema, inputs, targets, splits, .. } = blueprint;
    let answers = (&targets[..], &splits.unlabelled[..]);
    let cache = place.cache.as_ref().and_then(|cache| cache.of(schema, inputs));
    let cached = (&Place { cache, ..place.clone() }, room);
    let examples = Examples::new(raw, schema.clone(), encoder, answers, plan, cached)?;
    let mixer = plan.mixer(schema, inputs, &splits.train, place.rng().stream("mix", ""))?;
    let augmented = examples.augmented(plan.augmenters(schema), place.rng().stream("augment", ""));
    Ok(augmented.mixed(mixer))
}

fn dataset(
    plan: &DataPlan,
    examples: Examples,
    blueprint: &DataBlueprint,
    splits: Splits,
) -> Result<Dataset, DataError> {
    let DataBlueprint { task, schema, inputs, targets, stats, splits: _ } = blueprint;
    let probes = match &plan.source {
        SourcePlan::Function { config, formula } => {
            let (records, truth, inside) = function::probes(config, formula);
            let batch = Encoder::new(schema, inputs)?.batch(&records)?;
            Probes { records, truth, inside, batch }
        }
        SourcePlan::Table { .. }
        | SourcePlan::Text { .. }
        | SourcePlan::Numpy(_)
        | SourcePlan::Idx(_)
        | SourcePlan::Folder(_)
        | SourcePlan::TextFolder(_) => Probes::default(),
    };
    let source = Arc::new(examples);
    let (schema, inputs, targets, stats) = (schema.clone(), inputs.clone(), targets.clone(), stats.clone());
    Ok(Dataset { source, splits, task: *task, schema, inputs, targets, stats, probes })
}

#[cfg(test)]
mod tests;
