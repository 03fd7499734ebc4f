//! Numbers computed from numbers drawn at random: the shortest lesson in learning a function.

use std::collections::BTreeMap;
use std::sync::Arc;

use baeum_core::{Counter, Field, Kind, Limit, Record, Role, Split, Task, Train, Value};

use super::{Column, Places, Raw, Scan, Table, Targets, field};
use crate::config::FunctionConfig;
use crate::formula::Formula;
use crate::plan::DataPlan;
use crate::sheet::{Cells, Long};
use crate::split::{Part, sample_id};
use crate::{DataError, Place};

/// How far from the middle of the range of an input its probes lie, in halves of that range: 1 is where
/// training ends.
const REACH: [f64; 4] = [0.25, 0.75, 1.5, 2.0];

/// Of more inputs than this, the others follow the signs of the first.
const SIGNS: u32 = 3;

/// Examples of a function; the columns are its inputs by name, and then the answer.
pub(super) struct Examples {
    names: Vec<String>,
    target: String,
    columns: Vec<Vec<f64>>,
}

/// Draws the examples.
pub(super) fn scan(
    plan: &DataPlan,
    config: &FunctionConfig,
    formula: &Formula,
    place: &Place,
) -> Result<Examples, DataError> {
    place.limits.admit(Limit::Rows, "`data.source.function.rows`", config.rows as u64)?;
    let draw = |(name, [low, high]): (&String, &[f64; 2])| {
        let mut shares = vec![0.0f32; config.rows];
        place.rng().stream("function", name).fill_uniform(&mut shares, Counter::once());
        shares.into_iter().map(|share| low + (high - low) * f64::from(share)).collect::<Vec<f64>>()
    };
    let mut columns: Vec<Vec<f64>> = config.inputs.iter().map(draw).collect();
    let names: Vec<String> = config.inputs.keys().cloned().collect();
    let mut answers = Vec::with_capacity(config.rows);
    for row in 0..config.rows {
        let inputs: Vec<f64> = columns.iter().map(|column| column[row]).collect();
        let answer = formula.value(&inputs);
        if !answer.is_finite() {
            let at: Vec<String> =
                names.iter().zip(&inputs).map(|(name, input)| format!("{name} = {input}")).collect();
            let got = format!("{answer} at {}", at.join(", "));
            return Err(DataError::setting(
                "data.source.function.expression",
                "a finite value for all its inputs",
                got,
            ));
        }
        answers.push(answer);
    }
    columns.push(answers);
    Ok(Examples { names, target: plan.target.clone(), columns })
}

/// Records inside and outside of what training saw, their true answers, and which of them lie inside.
pub(crate) fn probes(config: &FunctionConfig, formula: &Formula) -> (Vec<Record>, Vec<f64>, Vec<bool>) {
    let (mut records, mut truth, mut inside) = (vec![], vec![], vec![]);
    let signs = 1u32 << config.inputs.len().min(SIGNS as usize);
    for reach in REACH {
        for sign in 0..signs {
            let input = |(place, [low, high]): (usize, &[f64; 2])| {
                let side = if sign >> (place as u32 % SIGNS) & 1 == 0 { 1.0 } else { -1.0 };
                f64::midpoint(*low, *high) + side * reach * (high - low) / 2.0
            };
            let inputs: Vec<f64> = config.inputs.values().enumerate().map(input).collect();
            let answer = formula.value(&inputs);
            // Outside its range a formula may have no value, such as a root of less than zero.
            if answer.is_finite() {
                let values = inputs.into_iter().map(Value::Number);
                records.push(config.inputs.keys().cloned().zip(values).collect::<BTreeMap<_, _>>());
                truth.push(answer);
                inside.push(reach <= 1.0);
            }
        }
    }
    (records, truth, inside)
}

impl Scan for Examples {
    fn rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        let id = |row: usize| {
            let bytes: Vec<u8> = self.columns.iter().flat_map(|column| column[row].to_le_bytes()).collect();
            sample_id(&bytes)
        };
        Ok((0..self.rows()).map(id).collect())
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(None)
    }

    fn targets(&self) -> Result<Targets, DataError> {
        Ok(self.columns.last().into_iter().flatten().map(|answer| Some(answer.to_string())).collect())
    }

    fn task(&self, _: &Targets) -> Result<Task, DataError> {
        Ok(Task::Regress)
    }

    fn fields(&self, _: Task, _: &Split<Train>) -> Result<Vec<Field>, DataError> {
        let inputs = self.names.iter().map(|name| field(name, Kind::Number, Role::Input));
        Ok(inputs.chain([field(&self.target, Kind::Number, Role::Target)]).collect())
    }

    fn load(self: Box<Self>, _: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        let rows = self.rows();
        let column = |numbers| Column::One(Arc::new(Cells::Numbers(Long::from(numbers))));
        let columns = self.columns.into_iter().map(column).collect();
        Ok(Box::new(Table { columns, places: Places::Drawn, rows, repairs: vec![] }))
    }
}
