//! PyTorch's side of a measurement: `tests/interop/bench_train.py` or `bench_generate.py`, one process for each question.
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::de::DeserializeOwned;

use super::BenchError;
use super::process::{Measured, Tried, ask};
use crate::{Workload, root};

/// PyTorch, and the folder with the start that it shares with us.
pub(super) struct Peer<'a> {
    /// The interpreter that has it.
    pub(super) python: &'a Path,
    /// The script in `tests/interop`.
    pub(super) script: &'a str,
    /// What [`super::start::write`] wrote, and what else the script reads.
    pub(super) folder: &'a Path,
    /// How many threads it may use.
    pub(super) threads: usize,
}

/// A way in which PyTorch can run a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// Through `torch.compile`, or eager.
    compiled: bool,
    /// Pictures with their channels innermost, or as they come.
    channels_last: bool,
}

impl Way {
    /// The ways that make sense for a workload; channels have a place only in pictures.
    pub(super) fn all(workload: &Workload) -> Vec<Way> {
        let pictures = workload.graph.inputs().any(|input| input.shape.rank() == 4);
        let layouts: &[bool] = if pictures { &[false, true] } else { &[false] };
        let ways = [false, true].into_iter();
        ways.flat_map(|compiled| layouts.iter().map(move |&channels_last| Way { compiled, channels_last }))
            .collect()
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.compiled { "torch.compile" } else { "eager" };
        let layout = if self.channels_last { ", channels_last" } else { "" };
        write!(f, "{mode}{layout}")
    }
}

impl Peer<'_> {
    /// What the script says to a question, such as of one step from our start, compared with ours.
    pub(super) fn ask<T: DeserializeOwned>(&self, verb: &str) -> Result<T, BenchError> {
        ask("PyTorch", &mut self.command(verb))
    }

    /// The times of some steps.
    pub(super) fn run(&self, way: Way, steps: usize) -> Result<Tried, BenchError> {
        let mode = if way.compiled { "compile" } else { "eager" };
        let layout = if way.channels_last { "channels_last" } else { "contiguous" };
        let mut command = self.command("run");
        command.args(["--mode", mode, "--layout", layout, "--steps"]).arg(steps.to_string());
        ask("PyTorch", &mut command)
    }

    /// The same, in a way that has run before.
    pub(super) fn run_again(
        &self,
        workload: &Workload,
        way: Way,
        steps: usize,
    ) -> Result<Measured, BenchError> {
        match self.run(way, steps)? {
            Tried::Measured(measured) => Ok(measured),
            Tried::Failed(why) => Err(BenchError::Peer { workload: workload.name.to_owned(), why }),
        }
    }

    fn command(&self, verb: &str) -> Command {
        let threads = self.threads.to_string();
        let script: PathBuf = root().join("tests/interop").join(self.script);
        let mut command = Command::new(self.python);
        command.arg(script).arg(verb).arg(self.folder).args(["--threads", &threads]);
        // Its libraries read these before the script can say anything.
        command.env("OMP_NUM_THREADS", &threads).env("MKL_NUM_THREADS", &threads);
        command.env("CUDA_VISIBLE_DEVICES", "");
        // An empty cache of its own: the first compiled run shows the time to compile, the later ones take what it left. The
        // compiler works in the process itself, because waiting helpers would count as memory and time of nobody.
        command.env("TORCHINDUCTOR_CACHE_DIR", self.folder.join("compiled"));
        command.env("TORCHINDUCTOR_COMPILE_THREADS", "1");
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads;

    #[test]
    fn channels_are_moved_in_pictures_alone() {
        let ways = |name: &str| {
            let workload = workloads().into_iter().find(|workload| workload.name == name);
            let ways = workload.map(|workload| Way::all(&workload)).unwrap_or_default();
            ways.iter().map(Way::to_string).collect::<Vec<_>>()
        };
        assert_eq!(ways("mlp"), ["eager", "torch.compile"]);
        let four = ["eager", "eager, channels_last", "torch.compile", "torch.compile, channels_last"];
        assert_eq!(ways("cnn"), four);
    }
}
