//! Two files in lockstep: the next band of rows of each, compared, and forgotten. What is found goes to a
//! [`Findings`]. Memory does not grow with the height of the pictures.
//!
//! Rows are compared as they are stored, filtered: where they are equal below equal rows, their pixels are equal too,
//! and are not even restored. While a band is compared, the next one is inflated; where there is no other work for the
//! rayon pool, on another core. On a rayon worker, where the others are taken to be busy with other pairs, and for
//! small pictures, everything happens on the caller's thread.

use std::marker::PhantomData;

use super::decode::{Layout, Rows, zeroes};
use super::error::{DiffError, PictureError};
use super::findings::Findings;
use super::picture::{Pair, Pixel, Rgba, Window};
use super::runs::Scanner;
use super::unfilter::stands_alone;
use super::{Options, Rect, Size};

/// How far the anti-aliasing detector looks up and down.
const REACH: usize = 2;
/// Rows of the band before that are kept: those above the first pixel that still waits for rows below it.
const HEAD: usize = 2 * REACH;
/// The size of a band: small enough for the cache, large enough that restoring the last rows of each, which the
/// next one goes on from, is little work.
const BAND_BYTES: usize = 1 << 20;
/// The fewest rows of a band; less would copy heads more than read bands.
const MIN_BAND_ROWS: usize = 8;
/// Rows longer than this are read in one band: the buffers would need more than the picture.
const MAX_ROW_BYTES: usize = 1 << 20;
/// From so many pixels on, threads save more time than it takes to wake them.
const THREADS_FROM_PIXELS: u64 = 1 << 17;

/// How the work is cut up. The result does not depend on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Rows read at a time.
    rows: usize,
    /// Rows kept from the band before.
    head: usize,
    /// How many bands the canvas has.
    bands: usize,
    /// Whether reading and comparing happen at the same time.
    threads: bool,
}

impl Pace {
    fn new(rows: &[Rows<'_>; 2], canvas: Size) -> Self {
        let longest = rows.iter().map(Rows::stride).max().unwrap_or_default();
        let height = canvas.height as usize;
        let band = match longest {
            0..=MAX_ROW_BYTES => (BAND_BYTES / longest.max(1)).max(MIN_BAND_ROWS),
            _ => height,
        };
        let is_busy_worker = rayon::current_thread_index().is_some();
        let threads = !is_busy_worker && canvas.pixels() >= THREADS_FROM_PIXELS;
        Self::of_rows(band, height, threads)
    }

    fn of_rows(rows: usize, height: usize, threads: bool) -> Self {
        Self {
            rows: rows.min(height),
            head: if rows < height { HEAD } else { 0 },
            bands: height.div_ceil(rows),
            threads,
        }
    }

    /// A buffer for a band and its head.
    fn buffer(self, rows: &Rows<'_>) -> Result<Vec<u8>, PictureError> {
        let size = rows.size();
        let length = (self.head + self.rows).checked_mul(rows.stride());
        zeroes(length.ok_or(PictureError::OutOfMemory { size })?, size)
    }

    /// Does both, at the same time if it may.
    fn join<A: Send, B: Send>(
        self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        if self.threads {
            rayon::join(first, second)
        } else {
            (first(), second())
        }
    }
}

/// Compares two opened pictures, which must have the same layout.
///
/// # Errors
/// When one of them is damaged or cut off; when both are, the one whose fault shows further up, or the
/// baseline. When the findings cannot be drawn.
pub(super) fn compare(
    rows: [Rows<'_>; 2],
    options: &Options,
    findings: &mut Findings,
) -> Result<(), DiffError> {
    let pace = Pace::new(&rows, rows[0].size().union(rows[1].size()));
    compare_at(pace, rows, options, findings)
}

fn compare_at(
    pace: Pace,
    rows: [Rows<'_>; 2],
    options: &Options,
    findings: &mut Findings,
) -> Result<(), DiffError> {
    let compare = || match rows[0].layout() {
        Layout::Rgb => compare_pixels::<[u8; 3]>(pace, rows, options, findings),
        Layout::Rgba => compare_pixels::<Rgba>(pace, rows, options, findings),
    };
    if pace.threads {
        // Inside the pool, where other workers can take parts of it over.
        rayon::scope(|_| compare())
    } else {
        compare()
    }
}

fn compare_pixels<P: Pixel>(
    pace: Pace,
    rows: [Rows<'_>; 2],
    options: &Options,
    findings: &mut Findings,
) -> Result<(), DiffError> {
    let mut ahead = Ahead::new(pace, rows)?;
    ahead.fill()?;
    let mut comparison = Comparison::<P>::new(pace, ahead.windows()?, options);
    for band in 1..pace.bands {
        let (compared, read) = pace.join(
            || comparison.compare_band(findings, (band * pace.rows) as u32),
            || ahead.fill(),
        );
        compared?;
        read?;
        comparison.pair.baseline.advance(&mut ahead.next[0]);
        comparison.pair.candidate.advance(&mut ahead.next[1]);
    }
    let height = comparison.pair.canvas().height;
    comparison.compare_band(findings, height)
}

/// The bands that are compared next, of both pictures.
struct Ahead<'a> {
    pace: Pace,
    rows: [Rows<'a>; 2],
    next: [Vec<u8>; 2],
}

impl<'a> Ahead<'a> {
    fn new(pace: Pace, rows: [Rows<'a>; 2]) -> Result<Self, DiffError> {
        let next = buffers(pace, &rows)?;
        Ok(Self { pace, rows, next })
    }

    /// Reads the next band of each, behind room for its head. Below a picture nothing is read.
    fn fill(&mut self) -> Result<(), DiffError> {
        let [baseline, candidate] = &mut self.rows;
        let [next_baseline, next_candidate] = &mut self.next;
        let head = self.pace.head;
        let fill = |rows: &mut Rows<'_>, next: &mut [u8]| {
            let start = head * rows.stride();
            rows.fill(&mut next[start..])
        };
        let (baseline, candidate) = self.pace.join(
            || fill(baseline, next_baseline),
            || fill(candidate, next_candidate),
        );
        baseline.map_err(DiffError::Baseline)?;
        candidate.map_err(DiffError::Candidate)
    }

    /// The windows on the bands that were read, and buffers for the next ones.
    fn windows(&mut self) -> Result<Pair, DiffError> {
        let spare = buffers(self.pace, &self.rows)?;
        let [baseline, candidate] = std::mem::replace(&mut self.next, spare);
        let window =
            |rows: &Rows<'_>, band| Window::new(rows.size(), rows.layout(), self.pace.head, band);
        Ok(Pair {
            baseline: window(&self.rows[0], baseline),
            candidate: window(&self.rows[1], candidate),
        })
    }
}

fn buffers(pace: Pace, [baseline, candidate]: &[Rows<'_>; 2]) -> Result<[Vec<u8>; 2], DiffError> {
    Ok([
        pace.buffer(baseline).map_err(DiffError::Baseline)?,
        pace.buffer(candidate).map_err(DiffError::Candidate)?,
    ])
}

/// What is known of the bands so far.
struct Comparison<P> {
    pace: Pace,
    pair: Pair,
    /// Clipped to what both pictures have: a mask hides content, never that one picture is larger.
    masks: Vec<Rect>,
    scanner: Scanner,
    /// The first row that was read and not yet looked at.
    unread: u32,
    /// The first row that was not yet compared: it waits for the rows below it.
    uncompared: u32,
    /// Rows not yet compared that may differ, from the top.
    suspects: Vec<u32>,
    /// Whether the row above may differ.
    has_diverged: bool,
    pixel: PhantomData<P>,
}

impl<P: Pixel> Comparison<P> {
    fn new(pace: Pace, pair: Pair, options: &Options) -> Self {
        let shared = pair.shared_size();
        let masks = options.masks.iter();
        Self {
            pace,
            pair,
            masks: masks.filter_map(|mask| mask.clip(shared)).collect(),
            scanner: Scanner::new(options, pace.threads),
            unread: 0,
            uncompared: 0,
            suspects: Vec::new(),
            has_diverged: false,
            pixel: PhantomData,
        }
    }

    /// Compares the rows above `end`, the end of the band; the last rows of a band wait for the rows below them.
    fn compare_band(&mut self, findings: &mut Findings, end: u32) -> Result<(), DiffError> {
        self.suspect(end);
        self.restore(findings.shows());
        // Both rows are restored and not yet painted: they are the last of the band.
        self.has_diverged =
            self.pair.baseline.stored_row(end - 1) != self.pair.candidate.stored_row(end - 1);
        self.paint();
        let height = self.pair.canvas().height;
        let ready = if end < height {
            end.saturating_sub(REACH as u32)
        } else {
            height
        };
        let count = self.suspects.partition_point(|y| *y < ready);
        let runs = self.scanner.runs::<P>(&self.pair, &self.suspects[..count]);
        let rows = self.uncompared..ready;
        let added = findings.add::<P>(&self.pair, rows, &runs);
        added.map_err(DiffError::Overlay)?;
        self.suspects.drain(..count);
        self.uncompared = ready;
        Ok(())
    }

    /// Notes which rows of the band may differ: rows that are stored equal have equal pixels when they stand alone or
    /// when the rows above them are equal.
    fn suspect(&mut self, end: u32) {
        for y in self.unread..end {
            let baseline = self.pair.baseline.stored_row(y);
            let is_stored_equal = baseline == self.pair.candidate.stored_row(y);
            let is_equal = is_stored_equal && (!self.has_diverged || stands_alone(baseline[0]));
            self.has_diverged = !is_equal;
            if !is_equal {
                self.suspects.push(y);
            }
        }
        self.unread = end;
    }

    /// Restores the rows near suspects, and all rows of a side of which every pixel is drawn.
    fn restore(&mut self, [shows_baseline, shows_candidate]: [bool; 2]) {
        let suspects = &self.suspects;
        let reach = REACH as u32;
        let is_near_suspect = |y: u32| {
            let below = suspects.partition_point(|suspect| suspect + reach < y);
            suspects
                .get(below)
                .is_some_and(|suspect| *suspect <= y + reach)
        };
        let Pair {
            baseline,
            candidate,
        } = &mut self.pair;
        self.pace.join(
            || baseline.restore(|y| shows_baseline || is_near_suspect(y)),
            || candidate.restore(|y| shows_candidate || is_near_suspect(y)),
        );
    }

    fn paint(&mut self) {
        for mask in &self.masks {
            self.pair.baseline.paint::<P>(*mask);
            self.pair.candidate.paint::<P>(*mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::overlay::Painter;
    use crate::diff::{DiffWithOverlay, Metric, Sizes};

    /// A PNG of stripes and dots that depend on `seed`, three or four samples to a pixel.
    fn draw(size: Size, color: png::ColorType, seed: u32) -> Vec<u8> {
        let Size { width, height } = size;
        let place = |index: u32| [index % width, index / width];
        let pixels = (0..width * height).map(place).flat_map(|[x, y]| {
            let stripe = if (x / 3 + y / 2) % 2 == 0 { 250 } else { 20 };
            let dot = (x * 7 + y * 13 + seed * 5) % 11;
            let level = if dot < seed { 128 } else { stripe };
            [level, level, (level / 2), 255 - (dot as u8) * 20]
        });
        let pixels: Vec<u8> = pixels.collect();
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(color);
        encoder.set_filter(png::Filter::Adaptive);
        let mut writer = encoder.write_header().expect("memory");
        let kept = color.samples();
        let samples = pixels.as_chunks::<4>().0.iter();
        let samples: Vec<u8> = samples.flat_map(|pixel| pixel[..kept].to_vec()).collect();
        writer.write_image_data(&samples).expect("memory");
        drop(writer);
        file
    }

    /// Compares in bands of `rows` rows.
    fn found(
        files: &[Vec<u8>; 2],
        options: &Options,
        rows: usize,
        threads: bool,
    ) -> DiffWithOverlay {
        let sizes = Sizes::read(&files[0], &files[1], options.max_pixels).expect("two headers");
        let canvas = sizes.baseline.union(sizes.candidate);
        let shared = sizes.baseline.intersection(sizes.candidate);
        let painter = Painter::new(canvas, shared, &options.masks).expect("memory");
        let mut findings = Findings::new(canvas.width, Some(painter));
        let opened = sizes.open(&files[0], &files[1]).expect("two pictures");
        let pace = Pace::of_rows(rows, canvas.height as usize, threads);
        compare_at(pace, opened, options, &mut findings).expect("two pictures");
        findings
            .finish([sizes.baseline, sizes.candidate])
            .expect("memory")
    }

    #[test]
    fn bands_and_threads_do_not_change_the_findings() {
        use png::ColorType::{Rgb, Rgba};
        let sizes = [[23, 41], [23, 41], [23, 17], [9, 60]].map(Size::from);
        let mask = Rect {
            x: 3,
            y: 5,
            width: 9,
            height: 30,
        };
        let options = |metric, masks| Options {
            metric,
            masks,
            ..Options::default()
        };
        for (size, colors) in sizes
            .into_iter()
            .zip([[Rgb; 2], [Rgb, Rgba], [Rgba; 2], [Rgb; 2]])
        {
            let files = [draw(sizes[0], colors[0], 2), draw(size, colors[1], 4)];
            for metric in [Metric::Exact, Metric::Yiq, Metric::Oklab] {
                for masks in [vec![], vec![mask]] {
                    let options = options(metric, masks);
                    let whole = found(&files, &options, 60, false);
                    assert!(whole.diff.mismatched_pixels > 0);
                    for rows in [1, 2, 3, 4, 5, 8, 40, 41] {
                        for threads in [false, true] {
                            let cut = found(&files, &options, rows, threads);
                            assert!(cut == whole, "{size} {rows} {threads} {metric:?}");
                        }
                    }
                }
            }
        }
    }
}
