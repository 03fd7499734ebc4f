#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::Npz;
use crate::numpy::npy::{Array, Values};

const MOST: u64 = 1 << 20;

fn array(bytes: &[u8], name: &str) -> Array {
    Npz::open(bytes).unwrap().read(name, MOST).unwrap()
}

/// What is said about an array: the rule, then what is there.
fn refusal(bytes: &[u8], name: &str, most_bytes: u64) -> String {
    let refusal = Npz::open(bytes).and_then(|npz| npz.read(name, most_bytes)).unwrap_err();
    format!("wants {}, got {}", refusal.wants, refusal.got)
}

/// What `fixtures/make.py` puts into `stored.npz` and `packed.npz`.
fn check_all(bytes: &[u8]) {
    let integers = |name: &str| {
        let Values::Integers(values) = array(bytes, name).values else { unreachable!() };
        values
    };
    assert_eq!(integers("flag"), [1, 0, 1]);
    assert_eq!(integers("i1"), [-128, 127]);
    assert_eq!(
        array(bytes, "image"),
        Array { shape: vec![2, 2, 3], values: Values::Bytes((0..12).collect()) }
    );
    for order in ["little", "big"] {
        for bits in [16, 32, 64] {
            let most = i64::MAX >> (64 - bits);
            assert_eq!(integers(&format!("{order}_u{}", bits / 8)), [0, 1, most]);
            assert_eq!(integers(&format!("{order}_i{}", bits / 8)), [-most - 1, -1, most]);
        }
        let tiny = [2f64.powi(-24), f64::from(6e-8f32), 6e-8];
        for (kind, tiny) in ["f2", "f4", "f8"].iter().zip(tiny) {
            let Values::Numbers(values) = array(bytes, &format!("{order}_{kind}")).values else {
                unreachable!()
            };
            assert_eq!(values[..4], [0.5, -2.25, tiny, f64::INFINITY], "{order} {kind}");
            assert!(values[4].is_nan() && values.len() == 5);
        }
        let texts = ["a", "한국어", "", "😀 b"].map(str::to_owned).to_vec();
        let text = array(bytes, &format!("{order}_text"));
        assert_eq!(text, Array { shape: vec![2, 2], values: Values::Texts(texts) });
        let cube = array(bytes, &format!("{order}_cube"));
        assert_eq!(cube, Array { shape: vec![2, 3, 4], values: Values::Integers((0..24).collect()) });
    }
    let texts = ["ab", "é", ""].map(str::to_owned).to_vec();
    assert_eq!(array(bytes, "bytes").values, Values::Texts(texts));
    assert_eq!(array(bytes, "scalar"), Array { shape: vec![], values: Values::Numbers(vec![3.5]) });
    assert_eq!(array(bytes, "empty"), Array { shape: vec![0, 3], values: Values::Numbers(vec![]) });
    assert_eq!(array(bytes, "한글").values, Values::Numbers(vec![1.0]));
    assert_eq!(Npz::open(bytes).unwrap().names().count(), 29);
}

#[test]
fn numpy_archives_are_read() {
    check_all(include_bytes!("fixtures/stored.npz"));
    check_all(include_bytes!("fixtures/packed.npz"));
}

#[test]
fn what_is_refused_says_which_array_it_was() {
    let bytes = include_bytes!("fixtures/refused.npz");
    for (name, got) in [
        ("object", "`|O`: Python objects"),
        ("struct", "fields: "),
        ("complex", "`<c16`: complex numbers"),
        ("date", "`<M8[D]`: dates or times"),
        ("long", "`<f16`: floats of a rare size"),
        ("void", "`|V2`: raw bytes"),
        ("huge", "9223372036854775808, element 2 of the file"),
        ("latin", "`\u{fffd}`; decode it"),
    ] {
        let said = refusal(bytes, name, MOST);
        assert!(said.contains(&format!(", got {got}")), "{said}");
        assert!(said.ends_with(&format!(", in `{name}.npy`")), "{said}");
    }
}

#[test]
fn names_and_sizes_are_checked_first() {
    let bytes = include_bytes!("fixtures/small-stored.npz");
    let npz = Npz::open(bytes).unwrap();
    assert_eq!(npz.names().collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!((npz.size("x"), npz.size("z")), (Some(134), None));
    assert_eq!(refusal(bytes, "z", MOST), "wants an array out of `x`, `y`, got `z`");
    let unnamed = crate::numpy::read(bytes, None, MOST).unwrap_err();
    assert_eq!(unnamed.wants, "the name of an array in it behind a `#`: `x`, `y`");
    assert_eq!(refusal(bytes, "x", 133), "wants at most 133 bytes in `x.npy`, got 134");
    assert!(npz.read("x", 134).is_ok());
}

/// Every array of an archive, or that something in it is refused.
fn all(bytes: &[u8]) -> Option<Vec<(String, Array)>> {
    let npz = Npz::open(bytes).ok()?;
    npz.names().map(|name| Some((name.to_owned(), npz.read(name, MOST).ok()?))).collect()
}

/// Cut short is refused; a flipped byte is refused, or it is one that says nothing about the arrays.
fn survives(bytes: &[u8]) {
    let whole = all(bytes).unwrap();
    for end in 0..bytes.len() {
        assert!(Npz::open(&bytes[..end]).is_err(), "{end}");
    }
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() {
        for flip in 1..=255 {
            bytes[at] ^= flip;
            assert!(all(&bytes).is_none_or(|read| read == whole), "byte {at} by {flip}");
            bytes[at] ^= flip;
        }
    }
}

#[test]
fn nothing_panics_or_lies_on_broken_archives() {
    survives(include_bytes!("fixtures/small-stored.npz"));
    survives(include_bytes!("fixtures/small-packed.npz"));
}
