//! The next rows of one picture, as they were read: restored from their filters where that is asked for, before they
//! become a part of what is compared.

use super::Size;
use super::decode::{Layout, Rows, zeroes};
use super::error::PictureError;
use super::picture::Window;
use super::unfilter::{restore_marked, stands_alone};

/// Rows behind room for a head, the last rows of the band before.
pub(super) struct Band {
    size: Size,
    layout: Layout,
    /// The number of its first row in the picture.
    first: usize,
    /// For how many rows of the band before there is room.
    head: usize,
    /// Each row a filter byte and its samples.
    rows: Vec<u8>,
    /// The samples of the last row of the band before.
    above: Vec<u8>,
    /// Which rows are restored next.
    marks: Vec<bool>,
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
            marks: vec![false; count],
        })
    }

    fn stride(&self) -> usize {
        self.layout.stride(self.size)
    }

    /// How many of its rows lie in the picture.
    fn height(&self) -> usize {
        let below = (self.size.height as usize).saturating_sub(self.first);
        below.min(self.marks.len())
    }

    /// Reads the rows; below the picture there are none.
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
        let position = y as usize - self.first + self.head;
        &self.rows[position * self.stride()..][..self.stride()]
    }

    /// Restores the rows that `is_wanted`, by their number in the picture, and those that they depend on; always the
    /// last ones, which become the head of the next band.
    pub(super) fn restore(&mut self, is_wanted: impl Fn(u32) -> bool) {
        let (height, stride) = (self.height(), self.stride());
        let rows = &mut self.rows[self.head * stride..][..height * stride];
        let mut is_needed_below = false;
        for row in (0..height).rev() {
            let is_wanted = row + self.head >= height || is_wanted((self.first + row) as u32);
            self.marks[row] = is_wanted || is_needed_below;
            is_needed_below = self.marks[row] && !stands_alone(rows[row * stride]);
        }
        let restore_marked = match self.layout {
            Layout::Rgb => restore_marked::<3>,
            Layout::Rgba => restore_marked::<4>,
        };
        restore_marked(rows, stride, &self.marks[..height], &self.above);
        if let Some(start) = rows.len().checked_sub(stride - 1) {
            self.above.copy_from_slice(&rows[start..]);
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
        self.first += self.marks.len();
        Ok(Window::new(self.size, self.layout, self.head, rows))
    }

    /// Moves the window on to this band, and makes this band the next one.
    pub(super) fn exchange(&mut self, window: &mut Window) {
        window.advance(&mut self.rows);
        self.first += self.marks.len();
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
            marks: vec![false; count],
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

    #[test]
    fn the_next_band_goes_on_where_the_last_one_ended() {
        let mut band = band(4, 1, 2, &ROWS[1..3]);
        band.restore(|_| false);
        let mut window = band.window().expect("memory");
        band.rows[4..].copy_from_slice(ROWS[1..3].as_flattened());
        band.restore(|_| false);
        assert_eq!(band.row(3), [0, 4, 4, 4]);
        band.exchange(&mut window);
        assert_eq!(window.row::<[u8; 3]>(1), [[2; 3]]);
        assert_eq!(window.row::<[u8; 3]>(3), [[4; 3]]);
    }
}
