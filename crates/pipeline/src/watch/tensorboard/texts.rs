use baeum_core::{Answer, Dataset, Decode, Graph, Kind, Predictor, Record, State, Value};

use crate::generate::Generation;
use crate::predict::Predict;
use crate::samples::{input, label};
use crate::watch::WatchError;

/// How many validation rows are shown.
const ROWS: usize = 8;

/// How many pieces are written.
const PIECES: usize = 100;

/// A table of texts, row by row, with the tag it has.
type Table = (&'static str, Vec<Vec<String>>);

/// What the network says about the texts of some validation rows, or how it writes; none where it reads no text.
pub(super) fn told(graph: &Graph, data: &Dataset, state: &State) -> Result<Option<Table>, WatchError> {
    let Some(field) = input(data, |kind| matches!(kind, Kind::Text)) else { return Ok(None) };
    let Some(target) = data.targets.first() else { return Ok(None) };
    let predict = || {
        Predict::new(&Predictor {
            schema: data.schema.clone(),
            inputs: data.inputs.clone(),
            graph: graph.clone(),
            weights: state.averaged(),
            targets: data.targets.clone(),
        })
    };
    match &target.decode {
        Decode::Next { .. } => Ok(Some(("written", written(predict()?)?))),
        Decode::Label { .. } | Decode::Labels { .. } => {
            Ok(Some(("valid", answered(predict()?, data, &field.name)?)))
        }
        Decode::Number { .. }
        | Decode::Numbers { .. }
        | Decode::Quantiles { .. }
        | Decode::Forecast { .. } => Ok(None),
    }
}

/// A text that the network writes, the same for the same weights.
fn written(mut predict: Predict) -> Result<Vec<Vec<String>>, WatchError> {
    let (how, mut text) = (Generation { pieces: PIECES, ..Generation::default() }, String::new());
    predict.go_on("", &how, &mut |piece| text += piece)?;
    Ok(vec![vec![as_it_is(&text)]])
}

/// Text, label and answer of some rows, below what these are called.
fn answered(mut predict: Predict, data: &Dataset, field: &str) -> Result<Vec<Vec<String>>, WatchError> {
    let rows: Vec<usize> = data.splits.valid.rows().iter().copied().take(ROWS).collect();
    let records: Vec<Record> = rows.iter().map(|row| data.source.record(*row)).collect::<Result<_, _>>()?;
    let answers = predict.answers(&records)?;
    let mut table = vec![[field, "label", "answer"].map(as_it_is).to_vec()];
    for ((row, record), said) in rows.iter().zip(&records).zip(&answers) {
        let text = match record.get(field) {
            Some(Value::Text(text)) => text,
            Some(Value::Missing | Value::Number(_) | Value::Numbers(_) | Value::Image(_)) | None => "",
        };
        let (truth, answer) = (label(data, *row).unwrap_or_default(), said.answers.first());
        let answer = answer.map(|(_, answer)| in_words(answer)).unwrap_or_default();
        table.push([text, &truth, &answer].map(as_it_is).to_vec());
    }
    Ok(table)
}

fn in_words(answer: &Answer) -> String {
    match answer {
        Answer::Label { label, .. } => label.clone(),
        Answer::Labels { labels, .. } => labels.join(", "),
        Answer::Number { .. } | Answer::Numbers { .. } | Answer::Next { .. } | Answer::Forecast { .. } => {
            String::new()
        }
    }
}

/// As code is written in Markdown, so that no sign of it has a meaning.
fn as_it_is(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_markdown_mean_nothing() {
        assert_eq!(as_it_is("# a\n*b* <b>"), "    # a\n    *b* <b>\n");
        assert_eq!(as_it_is(""), "");
    }
}
