//! Compares two files in lockstep: reads the next band of rows of each, compares both, and discards them. Results go to
//! a [`Tally`]. Memory does not grow with the height of the pictures, except for results and drawings; an interlaced
//! picture is decoded whole.
//!
//! Rows are compared as they are stored, that is, filtered. If they are equal and the rows above them are equal, their
//! pixels are equal too and need not be restored. While a band is compared and drawn, another core reads and restores
//! the next one, if a core is free. On a rayon worker (the other workers are probably busy with other pairs) and for
//! small pictures, everything runs on the caller's thread.

use std::marker::PhantomData;
use std::ops::Range;

use super::band::Band;
use super::decode::{Layout, Rows};
use super::error::DiffError;
use super::overlay::DrawnRows;
use super::picture::{DeepRgba, Pair, Pixel, Rgba};
use super::scan::Scanner;
use super::tally::Tally;
use super::unfilter::stands_alone;
use super::{Options, Rect, Size};

/// How far the anti-aliasing detector looks up and down.
const REACH: u32 = 2;
/// How many rows of the previous band are kept: those that still wait for rows below them, and as many above those.
const HEAD: usize = 2 * REACH as usize;
/// The size of a band. It is small enough for the cache, and large enough that the fixed cost of a band is small: the
/// inflater copies the 32 KiB before it, and threads are woken.
const BAND_BYTES: usize = 512 << 10;
/// The fewest rows of a band. With fewer, copying heads would cost more than reading bands.
const MIN_BAND_ROWS: usize = 8;
/// From this number of pixels on, threads save more time than waking them costs.
const THREADS_FROM_PIXELS: u64 = 1 << 17;

/// How the work is divided. The result does not depend on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Rows read at a time.
    rows: usize,
    /// Rows kept from the previous band.
    head: usize,
    /// How many bands the canvas has.
    bands: usize,
    /// Whether work is shared with other threads.
    threads: bool,
}

impl Pace {
    fn new(rows: &[Rows<'_>; 2], canvas: Size) -> Self {
        let longest = rows.iter().map(Rows::stride).max().unwrap_or_default();
        let height = canvas.height as usize;
        let band = (BAND_BYTES / longest.max(1)).max(MIN_BAND_ROWS);
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

    /// Does both, in parallel if allowed.
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
/// When one of them is damaged or cut off; when both are, the one whose fault shows in an earlier band, or the
/// baseline.
pub(super) fn compare(
    rows: [Rows<'_>; 2],
    options: &Options,
    tally: &mut Tally,
) -> Result<(), DiffError> {
    let pace = Pace::new(&rows, rows[0].size().union(rows[1].size()));
    compare_at(pace, rows, options, tally)
}

fn compare_at(
    pace: Pace,
    rows: [Rows<'_>; 2],
    options: &Options,
    tally: &mut Tally,
) -> Result<(), DiffError> {
    let compare = || match rows[0].layout() {
        Layout::Rgb => compare_pixels::<[u8; 3]>(pace, rows, options, tally),
        Layout::Rgba => compare_pixels::<Rgba>(pace, rows, options, tally),
        Layout::Deep => compare_pixels::<DeepRgba>(pace, rows, options, tally),
    };
    if pace.threads {
        // Inside of the pool, where other workers can steal parts of the work.
        rayon::scope(|_| compare())
    } else {
        compare()
    }
}

fn compare_pixels<P: Pixel>(
    pace: Pace,
    rows: [Rows<'_>; 2],
    options: &Options,
    tally: &mut Tally,
) -> Result<(), DiffError> {
    let shows = tally.shows(rows[0].layout());
    let mut ahead = Ahead::new(pace, rows, shows)?;
    ahead.read()?;
    let mut comparison = Comparison::<P>::new(ahead.pair()?, options, pace.threads);
    for band in 1..pace.bands {
        comparison.suspects.extend(ahead.new_suspects());
        let end = (band * pace.rows) as u32;
        let ((), read) = pace.join(
            || comparison.compare(tally, end - REACH.min(end)),
            || ahead.read(),
        );
        read?;
        ahead.exchange(&mut comparison.pair);
    }
    comparison.suspects.extend(ahead.new_suspects());
    let height = comparison.pair.canvas().height;
    comparison.compare(tally, height);
    Ok(())
}

/// The bands of both pictures that are compared next, already read. Rows in which something may be found are restored.
struct Ahead<'a> {
    pace: Pace,
    sources: [Rows<'a>; 2],
    bands: [Band; 2],
    /// Which rows are restored because they are drawn.
    shows: [DrawnRows; 2],
    /// The first row of the newest bands, and the one behind their last.
    rows: Range<u32>,
    /// The rows of the newest bands that may differ, and the last of those before, from the top.
    suspects: Vec<u32>,
    /// Whether the rows before the next bands may differ.
    has_diverged: bool,
}

impl<'a> Ahead<'a> {
    fn new(pace: Pace, sources: [Rows<'a>; 2], shows: [DrawnRows; 2]) -> Result<Self, DiffError> {
        let band = |source| Band::new(source, pace.head, pace.rows);
        let bands = [
            band(&sources[0]).map_err(DiffError::Baseline)?,
            band(&sources[1]).map_err(DiffError::Candidate)?,
        ];
        Ok(Self {
            pace,
            sources,
            bands,
            shows,
            rows: 0..0,
            suspects: Vec::new(),
            has_diverged: false,
        })
    }

    /// Reads the next band of each.
    fn read(&mut self) -> Result<(), DiffError> {
        let [baseline, candidate] = &mut self.bands;
        let [baseline_source, candidate_source] = &mut self.sources;
        let (baseline, candidate) = self.pace.join(
            || baseline.read(baseline_source),
            || candidate.read(candidate_source),
        );
        baseline.map_err(DiffError::Baseline)?;
        candidate.map_err(DiffError::Candidate)?;
        let canvas = self.sources[0].size().union(self.sources[1].size());
        let end = canvas.height.min(self.rows.end + self.pace.rows as u32);
        self.rows = self.rows.end..end;
        self.suspect();
        self.restore();
        let [baseline, candidate] = &self.bands;
        // What may differ was restored, so that it is equal when its pixels are.
        self.has_diverged &= baseline.row(end - 1) != candidate.row(end - 1);
        Ok(())
    }

    /// Notes which rows may differ: rows that are stored equal have equal pixels when they stand alone or when the
    /// rows above them are equal.
    fn suspect(&mut self) {
        let Range { start, end } = self.rows;
        self.suspects.retain(|suspect| suspect + REACH >= start);
        let [baseline, candidate] = &self.bands;
        for y in start..end {
            let row = baseline.row(y);
            let is_stored_equal = row == candidate.row(y);
            let is_equal = is_stored_equal && (!self.has_diverged || stands_alone(row[0]));
            self.has_diverged = !is_equal;
            if !is_equal {
                self.suspects.push(y);
            }
        }
    }

    /// Restores the suspects and the rows that the anti-aliasing detector sees from them. Other rows are equal on both
    /// sides: what the next bands need to know of them is found out once.
    fn restore(&mut self) {
        let suspects = &self.suspects;
        let is_near_suspect = |y: u32| {
            let next = suspects.partition_point(|suspect| suspect + REACH < y);
            let next = suspects.get(next);
            next.is_some_and(|suspect| *suspect <= y + REACH)
        };
        let [baseline, candidate] = &mut self.bands;
        let [baseline_shown, candidate_shown] = &self.shows;
        self.pace.join(
            || {
                baseline.restore(|y| baseline_shown.has(y) || is_near_suspect(y));
                baseline.move_on();
            },
            || candidate.restore(|y| candidate_shown.has(y) || is_near_suspect(y)),
        );
        candidate.move_on_beside(baseline);
    }

    /// Those of the newest bands.
    fn new_suspects(&self) -> impl Iterator<Item = u32> {
        let start = self.rows.start;
        let suspects = self.suspects.iter().copied();
        suspects.filter(move |suspect| *suspect >= start)
    }

    /// Windows on the first bands.
    fn pair(&mut self) -> Result<Pair, DiffError> {
        let [baseline, candidate] = &mut self.bands;
        Ok(Pair {
            baseline: baseline.window().map_err(DiffError::Baseline)?,
            candidate: candidate.window().map_err(DiffError::Candidate)?,
        })
    }

    /// Moves the windows on to the newest bands.
    fn exchange(&mut self, pair: &mut Pair) {
        let [baseline, candidate] = &mut self.bands;
        baseline.exchange(&mut pair.baseline);
        candidate.exchange(&mut pair.candidate);
    }
}

/// Both pictures at the same band.
struct Comparison<P> {
    pair: Pair,
    /// Clipped to what both pictures have: a mask hides content, never that one picture is larger.
    masks: Vec<Rect>,
    scanner: Scanner,
    /// The first row that was not yet compared: it waits for the rows below it.
    uncompared: u32,
    /// Rows not yet compared that may differ, from the top.
    suspects: Vec<u32>,
    pixel: PhantomData<P>,
}

impl<P: Pixel> Comparison<P> {
    fn new(pair: Pair, options: &Options, threads: bool) -> Self {
        let shared = pair.shared_size();
        let masks = options.masks.iter();
        Self {
            pair,
            masks: masks.filter_map(|mask| mask.clip(shared)).collect(),
            scanner: Scanner::new(options, threads),
            uncompared: 0,
            suspects: Vec::new(),
            pixel: PhantomData,
        }
    }

    /// Compares the rows above `end`, after the masks of the new band were painted.
    fn compare(&mut self, tally: &mut Tally, end: u32) {
        for mask in &self.masks {
            self.pair.baseline.paint::<P>(*mask);
            self.pair.candidate.paint::<P>(*mask);
        }
        let count = self.suspects.partition_point(|y| *y < end);
        let runs = self.scanner.runs::<P>(&self.pair, &self.suspects[..count]);
        tally.add::<P>(&self.pair, self.uncompared..end, &runs);
        self.suspects.drain(..count);
        self.uncompared = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use crate::diff::unfilter::tests::filtered;
    use crate::diff::{DiffWithOverlay, Metric, Sizes, Style};

    /// A PNG of stripes and dots that depend on the `seed` of the row, three or four samples to a pixel.
    fn draw(size: Size, color: png::ColorType, seed: impl Fn(u32) -> u32) -> Vec<u8> {
        let Size { width, height } = size;
        let place = |index: u32| [index % width, index / width];
        let pixels = (0..width * height).map(place).flat_map(|[x, y]| {
            let seed = seed(y);
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

    /// An RGB PNG with a slowly changing picture, other colours in the `changed` rows, and the filters as asked for.
    fn draw_filtered(size: Size, filter: impl Fn(u32) -> u8, changed: &[u32]) -> Vec<u8> {
        let Size { width, height } = size;
        let mut above = vec![0; width as usize * 3];
        let mut rows = Vec::new();
        for y in 0..height {
            let shift = if changed.contains(&y) { 128 } else { 0 };
            let samples = (0..width * 3).map(|x| (x * 31 + y / 4 * 7 + shift) as u8);
            let samples: Vec<u8> = samples.collect();
            rows.extend(filtered::<3>(filter(y), &samples, &above));
            above = samples;
        }
        let mut pixels = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        pixels.write_all(&rows).expect("memory");
        let header = [
            &width.to_be_bytes()[..],
            &height.to_be_bytes(),
            &[8, 2, 0, 0, 0],
        ]
        .concat();
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        let pixels = pixels.finish().expect("memory");
        for (kind, data) in [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", vec![])] {
            let chunk = [&kind[..], &data].concat();
            file.extend((data.len() as u32).to_be_bytes());
            file.extend(&chunk);
            file.extend(crc32fast::hash(&chunk).to_be_bytes());
        }
        file
    }

    /// Compares in bands of `rows` rows, and draws what `style` says.
    fn found(
        files: &[Vec<u8>; 2],
        options: &Options,
        style: Option<Style>,
        rows: usize,
        threads: bool,
    ) -> DiffWithOverlay {
        let sizes = Sizes::read(&files[0], &files[1], options.max_pixels).expect("two headers");
        let canvas = sizes.canvas();
        let styled = |style| Options {
            style,
            ..options.clone()
        };
        let painter = style.map(|style| sizes.painter(&styled(style)).expect("memory"));
        let mut tally = Tally::new(canvas.width, painter);
        let opened = sizes
            .open(&files[0], &files[1], options.metric)
            .expect("two pictures");
        let pace = Pace::of_rows(rows, canvas.height as usize, threads);
        compare_at(pace, opened, options, &mut tally).expect("two pictures");
        tally.finish([sizes.baseline, sizes.candidate])
    }

    /// The tally with what the drawing shows: of which rows it is made up depends on the bands.
    fn shown(mut found: DiffWithOverlay) -> DiffWithOverlay {
        if let Some(file) = &mut found.overlay {
            let decoder = png::Decoder::new(std::io::Cursor::new(&file[..]));
            let mut reader = decoder.read_info().expect("a PNG");
            let mut pixels = vec![0; reader.output_buffer_size().expect("memory")];
            reader.next_frame(&mut pixels).expect("a PNG");
            reader.finish().expect("a PNG");
            *file = pixels;
        }
        found
    }

    /// Compares in bands of so many rows, with threads and without, and all at once.
    fn check(files: &[Vec<u8>; 2], options: &Options, style: Option<Style>, bands: &[usize]) {
        let whole = shown(found(files, options, style, 90, false));
        for rows in bands {
            let cut = found(files, options, style, *rows, false);
            let shared = found(files, options, style, *rows, true);
            assert!(cut == shared, "{style:?} {rows}");
            assert!(shown(cut) == whole, "{style:?} {rows}");
        }
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
        let all = |_| 4;
        // One row near the edge of most bands, and one far from it.
        let few = |y| if y == 7 || y == 26 { 4 } else { 2 };
        let cases = sizes
            .into_iter()
            .zip([[Rgb; 2], [Rgb, Rgba], [Rgba; 2], [Rgb; 2]]);
        let cases = cases.flat_map(|(size, colors)| {
            let baseline = draw(sizes[0], colors[0], |_| 2);
            [draw(size, colors[1], all), draw(size, colors[1], few)]
                .map(|candidate| (size, [baseline.clone(), candidate]))
        });
        for (size, files) in cases {
            for metric in [Metric::Exact, Metric::Yiq, Metric::Oklab] {
                for masks in [vec![], vec![mask]] {
                    let options = options(metric, masks);
                    let whole = found(&files, &options, None, 60, false);
                    assert!(whole.diff.mismatched_pixels > 0, "{size} {metric:?}");
                    let bands = [1, 2, 3, 4, 5, 8, 40, 41];
                    check(&files, &options, Some(Style::Overlay), &bands);
                }
            }
        }
    }

    /// Rows that depend on all rows above them, equal ones over many bands, until one differs.
    #[test]
    fn chains_of_equal_rows_cross_any_number_of_bands() {
        let size = Size::from([7, 90]);
        let mask = Rect {
            x: 2,
            y: 30,
            width: 3,
            height: 52,
        };
        let filters: [fn(u32) -> u8; 5] = [
            |_| 2,
            |_| 3,
            |_| 4,
            |y| (y * 7 % 5) as u8,
            |y| {
                if y % 29 == 0 {
                    1
                } else {
                    2 + (y * 5 % 3) as u8
                }
            },
        ];
        let changes: [&[u32]; 6] = [&[89], &[0], &[45], &[44, 46, 83], &[7, 8, 9], &[3, 60]];
        let styles = [
            None,
            Some(Style::Mask),
            Some(Style::Overlay),
            Some(Style::SideBySide),
        ];
        for (filter, changed) in filters
            .iter()
            .flat_map(|filter| changes.map(|rows| (filter, rows)))
        {
            let files = [&[], changed].map(|changed| draw_filtered(size, filter, changed));
            for (style, masks) in styles
                .iter()
                .flat_map(|style| [(*style, vec![]), (*style, vec![mask])])
            {
                let options = Options {
                    metric: Metric::Exact,
                    masks,
                    ..Options::default()
                };
                if options.masks.is_empty() {
                    let whole = found(&files, &options, style, 90, false);
                    let expected = 7 * changed.len() as u64;
                    assert_eq!(whole.diff.mismatched_pixels, expected, "{changed:?}");
                }
                check(&files, &options, style, &[1, 2, 3, 5, 17, 44, 89]);
            }
        }
    }
}
