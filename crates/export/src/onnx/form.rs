//! What a field is on its way through a graph.

/// What a field is at some step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// Numbers `[batch, n]`.
    Row(usize),
    /// Names `[batch, 1]`.
    Names,
    /// Places `[batch, 1]`.
    Places,
    /// Places `[batch, n]` of the pieces of a text.
    Pieces(usize),
    /// Year, month, day, hour and minute `[batch, 5]`.
    Moment,
    /// Bytes `[batch, height, width, channels]`; height and width may be open.
    Pixels { channels: usize, sides: Option<[usize; 2]> },
    /// Numbers `[batch, rows, columns]`: of a series `[batch, channels, steps]`, or the other way round.
    Grid([usize; 2]),
    /// Numbers `[batch, channels, height, width]`; height and width may be open.
    Image { channels: usize, sides: Option<[usize; 2]> },
}

impl Form {
    /// The sizes under which so many numbers spread over it: one for all, one for each number of a row, or one for each
    /// channel of an image.
    pub(super) fn spread(&self, count: usize) -> Option<Vec<usize>> {
        let own = match self {
            Form::Row(n) => (*n == count).then(|| vec![count]),
            Form::Grid([rows, _]) => (*rows == count).then(|| vec![count, 1]),
            Form::Image { channels, .. } => (*channels == count).then(|| vec![count, 1, 1]),
            Form::Names | Form::Places | Form::Pieces(_) | Form::Moment | Form::Pixels { .. } => None,
        };
        own.or_else(|| (count == 1).then(|| vec![1]))
    }

    /// The sizes of one item, if they are known.
    pub(super) fn item(&self) -> Option<Vec<usize>> {
        match self {
            Form::Row(n) | Form::Pieces(n) => Some(vec![*n]),
            Form::Grid(sizes) => Some(sizes.to_vec()),
            Form::Names | Form::Places => Some(vec![1]),
            Form::Moment => None,
            Form::Pixels { channels, sides } | Form::Image { channels, sides } => {
                sides.map(|[height, width]| vec![*channels, height, width])
            }
        }
    }
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Form::Row(n) => write!(f, "{n} numbers"),
            Form::Grid([rows, columns]) => write!(f, "{rows} rows of {columns} numbers"),
            Form::Names => f.write_str("names"),
            Form::Places => f.write_str("places"),
            Form::Moment => f.write_str("a moment"),
            Form::Pieces(n) => write!(f, "the places of {n} pieces"),
            Form::Pixels { channels, .. } | Form::Image { channels, .. } => {
                write!(f, "an image with {channels} channels")
            }
        }
    }
}
