#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod golden;

use std::collections::BTreeMap;

use super::levels::{autocontrast, equalize, posterize, solarize};
use super::place::cut;
use super::tone::{brightness, contrast, saturation, sharpness};
use super::warp::{shear_x, shear_y, translate};
use super::*;
use crate::augment::{Border, Filling};
use crate::image::reflect;

fn image(height: usize, width: usize, channels: usize, bytes: &[u8]) -> Pixels<'static> {
    assert_eq!(bytes.len(), height * width * channels);
    with(&Pixels { height, width, channels, bytes: (&[]).into() }, bytes.to_vec())
}

fn noise(height: usize, width: usize, channels: usize) -> Pixels<'static> {
    let mut dice = Dice::new(7);
    let bytes: Vec<u8> = (0..height * width * channels).map(|_| dice.below(256) as u8).collect();
    image(height, width, channels, &bytes)
}

const GREY: Border = Border::Grey { level: 9 };
const COLOUR: Augment = Augment::Colour { brightness: 0.4, contrast: 0.4, saturation: 0.4 };
const ERASE: Augment = Augment::Erase {
    probability: 1.0,
    area: [0.02, 0.4],
    aspect: [0.3, 3.3],
    filling: Filling::Grey { level: 0 },
};

fn all_operations() -> Vec<Operation> {
    let more = [Operation::Flip, Operation::Zoom, Operation::Blur, Operation::Erase];
    Operation::PAPER.into_iter().chain(more).collect()
}

/// One of each, of usual strength.
fn usual() -> Vec<Augment> {
    vec![
        Augment::Flip { horizontal: 0.5, vertical: 0.5 },
        Augment::Shift { pixels: 4, border: Border::Reflect },
        Augment::Shift { pixels: 4, border: GREY },
        Augment::Rotate { degrees: 15.0 },
        Augment::Zoom { scale: [0.8, 1.2] },
        COLOUR,
        Augment::Blur { sigma: [0.1, 2.0] },
        ERASE,
        Augment::Erase { probability: 0.5, area: [0.1, 0.2], aspect: [0.5, 2.0], filling: Filling::Noise },
        Augment::Policy { count: 2, magnitude: 9.0, among: all_operations() },
    ]
}

#[test]
fn the_same_dice_give_the_same_image() {
    let image = noise(12, 17, 3);
    for augment in usual() {
        let of = |key| augment.apply(&image, &mut Dice::new(key));
        assert!((0..50).all(|key| of(key) == of(key)), "{augment:?}");
        assert!((1..50).any(|key| of(key) != of(0)), "{augment:?}");
    }
}

#[test]
fn threads_change_nothing() {
    let image = noise(9, 9, 3);
    let augment = Augment::Policy { count: 3, magnitude: 7.0, among: all_operations() };
    let of = |key: u64| augment.apply(&image, &mut Dice::new(key)).bytes.into_owned();
    let alone: Vec<_> = (0..64).map(of).collect();
    let together: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let (image, augment) = (&image, &augment);
        let one = |key| scope.spawn(move || augment.apply(image, &mut Dice::new(key)).bytes.into_owned());
        (0..64).map(one).collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(alone, together);
}

#[test]
fn no_strength_changes_nothing() {
    let none = [
        Augment::Flip { horizontal: 0.0, vertical: 0.0 },
        Augment::Shift { pixels: 0, border: Border::Reflect },
        Augment::Shift { pixels: 0, border: GREY },
        Augment::Rotate { degrees: 0.0 },
        Augment::Zoom { scale: [1.0, 1.0] },
        Augment::Colour { brightness: 0.0, contrast: 0.0, saturation: 0.0 },
        Augment::Blur { sigma: [0.0, 0.0] },
        Augment::Erase { probability: 0.0, area: [0.5, 0.5], aspect: [1.0, 1.0], filling: Filling::Noise },
        Augment::Erase { probability: 1.0, area: [0.0, 0.0], aspect: [1.0, 1.0], filling: Filling::Noise },
        Augment::Policy { count: 0, magnitude: 10.0, among: all_operations() },
    ];
    for (height, width, channels) in [(1, 1, 1), (1, 1, 3), (13, 8, 1), (8, 13, 3)] {
        let image = noise(height, width, channels);
        for augment in &none {
            assert!((0..20).all(|key| augment.apply(&image, &mut Dice::new(key)) == image), "{augment:?}");
        }
        for operation in all_operations() {
            let fixed = [Operation::Autocontrast, Operation::Equalize, Operation::Flip];
            let found = operation.apply(&image, 0.0, &mut Dice::new(1));
            assert!(found == image || fixed.contains(&operation), "{operation:?}");
        }
    }
}

#[test]
fn any_setting_keeps_the_size() {
    const NUMBERS: [f64; 9] = [0.0, 0.5, 1.0, -1.0, 1e-30, 1e30, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let of = |number: f64, pixels: usize| {
        let range = [-number, number];
        vec![
            Augment::Flip { horizontal: number, vertical: number },
            Augment::Shift { pixels, border: Border::Reflect },
            Augment::Shift { pixels, border: GREY },
            Augment::Rotate { degrees: number },
            Augment::Zoom { scale: range },
            Augment::Colour { brightness: number, contrast: number, saturation: number },
            Augment::Blur { sigma: range },
            Augment::Erase { probability: 1.0, area: range, aspect: range, filling: Filling::Noise },
            Augment::Policy { count: 30, magnitude: number, among: all_operations() },
        ]
    };
    let sizes = [(1, 1), (1, 6), (6, 1), (2, 2), (5, 4)];
    for ((height, width), channels) in sizes.into_iter().flat_map(|size| [1, 2, 3, 4].map(|c| (size, c))) {
        let image = noise(height, width, channels);
        for (number, pixels) in NUMBERS.into_iter().flat_map(|number| [1, 7, usize::MAX].map(|p| (number, p)))
        {
            for augment in of(number, pixels) {
                let found = augment.apply(&image, &mut Dice::new(3));
                assert_eq!((found.height, found.width, found.channels), (height, width, channels));
                assert_eq!(found.bytes.len(), image.bytes.len(), "{augment:?}");
            }
        }
    }
}

#[test]
fn an_image_without_pixels_or_of_a_wrong_size_stays() {
    for (height, width, channels, len) in
        [(0, 0, 0, 0), (0, 5, 3, 0), (3, 3, 0, 0), (2, 2, 3, 5), (usize::MAX, 2, 1, 4)]
    {
        let image = Pixels { height, width, channels, bytes: vec![7; len].into() };
        for augment in usual() {
            assert_eq!(augment.apply(&image, &mut Dice::new(1)), image);
        }
    }
}

#[test]
fn a_flip_happens_half_of_the_time() {
    let old = image(2, 2, 1, &[1, 2, 3, 4]);
    let augment = Augment::Flip { horizontal: 0.5, vertical: 0.5 };
    let mut seen = BTreeMap::new();
    for key in 0..4000 {
        *seen.entry(augment.apply(&old, &mut Dice::new(key)).bytes.into_owned()).or_insert(0_usize) += 1;
    }
    let kinds: Vec<&[u8]> = seen.keys().map(|bytes| &bytes[..]).collect();
    assert_eq!(kinds, [[1, 2, 3, 4], [2, 1, 4, 3], [3, 4, 1, 2], [4, 3, 2, 1]]);
    assert!(seen.values().all(|count| count.abs_diff(1000) < 137), "{seen:?}"); // five deviations
}

#[test]
fn pixels_are_mirrored_whole() {
    let old = image(1, 2, 3, &[1, 2, 3, 4, 5, 6]);
    let sure = Augment::Flip { horizontal: 1.0, vertical: 0.0 };
    assert_eq!(*sure.apply(&old, &mut Dice::new(1)).bytes, [4, 5, 6, 1, 2, 3]);
}

#[test]
fn a_shift_reaches_every_place_and_no_other() {
    let old = image(3, 3, 1, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(*cut(&old, [-1, 1], GREY).bytes, [9, 9, 9, 2, 3, 9, 5, 6, 9]);
    assert_eq!(*cut(&old, [-1, 1], Border::Reflect).bytes, [5, 6, 5, 2, 3, 2, 5, 6, 5]);
    let augment = Augment::Shift { pixels: 1, border: GREY };
    let found: std::collections::BTreeSet<Vec<u8>> =
        (0..500).map(|key| augment.apply(&old, &mut Dice::new(key)).bytes.into_owned()).collect();
    let expect =
        (-1..=1).flat_map(|top| [-1, 0, 1].map(|left| cut(&old, [top, left], GREY).bytes.into_owned()));
    assert_eq!(found, expect.collect());
}

#[test]
fn edges_are_mirrored_as_often_as_it_takes() {
    assert_eq!(
        (-5..8).map(|place| reflect(place, 3)).collect::<Vec<_>>(),
        [1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]
    );
    assert_eq!((-2..3).map(|place| reflect(place, 1)).collect::<Vec<_>>(), [0; 5]);
}

#[test]
fn what_is_erased_is_a_rectangle_of_the_area_that_was_asked_for() {
    let old = image(40, 50, 3, &[200; 6000]);
    let mut areas = vec![];
    for key in 0..1000 {
        let found = ERASE.apply(&old, &mut Dice::new(key));
        let rows: Vec<&[u8]> = found.bytes.chunks(150).filter(|row| row.contains(&0)).collect();
        assert!(rows.iter().all(|row| *row == rows[0]), "{key}");
        areas.push(found.bytes.iter().filter(|&&byte| byte == 0).count() as f64 / 6000.0);
    }
    assert!(areas.iter().all(|area| (0.015..0.42).contains(area)));
    let mean = areas.iter().sum::<f64>() / 1000.0;
    assert!((mean - 0.2).abs() < 0.02, "{mean}"); // large ones do not fit as often
}

#[test]
fn an_erased_rectangle_lies_inside_and_anywhere() {
    let old = image(6, 6, 1, &[200; 36]);
    let filling = Filling::Grey { level: 0 };
    let augment = Augment::Erase { probability: 1.0, area: [0.25; 2], aspect: [1.0; 2], filling };
    let mut corners = BTreeMap::new();
    for key in 0..3200 {
        let found = augment.apply(&old, &mut Dice::new(key));
        assert_eq!(found.bytes.iter().filter(|&&byte| byte == 0).count(), 9);
        *corners.entry(found.bytes.iter().position(|&byte| byte == 0)).or_insert(0_usize) += 1;
    }
    assert_eq!(corners.len(), 16);
    assert!(corners.values().all(|count| count.abs_diff(200) < 69), "{corners:?}"); // five deviations
}

#[test]
fn every_operation_is_chosen_equally_often() {
    // A lone identity leaves the image, a lone solarize inverts it: at magnitude 10 all.
    let among = vec![Operation::Identity, Operation::Solarize];
    let augment = Augment::Policy { count: 1, magnitude: 10.0, among };
    let old = image(1, 1, 1, &[3]);
    let inverted = (0..4000).filter(|&key| *augment.apply(&old, &mut Dice::new(key)).bytes == [252]).count();
    assert!(inverted.abs_diff(2000) < 160, "{inverted}"); // five deviations
}

#[test]
fn directions_and_orders_vary() {
    let old = noise(9, 9, 3);
    let kinds = |augment: &dyn Fn(&mut Dice) -> Pixels<'static>| {
        let found: std::collections::BTreeSet<Vec<u8>> =
            (0..400).map(|key| augment(&mut Dice::new(key)).bytes.into_owned()).collect();
        found.len()
    };
    for operation in [Operation::Rotate, Operation::ShearX, Operation::TranslateY, Operation::Zoom] {
        assert_eq!(kinds(&|dice| operation.apply(&old, 5.0, dice)), 2, "{operation:?}");
    }
    assert!(kinds(&|dice| COLOUR.apply(&old, dice)) > 390);
}

#[test]
fn colour_factors_stay_within_their_strength() {
    let old = image(1, 1, 1, &[100]);
    let augment = Augment::Colour { brightness: 0.5, contrast: 0.0, saturation: 0.0 };
    let found: Vec<u8> = (0..2000).map(|key| augment.apply(&old, &mut Dice::new(key)).bytes[0]).collect();
    assert_eq!((found.iter().min(), found.iter().max()), (Some(&50), Some(&149)));
    let mean = found.iter().map(|&byte| f64::from(byte)).sum::<f64>() / 2000.0;
    assert!((mean - 99.5).abs() < 3.3, "{mean}"); // five deviations, half a level cut off
}
