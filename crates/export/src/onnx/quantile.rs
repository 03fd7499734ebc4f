//! The share of training rows below a number, and the number of the normal distribution with that share.

use baeum_core::Distribution;

use super::bins::count;
use super::builder::Builder;
use super::model::{Attribute, Element};
use super::preprocess::{Flow, Form, cast, floats, refuse};
use crate::error::ExportError;

/// Where the normal distribution is cut off: the share that lies beyond.
const BEYOND: f64 = 1e-7;

/// Shares within this distance of a half have a formula of their own.
const CENTRE: f64 = 0.425;

/// Wichura's algorithm AS 241 (1988), `PPND7`: the 7 digits that 32 bits have. Numerator and denominator, highest
/// power first.
const OF_CENTRE: [[f64; 4]; 2] = [
    [59.109_374_72, 159.291_132_02, 50.434_271_938, 3.387_132_717_9],
    [67.187_563_6, 78.757_757_664, 17.895_169_469, 1.0],
];
const OF_SIDES: [[f64; 4]; 2] = [
    [0.170_238_211_03, 1.306_728_481_6, 2.756_815_39, 1.423_437_277_7],
    [0.0, 0.120_211_329_75, 0.737_001_642_5, 1.0],
];

/// Each number of a row by quantiles of its own.
pub(super) fn quantile<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    quantiles: &[Vec<f64>],
    output: Distribution,
) -> Result<Flow<'a>, ExportError> {
    let flow = floats(builder, flow)?;
    let wide = quantiles.len();
    if flow.form != Form::Row(wide) || quantiles.iter().any(|column| column.len() < 2) {
        return Err(refuse(flow.field, "quantiles for each of its numbers", flow.form.to_string()));
    }
    let mut say = Words { wish: format!("{}.quantile", flow.field), builder };
    let mut columns = vec![];
    for (place, quantiles) in quantiles.iter().enumerate() {
        let column = if wide == 1 { flow.value.clone() } else { say.column(&flow.value, place) };
        columns.push(say.quantile(&column, quantiles, output)?);
    }
    let value = match &columns[..] {
        [only] => only.clone(),
        _ => {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            say.builder.add(&say.wish, "Concat", &columns, &[("axis", Attribute::Int(1))])
        }
    };
    Ok(Flow { value, ..flow })
}

/// Writes a formula, operation by operation, over columns `[batch, 1]`.
pub(super) struct Words<'a, 'b> {
    pub(super) wish: String,
    pub(super) builder: &'a mut Builder<'b>,
}

impl Words<'_, '_> {
    pub(super) fn add(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.builder.add(&self.wish, operator, inputs, &[])
    }

    pub(super) fn number(&mut self, number: f64) -> Result<String, ExportError> {
        self.builder.numbers(&self.wish, vec![1], &[number])
    }

    /// An operation with a number at its right.
    pub(super) fn with(&mut self, value: &str, operator: &str, number: f64) -> Result<String, ExportError> {
        let number = self.number(number)?;
        Ok(self.add(operator, &[value, &number]))
    }

    pub(super) fn column(&mut self, rows: &str, place: usize) -> String {
        let [start, end, axis] = [place, place + 1, 1].map(|place| self.builder.whole(&self.wish, &[place]));
        self.add("Slice", &[rows, &start, &end, &axis])
    }

    /// A column of numbers by its quantiles; what is missing stays so.
    fn quantile(&mut self, x: &str, quantiles: &[f64], output: Distribution) -> Result<String, ExportError> {
        let last = (quantiles.len() - 1) as f64;
        let [below, above] = self.places(x, quantiles)?;
        let below = self.with(&below, "Div", last)?;
        let answer = match output {
            Distribution::Uniform => below,
            Distribution::Normal => {
                let above = self.with(&above, "Div", last)?;
                self.normal(&below, &above)?
            }
        };
        let missing = self.add("IsNaN", &[x]);
        Ok(self.add("Where", &[&missing, x, &answer]))
    }

    /// How many steps from quantile to quantile lie below a number, and how many above it, whole and in part. Two
    /// counts, so that the smaller one keeps its digits.
    fn places(&mut self, x: &str, quantiles: &[f64]) -> Result<[String; 2], ExportError> {
        let last = quantiles.len() - 1;
        let table = self.builder.numbers(&self.wish, vec![quantiles.len()], quantiles)?;
        let [up_to, below] = ["GreaterOrEqual", "Greater"].map(|operator| {
            let truths = self.add(operator, &[x, &table]); // [batch, quantiles]
            count(self.builder, &self.wish, &truths)
        });
        let one = self.builder.whole(&self.wish, &[1]);
        let [first, most] = [0, last].map(|place| self.builder.whole(&self.wish, &[place]));
        let next = self.add("Min", &[&up_to, &most]);
        let before = self.add("Sub", &[&up_to, &one]);
        let before = self.add("Max", &[&before, &first]);
        let [low, high] = [&before, &next].map(|place| self.add("Gather", &[&table, place]));
        let (way, width) = (self.add("Sub", &[x, &low]), self.add("Sub", &[&high, &low]));
        let part = self.add("Div", &[&way, &width]);
        // Where several quantiles are the number, it stands in their middle.
        let ties = self.add("Greater", &[&up_to, &below]);
        let [up_to, below, before] =
            [&up_to, &below, &before].map(|place| cast(self.builder, &self.wish, place, Element::F32));
        let both = self.add("Add", &[&up_to, &below]);
        let both = self.with(&both, "Sub", 1.0)?;
        let middle = self.with(&both, "Div", 2.0)?;
        let last = self.number(last as f64)?;
        let (between, rest) = (self.add("Add", &[&before, &part]), self.add("Sub", &[&last, &before]));
        let rest = self.add("Sub", &[&rest, &part]);
        let rest_of_middle = self.add("Sub", &[&last, &middle]);
        let under = self.add("Where", &[&ties, &middle, &between]);
        let over = self.add("Where", &[&ties, &rest_of_middle, &rest]);
        self.ends(x, quantiles, [under, over], &last)
    }

    /// Outside the quantiles all steps lie on one side.
    fn ends(
        &mut self,
        x: &str,
        quantiles: &[f64],
        [under, over]: [String; 2],
        last: &str,
    ) -> Result<[String; 2], ExportError> {
        let zero = self.number(0.0)?;
        let [first, most] = [quantiles.first(), quantiles.last()].map(|end| end.copied().unwrap_or_default());
        let is_most = self.with(x, "GreaterOrEqual", most)?;
        let is_first = self.with(x, "LessOrEqual", first)?;
        let under = self.add("Where", &[&is_most, last, &under]);
        let over = self.add("Where", &[&is_most, &zero, &over]);
        Ok([self.add("Where", &[&is_first, &zero, &under]), self.add("Where", &[&is_first, last, &over])])
    }

    /// From the shares below and above a number to the number.
    fn normal(&mut self, below: &str, above: &str) -> Result<String, ExportError> {
        let apart = self.add("Sub", &[below, above]);
        let apart = self.with(&apart, "Div", 2.0)?;
        let square = self.add("Mul", &[&apart, &apart]);
        let most = self.number(CENTRE * CENTRE)?;
        let rest = self.add("Sub", &[&most, &square]);
        let near = self.ratio(&rest, &OF_CENTRE)?;
        let near = self.add("Mul", &[&apart, &near]);
        let beyond = self.number(BEYOND)?;
        let share = self.add("Min", &[below, above]);
        let share = self.add("Max", &[&share, &beyond]);
        let log = self.add("Log", &[&share]);
        let log = self.add("Neg", &[&log]);
        let root = self.add("Sqrt", &[&log]);
        let root = self.with(&root, "Sub", 1.6)?;
        let far = self.ratio(&root, &OF_SIDES)?;
        let sign = self.add("Sign", &[&apart]);
        let far = self.add("Mul", &[&far, &sign]);
        let distance = self.add("Abs", &[&apart]);
        let is_near = self.with(&distance, "LessOrEqual", CENTRE)?;
        Ok(self.add("Where", &[&is_near, &near, &far]))
    }

    fn ratio(&mut self, x: &str, [above, below]: &[[f64; 4]; 2]) -> Result<String, ExportError> {
        let (above, below) = (self.polynomial(x, above)?, self.polynomial(x, below)?);
        Ok(self.add("Div", &[&above, &below]))
    }

    /// Horner's rule.
    fn polynomial(&mut self, x: &str, powers: &[f64; 4]) -> Result<String, ExportError> {
        let [first, rest @ ..] = powers;
        let mut sum = self.number(*first)?;
        for power in rest {
            let product = self.add("Mul", &[&sum, x]);
            sum = self.with(&product, "Add", *power)?;
        }
        Ok(sum)
    }
}
