//! Two images of one row: ONNX Runtime, fed with what PIL reads, answers as the command did.
use std::fs;

use serde_json::json;

use super::python;
use crate::two_images::{answers, photos, wares};

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_two_images_of_a_row_get_the_same_label() {
    let (folder, _) = wares();
    fs::copy(folder.path().join("runs/wares-0001/5-export/model.onnx"), folder.path().join("model.onnx"))
        .unwrap();
    let row = |(row, answer): (usize, serde_json::Value)| {
        let [front, back] = photos(row);
        json!({
            "files": { "front": front, "back": back },
            "label": answer["label"],
            "probabilities": answer["probabilities"],
        })
    };
    let rows: Vec<_> = answers(&folder).into_iter().enumerate().map(row).collect();
    let expected = json!({ "modes": { "front": "RGB", "back": "L" }, "rows": rows });
    folder.put("expected.json", expected.to_string());
    python("BAEUM_PYTHON", "images.py", folder.path());
}
