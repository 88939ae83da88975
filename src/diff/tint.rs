//! Visible changes of flat areas below the threshold. Drawing the same page on another machine changes the edges of shapes
//! and of letters; it does not change the colour of an area.

use super::metric::PixelComparer;
use super::picture::{Pixel, Point, Rgba, Shared, View};
use super::{Metric, Options};

/// The smallest distance that counts, in OKLab. One step of a usual palette of greys is about 0.02.
const VISIBLE_STEP: f64 = 0.01;
/// Differences of this many levels in each channel are rounding: blending on a graphics card or in another browser gives
/// one level more or less, seldom two. Near black OKLab takes one level for a visible step.
const ROUNDING: u8 = 2;

/// Compares pixels inside flat areas.
pub(super) struct Tint {
    comparer: PixelComparer,
}

impl Tint {
    /// Nothing is left for it where every difference counts.
    pub(super) fn new(options: &Options) -> Option<Self> {
        let is_needed = options.tint && options.metric != Metric::Exact;
        is_needed.then(|| Self {
            comparer: PixelComparer::new(&Options {
                metric: Metric::Oklab,
                threshold: VISIBLE_STEP,
                ..Options::default()
            }),
        })
    }

    /// The comparer for two colours of areas that are flat.
    pub(super) fn comparer(&self) -> &PixelComparer {
        &self.comparer
    }
}

/// Whether two colours differ by no more than rounding does.
pub(super) fn is_rounding([baseline, candidate]: [Rgba; 2]) -> bool {
    let channels = baseline.iter().zip(candidate);
    channels
        .map(|(one, other)| one.abs_diff(other))
        .all(|by| by <= ROUNDING)
}

/// Whether both pictures have one colour each in the 3 × 3 block around `point`. At the border the block is smaller.
pub(super) fn is_flat_in_both<P: Pixel>(shared: &Shared<'_, P>, point: Point) -> bool {
    is_flat(&shared.baseline, point) && is_flat(&shared.candidate, point)
}

fn is_flat<P: Pixel>(view: &View<'_, P>, Point { x, y }: Point) -> bool {
    let colour = view.at(Point { x, y });
    let columns = |row: &[P]| -> bool {
        let block = &row[x.saturating_sub(1)..(x + 2).min(row.len())];
        block.iter().all(|pixel| *pixel == colour)
    };
    let y = y as u32;
    // The pixel's own row is the likeliest to differ: letters and borders have more vertical edges.
    columns(view.row(y))
        && y.checked_sub(1)
            .is_none_or(|above| columns(view.row(above)))
        && (view.row(y + 1).is_empty() || columns(view.row(y + 1)))
}
