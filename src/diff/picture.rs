//! Decoded pictures and the area that two of them share. Pixels are straight 8-bit RGBA, rows from the
//! top. Nothing here judges colours.

use super::{Rect, Size};

/// One pixel: straight (not premultiplied) red, green, blue, alpha.
pub(super) type Rgba = [u8; 4];

/// What masks are painted with. White, because it is the usual page: a neighbour then seldom looks like
/// the middle of a brightness ramp, and seldom is taken for anti-aliasing.
const MASK_PAINT: Rgba = [255; 4];

/// A place in a picture, in pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) x: usize,
    pub(super) y: usize,
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    size: Size,
    bytes: Vec<u8>,
}

impl Picture {
    /// Wraps `bytes`, which must hold four bytes for each pixel of `size`.
    pub(super) fn new(size: Size, bytes: Vec<u8>) -> Self {
        debug_assert_eq!(Some(bytes.len() as u64), size.pixels().checked_mul(4));
        Self { size, bytes }
    }

    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// All pixels, rows from the top.
    pub(super) fn pixels(&self) -> &[Rgba] {
        self.bytes.as_chunks().0
    }

    /// The pixels of row `y`; empty below the picture.
    pub(super) fn row(&self, y: u32) -> &[Rgba] {
        let width = self.size.width as usize;
        let start = y as usize * width;
        self.pixels().get(start..start + width).unwrap_or_default()
    }

    /// Paints `area`, which must lie inside the picture.
    fn paint(&mut self, area: Rect) {
        let width = self.size.width as usize;
        let columns = area.x as usize..(area.x + area.width) as usize;
        let pixels = self.bytes.as_chunks_mut::<4>().0;
        for row in pixels
            .chunks_exact_mut(width)
            .skip(area.y as usize)
            .take(area.height as usize)
        {
            row[columns.clone()].fill(MASK_PAINT);
        }
    }
}

/// Baseline and candidate.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) baseline: Picture,
    pub(super) candidate: Picture,
}

impl Pair {
    /// The smallest canvas that holds both pictures.
    pub(super) fn canvas(&self) -> Size {
        self.baseline.size.union(self.candidate.size)
    }

    /// The size of the area that both pictures have.
    pub(super) fn shared_size(&self) -> Size {
        self.baseline.size.intersection(self.candidate.size)
    }

    /// Paints every mask over both pictures, only where both have pixels: a mask hides content, never
    /// that one picture is larger.
    pub(super) fn paint(&mut self, masks: &[Rect]) {
        let shared = self.shared_size();
        for area in masks.iter().filter_map(|mask| mask.clip(shared)) {
            self.baseline.paint(area);
            self.candidate.paint(area);
        }
    }

    /// The area that both pictures have, as two equally large views.
    pub(super) fn shared(&self) -> Shared<'_> {
        let size = self.shared_size();
        Shared {
            baseline: View::new(&self.baseline, size),
            candidate: View::new(&self.candidate, size),
        }
    }
}

/// Two equally large views.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) baseline: View<'a>,
    pub(super) candidate: View<'a>,
}

/// The top left part of a picture, as if the picture ended there.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pixels: &'a [Rgba],
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> View<'a> {
    /// The top left part of `picture`; `size` must not exceed it.
    pub(super) fn new(picture: &'a Picture, size: Size) -> Self {
        Self {
            pixels: picture.pixels(),
            stride: picture.size.width as usize,
            width: size.width as usize,
            height: size.height as usize,
        }
    }

    pub(super) fn at(&self, point: Point) -> Rgba {
        self.pixels[point.y * self.stride + point.x]
    }

    /// Row `y`; empty below the view.
    pub(super) fn row(&self, y: u32) -> &'a [Rgba] {
        if y as usize >= self.height {
            return &[];
        }
        let start = y as usize * self.stride;
        &self.pixels[start..start + self.width]
    }

    /// Position of `point` when the pixels of the view are counted row by row.
    pub(super) fn index(&self, point: Point) -> usize {
        point.y * self.width + point.x
    }

    /// Whether `point` has fewer than eight neighbours.
    pub(super) fn is_border(&self, point: Point) -> bool {
        point.x == 0 || point.y == 0 || point.x + 1 == self.width || point.y + 1 == self.height
    }

    /// The up to eight neighbours of `point`, column by column: where two are equally dark, the order
    /// decides which one counts as the darkest.
    pub(super) fn neighbours(&self, point: Point) -> impl Iterator<Item = Point> + use<> {
        let columns = point.x.saturating_sub(1)..=(point.x + 1).min(self.width - 1);
        let rows = point.y.saturating_sub(1)..=(point.y + 1).min(self.height - 1);
        columns
            .flat_map(move |x| rows.clone().map(move |y| Point { x, y }))
            .filter(move |near| *near != point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn black(width: u32, height: u32) -> Picture {
        let size = Size { width, height };
        Picture::new(size, vec![0; size.pixels() as usize * 4])
    }

    #[test]
    fn masks_are_clipped_to_what_both_pictures_have() {
        let mut pair = Pair {
            baseline: black(4, 2),
            candidate: black(3, 5),
        };
        pair.paint(&[Rect {
            x: 2,
            y: 1,
            width: u32::MAX,
            height: u32::MAX,
        }]);
        let painted = |picture: &Picture| picture.pixels().iter().filter(|p| p[0] == 255).count();
        assert_eq!(painted(&pair.baseline), 1);
        assert_eq!(painted(&pair.candidate), 1);
        assert_eq!(pair.candidate.row(1), [[0; 4], [0; 4], MASK_PAINT]);
    }

    #[test]
    fn rows_outside_are_empty() {
        let picture = black(4, 2);
        let view = View::new(
            &picture,
            Size {
                width: 3,
                height: 1,
            },
        );
        assert_eq!(picture.row(1).len(), 4);
        assert!(picture.row(2).is_empty());
        assert_eq!(view.row(0).len(), 3);
        assert!(view.row(1).is_empty());
    }

    #[test]
    fn a_corner_has_three_neighbours_and_a_lone_pixel_none() {
        let picture = black(2, 2);
        let view = View::new(&picture, picture.size());
        let corner = Point { x: 1, y: 0 };
        assert_eq!(view.neighbours(corner).count(), 3);
        assert!(view.is_border(corner));

        let lone = black(1, 1);
        let view = View::new(&lone, lone.size());
        assert_eq!(view.neighbours(Point { x: 0, y: 0 }).count(), 0);
    }
}
