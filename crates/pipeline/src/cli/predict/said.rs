//! An answer in one line of text.

use baeum_core::{Answer, Decode};

/// What `decode` has answered, as a person reads it.
pub(super) fn said(answer: &Answer, decode: &Decode) -> String {
    match answer {
        Answer::Label { label, .. } => label.clone(),
        Answer::Labels { labels, .. } if labels.is_empty() => "(none)".to_owned(),
        Answer::Labels { labels, .. } => labels.join(", "),
        Answer::Numbers { columns, values, unit } => {
            let unit = of_unit(unit.as_deref());
            let named = columns.iter().zip(values);
            match decode {
                // A level is a number itself: `0.1 0.138` would not tell which of the two is the answer.
                Decode::Quantiles { .. } => {
                    let named = named.map(|(level, value)| format!("q{level}={value:.6}"));
                    named.collect::<Vec<_>>().join("  ") + &unit
                }
                Decode::Label { .. }
                | Decode::Labels { .. }
                | Decode::Number { .. }
                | Decode::Numbers { .. }
                | Decode::Next { .. }
                | Decode::Forecast { .. } => {
                    let named = named.map(|(column, value)| format!("{column} {value:.6}{unit}"));
                    named.collect::<Vec<_>>().join(", ")
                }
            }
        }
        Answer::Number { value, unit } => format!("{value:.6}{}", of_unit(unit.as_deref())),
        Answer::Next { probabilities } => format!("{} places", probabilities.len()),
        Answer::Forecast { values, .. } => {
            let steps = values.first().map_or(0, Vec::len);
            format!("{steps} steps")
        }
    }
}

fn of_unit(unit: Option<&str>) -> String {
    unit.map(|unit| format!(" {unit}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(decode: &Decode, row: &[f32], expect: &str) {
        assert_eq!(said(&decode.answer(row), decode), expect);
    }

    #[test]
    fn a_quantile_stands_behind_its_level() {
        let quantiles = |unit: Option<&str>| Decode::Quantiles {
            levels: vec![0.1, 0.5, 0.975],
            scale: 2.0,
            offset: 1.0,
            unit: unit.map(str::to_owned),
        };
        check(&quantiles(None), &[-0.5, 0.25, 1.0], "q0.1=0.000000  q0.5=1.500000  q0.975=3.000000");
        check(&quantiles(Some("EUR")), &[0.0, 0.0, 1.0], "q0.1=1.000000  q0.5=1.000000  q0.975=3.000000 EUR");
    }

    #[test]
    fn numbers_stand_behind_their_columns_and_labels_alone() {
        let columns = ["price", "rent"].map(str::to_owned).to_vec();
        let (scale, offset, unit) = (vec![2.0, 1.0], vec![1.0, 0.0], Some("EUR".to_owned()));
        let numbers = Decode::Numbers { columns, scale, offset, unit };
        check(&numbers, &[0.5, -1.0], "price 2.000000 EUR, rent -1.000000 EUR");
        let labels = ["a", "b"].map(str::to_owned).to_vec();
        check(&Decode::Label { labels: labels.clone() }, &[0.0, 1.0], "b");
        let sets = Decode::Labels { labels, thresholds: vec![0.5, 0.5] };
        check(&sets, &[1.0, 2.0], "a, b");
        check(&sets, &[-1.0, -2.0], "(none)");
    }
}
