//! Images that are denoised and resized: OpenCV and PIL do it to the same files, within one grey level.
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

/// Every way to another size: smaller, larger, and one side of each.
fn sizes() -> Vec<Value> {
    let filters = ["nearest", "linear", "area", "bilinear", "bicubic"];
    let sizes = [[9, 8], [40, 33], [12, 40]];
    let fits = [json!("stretch"), json!("letterbox"), json!("cover")];
    let mut cases = vec![];
    for (filter, [height, width], fit) in filters
        .into_iter()
        .flat_map(|filter| sizes.map(|size| (filter, size)))
        .flat_map(|(filter, size)| fits.clone().map(|fit| (filter, size, fit)))
    {
        cases.push(json!({ "filter": filter, "height": height, "width": width, "fit": fit }));
    }
    cases
}

/// Every image behind a step, as `[channels, height, width]`.
fn stepped(folder: &Scratch, step: Value) -> Vec<Value> {
    let config: DataConfig = serde_json::from_value(json!({
        "source": { "folder": { "path": "pictures", "channels": "rgb" } },
        "fields": { "image": { "steps": [step] } },
    }))
    .unwrap();
    let (base, limits) = (folder.path().to_owned(), baeum::Limits::default());
    let place = Place {
        fs: Arc::new(RealFs),
        base,
        folders: vec![],
        limits,
        seed: 1,
        progress: Default::default(),
        cache: None,
    };
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
        let images = stepped(&folder, json!({ "denoise": { "by": by } }));
        let case = json!({ "by": by, "images": images });
        folder.put(&format!("{place}.json"), case.to_string());
    }
    python("BAEUM_PYTHON", "filters.py", folder.path());
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_opencv_and_pil_resize_alike() {
    let folder = Scratch::new("sizes");
    pictures_of_size(&folder, "pictures", 6, (33, 26));
    for (place, resize) in sizes().into_iter().enumerate() {
        let case = json!({ "resize": resize, "images": stepped(&folder, json!({ "resize": resize })) });
        folder.put(&format!("{place:02}.json"), case.to_string());
    }
    python("BAEUM_PYTHON", "filters.py", folder.path());
}
