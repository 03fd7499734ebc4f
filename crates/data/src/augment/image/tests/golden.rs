//! What PIL and numpy make of the same images; `golden/make.py` writes it down.

use super::*;

/// How far an operation is off at most, in grey levels: from PIL inside of the image, from numpy everywhere. PIL cuts
/// what it interpolates, and we round.
const APART: [(&str, u8); 19] = [
    ("autocontrast", 0),
    ("blur", 1),
    ("brightness", 0),
    ("contrast", 0),
    ("equalize", 0),
    ("posterize", 0),
    ("rotate all", 1),
    ("rotate pil", 1),
    ("saturation", 0),
    ("sharpness", 0),
    ("shear_x all", 1),
    ("shear_x pil", 1),
    ("shear_y all", 1),
    ("shear_y pil", 1),
    ("solarize", 0),
    ("translate all", 0),
    ("translate pil", 0),
    ("zoom all", 1),
    ("zoom pil", 1),
];

/// An image and its name.
type Named<'a> = (&'a str, Pixels<'a>);

/// The next image of a PNM file as Python writes it, and what comes after it.
fn next(file: &[u8]) -> Option<(Named<'_>, &[u8])> {
    let mut lines = file.splitn(5, |&byte| byte == b'\n');
    let mut line = || std::str::from_utf8(lines.next()?).ok();
    let channels = if line()? == "P6" { 3 } else { 1 };
    let name = line()?.strip_prefix("# ")?;
    let (width, height) = line()?.split_once(' ')?;
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    line()?;
    let (bytes, rest) = lines.next()?.split_at_checked(height * width * channels)?;
    Some(((name, Pixels { height, width, channels, bytes: bytes.into() }), rest))
}

fn all(mut file: &[u8]) -> Vec<Named<'_>> {
    std::iter::from_fn(|| {
        let (named, rest) = next(file)?;
        file = rest;
        Some(named)
    })
    .collect()
}

fn ours(name: &str, setting: f32, image: &Pixels<'_>) -> Pixels<'static> {
    match name {
        "autocontrast" => autocontrast(image),
        "blur" => blur(image, setting),
        "brightness" => brightness(image, setting),
        "contrast" => contrast(image, setting),
        "equalize" => equalize(image),
        "posterize" => posterize(image, setting as u32),
        "rotate" => rotate(image, setting),
        "saturation" => saturation(image, setting),
        "sharpness" => sharpness(image, setting),
        "shear_x" => shear_x(image, setting),
        "shear_y" => shear_y(image, setting),
        "solarize" => solarize(image, setting as u16),
        "translate" => translate(image, setting, 0.0),
        "zoom" => zoom(image, setting),
        _ => panic!("no such operation: {name}"),
    }
}

/// The largest difference; of PIL's geometry, where its mask says that it counts.
fn apart(found: &Pixels<'_>, expect: &Pixels<'_>, mask: Option<&Pixels<'_>>) -> u8 {
    assert_eq!((found.height, found.width, found.channels), (expect.height, expect.width, expect.channels));
    let counts = |at: usize| mask.is_none_or(|mask| mask.bytes[at / found.channels] >= 254);
    let pairs = found.bytes.iter().zip(expect.bytes.iter()).enumerate().filter(|(at, _)| counts(*at));
    pairs.map(|(_, (found, expect))| found.abs_diff(*expect)).max().unwrap_or(0)
}

#[test]
fn pil_and_numpy_agree() {
    let images = all(include_bytes!("../golden/images.pnm"));
    let mut worst: BTreeMap<String, u8> = BTreeMap::new();
    let (mut input, mut mask) = (None, None);
    for (name, expect) in &images {
        match name.split(' ').collect::<Vec<_>>()[..] {
            ["input"] => input = Some(expect),
            ["mask"] => mask = Some(expect),
            [operation, setting, ref against @ ..] => {
                let found = ours(operation, setting.parse().unwrap(), input.unwrap());
                let apart = apart(&found, expect, mask.filter(|_| against == ["pil"]));
                let key = [&[operation], against].concat().join(" ");
                worst.entry(key).and_modify(|worst| *worst = apart.max(*worst)).or_insert(apart);
            }
            _ => panic!("no such entry: {name}"),
        }
    }
    assert_eq!(images.len(), 12 * 91 + 4, "{worst:?}");
    let named = APART.map(|(name, _)| name);
    assert_eq!(worst.keys().collect::<Vec<_>>(), named);
    for (worst, (name, most)) in worst.values().zip(APART) {
        assert!(*worst <= most, "{name}: {worst} levels apart");
    }
}
