//! Tells whether a differing pixel is only the smoothed edge of the same shape. It looks at two views and a position,
//! and reads only the 5 × 5 pixels around that position.
//!
//! Source: V. Vyšniauskas, "Anti-aliased Pixel and Intensity Slope Detector", 2009, as implemented by pixelmatch.

use super::metric::PixelComparer;
use super::picture::{Pixel, Point, Shared, View};

/// With more equal neighbours than this, a pixel belongs to a flat area.
const MAX_EQUAL_ON_SLOPE: usize = 2;

/// Whether the pixel is anti-aliasing on either side.
pub(super) fn is_antialiased<P: Pixel>(
    shared: &Shared<'_, P>,
    point: Point,
    comparer: &PixelComparer,
) -> bool {
    let Shared {
        baseline,
        candidate,
    } = shared;
    is_on_slope(baseline, candidate, point, comparer)
        || is_on_slope(candidate, baseline, point, comparer)
}

/// Whether the pixel of `view` lies between a darker and a brighter neighbour, one of which belongs to
/// an area that is flat in both pictures.
fn is_on_slope<P: Pixel>(
    view: &View<'_, P>,
    other: &View<'_, P>,
    point: Point,
    comparer: &PixelComparer,
) -> bool {
    let flat_in_both = |point| is_flat(view, point) && is_flat(other, point);
    slope_at(view, point, comparer)
        .is_some_and(|slope| flat_in_both(slope.brightest) || flat_in_both(slope.darkest))
}

/// The ends of the brightness ramp that a pixel lies on.
struct Slope {
    brightest: Point,
    darkest: Point,
}

/// A neighbour and how much brighter the centre is than it.
struct Extreme {
    point: Point,
    delta: f64,
}

/// The ramp through `point`; none in a flat area, or where no neighbour is darker, or none brighter.
fn slope_at<P: Pixel>(view: &View<'_, P>, point: Point, comparer: &PixelComparer) -> Option<Slope> {
    let centre = view.at(point).rgba();
    let index = view.index(point);
    let mut equal = usize::from(view.is_border(point));
    let mut brightest = Extreme { point, delta: 0.0 };
    let mut darkest = Extreme { point, delta: 0.0 };
    for point in view.neighbours(point) {
        let delta = comparer.brightness_delta(centre, view.at(point).rgba(), index);
        if delta == 0.0 {
            equal += 1;
            if equal > MAX_EQUAL_ON_SLOPE {
                return None;
            }
        } else if delta < brightest.delta {
            brightest = Extreme { point, delta };
        } else if delta > darkest.delta {
            darkest = Extreme { point, delta };
        }
    }
    let is_ramp = brightest.delta != 0.0 && darkest.delta != 0.0;
    is_ramp.then_some(Slope {
        brightest: brightest.point,
        darkest: darkest.point,
    })
}

/// Whether three or more neighbours have exactly the colour of `point`; the picture's border counts as one.
fn is_flat<P: Pixel>(view: &View<'_, P>, point: Point) -> bool {
    let colour = view.at(point);
    let equal = view
        .neighbours(point)
        .filter(|near| view.at(*near) == colour);
    usize::from(view.is_border(point)) + equal.count() > MAX_EQUAL_ON_SLOPE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::decode::Layout;
    use crate::diff::picture::{Pair, Rgba, Window};
    use crate::diff::{Options, Size};

    /// Draws one picture: `#` black, `+` grey, `.` white.
    fn draw(rows: &[&str]) -> Window {
        let level = |mark| match mark {
            b'#' => 0,
            b'+' => 128,
            _ => 255,
        };
        let gray = |mark: u8| [level(mark), level(mark), level(mark), 255];
        let size = Size {
            width: rows[0].len() as u32,
            height: rows.len() as u32,
        };
        let rows = rows
            .iter()
            .flat_map(|row| std::iter::once(0).chain(row.bytes().flat_map(gray)));
        Window::new(size, Layout::Rgba, 0, rows.collect())
    }

    fn is_antialiased_at(baseline: &[&str], candidate: &[&str], x: usize, y: usize) -> bool {
        let pair = Pair {
            baseline: draw(baseline),
            candidate: draw(candidate),
        };
        let comparer = PixelComparer::new(&Options::default());
        is_antialiased(&pair.shared::<Rgba>(), Point { x, y }, &comparer)
    }

    #[test]
    fn a_smoothed_corner_is_antialiased() {
        let sharp = [".....", ".....", "..###", "..###", "..###"];
        let smooth = [".....", ".....", "..+##", "..###", "..###"];
        assert!(is_antialiased_at(&sharp, &smooth, 2, 2));
        assert!(is_antialiased_at(&smooth, &sharp, 2, 2));
    }

    #[test]
    fn a_lone_dot_is_not() {
        let empty = [".....", ".....", ".....", ".....", "....."];
        let dot = [".....", ".....", "..#..", ".....", "....."];
        assert!(!is_antialiased_at(&empty, &dot, 2, 2));
    }

    #[test]
    fn a_ramp_that_ends_on_nothing_flat_is_not() {
        let ramp = ["#+.", "+.#", ".#+"];
        let other = ["#+.", "+##", ".#+"];
        assert!(!is_antialiased_at(&ramp, &other, 1, 1));
    }
}
