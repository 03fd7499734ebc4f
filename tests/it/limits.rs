//! Every row of `Limits` has an input just below it and one just above: what reaches a limit exactly is read, and the same
//! with the limit one lower is refused by the limit's name. A limit without a case does not compile.
use std::error::Error;
use std::sync::Arc;

use baeum::data::{DataConfig, Place, prepare};
use baeum::export::{ExportConfig, Format, Golden, encode, read_pth, verify};
use baeum::fs::RealFs;
use baeum::{Limit, Limits, Recipe, Tensor, weights_file};
use baeum_tests::{Scratch, cases, chain, pictures, predictor};

type Read = Box<dyn Fn(&Limits) -> Result<(), String>>;

#[test]
fn every_limit_lets_pass_what_reaches_it_and_refuses_one_more() {
    for &limit in Limit::ALL {
        let read = reader(limit);
        let at = |value: u64| read(&with(limit, value));
        let edge = smallest(limit, &at);
        assert!(edge > 1, "{limit:?}: nothing lies below {edge}");
        assert_eq!(at(edge), Ok(()), "{limit:?} at {edge}");
        let refused = at(edge - 1).unwrap_err();
        assert!(refused.contains(&format!("`run.limits.{}` raises the limit", limit.name())), "{refused}");
        assert!(refused.contains(&format!("at most {} ", edge - 1)), "{refused}");
    }
}

/// The default limits but for one.
fn with(limit: Limit, value: u64) -> Limits {
    serde_json::from_value(serde_json::json!({ limit.name(): value })).unwrap()
}

/// The smallest value at which `at` passes.
fn smallest(limit: Limit, at: &dyn Fn(u64) -> Result<(), String>) -> u64 {
    let (mut low, mut high) = (0, 1 << 24);
    assert_eq!(at(high), Ok(()), "{limit:?} refuses a good input");
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match at(middle) {
            Ok(()) => high = middle,
            Err(_) => low = middle,
        }
    }
    high
}

/// Something that takes a little of what is limited.
fn reader(limit: Limit) -> Read {
    match limit {
        Limit::ImageSide | Limit::ImageArea | Limit::ImageBytes | Limit::FolderFiles => {
            let scratch = Scratch::new("limits");
            pictures(&scratch, "pictures", 12);
            let resize = r#"[{"resize": {"height": 8, "width": 8}}]"#;
            let fields = format!(r#""fields": {{"image": {{"steps": {resize}}}}}"#);
            data(scratch, format!(r#"{{"source": {{"folder": {{"path": "pictures"}}}}, {fields}}}"#))
        }
        Limit::CsvFieldBytes
        | Limit::CsvHeaderBytes
        | Limit::CsvColumns
        | Limit::Rows
        | Limit::LabelClasses => {
            let scratch = Scratch::new("limits");
            let row = |i: usize| format!("{},{},name{}\n", i % 7, i % 5, i % 3);
            scratch.put("a.csv", format!("length,width,kind\n{}", (0..40).map(row).collect::<String>()));
            data(scratch, r#"{"source": {"csv": {"path": "a.csv"}}, "target": "kind"}"#.to_owned())
        }
        Limit::TokenizerBytes => {
            let scratch = Scratch::new("limits");
            let row = |i: usize| format!("word {i},name{}\n", i % 3);
            scratch.put("a.csv", format!("text,kind\n{}", (0..40).map(row).collect::<String>()));
            let model = r#"{"type": "WordLevel", "vocab": {"[PAD]": 0, "[UNK]": 1}, "unk_token": "[UNK]"}"#;
            scratch
                .put("words.json", format!(r#"{{"version": "1.0", "model": {model}, "added_tokens": []}}"#));
            let steps = r#"[{"tokenise": {"by": {"file": {"path": "words.json"}}, "length": 4}}]"#;
            let source = r#""source": {"csv": {"path": "a.csv"}}, "target": "kind""#;
            data(scratch, format!(r#"{{{source}, "fields": {{"text": {{"steps": {steps}}}}}}}"#))
        }
        Limit::IdxDims | Limit::InflatedBytes => idx(40, 4),
        // Only what is longer than 16 MiB has a ratio.
        Limit::ArchiveRatio => idx(17, 1024),
        Limit::RecipeBytes | Limit::RecipeDepth => Box::new(|limits| {
            let sets = [Limit::RecipeBytes, Limit::RecipeDepth]
                .map(|limit| format!("run.limits.{}={}", limit.name(), limits.get(limit)));
            let text = "[data]\nsplit = { random = { valid = 0.1, test = 0.2 } }\n";
            said(Recipe::parse("recipe.toml", text, &sets))
        }),
        Limit::SafetensorsHeaderBytes | Limit::SafetensorsTensors => {
            let tensor = |name: &str| (name.to_owned(), Tensor::vector(vec![1.0f32, 2.0]));
            let bytes = weights_file::write(&["a", "b", "c"].map(tensor).into(), &[].into()).unwrap();
            Box::new(move |limits| said(weights_file::read(&bytes, limits)))
        }
        Limit::PickleOps | Limit::PickleNodes | Limit::PickleStringBytes | Limit::PickleDepth => {
            let bytes = exported(Format::Pth);
            let bytes = bytes.0.values().next().unwrap().clone();
            Box::new(move |limits| said(read_pth(&bytes, limits)))
        }
        Limit::OnnxNodes | Limit::OnnxNesting => {
            let (files, predictor) = (exported(Format::Onnx), predictor(first()));
            Box::new(move |limits| {
                let read = said(verify(Format::Onnx, &files, &predictor, &Golden::default(), limits));
                // What was read is compared with no row at all, which is another refusal, and a later one.
                read.or_else(|said| if said.contains("golden row") { Ok(()) } else { Err(said) })
            })
        }
    }
}

/// The first stage over what lies in the folder.
fn data(scratch: Scratch, config: String) -> Read {
    let plan = serde_json::from_str::<DataConfig>(&config).unwrap().check().unwrap();
    Box::new(move |limits| {
        let (fs, base) = (Arc::new(RealFs), scratch.path().to_owned());
        let place = Place {
            fs,
            base,
            folders: vec![],
            limits: limits.clone(),
            seed: 7,
            progress: Default::default(),
            cache: None,
        };
        let dataset = said_with(prepare(&plan, &place))?.dataset;
        // A source reads lazily: pictures are opened when they are asked for.
        let rows: Vec<usize> = (0..dataset.source.len().min(12)).collect();
        said(dataset.source.batch(&rows))
    })
}

/// Square images of one grey each, packed.
fn idx(count: u32, side: u32) -> Read {
    let scratch = Scratch::new("limits");
    let head = |dims: &[u32]| {
        let sizes = dims.iter().flat_map(|size| size.to_be_bytes());
        [0, 0, 8, dims.len() as u8].into_iter().chain(sizes).collect::<Vec<u8>>()
    };
    let pixels = (0..count).flat_map(|i| vec![i as u8; (side * side) as usize]);
    let images: Vec<u8> = head(&[count, side, side]).into_iter().chain(pixels).collect();
    let labels: Vec<u8> = head(&[count]).into_iter().chain((0..count).map(|i| (i % 2) as u8)).collect();
    scratch.put("images.gz", gzip(&images));
    scratch.put("labels.gz", gzip(&labels));
    data(scratch, r#"{"source": {"idx": {"images": "images.gz", "labels": "labels.gz"}}}"#.to_owned())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, bytes).unwrap();
    packed.finish().unwrap()
}

fn first() -> baeum::Graph {
    cases().swap_remove(0).1
}

fn exported(format: Format) -> baeum::export::Files {
    encode(format, &predictor(first()), &ExportConfig::default().check().unwrap()).unwrap()
}

/// Nothing, or what the refusal and its causes say.
fn said<T>(result: Result<T, impl Error + 'static>) -> Result<(), String> {
    said_with(result).map(drop)
}

fn said_with<T>(result: Result<T, impl Error + 'static>) -> Result<T, String> {
    result.map_err(|error| chain(&error))
}
