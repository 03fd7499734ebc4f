//! The normal distribution, from shares to numbers.

/// Where the numbers are cut off: the share that lies beyond, on either side. scikit-learn's `QuantileTransformer` has
/// the same.
const BEYOND: f64 = 1e-7;

/// The number below which a share `below` of the normal distribution lies; `above` is what is left of 1, given apart
/// so that it keeps its digits where it is small.
///
/// Wichura's algorithm AS 241 (1988), `PPND16`: about 16 digits. Cut off at 5.2 deviations.
pub(super) fn quantile(below: f64, above: f64) -> f64 {
    let apart = (below - above) / 2.0;
    if apart.abs() <= 0.425 {
        let r = 0.180_625 - apart * apart;
        return apart * ratio(r, &CENTRE);
    }
    let r = (-below.min(above).max(BEYOND).ln()).sqrt();
    let distance = ratio(r - 1.6, &SIDES); // the third range of the paper lies beyond the cut
    if apart < 0.0 { -distance } else { distance }
}

/// Numerator and denominator, lowest power first.
type Ratio = [[f64; 8]; 2];

#[rustfmt::skip]
const CENTRE: Ratio = [
    [3.387_132_872_796_366_5, 133.141_667_891_784_38, 1_971.590_950_306_551_3, 13_731.693_765_509_46,
     45_921.953_931_549_87, 67_265.770_927_008_7, 33_430.575_583_588_13, 2_509.080_928_730_122_7],
    [1.0, 42.313_330_701_600_91, 687.187_007_492_057_9, 5_394.196_021_424_751,
     21_213.794_301_586_597, 39_307.895_800_092_71, 28_729.085_735_721_943, 5_226.495_278_852_854],
];

#[rustfmt::skip]
const SIDES: Ratio = [
    [1.423_437_110_749_683_5, 4.630_337_846_156_546, 5.769_497_221_460_691, 3.647_848_324_763_204_5,
     1.270_458_252_452_368_4, 0.241_780_725_177_450_6, 0.022_723_844_989_269_184, 7.745_450_142_783_414e-4],
    [1.0, 2.053_191_626_637_759, 1.676_384_830_183_803_8, 0.689_767_334_985_1,
     0.148_103_976_427_480_08, 0.015_198_666_563_616_457, 5.475_938_084_995_345e-4, 1.050_750_071_644_416_9e-9],
];

fn ratio(r: f64, [above, below]: &Ratio) -> f64 {
    let at = |powers: &[f64; 8]| powers.iter().rev().fold(0.0, |sum, power| sum * r + power);
    at(above) / at(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of the published tables of the normal distribution.
    #[test]
    fn shares_have_the_numbers_of_the_tables() {
        for (share, expect) in [
            (0.5, 0.0),
            (0.75, 0.674_489_750_196_081_7),
            (0.975, 1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813),
            (0.999_999, 4.753_424_308_822_899),
        ] {
            let above = quantile(share, 1.0 - share);
            assert!((above - expect).abs() < 1e-9, "{share}: {above}"); // 1 - 0.999999 has lost digits
            assert_eq!(quantile(1.0 - share, share), -above, "{share}");
        }
    }

    #[test]
    fn what_lies_far_out_is_cut_off() {
        assert!((quantile(0.0, 1.0) + 5.199_337_582).abs() < 1e-6);
        assert_eq!(quantile(1.0, 0.0), -quantile(0.0, 1.0));
    }
}
