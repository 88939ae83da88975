//! The pixels of two pictures, a few rows at a time. Pixels are straight 8-bit RGB or RGBA, or 16-bit RGBA, with rows
//! from the top.
//! Colours are not compared here.

use std::marker::PhantomData;

use super::decode::{Layout, to_8_bit};
use super::unfilter::NONE;
use super::{Rect, Size};

/// One pixel: straight (not premultiplied) red, green, blue, alpha.
pub(super) type Rgba = [u8; 4];

/// The same with 16 bits a sample, big-endian.
pub(super) type DeepRgba = [u8; 8];

/// A pixel as it is stored in memory. Pairs of plain RGB pictures (screenshots usually are) are not widened to RGBA,
/// which saves a quarter of the bytes to write and compare.
pub(super) trait Pixel: Copy + PartialEq + Send + Sync + 'static {
    /// Bytes of one pixel.
    const SAMPLES: usize;

    /// The colour that masks are painted with. White is the usual page colour: a neighbouring pixel then seldom looks
    /// like the middle of a brightness ramp, and seldom counts as anti-aliasing.
    const MASK_PAINT: Self;

    /// The colour with its opacity, rounded to 8 bits.
    fn rgba(self) -> Rgba;

    /// Views samples as pixels; incomplete pixels at the end are ignored.
    fn pixels(samples: &[u8]) -> &[Self];

    /// Views samples as pixels that can be painted.
    fn pixels_mut(samples: &mut [u8]) -> &mut [Self];

    /// Views pixels as samples.
    fn samples(pixels: &[Self]) -> &[u8];
}

impl Pixel for [u8; 3] {
    const SAMPLES: usize = 3;
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
    const SAMPLES: usize = 4;
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

impl Pixel for DeepRgba {
    const SAMPLES: usize = 8;
    const MASK_PAINT: Self = [255; 8];

    fn rgba(self) -> Rgba {
        let [r, red, g, green, b, blue, a, alpha] = self;
        [[r, red], [g, green], [b, blue], [a, alpha]].map(to_8_bit)
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

/// The rows of one picture that are in memory: the band that was read last and, above it, the head (the last rows of
/// the previous band), so that pixels at the edge between two bands have their neighbours.
///
/// Only rows that may contain findings, and their neighbours, are restored from their filters.
#[derive(Debug)]
pub(super) struct Window {
    size: Size,
    layout: Layout,
    /// First row of the band.
    first: usize,
    /// How many rows lie above the band, whether they are in the picture or not.
    head: usize,
    /// Each row a filter byte and its samples.
    rows: Vec<u8>,
}

/// A row of a picture without alpha, as it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filtered<'a> {
    pub(super) filter: u8,
    /// The filtered pixels.
    pub(super) pixels: &'a [[u8; 3]],
}

impl Window {
    /// The window at the top of a picture of `size`; its first band lies in `rows` behind room for `head` rows.
    pub(super) fn new(size: Size, layout: Layout, head: usize, rows: Vec<u8>) -> Self {
        Self {
            size,
            layout,
            first: 0,
            head,
            rows,
        }
    }

    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// The pixels of row `y`, which must be in memory and restored; none below the picture.
    pub(super) fn row<P: Pixel>(&self, y: u32) -> &[P] {
        if y >= self.size.height {
            return &[];
        }
        let row = self.bytes(y as usize);
        debug_assert_eq!(row[0], NONE, "row {y} is not restored");
        P::pixels(&row[1..])
    }

    /// Row `y`, which must be in memory, as it is stored, when it is filtered; none below the picture, and of a picture
    /// with opacities.
    pub(super) fn filtered_row(&self, y: u32) -> Option<Filtered<'_>> {
        if y >= self.size.height || self.layout != Layout::Rgb {
            return None;
        }
        let (filter, samples) = self.bytes(y as usize).split_first()?;
        (*filter != NONE).then_some(Filtered {
            filter: *filter,
            pixels: samples.as_chunks().0,
        })
    }

    /// The filter and the samples of row `y`, which must be in memory.
    fn bytes(&self, y: usize) -> &[u8] {
        let stride = self.layout.stride(self.size);
        &self.rows[self.position(y) * stride..][..stride]
    }

    fn position(&self, y: usize) -> usize {
        y + self.head - self.first
    }

    /// Rows of the band, whether they are in the picture or not.
    fn band_height(&self) -> usize {
        self.rows.len() / self.layout.stride(self.size) - self.head
    }

    /// Exchanges the window's content for `rows`, its next band, as tall as the last, behind the head. What comes
    /// back begins with the head of the band after it, and has room for that band.
    pub(super) fn advance(&mut self, rows: &mut Vec<u8>) {
        self.first += self.band_height();
        std::mem::swap(&mut self.rows, rows);
        self.copy_tail(rows);
    }

    /// Copies the last rows to where the head of the next band is.
    pub(super) fn copy_tail(&self, next: &mut [u8]) {
        let head = self.head * self.layout.stride(self.size);
        let tail = self.rows.len() - head;
        next[..head].copy_from_slice(&self.rows[tail..]);
    }

    /// Paints the part of `area` that lies in the head and in the band; the area must lie inside the picture. Rows
    /// that are not restored are spoilt by it.
    pub(super) fn paint<P: Pixel>(&mut self, area: Rect) {
        let [top, bottom] = [area.y as usize, (area.y + area.height) as usize];
        let columns = area.x as usize..(area.x + area.width) as usize;
        let stride = self.layout.stride(self.size);
        let above = self.first.saturating_sub(self.head);
        for y in top.max(above)..bottom.min(self.first + self.band_height()) {
            let start = self.position(y) * stride;
            let samples = &mut self.rows[start + 1..start + stride];
            P::pixels_mut(samples)[columns.clone()].fill(P::MASK_PAINT);
        }
    }
}

/// The windows of baseline and candidate, which show the same rows.
#[derive(Debug)]
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

/// The top left part of a picture, as if the picture ended there. Only restored rows of its window can be asked
/// for.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a, P> {
    window: &'a Window,
    width: usize,
    height: usize,
    pixel: PhantomData<P>,
}

impl<'a, P: Pixel> View<'a, P> {
    /// The top left part of the picture of `window`; `size` must not exceed it.
    pub(super) fn new(window: &'a Window, size: Size) -> Self {
        Self {
            window,
            width: size.width as usize,
            height: size.height as usize,
            pixel: PhantomData,
        }
    }

    pub(super) fn at(&self, point: Point) -> P {
        let window = self.window;
        let row = window.position(point.y) * window.layout.stride(window.size);
        P::pixels(&window.rows[row + 1 + point.x * P::SAMPLES..][..P::SAMPLES])[0]
    }

    /// Row `y`; empty below the view.
    pub(super) fn row(&self, y: u32) -> &'a [P] {
        if y as usize >= self.height {
            return &[];
        }
        &self.window.row(y)[..self.width]
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
        let rows = vec![0; Layout::Rgba.stride(size) * height as usize];
        Window::new(size, Layout::Rgba, 0, rows)
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
        let rows = vec![0; 3 * Layout::Rgba.stride(size)];
        let mut window = Window::new(size, Layout::Rgba, 1, rows.clone());
        let black = [0; 4];
        window.paint::<Rgba>(mask);
        assert_eq!(window.row::<Rgba>(0), [black; 2]);
        assert_eq!(window.row::<Rgba>(1), [black, Rgba::MASK_PAINT]);
        window.advance(&mut rows.clone());
        window.paint::<Rgba>(mask);
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
