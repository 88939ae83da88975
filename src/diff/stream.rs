//! Two files in lockstep: the next band of rows of each, compared, and forgotten. What is found goes to a
//! [`Findings`]. Memory does not grow with the height of the pictures.
//!
//! Two threads decode ahead while the caller compares; on a rayon worker, where the other workers are
//! taken to be busy with other pairs, and for small pictures, everything happens on the caller's thread.

use std::marker::PhantomData;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};

use super::decode::{Layout, Rows, zeroes};
use super::error::{DiffError, PictureError};
use super::findings::Findings;
use super::picture::{Pair, Pixel, Rgba, Window};
use super::runs::Scanner;
use super::{Options, Rect, Size};

/// How far the anti-aliasing detector looks up and down.
const REACH: usize = 2;
/// Rows of the band before that are kept: those above the first pixel that still waits for rows below it.
const HEAD: usize = 2 * REACH;
/// A band of this size stays in the second-level cache of both cores between decoding and comparing.
const BAND_BYTES: usize = 256 << 10;
/// The fewest rows of a band; less would copy heads more than decode bands.
const MIN_BAND_ROWS: usize = 8;
/// Rows longer than this are decoded in one band: the buffers would need more than the picture.
const MAX_ROW_BYTES: usize = 1 << 20;
/// Bands that a decoding thread may be ahead.
const BANDS_AHEAD: usize = 2;
/// From so many pixels on, threads save more time than it takes to start them (about 0.05 ms each).
const THREADS_FROM_PIXELS: u64 = 1 << 17;

/// How the work is cut up. The result does not depend on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Rows decoded at a time.
    rows: usize,
    /// Rows kept from the band before.
    head: usize,
    /// How many bands the canvas has.
    bands: usize,
    /// Whether decoding and comparing happen at the same time.
    threads: bool,
}

impl Pace {
    fn new(rows: &[Rows<'_>; 2], canvas: Size) -> Self {
        let longest = rows.iter().map(Rows::row_length).max().unwrap_or_default();
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
        let length = (self.head + self.rows).checked_mul(rows.row_length());
        zeroes(length.ok_or(PictureError::OutOfMemory { size })?, size)
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
    match rows[0].layout() {
        Layout::Rgb => compare_pixels::<[u8; 3]>(pace, rows, options, findings),
        Layout::Rgba => compare_pixels::<Rgba>(pace, rows, options, findings),
    }
}

fn compare_pixels<P: Pixel>(
    pace: Pace,
    [baseline, candidate]: [Rows<'_>; 2],
    options: &Options,
    findings: &mut Findings,
) -> Result<(), DiffError> {
    if !pace.threads {
        let sides = [Feed::inline(baseline, pace), Feed::inline(candidate, pace)];
        return Lockstep::<P>::start(pace, sides, options)?.run(findings);
    }
    thread::scope(|scope| {
        let sides = [baseline, candidate].map(|rows| Feed::ahead(scope, rows, pace));
        Lockstep::<P>::start(pace, sides, options)?.run(findings)
    })
}

/// Where the bands of one picture come from.
struct Feed<'a> {
    size: Size,
    source: Source<'a>,
}

enum Source<'a> {
    /// Decoded when asked for.
    Inline {
        rows: Box<Rows<'a>>,
        pace: Pace,
        spare: Option<Vec<u8>>,
    },
    /// Decoded by another thread, which gets the buffers back.
    Ahead {
        filled: Receiver<Result<Vec<u8>, PictureError>>,
        spent: Sender<Vec<u8>>,
    },
}

impl<'a> Feed<'a> {
    fn inline(rows: Rows<'a>, pace: Pace) -> Self {
        Self {
            size: rows.size(),
            source: Source::Inline {
                rows: Box::new(rows),
                pace,
                spare: None,
            },
        }
    }

    fn ahead<'scope>(scope: &'scope Scope<'scope, '_>, rows: Rows<'a>, pace: Pace) -> Self
    where
        'a: 'scope,
    {
        let (send_filled, filled) = channel();
        let (spent, receive_spent) = channel();
        let size = rows.size();
        scope.spawn(move || decode_ahead(rows, pace, &receive_spent, &send_filled));
        Self {
            size,
            source: Source::Ahead { filled, spent },
        }
    }

    /// The next band behind room for its head.
    fn next(&mut self) -> Result<Vec<u8>, PictureError> {
        match &mut self.source {
            Source::Inline { rows, pace, spare } => {
                let mut samples = spare.take().map_or_else(|| pace.buffer(rows), Ok)?;
                let head = pace.head * rows.row_length();
                rows.fill(&mut samples[head..])?;
                Ok(samples)
            }
            Source::Ahead { filled, .. } => filled
                .recv()
                .expect("a decoding thread sends until nobody listens"),
        }
    }

    /// Hands a buffer back that is not needed any more.
    fn reuse(&mut self, samples: Vec<u8>) {
        match &mut self.source {
            Source::Inline { spare, .. } => *spare = Some(samples),
            // Nobody takes it when the last band was decoded.
            Source::Ahead { spent, .. } => drop(spent.send(samples)),
        }
    }
}

/// Decodes bands, also empty ones below the picture, as long as the comparison wants them.
fn decode_ahead(
    mut rows: Rows<'_>,
    pace: Pace,
    spent: &Receiver<Vec<u8>>,
    filled: &Sender<Result<Vec<u8>, PictureError>>,
) {
    let head = pace.head * rows.row_length();
    for band in 0..pace.bands {
        let buffer = if band <= BANDS_AHEAD {
            pace.buffer(&rows)
        } else if let Ok(samples) = spent.recv() {
            Ok(samples)
        } else {
            return;
        };
        let decoded = buffer.and_then(|mut samples| {
            rows.fill(&mut samples[head..])?;
            Ok(samples)
        });
        let is_last = decoded.is_err();
        if filled.send(decoded).is_err() || is_last {
            return;
        }
    }
}

/// Both pictures at the same band.
struct Lockstep<'a, P> {
    pace: Pace,
    baseline: Feed<'a>,
    candidate: Feed<'a>,
    pair: Pair,
    /// Clipped to what both pictures have: a mask hides content, never that one picture is larger.
    masks: Vec<Rect>,
    scanner: Scanner,
    pixel: PhantomData<P>,
}

impl<'a, P: Pixel> Lockstep<'a, P> {
    /// Waits for the first band of each.
    fn start(
        pace: Pace,
        [mut baseline, mut candidate]: [Feed<'a>; 2],
        options: &Options,
    ) -> Result<Self, DiffError> {
        let first_baseline = baseline.next().map_err(DiffError::Baseline)?;
        let first_candidate = candidate.next().map_err(DiffError::Candidate)?;
        let shared = baseline.size.intersection(candidate.size);
        Ok(Self {
            pair: Pair {
                baseline: Window::new(baseline.size, 0, pace.head, first_baseline),
                candidate: Window::new(candidate.size, 0, pace.head, first_candidate),
            },
            masks: options
                .masks
                .iter()
                .filter_map(|mask| mask.clip(shared))
                .collect(),
            scanner: Scanner::new(options, pace.threads),
            pace,
            baseline,
            candidate,
            pixel: PhantomData,
        })
    }

    /// Compares band by band. The last rows of a band wait for the rows below them.
    fn run(mut self, findings: &mut Findings) -> Result<(), DiffError> {
        let height = self.pair.canvas().height as usize;
        let mut done = 0;
        for band in 1..=self.pace.bands {
            self.paint();
            let end = band * self.pace.rows;
            let ready = if end < height {
                end.saturating_sub(REACH)
            } else {
                height
            };
            let rows = done as u32..ready as u32;
            let runs = self.scanner.runs::<P>(&self.pair, rows.clone());
            let added = findings.add::<P>(&self.pair, rows, &runs);
            added.map_err(DiffError::Overlay)?;
            done = ready;
            if end < height {
                self.advance()?;
            }
        }
        Ok(())
    }

    fn paint(&mut self) {
        for mask in &self.masks {
            self.pair.baseline.paint::<P>(*mask, self.pace.rows);
            self.pair.candidate.paint::<P>(*mask, self.pace.rows);
        }
    }

    fn advance(&mut self) -> Result<(), DiffError> {
        let rows = self.pace.rows;
        let next = self.baseline.next().map_err(DiffError::Baseline)?;
        self.baseline.reuse(self.pair.baseline.advance(next, rows));
        let next = self.candidate.next().map_err(DiffError::Candidate)?;
        self.candidate
            .reuse(self.pair.candidate.advance(next, rows));
        Ok(())
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
