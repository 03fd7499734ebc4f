//! Public data as they are, with the traps that are really in them, and the alarms that must not be raised. Those that the
//! repository does not hold are looked for under `BAEUM_DATA`, or else in `shared/data` beside the checkout; whoever has
//! none of them skips their tests.
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use baeum::data::{DataError, Found, Leak, Place, Prepared, Repair, Warning, Why, prepare};
use baeum::fs::RealFs;
use baeum::{Recipe, Transform, Value};
use baeum_tests::{Scratch, baeum, chain, public, root, unpack};

/// Where a set lies.
#[derive(Clone, Copy)]
enum Lies {
    /// In the repository, beside its recipe.
    Here,
    /// In a folder that not everybody has.
    There(&'static str),
    /// There, and packed: the folder and the archive.
    Packed(&'static str, &'static str),
}

const ADULT: Lies = Lies::There("adult");
const CALIFORNIA: Lies = Lies::Packed("california-housing", "housing.tgz");
const CLOTHING: Lies = Lies::Packed("clothing-small-subset", "clothing-small-subset.tar.gz");
const ETT: Lies = Lies::There("ett");
const PENGUINS: Lies = Lies::There("penguins");

/// A recipe, and where its data lie.
struct Set {
    recipe: PathBuf,
    folder: PathBuf,
    _unpacked: Option<Scratch>,
}

impl Set {
    /// The set of a lesson, or of a recipe beside this file; none if its data are not here.
    fn new(name: &str, lies: Lies) -> Option<Set> {
        let lesson = root().join("datasets").join(name);
        let own = root().join(format!("tests/it/traps/{name}.toml"));
        let recipe = if own.is_file() { own } else { lesson.join("recipe.toml") };
        let (folder, unpacked) = match lies {
            Lies::Here => (lesson, None),
            Lies::There(folder) => (public(folder)?, None),
            Lies::Packed(folder, archive) => {
                let unpacked = unpack(&public(folder)?.join(archive));
                (unpacked.path().to_owned(), Some(unpacked))
            }
        };
        Some(Set { recipe, folder, _unpacked: unpacked })
    }

    /// What the first stage makes of it; `sets` change the recipe as `--set` does.
    fn prepare(&self, sets: &[&str]) -> Result<Prepared, DataError> {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let parsed = Recipe::from_bytes("recipe.toml", &fs::read(&self.recipe).unwrap(), &sets).unwrap();
        let plans = parsed.check().unwrap_or_else(|error| panic!("{}", error.render(false)));
        let (limits, seed) = (plans.run.limits().clone(), plans.run.seed());
        let place = Place {
            fs: Arc::new(RealFs),
            base: self.folder.clone(),
            folders: vec![],
            limits,
            seed,
            progress: Default::default(),
            cache: None,
        };
        prepare(&plans.data, &place)
    }

    #[track_caller]
    fn accepted(&self, sets: &[&str]) -> Prepared {
        self.prepare(sets).unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    #[track_caller]
    fn refused(&self, sets: &[&str], words: &str) {
        let message = self.prepare(sets).err().map(|error| chain(&error)).unwrap_or_default();
        assert!(message.contains(words), "`{words}` is not in: {message}");
    }
}

/// The leaks that a profile tells of: what is shared, by how many rows, and why it did not end the run.
fn leaks(prepared: &Prepared) -> Vec<(Leak, usize, Why)> {
    let leak = |warning: &Warning| {
        let Warning::Leak { found, why } = warning else { return None };
        let count = if let Found::Rows { count, .. } = found { *count } else { 0 };
        Some((found.leak(), count, *why))
    };
    prepared.profile.warnings.iter().filter_map(leak).collect()
}

/// What all rows have in a field, as it was read.
fn values(prepared: &Prepared, field: &str) -> Vec<Value> {
    let source = &prepared.dataset.source;
    (0..source.len()).map(|row| source.record(row).unwrap().remove(field).unwrap()).collect()
}

fn missing(prepared: &Prepared, field: &str) -> usize {
    values(prepared, field).iter().filter(|value| **value == Value::Missing).count()
}

fn having(prepared: &Prepared, field: &str, name: &str) -> Vec<usize> {
    let values = values(prepared, field);
    (0..values.len()).filter(|&row| values[row] == Value::Text(name.to_owned())).collect()
}

/// The fitted steps of a field, those of its first column.
fn steps<'a>(prepared: &'a Prepared, field: &str) -> &'a [Transform] {
    let mut columns = prepared.blueprint.inputs.iter().flat_map(|input| &input.columns);
    &columns.find(|column| column.field == field).unwrap().steps
}

/// What the network sees of these rows.
fn seen(prepared: &Prepared, rows: &[usize]) -> Vec<f64> {
    prepared.dataset.source.batch(rows).unwrap().inputs.values().flat_map(|tensor| tensor.to_f64s()).collect()
}

/// Whether the network sees a number everywhere, whatever is missing.
#[track_caller]
fn sees_numbers(prepared: &Prepared) {
    let rows: Vec<usize> = (0..prepared.dataset.source.len()).collect();
    assert!(seen(prepared, &rows).iter().all(|number| number.is_finite()));
}

/// Sets whose parts share nothing and in which no field says what the target says, with what changes in the recipe.
const CLEAN: [(&str, Lies, &[&str]); 11] = [
    ("digits", Lies::Here, &[]),
    ("wine", Lies::Here, &[]),
    ("breast-cancer", Lies::Here, &[]),
    ("diabetes", Lies::Here, &[]),
    ("series", Lies::Here, &[]),
    ("penguins", PENGUINS, &[]),
    ("california-housing", CALIFORNIA, &["data.source.csv.path=housing.csv"]),
    ("etth1", ETT, &[]),
    ("clothing", CLOTHING, &[]),
    ("fashion-mnist", Lies::There("fashion-mnist"), &[]),
    ("tinyshakespeare", Lies::There("tinyshakespeare"), &["data.source.text.path=input.txt"]),
];

#[test]
fn clean_sets_raise_no_alarm() {
    for (name, lies, sets) in CLEAN {
        let Some(set) = Set::new(name, lies) else { continue };
        assert_eq!(leaks(&set.accepted(sets)), [], "{name}");
    }
}

/// iris has one flower twice; sst2 and the languages have a few texts that nearly are others. No score moves by that.
#[test]
fn few_twins_are_told_and_end_nothing() {
    let sst2 = "data.split={files={train=\"train.tsv\",valid=\"dev.tsv\",test=\"test.tsv\"}}";
    let sets: [(&str, Lies, &[&str], _); 3] = [
        ("iris", Lies::Here, &[], (Leak::Rows, 1, Why::Usual)),
        ("languages", Lies::Here, &[], (Leak::Texts, 6, Why::Usual)),
        ("sst2", Lies::There("sst2"), &[sst2], (Leak::Texts, 2, Why::Usual)),
    ];
    for (name, lies, sets, leak) in sets {
        let Some(set) = Set::new(name, lies) else { continue };
        assert_eq!(leaks(&set.accepted(sets)), [leak], "{name}");
    }
}

/// The census divided people by lot, and has many who are alike in all that was asked.
#[test]
fn twins_of_adult_are_as_frequent_within_train() {
    let Some(adult) = Set::new("adult", ADULT) else { return };
    let prepared = adult.accepted(&[]);
    assert!(matches!(leaks(&prepared)[..], [(Leak::Rows, 3_000.., Why::Usual)]));
}

/// The labels of the test file end in a full stop: four spellings of two labels.
#[test]
fn labels_of_adult_are_two() {
    let Some(adult) = Set::new("adult", ADULT) else { return };
    let labels = adult.accepted(&[]).profile.labels;
    let counts: Vec<(&str, usize)> =
        labels.iter().map(|label| (label.label.as_str(), label.parts.iter().sum())).collect();
    assert_eq!(counts, [("<=50K", 24_720 + 12_435), (">50K", 7_841 + 3_846)]);
    adult.refused(&["data.clean_labels.strip=\"\""], "`<=50K.`");
}

#[test]
fn question_marks_of_adult_are_missing() {
    let Some(adult) = Set::new("adult", ADULT) else { return };
    let prepared = adult.accepted(&[]);
    let counts = ["workclass", "occupation", "native_country"].map(|field| missing(&prepared, field));
    assert_eq!(counts, [1_836 + 963, 1_843 + 966, 583 + 274]);
    for field in &prepared.blueprint.schema.fields {
        assert!(!field.labels.contains(&"?".to_owned()), "{}", field.name);
    }
    sees_numbers(&prepared);
}

#[test]
fn bedrooms_of_california_are_imputed_and_flagged() {
    let Some(california) = Set::new("california-housing", CALIFORNIA) else { return };
    let prepared = california.accepted(&[]);
    assert_eq!(missing(&prepared, "total_bedrooms"), 207);
    let steps = steps(&prepared, "total_bedrooms");
    assert!(matches!(steps[0], Transform::Impute { .. }), "{steps:?}");
    sees_numbers(&prepared);
}

/// Houses above half a million dollars were written down as 500,001.
#[test]
fn the_cut_off_of_california_is_told() {
    let Some(california) = Set::new("california-housing", CALIFORNIA) else { return };
    let said: Vec<String> =
        california.accepted(&[]).profile.warnings.iter().map(ToString::to_string).collect();
    assert!(matches!(&said[..], [one] if one.starts_with("`median_house_value` is 500001 in ")), "{said:?}");
}

/// Five districts are too few to learn from: they look like any that was never seen, or have a number of their own.
#[test]
fn a_category_of_california_with_five_rows_is_rare() {
    let Some(california) = Set::new("california-housing", CALIFORNIA) else { return };
    let width = |prepared: &Prepared| prepared.blueprint.inputs[0].shape[0];
    let (rare, all) = (
        california.accepted(&[]),
        california.accepted(&["data.fields.ocean_proximity.steps=[\"category\",\"one_hot\"]"]),
    );
    assert_eq!(having(&rare, "ocean_proximity", "ISLAND").len(), 5);
    assert_eq!(width(&rare) + 1, width(&all));
    let Transform::Category { labels, .. } = &steps(&rare, "ocean_proximity")[0] else {
        panic!("no category")
    };
    assert!(labels.len() == 4 && !labels.contains(&"ISLAND".to_owned()), "{labels:?}");
}

#[test]
fn penguins_with_missing_values_are_seen_whole() {
    let Some(penguins) = Set::new("penguins", PENGUINS) else { return };
    let prepared = penguins.accepted(&[]);
    let fields = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex"];
    assert_eq!(fields.map(|field| missing(&prepared, field)), [2, 2, 2, 2, 11]);
    sees_numbers(&prepared);
}

/// What is fitted sees the first 8,640 rows alone: each column's mean and deviation over them.
#[test]
fn the_scaler_of_ett_sees_twelve_months() {
    let Some(ett) = Set::new("etth1", ETT) else { return };
    let text = fs::read_to_string(ett.folder.join("ETTh1.csv")).unwrap();
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .take(8_640)
        .map(|line| line.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let mean = |column: usize| rows.iter().map(|row| row[column]).sum::<f64>() / 8_640.0;
    let deviation = |column: usize| {
        (rows.iter().map(|row| (row[column] - mean(column)).powi(2)).sum::<f64>() / 8_640.0).sqrt()
    };
    let prepared = ett.accepted(&[]);
    let Transform::Standardise { centre, spread } = &steps(&prepared, "series")[0] else {
        panic!("no scaler")
    };
    for column in 0..7 {
        // Sums in another order: a few roundings of 64 bits.
        assert!((centre[column] - mean(column)).abs() <= 1e-9, "column {column}");
        assert!((spread[column] - deviation(column)).abs() <= 1e-9, "column {column}");
    }
}

/// What came a season before is hard to beat, so it stands beside every forecast: here reckoned from the file itself.
#[test]
fn the_season_before_is_told_beside_each_forecast_of_a_small_series() {
    let Some(folder) = public("small-series") else { return };
    let sets = [
        ("airline-passengers", "Month", "Passengers", 12),
        ("monthly-sunspots", "Month", "Sunspots", 132),
        ("daily-min-temperatures", "Date", "Temp", 365),
    ];
    for (name, time, target, season) in sets {
        let scratch = Scratch::new("small-series");
        scratch.put("recipe.toml", format!("[run]\nname = \"small\"\n\n[data]\nsource = {{ csv = {{ path = \"{name}.csv\" }} }}\n\
             target = \"{target}\"\nseries = {{ time = \"{time}\", window = {season}, horizon = 12, season = {season} }}\n\n\
             [data.fields.series]\nsteps = [\"normalise_window\"]\n\n[models.nlinear]\n\n[train]\nepochs = 3\n\n[export]\nformats = [\"safetensors\"]\n"));
        let data = folder.to_string_lossy().into_owned();
        let outcome = baeum(scratch.path(), &["pipeline", "recipe.toml", "--data", &data]);
        assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
        let report = fs::read(scratch.path().join("runs/small-0001/4-evaluate/metrics.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        assert!(
            report["baseline"]["repeat"]["season"] == season && outcome.stdout.contains("the season before")
        );
        let text = fs::read_to_string(folder.join(format!("{name}.csv"))).unwrap();
        let steps: Vec<f64> =
            text.lines().skip(1).filter_map(|line| line.rsplit_once(',')?.1.parse().ok()).collect();
        let windows = report["rows"]["test"].as_u64().unwrap() as usize;
        let told = |window: usize| steps.len() - 12 - window..steps.len() - window;
        let errors = (0..windows).flat_map(told).map(|step| (steps[step] - steps[step - season]).powi(2));
        let rmse = (errors.sum::<f64>() / (12 * windows) as f64).sqrt();
        let said =
            report["metrics"].as_array().unwrap().iter().find(|metric| metric["name"] == "rmse").unwrap();
        let said = said["baseline"].as_f64().unwrap();
        // The steps went through standardised numbers of 32 bits.
        assert!((said - rmse).abs() <= 1e-5 * rmse, "{name}: {said} {rmse}");
    }
}

#[test]
fn photos_of_many_sizes_become_one() {
    let Some(clothing) = Set::new("clothing", CLOTHING) else { return };
    let mut sizes = BTreeSet::new();
    for (part, photos) in [("train", 150), ("test", 372)] {
        let path = format!("data.source.folder.path=clothing-small/{part}");
        clothing.refused(&[&path, "data.fields.image.steps=[]"], "resize");
        let prepared = clothing.accepted(&[&path]);
        assert_eq!(
            (prepared.profile.rows, &prepared.blueprint.inputs[0].shape[..]),
            (photos, &[3, 32, 32][..])
        );
        for image in values(&prepared, "image") {
            let Value::Image(image) = image else { panic!("{image:?} is no image") };
            sizes.insert(image.shape().to_vec());
        }
    }
    assert_eq!(sizes.len(), 106);
}

/// Reviews with tabs between the columns, quotes that are text, and eight that say nothing.
#[test]
fn reviews_with_quotes_or_without_words_are_rows() {
    let Some(nsmc) = Set::new("nsmc", Lies::There("nsmc")) else { return };
    let prepared = nsmc.accepted(&[
        "data.split={files={train=\"ratings_train.txt.gz\",test=\"ratings_test.txt.gz\"}}",
        "data.fields.document.steps=[{tokenise={by=\"character\",vocabulary=2000,length=48}}]",
    ]);
    let labels: usize = prepared.profile.labels.iter().map(|label| label.parts.iter().sum::<usize>()).sum();
    assert_eq!((prepared.profile.rows, labels), (200_000, 200_000));
    assert_eq!(missing(&prepared, "document"), 8);
}

/// Odd images are read, broken ones are named one by one.
#[test]
fn broken_images_are_named_and_left_out() {
    let packed = Lies::Packed("image-conformance", "image-conformance.tar.gz");
    let Some(images) = Set::new("conformance", packed) else { return };
    // Many stand there twice, in another format.
    images.refused(&[], "are, equal or nearly, an image of train");
    let prepared = images.accepted(&["data.audit.allow=[\"images\"]"]);
    let [Repair::Skipped { count, .. }] = &prepared.profile.repairs[..] else {
        panic!("nothing was left out")
    };
    assert_eq!((*count, prepared.profile.rows), (24, 279));
    images.refused(&["data.on_bad=stop"], "wants images alone, got ");
}
