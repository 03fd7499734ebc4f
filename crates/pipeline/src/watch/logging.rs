use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::FmtSpan;

/// The level of `--log` or `BAEUM_LOG` is none.
#[derive(Debug, thiserror::Error)]
#[error("`{from}` wants error, warn, info, debug, trace, or a filter such as `baeum=debug`, got `{got}`")]
pub struct LogError {
    /// `--log` or `BAEUM_LOG`.
    pub from: &'static str,
    /// What stands there.
    pub got: String,
    /// What is wrong with it.
    pub source: ParseError,
}

/// Sends what the stages tell about their work to standard error: one span for each stage, epoch and file.
///
/// `argument` is that of `--log`, which wins over `variable`, that of `BAEUM_LOG`; without both, nothing is told.
///
/// # Errors
/// [`LogError`] if the level is none.
pub fn start_logging(argument: Option<&str>, variable: Option<&str>) -> Result<(), LogError> {
    let (from, text) = match (argument, variable) {
        (Some(text), _) => ("--log", text),
        (None, Some(text)) => ("BAEUM_LOG", text),
        (None, None) => return Ok(()),
    };
    // A bare level is about our crates; the libraries below stay quiet.
    let ours = [
        "baeum",
        "baeum_core",
        "baeum_data",
        "baeum_models",
        "baeum_train",
        "baeum_evaluate",
        "baeum_export",
    ];
    let directives = match text.contains(['=', ',']) {
        true => text.to_owned(),
        false => ours.map(|name| format!("{name}={text}")).join(","),
    };
    let filter = EnvFilter::builder().parse(directives).map_err(|source| LogError {
        from,
        got: text.escape_debug().to_string(),
        source,
    })?;
    let spans = FmtSpan::NEW | FmtSpan::CLOSE;
    tracing_subscriber::fmt().with_env_filter(filter).with_span_events(spans).with_writer(io::stderr).init();
    Ok(())
}
