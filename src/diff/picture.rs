//! The pixels of two pictures, as far as they are in memory: a few rows at a time. Pixels are straight
//! 8-bit RGB or RGBA, rows from the top. Nothing here judges colours.

use super::{Rect, Size};

/// One pixel: straight (not premultiplied) red, green, blue, alpha.
pub(super) type Rgba = [u8; 4];

/// A pixel as it lies in memory. Pairs of plain RGB pictures, which screenshots are, are not widened to RGBA:
/// a quarter less to write and to compare.
pub(super) trait Pixel: Copy + PartialEq + Send + Sync + 'static {
    /// What masks are painted with. White, because it is the usual page: a neighbour then seldom looks like
    /// the middle of a brightness ramp, and seldom is taken for anti-aliasing.
    const MASK_PAINT: Self;

    /// The colour with its opacity.
    fn rgba(self) -> Rgba;

    /// Sees samples as pixels; what is left over at the end is ignored.
    fn pixels(samples: &[u8]) -> &[Self];

    /// Sees samples as pixels that can be painted.
    fn pixels_mut(samples: &mut [u8]) -> &mut [Self];

    /// Sees pixels as samples.
    fn samples(pixels: &[Self]) -> &[u8];
}

impl Pixel for [u8; 3] {
    const MASK_PAINT: Self = [255; 3];

    fn rgba(self) -> Rgba {
        let [red, green, blue] = self;
        [red, green, blue, 255]
    }

    fn pixels(samples: &[u8]) -> &[Self] {
        samples.as_chunks().0
    }

    fn pixels_mut(samples: &mut [u8]) -> &mut [Self] {
        samples.as_chunks_mut().0
    }

    fn samples(pixels: &[Self]) -> &[u8] {
        pixels.as_flattened()
    }
}

impl Pixel for Rgba {
    const MASK_PAINT: Self = [255; 4];

    fn rgba(self) -> Rgba {
        self
    }

    fn pixels(samples: &[u8]) -> &[Self] {
        samples.as_chunks().0
    }

    fn pixels_mut(samples: &mut [u8]) -> &mut [Self] {
        samples.as_chunks_mut().0
    }

    fn samples(pixels: &[Self]) -> &[u8] {
        pixels.as_flattened()
    }
}

/// A place in a picture, in pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) x: usize,
    pub(super) y: usize,
}

/// The rows of one picture that are in memory: a band that was read last, and above it the head, rows of the
/// band before, so that pixels near the edge between two bands still have their neighbours.
#[derive(Debug, Clone)]
pub(super) struct Window {
    size: Size,
    /// First row of the band.
    first: usize,
    /// How many rows lie above the band, whether they are in the picture or not.
    head: usize,
    samples: Vec<u8>,
}

impl Window {
    /// The window of a picture of `size` with a band that begins with row `first`, after `head` rows.
    pub(super) fn new(size: Size, first: usize, head: usize, samples: Vec<u8>) -> Self {
        Self {
            size,
            first,
            head,
            samples,
        }
    }

    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// The pixels of row `y`, which must be in memory; none below the picture.
    pub(super) fn row<P: Pixel>(&self, y: u32) -> &[P] {
        if y >= self.size.height {
            return &[];
        }
        let width = self.size.width as usize;
        let start = (y as usize + self.head - self.first) * width;
        &P::pixels(&self.samples)[start..start + width]
    }

    /// Makes `samples` the window's content and its band the next one of `rows` rows, as tall as the last;
    /// gives the old content back. The last rows of the old band become the head of the new one.
    pub(super) fn advance(&mut self, mut samples: Vec<u8>, rows: usize) -> Vec<u8> {
        let head = self.samples.len() / (self.head + rows) * self.head;
        let tail = self.samples.len() - head;
        samples[..head].copy_from_slice(&self.samples[tail..]);
        self.first += rows;
        std::mem::replace(&mut self.samples, samples)
    }

    /// Paints the part of `area` that lies in the band of `rows` rows; the area must lie inside the picture.
    pub(super) fn paint<P: Pixel>(&mut self, area: Rect, rows: usize) {
        let [top, bottom] = [area.y as usize, (area.y + area.height) as usize];
        let columns = area.x as usize..(area.x + area.width) as usize;
        let width = self.size.width as usize;
        let pixels = P::pixels_mut(&mut self.samples);
        for y in top.max(self.first)..bottom.min(self.first + rows) {
            let row = &mut pixels[(y + self.head - self.first) * width..][..width];
            row[columns.clone()].fill(P::MASK_PAINT);
        }
    }
}

/// The windows of baseline and candidate, which show the same rows.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) baseline: Window,
    pub(super) candidate: Window,
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

    /// The area that both pictures have, as two equally large views.
    pub(super) fn shared<P: Pixel>(&self) -> Shared<'_, P> {
        let size = self.shared_size();
        Shared {
            baseline: View::new(&self.baseline, size),
            candidate: View::new(&self.candidate, size),
        }
    }
}

/// Two equally large views.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared<'a, P> {
    pub(super) baseline: View<'a, P>,
    pub(super) candidate: View<'a, P>,
}

/// The top left part of a picture, as if the picture ended there. Only rows of its window can be asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a, P> {
    pixels: &'a [P],
    stride: usize,
    first: usize,
    head: usize,
    width: usize,
    height: usize,
}

impl<'a, P: Pixel> View<'a, P> {
    /// The top left part of the picture of `window`; `size` must not exceed it.
    pub(super) fn new(window: &'a Window, size: Size) -> Self {
        Self {
            pixels: P::pixels(&window.samples),
            stride: window.size.width as usize,
            first: window.first,
            head: window.head,
            width: size.width as usize,
            height: size.height as usize,
        }
    }

    pub(super) fn at(&self, point: Point) -> P {
        self.pixels[(point.y + self.head - self.first) * self.stride + point.x]
    }

    /// Row `y`; empty below the view.
    pub(super) fn row(&self, y: u32) -> &'a [P] {
        if y as usize >= self.height {
            return &[];
        }
        let start = (y as usize + self.head - self.first) * self.stride;
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
    pub(super) fn neighbours(&self, point: Point) -> impl Iterator<Item = Point> + use<P> {
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

    fn black(width: u32, height: u32) -> Window {
        let size = Size { width, height };
        Window::new(size, 0, 0, vec![0; size.pixels() as usize * 4])
    }

    #[test]
    fn a_mask_is_painted_band_by_band() {
        let size = Size::from([2, 6]);
        let mask = Rect {
            x: 1,
            y: 1,
            width: 1,
            height: 3,
        };
        let mut window = Window::new(size, 0, 1, vec![0; 2 * 3 * 4]);
        let black = [0; 4];
        window.paint::<Rgba>(mask, 2);
        assert_eq!(window.row::<Rgba>(0), [black; 2]);
        assert_eq!(window.row::<Rgba>(1), [black, Rgba::MASK_PAINT]);
        window.advance(vec![0; 2 * 3 * 4], 2);
        window.paint::<Rgba>(mask, 2);
        for y in [1, 2, 3] {
            assert_eq!(window.row::<Rgba>(y), [black, Rgba::MASK_PAINT], "{y}");
        }
    }

    #[test]
    fn rows_outside_are_empty() {
        let picture = black(4, 2);
        let view: View<'_, Rgba> = View::new(&picture, Size::from([3, 1]));
        assert_eq!(picture.row::<Rgba>(1).len(), 4);
        assert!(picture.row::<Rgba>(2).is_empty());
        assert_eq!(view.row(0).len(), 3);
        assert!(view.row(1).is_empty());
    }

    #[test]
    fn a_corner_has_three_neighbours_and_a_lone_pixel_none() {
        let picture = black(2, 2);
        let view: View<'_, Rgba> = View::new(&picture, picture.size());
        let corner = Point { x: 1, y: 0 };
        assert_eq!(view.neighbours(corner).count(), 3);
        assert!(view.is_border(corner));

        let lone = black(1, 1);
        let view: View<'_, Rgba> = View::new(&lone, lone.size());
        assert_eq!(view.neighbours(Point { x: 0, y: 0 }).count(), 0);
    }
}
