//! A reader holds one file in the head. Guidance, not law: a longer file is listed here, with its reason.
use std::fs;
use std::path::Path;

use baeum_tests::root;

const LINES: usize = 400;

/// Files that may be longer: the end of the path, its own limit, and why splitting it would read worse.
const LONGER: &[(&str, usize, &str)] = &[
    ("kernels/src/lib.rs", 116, "a flat list of kernels by name, which is what a runner asks for"),
    ("core/src/lib.rs", 70, "the words that every stage shares, each by its name"),
    ("core/src/layer.rs", 480, "the one list of layers, each with its settings"),
];

/// How long a contents page is.
const CONTENTS: usize = 60;

#[test]
fn files_fit_in_a_head() {
    for folder in ["crates", "tests", "xtask"] {
        visit(&root().join(folder), &mut |path, text| {
            // Tests below the code are read by themselves.
            let body = text.split("#[cfg(test)]").next().unwrap_or_default();
            let (lines, limit) = (body.lines().count(), limit(path, LINES));
            let path = path.display();
            assert!(
                lines <= limit,
                "{path}: {lines} lines, {limit} at most: split it, or list it in LONGER with a reason"
            );
        });
    }
}

#[test]
fn a_contents_page_is_short() {
    visit(&root().join("crates"), &mut |path, text| {
        if path.ends_with("src/lib.rs") {
            let code = text.lines().filter(|line| !line.starts_with("//!") && !line.is_empty()).count();
            assert!(
                code <= limit(path, CONTENTS),
                "{}: {code} lines; a lib.rs lists what there is and nothing else",
                path.display()
            );
        }
    });
}

fn limit(path: &Path, usual: usize) -> usize {
    LONGER.iter().find(|(end, _, _)| path.ends_with(end)).map_or(usual, |(_, limit, _)| *limit)
}

fn visit(folder: &Path, check: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|end| end.to_str()) {
            // Tests in files of their own are read by themselves too.
            Some("rs") if path.ends_with("tests.rs") => {}
            _ if path.is_dir() && path.ends_with("tests") => {}
            Some("rs") => check(&path, &fs::read_to_string(&path).unwrap()),
            _ if path.is_dir() => visit(&path, check),
            _ => {}
        }
    }
}
