//! Some of the images.

use baeum_evaluate::markup::{escape, name};

use super::Sample;

/// More images than this are not shown.
const SHOWN: usize = 24;

/// Smaller images are enlarged, and then show their pixels.
const SMALL: usize = 96;

/// The images with their labels; none without any.
pub(super) fn samples(samples: &[Sample]) -> Option<String> {
    let images: String = samples.iter().take(SHOWN).map(sample).collect();
    (!images.is_empty()).then(|| format!("<div class=\"samples\">{images}</div>"))
}

fn sample(sample: &Sample) -> String {
    let Sample { label, uri, height, width } = sample;
    let class = if (*height).max(*width) < SMALL { " class=\"small\"" } else { "" };
    let caption = if label.is_empty() { String::new() } else { format!("{} ", name(label)) };
    format!(
        "<figure><img{class} src=\"{}\" alt=\"{}\" width=\"{width}\" height=\"{height}\">\
         <figcaption>{caption}<span>{height}x{width}</span></figcaption></figure>",
        escape(uri),
        escape(label),
    )
}
