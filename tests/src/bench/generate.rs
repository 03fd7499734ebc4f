//! `bench generate`: texts gone on with by their most probable pieces, beside PyTorch with a key-value cache.
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use baeum::models::{RunnerConfig, TextRunner, initial};
use baeum::{Tensor, weights_file};
use serde_json::json;

use super::peer::Peer;
use super::process::Agreed;
use super::trial::{Choice, choose};
use super::turns::{Runs, alone, busy, chosen, each, near, python_of, say, timing, worker};
use super::{BenchError, Contest, PeerTiming, Record, TrainArguments, start};
use crate::{Scratch, Workload};

/// Names the Python that has PyTorch; `cargo xtask` sets it.
const PYTHON: &str = "BAEUM_PYTHON_TORCH";

/// What takes part: workloads that tell what comes next.
pub(super) const NAMES: [&str; 2] = ["gpt", "gpt384"];

/// How many pieces a text begins with.
const PROMPT: usize = 8;

/// How many texts one process goes on with, unless it is said.
const TEXTS: usize = 5;

/// How far the logits behind the last piece may be apart, relative to the largest: some hundred roundings in another order.
const BOUND: f64 = 1e-4;

/// Measures what was asked for, one workload after the other.
pub(super) fn generate(arguments: &TrainArguments) -> Result<(), BenchError> {
    let python = python_of(Contest::Generate, PYTHON);
    let steps = arguments.steps.map_or(TEXTS, NonZeroUsize::get);
    let cases: Vec<Workload> = chosen(arguments.only.as_deref())?
        .into_iter()
        .filter(|workload| NAMES.contains(&workload.name))
        .map(|workload| Workload { rows: 1, steps, ..workload })
        .collect();
    if let (Some(name), []) = (&arguments.only, &cases[..]) {
        let known = NAMES.map(|name| format!("`{name}`")).join(", ");
        return Err(BenchError::Workload { name: name.clone(), known });
    }
    each(Contest::Generate, arguments.print_only, &cases, |workload| {
        measure(workload, arguments, python.as_deref())
    })
}

fn measure(
    workload: &Workload,
    arguments: &TrainArguments,
    python: Option<&Path>,
) -> Result<Record, BenchError> {
    let folder = Scratch::new("bench");
    let (threads, pairs, steps) = (arguments.threads.get(), arguments.pairs.get(), workload.steps);
    let mut ours = || worker(Contest::Generate, workload, steps, threads);
    let Some(python) = python else { return alone(Contest::Generate, workload, arguments, steps) };
    write(folder.path(), workload, threads)?;
    let peer = Peer { python, script: "bench_generate.py", folder: folder.path(), threads };
    let checked: Agreed = peer.ask("check")?;
    near(workload.name, "the last logits".to_owned(), BOUND, checked.relative_error)?;
    let Choice { way, compile_s, note, .. } = choose(&peer, workload)?;
    say(&format!("{}: the same pieces; {note}", workload.name));
    let busy = busy();
    let mut theirs = || peer.run_again(workload, way, steps);
    let runs = Runs::in_turn(workload.name, pairs, &mut ours, Some(&mut theirs))?;
    runs.same_figure(workload.name)?;
    Ok(Record {
        peer: Some(PeerTiming { timing: timing(&runs.theirs), way: way.to_string(), compile_s }),
        notes: std::iter::once(note).chain(busy).collect(),
        ..runs.record(workload.name, workload.rows, steps, threads)
    })
}

/// A text that is gone on with until the network sees all of it, always by the most probable piece.
pub(super) struct Text {
    network: TextRunner,
    prompt: Vec<u32>,
    /// How many pieces the network sees.
    length: usize,
    /// What the network said last.
    logits: Vec<f32>,
}

impl Text {
    /// The start of a workload, and how its first example begins.
    pub(super) fn of(workload: &Workload, threads: usize) -> Result<Text, BenchError> {
        let (graph, batch) = (&workload.graph, workload.batch());
        let config = RunnerConfig { seed: Workload::SEED, threads, ..RunnerConfig::default() };
        let network = TextRunner::new(graph, &initial(graph, Workload::SEED), config)?;
        let ids = batch.inputs["x"].i64s().map_err(baeum::NetworkError::from)?;
        let prompt = ids.iter().take(PROMPT).map(|id| *id as u32).collect();
        let length = graph.inputs().next().and_then(|input| input.shape.last()).unwrap_or(0);
        Ok(Text { network, prompt, length, logits: vec![] })
    }

    /// The pieces that were added.
    pub(super) fn whole(&mut self) -> Result<Vec<u32>, BenchError> {
        let mut all = self.prompt.clone();
        while all.len() < self.length {
            self.logits = self.network.next(&all, 0)?;
            let better = |best, place| if self.logits[place] > self.logits[best] { place } else { best };
            let piece = (0..self.logits.len()).reduce(better).unwrap_or(0);
            all.push(piece as u32);
        }
        Ok(all.split_off(self.prompt.len()))
    }
}

/// What PyTorch's side needs to go on with our text, and what we went on with.
fn write(folder: &Path, workload: &Workload, threads: usize) -> Result<(), BenchError> {
    start::write(folder, workload, threads)?;
    let mut text = Text::of(workload, threads)?;
    let pieces = text.whole()?;
    let said = json!({ "name": workload.name, "prompt": text.prompt, "pieces": pieces });
    let logits = [("logits".to_owned(), Tensor::vector(text.logits))].into();
    let files = [
        ("generate.json", said.to_string().into_bytes()),
        ("logits.safetensors", weights_file::write(&logits, &Default::default())?),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(BenchError::file("write", &path))?;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_workload_that_tells_no_text_is_refused() {
        let only = Some("mlp".to_owned());
        let one = NonZeroUsize::MIN;
        let arguments = TrainArguments { only, pairs: one, steps: None, threads: one, print_only: true };
        let error = generate(&arguments).unwrap_err().to_string();
        assert_eq!(error, "`mlp` is not a workload; there are `gpt`, `gpt384`");
    }

    #[test]
    fn a_text_is_gone_on_with_alike_until_it_is_full() {
        let gpt = chosen(Some(NAMES[0])).unwrap().remove(0);
        let mut text = Text::of(&Workload { rows: 1, ..gpt }, 2).unwrap();
        let pieces = text.whole().unwrap();
        assert_eq!(pieces.len(), 64 - PROMPT);
        assert_eq!(text.whole().unwrap(), pieces);
        let different: std::collections::BTreeSet<&u32> = pieces.iter().collect();
        assert!(different.len() > 3, "a text of one piece would hide a mistake: {pieces:?}");
    }
}
