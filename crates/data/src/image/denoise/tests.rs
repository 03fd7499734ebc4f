use super::border::{planes, reflect, replicate};
use super::*;
use crate::source::Pixels;

fn image(height: usize, width: usize, channels: usize, bytes: &[u8]) -> Pixels<'static> {
    assert_eq!(bytes.len(), height * width * channels);
    Pixels { height, width, channels, bytes: bytes.to_vec().into() }
}

/// Noise that is the same each time (Knuth's MMIX generator).
fn noise(height: usize, width: usize, channels: usize) -> Pixels<'static> {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    let bytes = std::iter::successors(Some(7), next).skip(1).map(|state| (state >> 56) as u8);
    image(height, width, channels, &bytes.take(height * width * channels).collect::<Vec<u8>>())
}

const SIZES: [(usize, usize); 8] = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 5), (17, 13), (6, 64), (5, 65)];

/// Compares a filter with plain loops: `pixel` gets a window's grey levels, row by row, and may be off by
/// `apart`.
#[track_caller]
fn check_windows(
    filter: impl Fn(&Pixels<'_>) -> Pixels<'static>,
    radius: usize,
    rule: fn(isize, usize) -> usize,
    apart: u8,
    pixel: impl Fn(Vec<u8>) -> u8,
) {
    for ((height, width), channels) in SIZES.into_iter().flat_map(|size| [(size, 1), (size, 3)]) {
        let image = noise(height, width, channels);
        let found = filter(&image);
        assert_eq!((found.height, found.width, found.channels), (height, width, channels));
        for (found, plane) in planes(&found).iter().zip(planes(&image)) {
            for (place, found) in found.iter().enumerate() {
                let reach = -(radius as isize)..=radius as isize;
                let y = reach.clone().map(|dy| rule((place / width) as isize + dy, height));
                let rows = y.map(|y| &plane[y * width..(y + 1) * width]);
                let columns = |row: &[u8]| {
                    let x = reach.clone().map(|dx| rule((place % width) as isize + dx, width));
                    x.map(|x| row[x]).collect::<Vec<u8>>()
                };
                let expect = pixel(rows.flat_map(columns).collect());
                assert!(found.abs_diff(expect) <= apart, "{height}x{width}: {found}, expected {expect}");
            }
        }
    }
}

/// A filter that looks at all channels at once, on each channel alone.
fn by_plane(filter: impl Fn(&Pixels<'_>) -> Pixels<'static>) -> impl Fn(&Pixels<'_>) -> Pixels<'static> {
    move |image| {
        let grey = |plane: Vec<u8>| filter(&Pixels { channels: 1, bytes: plane.into(), ..*image });
        let planes: Vec<_> = planes(image).into_iter().map(grey).collect();
        let byte = |at: usize| planes[at % image.channels].bytes[at / image.channels];
        Pixels { bytes: (0..image.bytes.len()).map(byte).collect::<Vec<u8>>().into(), ..*image }
    }
}

#[test]
fn edges_are_mirrored_as_often_as_it_takes() {
    let at =
        |places: std::ops::Range<isize>, len| places.map(|place| reflect(place, len)).collect::<Vec<_>>();
    assert_eq!(at(-5..8, 3), [1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]);
    assert_eq!(at(-2..3, 2), [0, 1, 0, 1, 0]);
    assert_eq!(at(-2..3, 1), [0; 5]);
}

#[test]
fn edges_repeat() {
    assert_eq!((-2..5).map(|place| replicate(place, 3)).collect::<Vec<_>>(), [0, 0, 0, 1, 2, 2, 2]);
}

#[test]
fn a_median_takes_out_a_spike() {
    for aperture in [3, 5, 7] {
        let found = median(&image(1, 3, 1, &[10, 200, 30]), aperture);
        assert_eq!(*found.bytes, [10, 30, 30], "{aperture}");
    }
}

#[test]
fn a_median_is_the_middle_of_the_sorted_window() {
    let middle = |mut window: Vec<u8>| {
        window.sort_unstable();
        window[window.len() / 2]
    };
    for aperture in [1, 3, 5, 7, 9, 21] {
        check_windows(|image| median(image, aperture), aperture / 2, replicate, 0, middle);
    }
}

#[test]
fn a_gaussian_spreads_a_spike() {
    let mut spike = [0; 25];
    spike[12] = 255;
    let expect = [
        [0, 0, 0, 0, 0],
        [0, 16, 32, 16, 0], // 255 / 16, 255 / 8
        [0, 32, 64, 32, 0],
        [0, 16, 32, 16, 0],
        [0, 0, 0, 0, 0],
    ];
    assert_eq!(*gaussian(&image(5, 5, 1, &spike), 3, 0.0).bytes, *expect.as_flattened());
}

#[test]
fn gaussian_weights_are_whole_256ths() {
    // 256 times 0.0545, 0.2442 and 0.4026: 13.95, 62.52 and 103.07, and 62.52 takes over -0.05.
    assert_eq!(gaussian::weights(5, 1.0), [14, 62, 104]);
    assert_eq!(gaussian::weights(3, 0.0), [64, 128]);
    for size in (1..999).step_by(2) {
        for sigma in [0.0, 0.1, 0.7, 3.0, 20.0, 1e6] {
            let weights = gaussian::weights(size, sigma);
            let side: u16 = weights[..size / 2].iter().sum();
            assert_eq!(2 * side + weights[size / 2], 256, "{size} {sigma}");
        }
    }
}

#[test]
fn a_gaussian_is_the_weighted_mean_of_the_window() {
    let mean = |window: Vec<u8>| {
        let weights = [14, 62, 104, 62, 14];
        let weight = |place: usize| weights[place / 5] * weights[place % 5];
        let sum: u32 = window.iter().enumerate().map(|(place, &byte)| weight(place) * u32::from(byte)).sum();
        ((sum + 32_768) / 65_536) as u8
    };
    check_windows(|image| gaussian(image, 5, 1.0), 2, reflect, 0, mean);
    assert_eq!(
        gaussian(&noise(7, 8, 3), 10, 0.0),
        gaussian(&noise(7, 8, 3), 11, 0.0),
        "even: the next odd one"
    );
}

#[test]
fn a_bilateral_filter_weighs_by_place_and_by_grey_level() {
    // Above, below and both sides weigh exp(-1/2) by place; the sides again by grey level. Beyond the edge
    // of the one row is the row itself, so (1 + 2 * 0.6065) / (1 + 2 * 0.6065 + 2 * 0.3679) = 0.7505.
    let found = bilateral(&image(1, 3, 1, &[0, 100, 0]), 3, 100.0, 1.0);
    assert_eq!(*found.bytes, [25, 75, 25]);
}

#[test]
fn a_bilateral_filter_adds_up_how_far_channels_are_apart() {
    // 10 + 20 + 30 = 60 = sigma, so the other pixel has 0.2495 of the weight.
    let found = bilateral(&image(1, 2, 3, &[0, 0, 0, 10, 20, 30]), 3, 60.0, 1.0);
    assert_eq!(*found.bytes, [2, 5, 7, 8, 15, 23]);
}

#[test]
fn a_bilateral_filter_of_large_sigma_is_the_mean_of_a_circle() {
    let mean = |window: Vec<u8>| {
        let inside = |&place: &usize| (place / 5).abs_diff(2).pow(2) + (place % 5).abs_diff(2).pow(2) <= 4;
        let sum: u32 = (0..25).filter(inside).map(|place| u32::from(window[place])).sum();
        (f64::from(sum) / 13.0).round() as u8
    };
    check_windows(by_plane(|plane| bilateral(plane, 5, 1e9, 1e9)), 2, reflect, 0, mean);
}

#[test]
fn a_bilateral_filter_without_sigma_changes_nothing() {
    let image = noise(5, 4, 3);
    assert_eq!(bilateral(&image, 5, 0.0, 3.0), image);
    assert_eq!(bilateral(&image, 5, 3.0, 0.0), image);
}

#[test]
fn non_local_means_weigh_by_likeness() {
    // The other grey level stands at six of nine places and weighs exp(-10^2 / 10^2) = 0.3679:
    // 6 * 0.3679 * 10 / (3 + 6 * 0.3679) = 4.24, and 3 * 10 / (3 + 6 * 0.3679) = 5.76.
    let pair = image(1, 2, 1, &[0, 10]);
    assert_eq!(*non_local_means(&pair, 10.0, 1, 3).bytes, [4, 6]);
    assert_eq!(non_local_means(&pair, 0.0, 1, 3), pair);
}

#[test]
fn non_local_means_forget_what_is_too_unlike() {
    let spot = image(1, 9, 1, &[250, 250, 250, 250, 0, 250, 250, 250, 250]);
    let middle = |h| non_local_means(&spot, h, 1, 9).bytes[4];
    assert_eq!(middle(100.0), 4); // 8 * 0.00193 * 250 / (1 + 8 * 0.00193) = 3.8
    assert_eq!(middle(94.4), 0); // exp(-250^2 / 94.4^2) = 0.0009 would make it 1.8
}

#[test]
fn non_local_means_compare_all_channels() {
    // 10^2 for each of three channels is 300, and h^2 counts three times as well: the weights of above.
    let pair = image(1, 2, 3, &[0, 100, 10, 10, 90, 0]);
    assert_eq!(*non_local_means(&pair, 10.0, 1, 3).bytes, [4, 96, 6, 6, 94, 4]);
}

#[test]
fn non_local_means_compare_templates() {
    // Templates of 3, a search of 5: the window of 7 has both. Weights are by sums of squares over 9, in
    // steps of 16 / 9, which moves a weight by up to 16 / 9 / 60^2 and a mean by less than one.
    let mean = |window: Vec<u8>| {
        let template = |y: usize, x: usize| (0..9).map(move |at| (y + at / 3) * 7 + x + at % 3);
        let square = |(a, b): (usize, usize)| f64::from(window[a].abs_diff(window[b])).powi(2);
        let (mut sum, mut total) = (0.0, 0.0);
        for (y, x) in (0..25).map(|at| (at / 5, at % 5)) {
            let apart = template(y, x).zip(template(2, 2)).map(square).sum::<f64>() / 9.0;
            let weight = Some((-apart / 3600.0).exp()).filter(|&weight| weight > 0.001).unwrap_or(0.0);
            sum += weight * f64::from(window[(y + 1) * 7 + x + 1]);
            total += weight;
        }
        (sum / total).round() as u8
    };
    check_windows(by_plane(|plane| non_local_means(plane, 60.0, 3, 5)), 3, reflect, 1, mean);
}

#[test]
fn bands_of_non_local_means_meet() {
    // Higher than one band, and the same down and across, so that bands must not show.
    let wide = noise(3, 75, 1);
    let turn = |image: &Pixels<'_>| {
        let bytes =
            (0..image.bytes.len()).map(|at| image.bytes[at % image.height * image.width + at / image.height]);
        Pixels {
            height: image.width,
            width: image.height,
            channels: 1,
            bytes: bytes.collect::<Vec<u8>>().into(),
        }
    };
    assert_eq!(turn(&non_local_means(&turn(&wide), 40.0, 3, 7)), non_local_means(&wide, 40.0, 3, 7));
}

#[test]
fn constant_images_stay_as_they_are() {
    let flat = image(4, 6, 3, &[200, 7, 255].repeat(24));
    assert_eq!(median(&flat, 5), flat);
    assert_eq!(median(&flat, 9), flat);
    assert_eq!(gaussian(&flat, 7, 0.0), flat);
    assert_eq!(bilateral(&flat, 0, 20.0, 3.0), flat);
    assert_eq!(non_local_means(&flat, 10.0, 7, 21), flat);
}

#[test]
fn empty_images_stay_empty() {
    for (height, width) in [(0, 0), (0, 3), (3, 0)] {
        let empty = image(height, width, 3, &[]);
        assert_eq!(median(&empty, 3), empty);
        assert_eq!(median(&empty, 7), empty);
        assert_eq!(gaussian(&empty, 5, 0.0), empty);
        assert_eq!(bilateral(&empty, 5, 20.0, 3.0), empty);
        assert_eq!(non_local_means(&empty, 10.0, 3, 5), empty);
    }
}
