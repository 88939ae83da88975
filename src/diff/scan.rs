//! The pixel loop: some rows of a pair of pictures in, the runs of pixels that are mismatched or anti-aliased out, in
//! reading order whatever the number of threads. It draws and groups nothing.

use std::ops::Range;

use rayon::prelude::*;

use super::antialias::is_antialiased;
use super::metric::PixelComparer;
use super::picture::{Pair, Pixel, Point, Rgba, Shared};
use super::prefilter::{Prefiltered, STRETCH, Stretch, differing, ones, runs_of_ones};
use super::tint::{Tint, is_flat_in_both, is_rounding};
use super::{Antialiasing, Options, Size};

/// Fewer rows than this are compared before another thread would have woken up.
const MIN_ROWS_TO_SHARE: usize = 4;

/// What was found at a pixel that does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Counted.
    Mismatched,
    /// Differs by anti-aliasing alone; drawn and not counted.
    Antialiased,
}

/// Neighbouring pixels of one row with the same finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) y: u32,
    /// First column.
    pub(super) start: u32,
    /// Column after the last one.
    pub(super) end: u32,
    pub(super) finding: Finding,
}

impl Run {
    /// How many pixels of `runs` have `finding`.
    pub(super) fn count(runs: &[Self], finding: Finding) -> u64 {
        let found = runs.iter().filter(|run| run.finding == finding);
        found.map(|run| u64::from(run.end - run.start)).sum()
    }

    /// The runs of row `y`, out of runs in reading order.
    pub(super) fn of_row(runs: &[Self], y: u32) -> &[Self] {
        let below = &runs[runs.partition_point(|run| run.y < y)..];
        &below[..below.partition_point(|run| run.y == y)]
    }
}

/// Compares rows of a pair.
pub(super) struct Scanner {
    comparer: PixelComparer,
    tint: Option<Tint>,
    forgives_antialiasing: bool,
    /// Whether rows that differ are shared out to threads.
    threads: bool,
}

impl Scanner {
    pub(super) fn new(options: &Options, threads: bool) -> Self {
        let comparer = PixelComparer::new(options);
        Self {
            forgives_antialiasing: options.antialiasing == Antialiasing::Ignore
                && comparer.forgives_antialiasing(),
            comparer,
            tint: Tint::new(options),
            threads,
        }
    }

    /// The runs of `rows`, which must be in memory and restored with their neighbours. Where both pictures have pixels,
    /// they are compared as if each picture ended there; pixels that only one has are mismatched; pixels that
    /// none has match.
    pub(super) fn runs<P: Pixel>(&self, pair: &Pair, rows: &[u32]) -> Vec<Run> {
        let shared = pair.shared::<P>();
        let rows = rows.iter().copied();
        let differing: Vec<u32> = rows.filter(|y| differs(&shared, pair, *y)).collect();
        let find_in_row = |y: u32| {
            let mut runs = self.runs_of_row(&shared, y);
            runs.extend(one_sided_run(pair, y));
            runs
        };
        if self.threads && differing.len() >= MIN_ROWS_TO_SHARE {
            differing
                .into_par_iter()
                .flat_map_iter(find_in_row)
                .collect()
        } else {
            differing.into_iter().flat_map(find_in_row).collect()
        }
    }

    fn runs_of_row<P: Pixel>(&self, shared: &Shared<'_, P>, y: u32) -> Vec<Run> {
        let mut found = RowRuns::new(y);
        let (baseline, baseline_rest) = shared.baseline.row(y).as_chunks();
        let (candidate, candidate_rest) = shared.candidate.row(y).as_chunks();
        for (index, stretch) in baseline.iter().zip(candidate).enumerate() {
            self.add_stretch(shared, &mut found, index * STRETCH, stretch.into());
        }
        // What lies behind the end is equal.
        let whole = |rest: &[P]| -> Stretch<P> {
            std::array::from_fn(|x| rest.get(x).copied().unwrap_or(P::MASK_PAINT))
        };
        let start = baseline.len() * STRETCH;
        let rest = [&whole(baseline_rest), &whole(candidate_rest)];
        self.add_stretch(shared, &mut found, start, rest);
        found.runs
    }

    /// Adds what is found in the pixels from column `start` on.
    fn add_stretch<P: Pixel>(
        &self,
        shared: &Shared<'_, P>,
        found: &mut RowRuns,
        start: usize,
        stretch: [&Stretch<P>; 2],
    ) {
        // Also in rows that differ, most pixels of most screenshots are equal.
        if P::samples(stretch[0]) == P::samples(stretch[1]) {
            return;
        }
        let Prefiltered { mut apart, unsure } = self.comparer.prefilter(stretch);
        let y = found.y as usize;
        for x in ones(unsure) {
            let colours = [stretch[0][x].rgba(), stretch[1][x].rgba()];
            let index = shared.baseline.index(Point { x: start + x, y });
            if found.cached.mismatches(colours, index, &self.comparer) {
                apart |= 1 << x;
            }
        }
        let tinted = match &self.tint {
            Some(tint) => tinted(
                tint,
                shared,
                found,
                start,
                differing(stretch) & !apart,
                stretch,
            ),
            None => 0,
        };
        if self.forgives_antialiasing {
            for x in ones(apart | tinted) {
                let finding = match tinted & (1 << x) {
                    0 => self.finding(shared, Point { x: start + x, y }),
                    // No slope leads through a flat area.
                    _ => Finding::Mismatched,
                };
                found.append(start + x, 1, finding);
            }
        } else {
            for Range { start: x, end } in runs_of_ones(apart | tinted) {
                found.append(start + x, (end - x) as u32, Finding::Mismatched);
            }
        }
    }

    /// What a pixel is that is further apart than the threshold.
    fn finding<P: Pixel>(&self, shared: &Shared<'_, P>, point: Point) -> Finding {
        if is_antialiased(shared, point, &self.comparer) {
            Finding::Antialiased
        } else {
            Finding::Mismatched
        }
    }
}

/// The pixels out of `faint`, counted from column `start`, that are inside of a flat area which changed visibly.
fn tinted<P: Pixel>(
    tint: &Tint,
    shared: &Shared<'_, P>,
    found: &mut RowRuns,
    start: usize,
    faint: u16,
    stretch: [&Stretch<P>; 2],
) -> u16 {
    let mut tinted = 0;
    for x in ones(faint) {
        let point = Point {
            x: start + x,
            y: found.y as usize,
        };
        let colours = [stretch[0][x].rgba(), stretch[1][x].rgba()];
        let index = shared.baseline.index(point);
        if !is_rounding(colours)
            && is_flat_in_both(shared, point)
            && found
                .cached_tint
                .mismatches(colours, index, tint.comparer())
        {
            tinted |= 1 << x;
        }
    }
    tinted
}

/// The runs of one row, as far as it was compared.
struct RowRuns {
    y: u32,
    runs: Vec<Run>,
    cached: CachedComparison,
    cached_tint: CachedComparison,
}

impl RowRuns {
    fn new(y: u32) -> Self {
        Self {
            y,
            runs: Vec::new(),
            cached: CachedComparison::default(),
            cached_tint: CachedComparison::default(),
        }
    }

    /// Adds `length` pixels, which lie behind all so far.
    fn append(&mut self, start: usize, length: u32, finding: Finding) {
        let start = start as u32;
        let end = start + length;
        match self.runs.last_mut() {
            Some(last) if last.end == start && last.finding == finding => last.end = end,
            _ => self.runs.push(Run {
                y: self.y,
                start,
                end,
                finding,
            }),
        }
    }
}

/// The last comparison of two opaque colours. In flat areas each pixel asks for its neighbour's colours again.
#[derive(Default)]
struct CachedComparison {
    colours: [Rgba; 2],
    answer: bool,
}

impl CachedComparison {
    /// As [`PixelComparer::mismatches`]. Only the result for opaque colours does not depend on the position.
    fn mismatches(&mut self, colours: [Rgba; 2], index: usize, comparer: &PixelComparer) -> bool {
        let [baseline, candidate] = colours;
        let is_opaque = baseline[3] & candidate[3] == 255;
        if !is_opaque || self.colours != colours {
            self.colours = colours;
            self.answer = comparer.mismatches(baseline, candidate, index);
        }
        self.answer
    }
}

/// Whether anything can be found in row `y`.
fn differs<P: Pixel>(shared: &Shared<'_, P>, pair: &Pair, y: u32) -> bool {
    let [baseline, candidate] = [shared.baseline.row(y), shared.candidate.row(y)];
    P::samples(baseline) != P::samples(candidate) || one_sided_run(pair, y).is_some()
}

/// The part of row `y` that only one picture reaches.
fn one_sided_run(pair: &Pair, y: u32) -> Option<Run> {
    let [baseline, candidate] = [&pair.baseline, &pair.candidate].map(|window| {
        let Size { width, height } = window.size();
        if y < height { width } else { 0 }
    });
    let [start, end] = [baseline.min(candidate), baseline.max(candidate)];
    (start < end).then_some(Run {
        y,
        start,
        end,
        finding: Finding::Mismatched,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(y: u32, start: u32, end: u32, finding: Finding) -> Run {
        Run {
            y,
            start,
            end,
            finding,
        }
    }

    #[test]
    fn neighbours_with_one_finding_become_one_run() {
        let mut row = RowRuns::new(9);
        for (start, length, finding) in [
            (3, 1, Finding::Mismatched),
            (4, 1, Finding::Mismatched),
            (5, 1, Finding::Antialiased),
            (7, 1, Finding::Antialiased),
        ] {
            row.append(start, length, finding);
        }
        let runs = row.runs;
        let expected = [
            run(9, 3, 5, Finding::Mismatched),
            run(9, 5, 6, Finding::Antialiased),
            run(9, 7, 8, Finding::Antialiased),
        ];
        assert_eq!(runs, expected);
        assert_eq!(Run::count(&runs, Finding::Mismatched), 2);
        assert_eq!(Run::count(&runs, Finding::Antialiased), 2);
    }

    #[test]
    fn the_runs_of_a_row_are_found_by_its_number() {
        let runs = [1, 3, 3, 7].map(|y| run(y, 0, 1, Finding::Mismatched));
        assert_eq!(Run::of_row(&runs, 3).len(), 2);
        assert_eq!(Run::of_row(&runs, 7).len(), 1);
        assert!(Run::of_row(&runs, 0).is_empty());
        assert!(Run::of_row(&runs, 9).is_empty());
    }
}
