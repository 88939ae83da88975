//! The next rows of one picture as they were read. Rows are restored from their filters if needed, before they are
//! compared.

use std::ops::Range;

use super::Size;
use super::decode::{Layout, Rows};
use super::error::PictureError;
use super::memory::zeroes;
use super::picture::Window;
use super::unfilter::{NONE, follow, restore_marked, stands_alone};

/// The rows that are read next and, above them, the head: the last rows of the previous band, which may still be
/// filtered.
pub(super) struct Band {
    size: Size,
    layout: Layout,
    /// The number of its first row in the picture.
    first: usize,
    /// How many rows of the previous band are kept.
    head: usize,
    /// The head and the band; each row is a filter byte and its samples.
    rows: Vec<u8>,
    /// The samples of the row above the head.
    above: Vec<u8>,
    /// A buffer for one row.
    scratch: Vec<u8>,
    /// Which rows of head and band are restored next.
    marks: Vec<bool>,
    /// How many rows the band has, including those below the picture.
    count: usize,
}

impl Band {
    /// Room for `count` rows at the top of a picture, and for `head` rows before them.
    ///
    /// # Errors
    /// When there is no memory.
    pub(super) fn new(source: &Rows<'_>, head: usize, count: usize) -> Result<Self, PictureError> {
        let (size, stride) = (source.size(), source.stride());
        let length = (head + count).checked_mul(stride);
        Ok(Self {
            size,
            layout: source.layout(),
            first: 0,
            head,
            rows: zeroes(length.ok_or(PictureError::OutOfMemory { size })?, size)?,
            above: zeroes(stride - 1, size)?,
            scratch: zeroes(stride, size)?,
            marks: vec![false; head + count],
            count,
        })
    }

    fn stride(&self) -> usize {
        self.layout.stride(self.size)
    }

    /// The rows of head and band that are in the picture and above row `end`.
    fn above_row(&self, end: usize) -> Range<usize> {
        let top = self.first.saturating_sub(self.head);
        top..end.min(self.size.height as usize).max(top)
    }

    /// The rows above the head of the next band.
    fn passed(&self) -> Range<usize> {
        self.above_row((self.first + self.count).saturating_sub(self.head))
    }

    /// The place of row `y` of the picture, which lies in head or band.
    fn position(&self, y: usize) -> usize {
        y + self.head - self.first
    }

    /// The position of some rows of head and band in memory.
    fn bytes(&self, rows: &Range<usize>) -> Range<usize> {
        self.position(rows.start) * self.stride()..self.position(rows.end) * self.stride()
    }

    /// Reads the rows. Below the picture there are none.
    ///
    /// # Errors
    /// When the file is damaged or cut off.
    pub(super) fn read(&mut self, source: &mut Rows<'_>) -> Result<(), PictureError> {
        let start = self.head * self.stride();
        source.fill(&mut self.rows[start..])
    }

    /// Row `y` of the picture, which lies in the band: a filter byte and its samples. Empty below the picture.
    pub(super) fn row(&self, y: u32) -> &[u8] {
        if y >= self.size.height {
            return &[];
        }
        &self.rows[self.position(y as usize) * self.stride()..][..self.stride()]
    }

    /// Restores the rows of head and band that `is_wanted`, by their number in the picture, and those that they depend
    /// on. The others stay filtered.
    pub(super) fn restore(&mut self, is_wanted: impl Fn(u32) -> bool) {
        let (in_picture, stride) = (self.above_row(self.first + self.count), self.stride());
        let bytes = self.bytes(&in_picture);
        let rows = &mut self.rows[bytes];
        let marks = &mut self.marks[..in_picture.len()];
        let mut is_needed_below = false;
        for (row, y) in in_picture.enumerate().rev() {
            marks[row] = is_needed_below || is_wanted(y as u32);
            is_needed_below = marks[row] && !stands_alone(rows[row * stride]);
        }
        let restore_marked = match self.layout {
            Layout::Rgb => restore_marked::<3>,
            // Rows with 16 bits a sample are decoded before they come here, and have no filter.
            Layout::Rgba | Layout::Deep => restore_marked::<4>,
        };
        restore_marked(rows, stride, marks, &self.above);
    }

    /// Finds the samples of the row above the next band's head, without restoring anything. Call this once before the
    /// next band.
    pub(super) fn move_on(&mut self) {
        let follow = match self.layout {
            Layout::Rgb => follow::<3>,
            Layout::Rgba | Layout::Deep => follow::<4>,
        };
        let passed = self.bytes(&self.passed());
        let stride = self.stride();
        let rows = &self.rows[passed];
        follow(&mut self.above, rows, stride, &mut self.scratch);
    }

    /// Like [`Self::move_on`], next to the same band of another picture that has already moved on. Rows of this picture
    /// that are not restored must have the same pixels as those of the other one.
    pub(super) fn move_on_beside(&mut self, other: &Self) {
        let passed = self.bytes(&self.passed());
        let last = self.rows[passed].rchunks_exact(self.stride()).next();
        if last.is_some_and(|row| row[0] != NONE) {
            self.above.copy_from_slice(&other.above);
        } else {
            self.move_on();
        }
    }

    /// A window on the first band; the next one gets another buffer.
    ///
    /// # Errors
    /// When there is no memory.
    pub(super) fn window(&mut self) -> Result<Window, PictureError> {
        // Without room for a head there is no next band.
        let length = if self.head == 0 { 0 } else { self.rows.len() };
        let spare = zeroes(length, self.size)?;
        let rows = std::mem::replace(&mut self.rows, spare);
        self.first += self.count;
        let window = Window::new(self.size, self.layout, self.head, rows);
        window.copy_tail(&mut self.rows);
        Ok(window)
    }

    /// Moves the window on to this band, and makes this band the next one.
    pub(super) fn exchange(&mut self, window: &mut Window) {
        window.advance(&mut self.rows);
        self.first += self.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bands of `count` rows of a picture of one column, RGB.
    fn band(height: u32, head: usize, count: usize, rows: &[[u8; 4]]) -> Band {
        let mut all = vec![0; head * 4];
        all.extend(rows.as_flattened());
        Band {
            size: Size::from([1, height]),
            layout: Layout::Rgb,
            first: 0,
            head,
            rows: all,
            above: vec![0; 3],
            scratch: vec![0; 4],
            marks: vec![false; head + count],
            count,
        }
    }

    /// A start, one more, again one more, a new start, one more.
    const ROWS: [[u8; 4]; 5] = [
        [0, 10, 10, 10],
        [2, 1, 1, 1],
        [2, 1, 1, 1],
        [1, 40, 40, 40],
        [2, 1, 1, 1],
    ];

    #[test]
    fn only_wanted_rows_and_those_above_them_are_restored() {
        let mut band = band(5, 0, 5, &ROWS);
        band.restore(|y| y == 1);
        assert_eq!(band.row(1), [0, 11, 11, 11]);
        assert_eq!(band.row(2), ROWS[2]);
        band.restore(|y| y == 2 || y == 4);
        assert_eq!(band.row(2), [0, 12, 12, 12]);
        assert_eq!(band.row(4), [0, 41, 41, 41]);
    }

    /// Each row is one more than the row above it.
    const CHAIN: [[u8; 4]; 2] = [[2, 1, 1, 1]; 2];

    #[test]
    fn a_chain_of_rows_stays_filtered_until_it_is_asked_for() {
        let mut band = band(8, 1, 2, &CHAIN);
        band.move_on();
        let mut window = band.window().expect("memory");
        for _ in 0..2 {
            band.rows[4..].copy_from_slice(CHAIN.as_flattened());
            band.restore(|_| false);
            band.move_on();
            band.exchange(&mut window);
        }
        assert_eq!(band.row(5), CHAIN[1]);
        band.rows[4..].copy_from_slice(CHAIN.as_flattened());
        band.restore(|y| y == 6);
        assert_eq!(band.row(5), [0, 6, 6, 6]);
        assert_eq!(band.row(6), [0, 7, 7, 7]);
        assert_eq!(band.row(7), CHAIN[1]);
        band.exchange(&mut window);
        assert_eq!(window.row::<[u8; 3]>(6), [[7; 3]]);
    }

    #[test]
    fn what_is_not_restored_is_known_from_the_other_picture() {
        let mut other = band(4, 1, 2, &CHAIN);
        other.above = vec![9; 3];
        let mut filtered = band(4, 1, 2, &CHAIN);
        filtered.move_on_beside(&other);
        assert_eq!(filtered.above, [9; 3]);
        let mut restored = band(4, 1, 2, &CHAIN);
        restored.restore(|y| y == 0);
        restored.move_on_beside(&other);
        assert_eq!(restored.above, [1; 3]);
    }

    #[test]
    fn below_the_picture_there_is_nothing_to_restore() {
        let mut band = band(1, 1, 2, &CHAIN);
        band.move_on();
        let mut window = band.window().expect("memory");
        for _ in 0..2 {
            band.restore(|_| true);
            band.move_on();
            assert_eq!(band.above, [1; 3]);
            band.exchange(&mut window);
        }
    }
}
