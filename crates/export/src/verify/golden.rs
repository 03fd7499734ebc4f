use std::collections::BTreeMap;

use baeum_core::{Answer, DType, Record, Tensor, Value};
use serde_json::{Map, Value as Json, json};

use crate::wire::base64::base64;

/// Rows with the answers that the predictor itself gave: what every file is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Golden {
    /// The rows as raw fields.
    pub records: Vec<Record>,
    /// What the network was given for them, by input: `[rows, ..]`.
    pub inputs: BTreeMap<String, Tensor>,
    /// What the network yielded for them, by target: `[rows, width]`.
    pub outputs: Vec<Tensor>,
    /// The answers, row by row, one for each target.
    pub answers: Vec<Vec<Answer>>,
}

impl Golden {
    /// `golden.jsonl`: one row a line, so that anyone can repeat the comparison in any language.
    ///
    /// `record` has the fields (a missing one is `null`, a missing number among several too), `inputs` and `outputs` what
    /// went into the network and came out of it, `answers` the answers by target. An array is its type, its shape and its
    /// little-endian bytes in base64, because a decimal number would not keep every bit.
    pub fn lines(&self) -> Vec<u8> {
        let inputs: Vec<(&String, Rows<'_>)> =
            self.inputs.iter().map(|(name, batch)| (name, Rows::of(batch))).collect();
        let outputs: Vec<Rows<'_>> = self.outputs.iter().map(Rows::of).collect();
        let mut lines = String::new();
        for (row, record) in self.records.iter().enumerate() {
            let record: Map<String, Json> =
                record.iter().map(|(name, value)| (name.clone(), written(value))).collect();
            let inputs: Map<String, Json> =
                inputs.iter().map(|(name, batch)| ((*name).clone(), batch.item(row))).collect();
            let outputs: Vec<Json> = outputs.iter().map(|batch| batch.item(row)).collect();
            let answers = self.answers.get(row);
            let line = json!({ "record": record, "inputs": inputs, "outputs": outputs, "answers": answers });
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
        lines.into_bytes()
    }
}

/// A batch as bytes, to be taken row by row.
struct Rows<'a> {
    batch: &'a Tensor,
    bytes: Vec<u8>,
}

impl Rows<'_> {
    fn of(batch: &Tensor) -> Rows<'_> {
        Rows { batch, bytes: batch.data().to_bytes() }
    }

    fn item(&self, row: usize) -> Json {
        let sizes = self.batch.shape().get(1..).unwrap_or_default();
        let width = sizes.iter().product::<usize>() * self.batch.dtype().bytes();
        array(sizes, self.batch.dtype(), self.bytes.get(row * width..(row + 1) * width).unwrap_or_default())
    }
}

fn written(value: &Value) -> Json {
    match value {
        Value::Missing => Json::Null,
        Value::Number(number) => json!(number),
        Value::Numbers(numbers) => json!(numbers),
        Value::Text(text) => json!(text),
        Value::Image(pixels) => array(pixels.shape(), pixels.dtype(), &pixels.data().to_bytes()),
    }
}

fn array(shape: &[usize], dtype: DType, bytes: &[u8]) -> Json {
    json!({ "dtype": dtype, "shape": shape, "base64": base64(bytes) })
}
