use std::io::IsTerminal;

use baeum_core::fs::RealFs;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::open::cache;
use super::{Failure, args, print};
use crate::fetch::{Fetched, Progress, SourceList, fetch, list_of};

/// `baeum fetch RECIPE`.
pub(crate) fn run(args: &args::Fetch) -> Result<(), Failure> {
    let list = SourceList::read(&RealFs, &list_of(&args.recipe))?;
    let folder = args.data.clone().or_else(cache).ok_or_else(|| {
        Failure::Usage(
            "neither `XDG_CACHE_HOME` nor `HOME` says where the cache is; say `--data DIR`".to_owned(),
        )
    })?;
    let bar = bar(list.files.iter().map(|file| file.bytes).sum());
    let (mut before, mut current) = (0, String::new());
    let mut progress = |progress: Progress<'_>| {
        if current != progress.file.name {
            before = bar.position().max(before);
            current.clone_from(&progress.file.name);
            bar.set_message(current.clone());
        }
        bar.set_position(before + progress.bytes);
    };
    let fetched = fetch(&list, &folder, &RealFs, &mut progress)?;
    bar.finish_and_clear();
    for (file, fetched) in list.files.iter().zip(fetched) {
        let how = match fetched {
            Fetched::Present => "was here already".to_owned(),
            Fetched::Downloaded { from: 0 } => "downloaded".to_owned(),
            Fetched::Downloaded { from } => format!("downloaded, going on from byte {from}"),
        };
        print::line(&format!("  {}  {} bytes  checksum right, {how}", file.name, file.bytes));
    }
    print::line(&format!("The files are in {}", folder.display()));
    Ok(())
}

fn bar(bytes: u64) -> ProgressBar {
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    let style = "  fetch  {bar:30} {percent:>3} %  {binary_bytes_per_sec}  {eta} left  {msg}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}
