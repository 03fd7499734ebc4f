//! Files that are none, in every place where a recipe names files: pipes, links in a circle, paths that lead elsewhere, and
//! what calls itself by a wrong name. The command must name them, and must not wait for them.
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use baeum::data::records::read_image;
use baeum::data::{DataConfig, Place, prepare};
use baeum::fs::RealFs;
use baeum::{Field, Kind, Limits, Role};
use baeum_tests::{Scratch, baeum, chain, pictures, public, unpack};

/// A recipe over one source, and what lies beside it.
fn folder(data: &str) -> Scratch {
    let scratch = Scratch::new("bad-files");
    scratch
        .put("recipe.toml", format!("[data]\n{data}\n\n[models.mlp]\nhidden = [4]\n\n[train]\nepochs = 1\n"));
    pictures(&scratch, "pictures", 12);
    let line =
        |i: usize| format!("{},pictures/{}/{i:03}.png,{}\n", i, ["left", "right"][i % 2], ["l", "r"][i % 2]);
    scratch.put("table.csv", format!("n,photo,side\n{}", (0..12).map(line).collect::<String>()));
    for i in 0..12 {
        scratch.put(&format!("texts/{}/{i}.txt", ["good", "bad"][i % 2]), format!("word number {i}"));
    }
    scratch
}

fn pipe(at: &Path) {
    assert!(Command::new("mkfifo").arg(at).status().unwrap().success());
}

const RESIZE: &str = "steps = [{ resize = { height = 4, width = 4 } }]";
const CUT: &str = "steps = [{ tokenise = { by = \"word\", length = 3 } }]";

fn images() -> String {
    format!("source = {{ folder = {{ path = \"pictures\" }} }}\n[data.fields.image]\n{RESIZE}")
}

fn texts() -> String {
    format!("source = {{ text_folder = {{ path = \"texts\" }} }}\n[data.fields.text]\n{CUT}")
}

fn paths() -> String {
    format!(
        "source = {{ csv = {{ path = \"table.csv\" }} }}\ntarget = \"side\"\nignore = [\"n\"]\n[data.fields.photo]\n\
         kind = \"image\"\n{RESIZE}"
    )
}

/// Puts a pipe and a link in a circle at two places; the command ends with this code and these words.
#[track_caller]
fn refused(data: &str, at: [&str; 2], code: i32, says: &[&str]) {
    let scratch = folder(data);
    let [first, second] = at.map(|name| scratch.path().join(name));
    for path in [&first, &second] {
        let _ = std::fs::remove_file(path);
    }
    pipe(&first);
    symlink(second.file_name().unwrap(), &second).unwrap();
    let outcome = baeum(scratch.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(code), "{outcome:?}");
    for words in says {
        assert!(outcome.stderr.contains(words), "`{words}` is not in {}", outcome.stderr);
    }
    let skipped = baeum(scratch.path(), &["data", "recipe.toml", "--set", "data.on_bad=skip"]);
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
}

#[test]
fn pipes_and_links_in_a_circle_are_no_images() {
    let says = [
        "`pictures` wants images alone, got 2 of 14 files that cannot be read",
        "`pictures/left/pipe.png` wants to be a regular file, got a device, pipe or socket",
        "`pictures/right/loop.png` wants to be a regular file, got a link that leads nowhere, or in a circle",
    ];
    refused(&images(), ["pictures/left/pipe.png", "pictures/right/loop.png"], 3, &says);
}

#[test]
fn pipes_and_links_in_a_circle_are_no_texts() {
    let says = [
        "`texts` wants texts alone, got 2 of 14 files that cannot be read",
        "`texts/bad/pipe.txt` wants to be a regular file, got a device, pipe or socket",
        "`texts/good/loop.txt` wants to be a regular file, got a link that leads nowhere, or in a circle",
    ];
    refused(&texts(), ["texts/bad/pipe.txt", "texts/good/loop.txt"], 3, &says);
}

#[test]
fn pipes_and_links_in_a_circle_are_no_images_of_a_table() {
    let says = [
        "`table.csv` wants an image behind each path of `photo`, got 2 of 12 rows that cannot be read",
        "`table.csv` row 1: `pictures/left/000.png` wants to be a regular file, got a device, pipe or socket",
        "row 4: `pictures/right/003.png` wants to be a regular file, got a link that leads nowhere, or in a circle",
    ];
    refused(&paths(), ["pictures/left/000.png", "pictures/right/003.png"], 3, &says);
}

#[test]
fn a_folder_of_links_to_itself_ends() {
    let scratch = folder(&images());
    symlink(".", scratch.path().join("pictures/left/again")).unwrap();
    let outcome = baeum(scratch.path(), &["data", "recipe.toml"]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(
        outcome.stderr.contains("wants folders at most 64 deep, got more, or a link in a circle"),
        "{outcome:?}"
    );
}

/// A table, and a list of rows.
#[test]
fn pipes_and_links_in_a_circle_are_no_tables() {
    let scratch = folder("source = { csv = { path = \"in.csv\" } }\ntarget = \"side\"");
    let run = |sets: &[&str]| {
        let args: Vec<&str> = ["data", "recipe.toml"].into_iter().chain(sets.iter().copied()).collect();
        baeum(scratch.path(), &args)
    };
    let table = scratch.path().join("in.csv");
    pipe(&table);
    let outcome = run(&[]);
    assert_eq!(outcome.code, Some(4), "{outcome:?}");
    assert!(
        outcome.stderr.contains("in.csv` wants to be a regular file, got a device, pipe or socket"),
        "{outcome:?}"
    );
    std::fs::remove_file(&table).unwrap();
    symlink("in.csv", &table).unwrap();
    let outcome = run(&[]);
    assert_eq!(outcome.code, Some(4), "{outcome:?}");
    assert!(
        outcome.stderr.contains("could not look at `") && outcome.stderr.contains("in.csv`"),
        "{outcome:?}"
    );
    pipe(&scratch.path().join("train.txt"));
    scratch.put("test.txt", "1\n");
    let lists = "data.split={ lists = { train = \"train.txt\", test = \"test.txt\" } }";
    let outcome = run(&["--set", "data.source.csv.path=table.csv", "--set", lists]);
    assert_eq!(outcome.code, Some(4), "{outcome:?}");
    assert!(outcome.stderr.contains("train.txt` wants to be a regular file, got a device"), "{outcome:?}");
}

/// What a file is, its bytes say: a picture by a text's name is a picture, a text by a picture's name is none.
#[test]
fn a_wrong_ending_misleads_nobody() {
    let scratch = folder(&images());
    let from = scratch.path().join("pictures/left/000.png");
    std::fs::rename(&from, scratch.path().join("pictures/left/000.jpeg.txt")).unwrap();
    assert_eq!(baeum(scratch.path(), &["data", "recipe.toml"]).code, Some(0));
    scratch.put("pictures/left/table.png", "a,b\n1,2\n");
    let outcome = baeum(scratch.path(), &["data", "recipe.toml"]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("`pictures/left/table.png` wants an image (PNG, JPEG,"), "{outcome:?}");
    let scratch = folder("source = { csv = { path = \"pictures/left/000.png\" } }\ntarget = \"side\"");
    let outcome = baeum(scratch.path(), &["data", "recipe.toml"]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("`pictures/left/000.png`"), "{outcome:?}");
}

/// The memory of a process never falls, so the test has a process of its own.
#[test]
fn a_field_of_64_mib_is_the_longest() {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "bad_files::fields_of_one_process", "--ignored", "--nocapture"]);
    let output = process.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// One field as long as it may be by default, and one byte more: the memory is a few times that of the file.
#[test]
#[ignore = "a part of the test above, run by it in a process of its own"]
fn fields_of_one_process() {
    let field = |bytes: usize| {
        let scratch = Scratch::new("long-field");
        let rows = |i: usize| format!("{i}.5,{}\n", ["a", "b"][i % 2]);
        let long = "x".repeat(bytes);
        scratch.put(
            "a.csv",
            format!("n,note,y\n1,{long},a\n{}", (0..30).map(rows).collect::<String>().replace(',', ",n,")),
        );
        let config = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "ignore": ["note"]}"#;
        let config: DataConfig = serde_json::from_str(config).unwrap();
        let (fs, base) = (Arc::new(RealFs), scratch.path().to_owned());
        let place = Place {
            fs,
            base,
            folders: vec![],
            limits: Limits::default(),
            seed: 7,
            progress: Default::default(),
            cache: None,
        };
        prepare(&config.check().unwrap(), &place).map(drop).map_err(|error| chain(&error))
    };
    assert_eq!(field(64 << 20), Ok(()));
    let expect = "`a.csv` row 1, field 2 wants at most 67108864 bytes in a field, got 67108865; `run.limits.csv_field_bytes` \
                  raises the limit";
    assert_eq!(field((64 << 20) + 1), Err(expect.to_owned()));
    let peak = peak_mib();
    assert!(peak < 600, "{peak} MiB");
}

/// The largest memory of this process so far.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// Every file of a folder in which others have gathered odd and broken images: an image, or a refusal that names the file.
#[test]
fn broken_images_of_others_are_refused_by_name() {
    let Some(packed) = public("image-conformance") else { return };
    let root = unpack(&packed.join("image-conformance.tar.gz"));
    let kind = Kind::Image { channels: 3, size: None };
    let (name, role) = ("image".to_owned(), Role::Input);
    let field = Field { name, kind, role, columns: vec![], labels: vec![], range: None };
    let (mut seen, mut broken, mut wrong) = (0, 0, vec![]);
    visit(root.path(), &mut |path| {
        let called = path.file_name().unwrap().to_string_lossy().into_owned();
        let read = read_image(&called, &std::fs::read(path).unwrap(), &field, &Limits::default());
        // PngSuite calls its broken files so.
        let is_broken =
            path.parent().is_some_and(|folder| folder.ends_with("pngsuite")) && called.starts_with('x');
        (seen, broken) = (seen + 1, broken + usize::from(is_broken));
        match read.map_err(|error| chain(&error)) {
            Ok(_) if is_broken => wrong.push(format!("{called} was read")),
            Ok(_) => {}
            Err(error) if error.contains(&format!("`{called}`")) => {}
            Err(error) => wrong.push(format!("{called} is not named: {error}")),
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((seen, broken), (303, 14));
}

fn visit(folder: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { visit(&path, each) } else { each(&path) }
    }
}
