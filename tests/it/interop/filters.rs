//! Images that are denoised: OpenCV filters the same files, within one grey level.
use std::sync::Arc;

use baeum::data::{DataConfig, Place, prepare};
use baeum::fs::RealFs;
use baeum_tests::{Scratch, pictures_of_size};
use serde_json::{Value, json};

use super::python;

fn cases() -> Vec<Value> {
    vec![
        json!("median"),
        json!({ "median": { "aperture": 5 } }),
        json!({ "median": { "aperture": 9 } }),
        json!("gaussian"),
        json!({ "gaussian": { "size": 7, "sigma": 2.5 } }),
        json!("bilateral"),
        json!({ "bilateral": { "diameter": 9, "sigma_color": 30, "sigma_space": 4 } }),
        json!("non_local_means"),
        json!({ "non_local_means": { "h": 25, "template": 3, "search": 9 } }),
    ]
}

/// Every image behind the filter, as `[channels, height, width]`.
fn filtered(folder: &Scratch, by: &Value) -> Vec<Value> {
    let config: DataConfig = serde_json::from_value(json!({
        "source": { "folder": { "path": "pictures", "channels": "rgb" } },
        "fields": { "image": { "steps": [{ "denoise": { "by": by } }] } },
    }))
    .unwrap();
    let (base, limits) = (folder.path().to_owned(), baeum::Limits::default());
    let place = Place { fs: Arc::new(RealFs), base, folders: vec![], limits, seed: 1 };
    let dataset = prepare(&config.check().unwrap(), &place).unwrap().dataset;
    let rows = 0..dataset.source.len();
    rows.map(|row| {
        let batch = dataset.source.batch(&[row]).unwrap();
        json!({ "shape": batch.inputs["x"].shape()[1..], "data": batch.inputs["x"].to_f64s() })
    })
    .collect()
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_opencv_filters_alike() {
    let folder = Scratch::new("filters");
    pictures_of_size(&folder, "pictures", 10, (33, 26));
    for (place, by) in cases().into_iter().enumerate() {
        let case = json!({ "by": by, "images": filtered(&folder, &by) });
        folder.put(&format!("{place}.json"), case.to_string());
    }
    python("BAEUM_PYTHON", "filters.py", folder.path());
}
