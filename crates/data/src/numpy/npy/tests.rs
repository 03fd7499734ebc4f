#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::{Array, Values, read};

/// A file of format 1.0 with this header.
fn file(header: &str, elements: &[u8]) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), elements].concat()
}

fn array(dtype: &str, is_fortran: bool, shape: &str, elements: &[u8]) -> Vec<u8> {
    let fortran = if is_fortran { "True" } else { "False" };
    file(&format!("{{'descr': '{dtype}', 'fortran_order': {fortran}, 'shape': {shape}, }}  \n"), elements)
}

/// What is said about bytes: the rule, then what is there.
fn refusal(bytes: &[u8]) -> String {
    let refusal = read(bytes).unwrap_err();
    format!("wants {}, got {}", refusal.wants, refusal.got)
}

fn values(dtype: &str, count: usize, elements: &[u8]) -> Values {
    read(&array(dtype, false, &format!("({count},)"), elements)).unwrap().values
}

#[test]
fn every_kind_is_read_in_either_order_of_bytes() {
    assert_eq!(values("|u1", 2, &[0, 255]), Values::Bytes(vec![0, 255]));
    assert_eq!(values("|b1", 2, &[1, 0]), Values::Integers(vec![1, 0]));
    assert_eq!(values("|i1", 2, &[255, 127]), Values::Integers(vec![-1, 127]));
    assert_eq!(values("<i2", 1, &[0xfe, 0xff]), Values::Integers(vec![-2]));
    assert_eq!(values(">u2", 1, &[1, 2]), Values::Integers(vec![258]));
    assert_eq!(values("<u4", 1, &[255; 4]), Values::Integers(vec![u32::MAX.into()]));
    assert_eq!(values(">i4", 1, &i32::MIN.to_be_bytes()), Values::Integers(vec![i32::MIN.into()]));
    assert_eq!(values("<u8", 1, &i64::MAX.to_le_bytes()), Values::Integers(vec![i64::MAX]));
    assert_eq!(values(">i8", 1, &i64::MIN.to_be_bytes()), Values::Integers(vec![i64::MIN]));
    assert_eq!(values("<f4", 1, &1.5f32.to_le_bytes()), Values::Numbers(vec![1.5]));
    assert_eq!(values(">f8", 1, &(-0.1f64).to_be_bytes()), Values::Numbers(vec![-0.1]));
    let texts = |texts: &[&str]| Values::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
    assert_eq!(values("|S3", 2, b"a\0bcd\0"), texts(&["a\0b", "cd"]));
    assert_eq!(values(">U1", 2, &[0, 0, 0xd5, 0x5c, 0, 0, 0, 0]), texts(&["한", ""]));
}

#[test]
fn halves_are_the_numbers_of_the_standard() {
    for (bits, number) in [
        (0x3c00u16, 1.0),
        (0xc000, -2.0),
        (0x7bff, 65504.0),
        (0x0400, 2f64.powi(-14)),
        (0x0001, 2f64.powi(-24)),
        (0x3555, 0.333251953125),
        (0x7c00, f64::INFINITY),
        (0xfc00, f64::NEG_INFINITY),
    ] {
        assert_eq!(values("<f2", 1, &bits.to_le_bytes()), Values::Numbers(vec![number]), "{bits:#x}");
    }
    let Values::Numbers(numbers) = values(">f2", 2, &[0x80, 0, 0x7e, 0]) else { unreachable!() };
    assert!(numbers[0] == 0.0 && numbers[0].is_sign_negative() && numbers[1].is_nan());
}

#[test]
fn fortran_order_becomes_c_order() {
    let elements: Vec<u8> = (0..24).collect();
    let Array { shape, values } = read(&array("|u1", true, "(2, 3, 4)", &elements)).unwrap();
    assert_eq!(shape, [2, 3, 4]);
    let place = |at: usize| (at / 12 + at / 4 % 3 * 2 + at % 4 * 6) as u8;
    assert_eq!(values, Values::Bytes((0..24).map(place).collect()));
    for shape in ["()", "(1,)", "(1, 1, 1)"] {
        assert_eq!(read(&array("|u1", true, shape, &[7])).unwrap().values, Values::Bytes(vec![7]), "{shape}");
    }
    assert_eq!(read(&array("|u1", true, "(2, 0, 3)", &[])).unwrap().values.len(), 0);
}

#[test]
fn headers_may_be_written_in_any_way_that_python_reads() {
    for header in [
        "{'shape':(2,),'fortran_order':False,'descr':'|u1'}",
        "{ \"descr\" : \"|u1\" , 'fortran_order' : False , 'shape' : ( 2 , ) , }\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2L,), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2,)}",
    ] {
        assert_eq!(read(&file(header, &[1, 2])).unwrap().values, Values::Bytes(vec![1, 2]), "{header}");
    }
}

#[test]
fn other_headers_are_refused() {
    let wants = "wants a header with `descr`, `fortran_order` and `shape`, as NumPy writes it, got ";
    for (header, got) in [
        ("", "its end"),
        ("{}", "its end"),
        ("{'descr': '|u1', 'fortran_order': False}", "its end"),
        ("{'descr': '|u1', 'descr': '|u1'}", "`descr`"),
        ("{'descr': '|u1', 'other': 1}", "`other`"),
        ("{'descr': 3}", "`3}`"),
        ("{'descr", "`\\'descr`"),
        ("{'fortran_order': 1}", "`1}`"),
        ("{'shape': (2)}", "`)}`"),
        ("{'shape': (-2,)}", "`-2,)}`"),
        ("{'shape': (,)}", "`,)}`"),
        ("{'shape': (2 3)}", "`3)}`"),
        ("{'shape': (99999999999999999999,)}", "`99999999999999999999,)}`"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)} + 1", "`+ 1`"),
    ] {
        assert_eq!(refusal(&file(header, &[1, 2])), format!("{wants}{got}"), "{header}");
    }
}

#[test]
fn sizes_have_to_agree() {
    let rule = "wants 6 bytes of elements for the shape [3], got ";
    let short = refusal(&array("<i2", false, "(3,)", &[0; 5]));
    assert_eq!(short, format!("{rule}5; the file was cut short"));
    let long = refusal(&array("<i2", false, "(3,)", &[0; 7]));
    assert_eq!(long, format!("{rule}7; for several arrays take `np.savez`"));
    let most = usize::MAX;
    let endless = refusal(&array("<i2", false, &format!("(0, {most}, {most})"), &[]));
    assert_eq!(endless, format!("wants a shape that can be, got [0, {most}, {most}]"));
    let deep = format!("({})", "1, ".repeat(65));
    assert_eq!(refusal(&array("|u1", false, &deep, &[0])), "wants at most 64 dimensions, got 65");
}

#[test]
fn kinds_that_no_column_can_be_are_refused_with_the_way_out() {
    for (dtype, way_out) in [
        ("|O", "Python objects; save `array.astype(float)` or `array.astype(str)`"),
        ("<c16", "complex numbers; save `array.real` and `array.imag` by themselves"),
        ("<M8[ns]", "dates or times; save `array.astype(str)`, or `array.astype(\"int64\")`"),
        ("<f16", "floats of a rare size; save `array.astype(\"float64\")`"),
        ("|V2", "raw bytes; save `array.view(\"uint8\")`"),
        ("|S0", "save `array.astype(float)` or `array.astype(str)`"),
        ("<U99999999999", "save `array.astype(float)` or `array.astype(str)`"),
        ("<U+1", "save `array.astype(float)` or `array.astype(str)`"),
        ("|u2", "save `array.astype(float)` or `array.astype(str)`"),
        ("u2", "save `array.astype(float)` or `array.astype(str)`"),
        ("한", "save `array.astype(float)` or `array.astype(str)`"),
    ] {
        let wants = "bool, integers or floats of 8 to 64 bits, or text of a fixed width (`S`, `U`)";
        assert_eq!(
            refusal(&array(dtype, false, "(1,)", &[])),
            format!("wants {wants}, got `{dtype}`: {way_out}")
        );
    }
    let header = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }";
    let said = refusal(&file(header, &[0; 4]));
    assert!(said.starts_with("wants elements of one kind, got fields: `[(\\'a\\', \\'<f4\\')],"), "{said}");
    assert!(said.ends_with("; save each by itself: `array[\"name\"]`"), "{said}");
}

#[test]
fn elements_that_are_none_are_named() {
    assert_eq!(
        refusal(&array("|b1", false, "(2,)", &[1, 2])),
        "wants 0 or 1 for a bool, got 2, element 2 of the file"
    );
    assert_eq!(
        refusal(&array("<u8", false, "(1,)", &(1u64 << 63).to_le_bytes())),
        "wants integers of at most 9223372036854775807, got 9223372036854775808, element 1 of the file"
    );
    assert_eq!(
        refusal(&array("|S1", false, "(1,)", &[0xe9])),
        "wants text in UTF-8, got `\u{fffd}`; decode it and save it as `U`, element 1 of the file"
    );
    assert_eq!(
        refusal(&array("<U1", false, "(1,)", &0xd800u32.to_le_bytes())),
        "wants letters of Unicode, got the number 0xd800, element 1 of the file"
    );
}

#[test]
fn integers_become_numbers_only_if_they_stay_what_they_are() {
    let numbers = |values: Values| values.into_numbers().map_err(|refusal| (refusal.wants, refusal.got));
    assert_eq!(numbers(Values::Bytes(vec![0, 255])), Ok(vec![0.0, 255.0]));
    let kept = [1 << 53, -(1 << 53), (1 << 53) + 2, i64::MIN];
    assert_eq!(numbers(Values::Integers(kept.to_vec())), Ok(kept.map(|value| value as f64).to_vec()));
    for lost in [(1 << 53) + 1, -(1 << 53) - 1, i64::MAX] {
        let (wants, got) = numbers(Values::Integers(vec![0, lost])).unwrap_err();
        assert_eq!(wants, "integers that a 64-bit float can hold");
        assert_eq!(got, format!("{lost} as element 2; save it as text if it is a name"));
    }
    let (wants, got) = numbers(Values::Texts(vec!["a".to_owned()])).unwrap_err();
    assert_eq!((wants.as_str(), got.as_str()), ("numbers", "text such as `a`"));
}

#[test]
fn other_files_are_refused() {
    let wants = "wants a NumPy file, which starts with `\\x93NUMPY`, got ";
    assert_eq!(refusal(b""), format!("{wants}``; `np.save` writes such files"));
    assert_eq!(refusal(b"a,b\n1,2\n"), format!("{wants}`a,b\\n1,`; `np.save` writes such files"));
    assert_eq!(refusal(b"\x93NUMPY\x04\x00"), "wants format 1.0, 2.0 or 3.0 of NumPy, got 4.0");
    assert_eq!(
        refusal(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"),
        "wants a whole header, got a file that was cut short"
    );
}

/// Whether nothing panics, and what is cut short is refused, for these bytes and all that differ in one byte.
fn survives(bytes: &[u8]) {
    assert!(read(bytes).is_ok());
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err(), "{end}");
    }
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() {
        for flip in 1..=255 {
            bytes[at] ^= flip;
            let _ = read(&bytes);
            bytes[at] ^= flip;
        }
    }
}

#[test]
fn nothing_panics_on_broken_files() {
    survives(&array("<i2", true, "(2, 3)", &[7; 12]));
    survives(&array("<U2", false, "(2,)", &[0; 16]));
    survives(include_bytes!("../npz/fixtures/numbers.npy"));
    survives(include_bytes!("../npz/fixtures/fortran.npy"));
    survives(include_bytes!("../npz/fixtures/version-2.npy"));
    survives(include_bytes!("../npz/fixtures/version-3.npy"));
}

#[test]
fn numpy_files_are_read() {
    let numbers = Values::Numbers(vec![1.5, -2.0, 3.25, 4.0, 5.0, 6.0]);
    let array = read(include_bytes!("../npz/fixtures/numbers.npy")).unwrap();
    assert_eq!(array, Array { shape: vec![2, 3], values: numbers });
    let array = read(include_bytes!("../npz/fixtures/fortran.npy")).unwrap();
    assert_eq!(array, Array { shape: vec![2, 3], values: Values::Integers((0..6).collect()) });
    let texts = Values::Texts(vec!["a".to_owned(), "한".to_owned()]);
    assert_eq!(read(include_bytes!("../npz/fixtures/version-2.npy")).unwrap().values, texts);
    assert_eq!(read(include_bytes!("../npz/fixtures/version-3.npy")).unwrap().values, texts);
}
