//! Finds the place where most mismatched pixels are close together, from the runs of each row. Time grows with the
//! number of rows that have runs, memory only with the width.

use std::collections::VecDeque;

use super::scan::{Finding, Run};
use super::{DensestWindow, WINDOW};

/// No window has more pixels.
const FULL: u64 = WINDOW as u64 * WINDOW as u64;

/// The densest window of the rows seen so far.
///
/// A window whose last row is empty has no more than the one above it, so it is enough to look at the windows that
/// end at a row with mismatched pixels, and of those at the ones that this row reaches.
pub(super) struct Densest {
    /// Mismatched pixels of each column, in the rows that are kept.
    columns: Vec<u8>,
    /// The rows with mismatched pixels that a window ending at the newest one has.
    rows: VecDeque<Vec<Run>>,
    densest: DensestWindow,
}

impl Densest {
    /// Nothing yet, on a canvas of `width`.
    pub(super) fn new(width: u32) -> Self {
        Self {
            columns: vec![0; width as usize],
            rows: VecDeque::new(),
            densest: DensestWindow::default(),
        }
    }

    /// Takes in the runs of some whole rows, in reading order, below all rows so far.
    pub(super) fn add(&mut self, runs: &[Run]) {
        for row in runs.chunk_by(|one, next| one.y == next.y) {
            let mismatched = row.iter().filter(|run| run.finding == Finding::Mismatched);
            // Nothing can be denser, and later windows are further down.
            if self.densest.mismatched_pixels < FULL {
                self.add_row(mismatched.copied().collect());
            }
        }
    }

    fn add_row(&mut self, row: Vec<Run>) {
        let [Some(first), Some(last)] = [row.first(), row.last()] else {
            return;
        };
        let [y, start, end] = [first.y, first.start, last.end];
        self.forget_rows_above(y);
        change(&mut self.columns, &row, |pixels| *pixels += 1);
        self.rows.push_back(row);
        self.look(y, start, end);
    }

    /// Drops the rows that no window ending at row `y` has.
    fn forget_rows_above(&mut self, y: u32) {
        let above = self.rows.partition_point(|row| row[0].y + WINDOW <= y);
        for row in self.rows.drain(..above) {
            change(&mut self.columns, &row, |pixels| *pixels -= 1);
        }
    }

    /// Looks at the windows that end at row `y` and have columns of `start..end`.
    fn look(&mut self, y: u32, start: u32, end: u32) {
        let side = WINDOW as usize;
        let rightmost = self.columns.len().saturating_sub(side);
        let left = (start as usize).saturating_sub(side - 1).min(rightmost);
        let right = (end as usize - 1).min(rightmost);
        let reach = self.columns.len().min(left + side);
        let pixels = |column: &u8| u64::from(*column);
        let mut count: u64 = self.columns[left..reach].iter().map(pixels).sum();
        let y = (y + 1).saturating_sub(WINDOW);
        self.densest.improve(left, y, count);
        for x in left + 1..=right {
            count += pixels(&self.columns[x + side - 1]);
            count -= pixels(&self.columns[x - 1]);
            self.densest.improve(x, y, count);
        }
    }

    /// The first of the densest windows, from top to bottom, then from left to right.
    pub(super) fn finish(self) -> DensestWindow {
        self.densest
    }
}

/// Changes the columns that the runs of a row have.
fn change(columns: &mut [u8], row: &[Run], change: impl Fn(&mut u8)) {
    for run in row {
        let columns = &mut columns[run.start as usize..run.end as usize];
        columns.iter_mut().for_each(&change);
    }
}

impl DensestWindow {
    /// Becomes the window at `x`, `y` where that has more pixels, or as many and comes first.
    fn improve(&mut self, x: usize, y: u32, mismatched_pixels: u64) {
        let x = x as u32;
        let is_denser = mismatched_pixels > self.mismatched_pixels;
        let is_first = mismatched_pixels == self.mismatched_pixels && (y, x) < (self.y, self.x);
        if is_denser || is_first {
            *self = Self {
                x,
                y,
                mismatched_pixels,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a canvas: whether a pixel is mismatched.
    type Canvas = Vec<Vec<bool>>;

    /// The plain twin: every window at every position, counted pixel by pixel.
    fn plain(canvas: &Canvas) -> DensestWindow {
        let [width, height] = [canvas[0].len(), canvas.len()];
        let side = WINDOW as usize;
        let mut densest = DensestWindow::default();
        for y in 0..=height.saturating_sub(side) {
            for x in 0..=width.saturating_sub(side) {
                let rows = canvas.iter().skip(y).take(side);
                let pixels = rows.flat_map(|row| row.iter().skip(x).take(side));
                let count = pixels.filter(|is_mismatched| **is_mismatched).count() as u64;
                if count > densest.mismatched_pixels {
                    densest = DensestWindow {
                        x: x as u32,
                        y: y as u32,
                        mismatched_pixels: count,
                    };
                }
            }
        }
        densest
    }

    fn runs(canvas: &Canvas) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (y, row) in (0..).zip(canvas) {
            let mismatched = (0..).zip(row).filter(|(_, is_mismatched)| **is_mismatched);
            for (x, _) in mismatched {
                match runs.last_mut() {
                    Some(last) if (last.y, last.end) == (y, x) => last.end += 1,
                    _ => runs.push(run(y, x, x + 1, Finding::Mismatched)),
                }
            }
        }
        runs
    }

    fn run(y: u32, start: u32, end: u32, finding: Finding) -> Run {
        Run {
            y,
            start,
            end,
            finding,
        }
    }

    fn window(x: u32, y: u32, mismatched_pixels: u64) -> DensestWindow {
        DensestWindow {
            x,
            y,
            mismatched_pixels,
        }
    }

    /// Fed in bands of `rows` rows.
    fn found(canvas: &Canvas, rows: usize) -> DensestWindow {
        let mut densest = Densest::new(canvas[0].len() as u32);
        let runs = runs(canvas);
        for band in runs.chunk_by(|one, next| one.y as usize / rows == next.y as usize / rows) {
            densest.add(band);
        }
        densest.finish()
    }

    /// A generator that gives the same numbers in every run (xorshift, G. Marsaglia 2003).
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 33) as usize % limit
        }

        /// Boxes, from single pixels to whole canvases, on a ground of scattered ones.
        fn canvas(&mut self) -> Canvas {
            let [width, height] = [1 + self.below(90), 1 + self.below(120)];
            let mut canvas = vec![vec![false; width]; height];
            for _ in 0..self.below(60) {
                canvas[self.below(height)][self.below(width)] = true;
            }
            for _ in 0..self.below(5) {
                let [x, y] = [self.below(width), self.below(height)];
                let [right, bottom] = [x + self.below(width - x), y + self.below(height - y)];
                let rows = canvas[y..=bottom].iter_mut();
                rows.for_each(|row| row[x..=right].fill(true));
            }
            canvas
        }
    }

    #[test]
    fn random_canvases_equal_the_plain_twin() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let [mut full, mut small, mut inside] = [0; 3];
        for case in 0..200 {
            let canvas = random.canvas();
            let plain = plain(&canvas);
            for rows in [1, 7, 32, 1000] {
                assert_eq!(found(&canvas, rows), plain, "case {case}, bands of {rows}");
            }
            full += u32::from(plain.mismatched_pixels == FULL);
            small += u32::from(canvas.len() < WINDOW as usize || canvas[0].len() < WINDOW as usize);
            inside += u32::from(plain.x > 0 && plain.y > 0 && plain.mismatched_pixels < FULL);
        }
        assert!(
            full > 5 && small > 40 && inside > 40,
            "{full} {small} {inside}"
        );
    }

    #[test]
    fn equally_dense_windows_give_the_first() {
        // Both lie in windows at the top; the lower one reaches as many further left.
        let mut canvas = vec![vec![false; 100]; 40];
        canvas[0][90] = true;
        canvas[20][40] = true;
        assert_eq!(found(&canvas, 1), window(9, 0, 1));
        assert_eq!(plain(&canvas), window(9, 0, 1));
    }

    #[test]
    fn antialiased_pixels_are_not_counted() {
        let mut densest = Densest::new(50);
        densest.add(&[
            run(3, 0, 40, Finding::Antialiased),
            run(4, 1, 2, Finding::Antialiased),
            run(4, 2, 5, Finding::Mismatched),
        ]);
        assert_eq!(densest.finish(), window(0, 0, 3));
    }

    #[test]
    fn rows_are_forgotten_once_no_window_reaches_them() {
        let mut densest = Densest::new(8);
        for y in 0..1000 {
            densest.add(&[run(y, 0, 1, Finding::Mismatched)]);
            assert!(densest.rows.len() <= WINDOW as usize);
        }
        assert_eq!(densest.finish(), window(0, 0, 32));
    }
}
