use std::path::{Path, PathBuf};

use baeum_core::commit::commit_file;
use baeum_core::fs::{Fault, FaultFs};

use super::*;
use crate::ExampleCache;
use crate::testing::png;

const PHOTOS: &str = r#"{"source": {"folder": {"path": "f", "channels": "grey"}},
    "fields": {"image": {"steps": [{"resize": {"height": 2, "width": 2}}, {"scale": {"factor": 0.5}}]}}}"#;

fn cache() -> ExampleCache {
    ExampleCache { folder: "/cache".into(), work: "/unfinished".into(), key: "recipe and files".to_owned() }
}

/// Twenty photos, and a cache beside them.
fn photos() -> Place {
    let photo = |row: u8| {
        (
            format!("f/{}/{row}.png", ["cat", "dog"][usize::from(row % 2)]),
            png(4 + u32::from(row), 3, row * 10),
        )
    };
    let files: Vec<_> = (0..20).map(photo).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let place = Place { cache: Some(cache()), ..place(&files) };
    for folder in ["/cache", "/unfinished"] {
        place.fs.create_dir(Path::new(folder)).unwrap();
    }
    place
}

/// The files of the cache; nothing unfinished is left.
fn cached(place: &Place) -> Vec<PathBuf> {
    assert!(place.fs.list(Path::new("/unfinished"), 9).unwrap().is_empty());
    let names = place.fs.list(Path::new("/cache"), 9).unwrap();
    names.into_iter().map(|name| Path::new("/cache").join(name)).collect()
}

/// Makes every photo another one of the same size.
fn repaint(place: &Place) {
    for row in 0..20u8 {
        let class = ["cat", "dog"][usize::from(row % 2)];
        let path = Path::new("/r/f").join(class).join(format!("{row}.png"));
        commit_file(place.fs.as_ref(), &path, &png(4 + u32::from(row), 3, 255 - row)).unwrap();
    }
}

/// The batches of examples that find so many bytes of room in memory.
fn with_room(place: &Place, blueprint: &DataBlueprint, room: usize) -> Vec<baeum_core::Batch> {
    let plan = plan(PHOTOS);
    let raw = scan(&plan, place).unwrap().load(&blueprint.schema.fields).unwrap();
    let examples = examples(&plan, place, raw, blueprint, room).unwrap();
    examples.check().unwrap();
    let rows: Vec<usize> = (0..20).rev().collect();
    rows.chunks(7).map(|rows| examples.batch(rows).unwrap()).collect()
}

#[test]
fn photos_are_decoded_once() {
    let place = photos();
    let prepared = prepare(PHOTOS, &place).unwrap();
    assert_eq!(cached(&place).len(), 1);
    repaint(&place);
    let before = batches(&prepared.dataset);
    assert_eq!(batches(&open(&plan(PHOTOS), &place, &prepared.blueprint).unwrap()), before);
    let in_memory = with_room(&place, &prepared.blueprint, KEPT_BYTES);
    assert_eq!(with_room(&place, &prepared.blueprint, 0), in_memory, "read from the file each time");
    let elsewhere = Place { cache: None, ..place.clone() };
    assert_ne!(with_room(&elsewhere, &prepared.blueprint, 0), in_memory, "the photos themselves");
}

#[test]
fn examples_are_the_same_with_and_without_a_cache() {
    let (place, blueprint) = (photos(), prepare(PHOTOS, &photos()).unwrap().blueprint);
    let without = with_room(&Place { cache: None, ..place.clone() }, &blueprint, 0);
    for (room, is_there) in [(0, false), (KEPT_BYTES, true), (0, true)] {
        assert_eq!(cached(&place).len(), usize::from(is_there));
        assert_eq!(with_room(&place, &blueprint, room), without);
    }
}

#[test]
fn other_steps_and_other_files_are_other_examples() {
    let place = photos();
    prepare(PHOTOS, &place).unwrap();
    prepare(&PHOTOS.replace("0.5", "0.25"), &place).unwrap();
    assert_eq!(cached(&place).len(), 2);
    let cache = Some(ExampleCache { key: "others".to_owned(), ..cache() });
    prepare(PHOTOS, &Place { cache, ..place.clone() }).unwrap();
    assert_eq!(cached(&place).len(), 3);
}

#[test]
fn what_a_cache_has_lost_is_made_anew() {
    let (place, blueprint) = (photos(), prepare(PHOTOS, &photos()).unwrap().blueprint);
    let sound = with_room(&place, &blueprint, 0);
    let file = cached(&place).remove(0);
    let mut bytes = place.fs.read(&file, 9999).unwrap();
    bytes[40] ^= 4;
    commit_file(place.fs.as_ref(), &file, &bytes).unwrap();
    for room in [0, KEPT_BYTES] {
        assert_eq!(with_room(&place, &blueprint, room), sound);
    }
    place.fs.set_len(&file, 50).unwrap();
    assert_eq!(with_room(&place, &blueprint, 0), sound);
    assert_eq!(place.fs.metadata(&file).unwrap().len, bytes.len() as u64, "and is whole again");
}

#[test]
fn a_full_disk_costs_the_cache_and_nothing_else() {
    let (sound, blueprint) = (photos(), prepare(PHOTOS, &photos()).unwrap().blueprint);
    let expect = with_room(&Place { cache: None, ..sound.clone() }, &blueprint, 0);
    let mut operation = 0;
    loop {
        let place = photos();
        let faults = FaultFs::over(place.fs.clone());
        let faulty = Place { fs: std::sync::Arc::new(faults.clone()), ..place.clone() };
        let plan = plan(PHOTOS);
        let raw = scan(&plan, &place).unwrap().load(&blueprint.schema.fields).unwrap();
        operation += 1;
        faults.fail_at(operation, Fault::NoSpace);
        let examples = examples(&plan, &faulty, raw, &blueprint, 0).unwrap();
        let rows: Vec<usize> = (0..20).rev().collect();
        let got: Vec<_> = rows.chunks(7).map(|rows| examples.batch(rows).unwrap()).collect();
        assert_eq!(got, expect, "operation {operation}");
        cached(&place); // nothing is left
        if faults.operations() < operation {
            break; // none has failed
        }
    }
    assert!(operation > 4);
}
