//! The optimizer's step, and a network's state. Moments are plain numbers in memory beside the variables.
use std::collections::BTreeMap;

use baeum_core::{NetworkError, State, Tensor, TensorError, Update, UpdateStats};
use baeum_kernels::{Lying, running_average, sum_of_squares};
use candle_core::{DType, Var};

use super::convert::{to_candle, to_host};
use super::error::{RunError, backend};
use super::{CandleNetwork, Forward, Parameter};
use crate::checks::{self, fitting};
use crate::rule::Rule;

impl<F: Forward> CandleNetwork<F> {
    /// Clips and takes one step, unless the update does not take the gradient. Either way the gradients are used up.
    pub(super) fn step_by(&mut self, update: &Update) -> Result<UpdateStats, NetworkError> {
        if self.dtype != DType::F32 {
            return Err(RunError::Precision.into());
        }
        let mut gradients = Vec::with_capacity(self.learned.len());
        for parameter in self.learned.values_mut() {
            let gradient = parameter.gradient.take().ok_or(RunError::NoGradient)?;
            gradients.push(numbers(&gradient).map_err(backend("the update"))?);
        }
        let squares: f64 = gradients.iter().map(|gradient| sum_of_squares(gradient)).sum();
        let stats = UpdateStats { gradient_norm: squares.sqrt() / self.weight };
        if !update.takes(stats.gradient_norm) {
            return Ok(stats);
        }
        for (parameter, gradient) in self.learned.values_mut().zip(&gradients) {
            let rule = Rule::of(update, parameter.role, stats.gradient_norm, self.weight, self.step + 1);
            parameter.step_by(&rule, update.ema, gradient).map_err(backend("the update"))?;
        }
        Ok(stats)
    }

    /// Everything by name; numbers of a network in `f64` stay `f64`.
    pub(super) fn saved(&self) -> Result<State, NetworkError> {
        let mut state = State { step: self.step, ..State::default() };
        for (name, var) in self.vars() {
            state.weights.insert(name.clone(), to_host(var).map_err(backend("the state"))?);
        }
        for (name, parameter) in &self.learned {
            for (moment, numbers) in &parameter.moments {
                let tensor = Tensor::new(parameter.var.dims(), numbers.clone())?;
                state.moments.insert(format!("{name}.{moment}"), tensor);
            }
        }
        Ok(state)
    }

    /// Checks all of it first, so that a refusal leaves the network as it was.
    pub(super) fn restore(&mut self, state: &State) -> Result<(), NetworkError> {
        let mut values = vec![];
        for (name, var) in self.vars() {
            let tensor = fitting(name, var.dims(), state.weights.get(name))?;
            if tensor.dtype() != own_dtype(self.dtype) {
                return Err(TensorError::Type { wanted: own_dtype(self.dtype), got: tensor.dtype() }.into());
            }
            values.push((var.clone(), to_candle(tensor, self.dtype, &self.device)?));
        }
        let known = |name: &String| self.learned.contains_key(name) || self.running.contains_key(name);
        if let Some(name) = state.weights.keys().find(|name| !known(name)) {
            return Err(RunError::Unknown { name: name.clone() }.into());
        }
        let mut moments: BTreeMap<String, BTreeMap<&'static str, Vec<f32>>> = BTreeMap::new();
        for (full_name, tensor) in &state.moments {
            let (name, moment) = checks::moment(full_name, |name| self.learned.contains_key(name))?;
            let numbers = fitting(full_name, self.learned[name].var.dims(), Some(tensor))?.f32s()?.to_vec();
            moments.entry(name.to_owned()).or_default().insert(moment, numbers);
        }
        for (var, value) in values {
            var.set(&value).map_err(backend("the state"))?;
        }
        for (name, parameter) in &mut self.learned {
            parameter.gradient = None;
            parameter.moments = moments.remove(name).unwrap_or_default();
        }
        self.step = state.step;
        Ok(())
    }

    /// Learned and running, each with its name.
    fn vars(&self) -> impl Iterator<Item = (&String, &Var)> {
        self.learned.iter().map(|(name, parameter)| (name, &parameter.var)).chain(&self.running)
    }
}

impl Parameter {
    /// One step over a gradient that is a sum.
    fn step_by(&mut self, rule: &Rule, ema: Option<f64>, gradient: &[f32]) -> candle_core::Result<()> {
        let mut values = numbers(&self.var)?;
        let mut kept = [(); 3].map(|()| vec![]);
        for (moment, name) in kept.iter_mut().zip(rule.moments()) {
            *moment = self.moments.remove(name).unwrap_or_else(|| vec![0.0; values.len()]);
        }
        let whole = Lying::of(0..values.len(), self.var.dims());
        rule.step(None, &[whole], &mut values, gradient, kept.each_mut().map(Vec::as_mut_slice));
        self.moments.extend(rule.moments().iter().copied().zip(kept));
        match (ema, self.moments.get_mut(State::AVERAGE)) {
            (Some(decay), Some(average)) => running_average(None, decay, &values, average),
            (Some(_), None) => drop(self.moments.insert(State::AVERAGE, values.clone())),
            (None, _) => {}
        }
        self.var.set(&candle_core::Tensor::from_vec(values, self.var.shape(), self.var.device())?)
    }
}

/// The numbers of an `f32` tensor, row-major.
fn numbers(tensor: &candle_core::Tensor) -> candle_core::Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

fn own_dtype(dtype: DType) -> baeum_core::DType {
    if dtype == DType::F64 { baeum_core::DType::F64 } else { baeum_core::DType::F32 }
}
