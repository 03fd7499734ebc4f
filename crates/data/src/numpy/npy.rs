//! The .npy format of NumPy: a magic number, a header in the words of Python, then the elements.

mod dtype;
mod header;
#[cfg(test)]
mod tests;

use crate::error::quoted;
use crate::refusal::Refusal;

/// An array of any number of dimensions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    /// How long it is in each dimension; empty for a single number. The product of these is what `values`
    /// holds.
    pub(crate) shape: Vec<usize>,
    /// The elements in C order: the last dimension runs fastest.
    pub(crate) values: Values,
}

/// Elements of one kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// Of `uint8`, as images have them.
    Bytes(Vec<u8>),
    /// Of `bool` (0 and 1) and of all other integers.
    Integers(Vec<i64>),
    /// Of all floating-point numbers; NaN and infinity are kept.
    Numbers(Vec<f64>),
    /// Of text of a fixed width, without the zeros that fill it up.
    Texts(Vec<String>),
}

/// Reads a file of format 1.0, 2.0 or 3.0.
///
/// The elements need at most 8 times as many bytes as the file, texts about 25 times as many.
///
/// # Errors
/// [`Refusal`] for a file that is cut short, has something behind its array, or holds what no column can be:
/// objects, structures, complex numbers, dates; and for integers beyond `i64`.
pub(crate) fn read(bytes: &[u8]) -> Result<Array, Refusal> {
    let (header, content) = header::read(bytes)?;
    check_length(&header, content.len())?;
    let values = header.dtype.decode(content)?;
    let values = if header.is_fortran { values.turned(&header.shape) } else { values };
    Ok(Array { shape: header.shape, values })
}

/// A size that is 0 counts as 1 here, so that no product of some of the sizes can be too large either.
fn check_length(header: &header::Header, got: usize) -> Result<(), Refusal> {
    let mut sizes = header.shape.iter().map(|&size| size.max(1));
    let whole = sizes.try_fold(header.dtype.size(), usize::checked_mul);
    let whole = whole.filter(|&whole| whole <= isize::MAX as usize);
    let whole = whole.ok_or_else(|| Refusal::new("a shape that can be", format!("{:?}", header.shape)))?;
    let wants = if header.shape.contains(&0) { 0 } else { whole };
    let rule = || format!("{wants} bytes of elements for the shape {:?}", header.shape);
    match got.cmp(&wants) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(Refusal::new(rule(), format!("{got}; the file was cut short"))),
        std::cmp::Ordering::Greater => {
            Err(Refusal::new(rule(), format!("{got}; for several arrays take `np.savez`")))
        }
    }
}

impl Values {
    /// How many there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        match self {
            Values::Bytes(values) => values.len(),
            Values::Integers(values) => values.len(),
            Values::Numbers(values) => values.len(),
            Values::Texts(values) => values.len(),
        }
    }

    /// The elements as floating-point numbers, each exactly what it was.
    ///
    /// # Errors
    /// [`Refusal`] for texts, and for an integer beyond 2^53 that no `f64` equals.
    pub(crate) fn into_numbers(self) -> Result<Vec<f64>, Refusal> {
        match self {
            Values::Bytes(values) => Ok(values.into_iter().map(f64::from).collect()),
            Values::Integers(values) => values.into_iter().enumerate().map(exact).collect(),
            Values::Numbers(values) => Ok(values),
            Values::Texts(values) => {
                let first = values.first().map_or("text".to_owned(), |text| quoted(text));
                Err(Refusal::new("numbers", format!("text such as {first}")))
            }
        }
    }

    /// From Fortran order, where the first dimension runs fastest, to C order.
    fn turned(self, shape: &[usize]) -> Values {
        match self {
            Values::Bytes(values) => Values::Bytes(turn(&values, shape)),
            Values::Integers(values) => Values::Integers(turn(&values, shape)),
            Values::Numbers(values) => Values::Numbers(turn(&values, shape)),
            Values::Texts(values) => Values::Texts(turn(&values, shape)),
        }
    }
}

/// An integer as the number that equals it; its place is there for the message.
fn exact((place, value): (usize, i64)) -> Result<f64, Refusal> {
    let number = value as f64;
    // Through i128, because i64::MAX rounds up to 2^63, which comes back as i64::MAX.
    match number as i128 == i128::from(value) {
        true => Ok(number),
        false => {
            let got = format!("{value} as element {}; save it as text if it is a name", place + 1);
            Err(Refusal::new("integers that a 64-bit float can hold", got))
        }
    }
}

/// Walks in C order over elements that lie in Fortran order.
fn turn<T: Clone>(values: &[T], shape: &[usize]) -> Vec<T> {
    let mut turned = Vec::with_capacity(values.len());
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    while let Some(value) = values.get(at) {
        turned.push(value.clone());
        let Some(next) = step(&mut index, shape, values.len(), at) else { break };
        at = next;
    }
    turned
}

/// Counts the index up, the last dimension first, and moves along with it; `None` behind the last element.
fn step(index: &mut [usize], shape: &[usize], count: usize, mut at: usize) -> Option<usize> {
    let mut stride = count; // from one element to the next in this dimension
    for (place, &size) in index.iter_mut().zip(shape).rev() {
        stride /= size;
        *place += 1;
        if *place < size {
            return Some(at + stride);
        }
        at -= stride * (size - 1);
        *place = 0;
    }
    None
}
