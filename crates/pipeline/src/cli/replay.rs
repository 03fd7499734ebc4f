//! `baeum replay BUNDLE`: a step that went wrong, run again.

use baeum_core::fs::RealFs;
use baeum_train::FailedStep;

use super::{Failure, args, print};
use crate::Replay;

/// Runs the step and says what is wrong with it; a failure unless it is what was wrong when it was kept.
pub(crate) fn run(args: &args::Replay) -> Result<(), Failure> {
    let replay = Replay::open(&RealFs, &args.bundle)?;
    let FailedStep { epoch, step, rows, finding, .. } = &replay.step;
    print::line(&format!("epoch {epoch}, step {step}, {} rows", rows.len()));
    print::line(&format!("  then  {}", replay.step));
    let again = FailedStep { finding: replay.again()?, ..replay.step.clone() };
    print::line(&format!("  now   {again}"));
    match again.finding == *finding {
        true => Ok(()),
        false => Err(Failure::NotReproduced),
    }
}
