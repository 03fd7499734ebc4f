//! The `baeum` command: words from the shell in, exit code out. All it does can be done through the library.
mod advice;
mod args;
mod beside;
mod chain;
mod fetch;
mod label;
mod open;
mod predict;
mod print;
mod rate;
mod replay;
mod seeds;
mod summary;
mod work;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Verb};
pub use chain::Failure;
pub use open::folders;

use crate::watch::{Signals, start_logging};

/// Runs the command with the arguments of this process; prints, and gives the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; clap sends them to standard output itself.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let failure = beside::become_other(failure);
            print::error(&failure.render());
            ExitCode::from(failure.exit_code())
        }
    }
}

fn execute(cli: Cli) -> Result<(), Failure> {
    let variable = std::env::var("BAEUM_LOG").ok();
    start_logging(cli.log.as_deref(), variable.as_deref())?;
    let signals = Signals::catch().map_err(Failure::Signals)?;
    match cli.verb {
        Verb::Pipeline(args) => work::run(&args, None, &signals),
        Verb::Data(args) => work::run(&args, Some(crate::run::Stage::Data), &signals),
        Verb::Models(args) => work::run(&args, Some(crate::run::Stage::Models), &signals),
        Verb::Train(args) => work::run(&args, Some(crate::run::Stage::Train), &signals),
        Verb::Evaluate(args) => work::run(&args, Some(crate::run::Stage::Evaluate), &signals),
        Verb::Export(args) => work::run(&args, Some(crate::run::Stage::Export), &signals),
        Verb::Plan(args) => work::plan(&args),
        Verb::FindRate(args) => rate::run(&args, &signals),
        Verb::Predict(args) => predict::run(&args),
        Verb::Label(args) => label::run(&args),
        Verb::Fetch(args) => fetch::run(&args),
        Verb::Schema => print::json(&crate::recipe::schema()),
        Verb::Verify(args) => work::verify(&args),
        Verb::Replay(args) => replay::run(&args),
        Verb::Runs(args) => work::runs(&args),
        Verb::Limits => print::limits(),
    }
}
