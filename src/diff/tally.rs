//! What a comparison has found so far: counts, regions, and the overlay as far as it is drawn. Rows come in
//! from the top; nothing is kept of them but what ends up in the result.

use std::ops::Range;

use super::decode::Layout;
use super::densest::Densest;
use super::overlay::{DrawnRows, Painter};
use super::picture::{Pair, Pixel};
use super::regions::Regions;
use super::scan::{Finding, Run};
use super::{Diff, DiffWithOverlay, Size};

/// Tally of the rows seen so far.
pub(super) struct Tally {
    mismatched_pixels: u64,
    antialiased_pixels: u64,
    regions: Regions,
    densest: Option<Densest>,
    painter: Option<Painter>,
}

impl Tally {
    /// Nothing yet, for a canvas of `width`. With a painter, every row is drawn.
    pub(super) fn new(width: u32, painter: Option<Painter>) -> Self {
        Self {
            mismatched_pixels: 0,
            antialiased_pixels: 0,
            regions: Regions::new(width),
            densest: None,
            painter,
        }
    }

    /// As [`Painter::shows`].
    pub(super) fn shows(&self, layout: Layout) -> [DrawnRows; 2] {
        let nothing = [DrawnRows::Nothing, DrawnRows::Nothing];
        let painter = self.painter.as_ref();
        painter.map_or(nothing, |painter| painter.shows(layout))
    }

    /// Also looks for the densest window of the rows to come, on a canvas of `width`.
    pub(super) fn look_for_densest_window(&mut self, width: u32) {
        self.densest = Some(Densest::new(width));
    }

    /// Takes in the next rows and the runs that were found in them, in reading order.
    pub(super) fn add<P: Pixel>(&mut self, pair: &Pair, rows: Range<u32>, runs: &[Run]) {
        self.mismatched_pixels += Run::count(runs, Finding::Mismatched);
        self.antialiased_pixels += Run::count(runs, Finding::Antialiased);
        self.regions.add(runs);
        if let Some(densest) = &mut self.densest {
            densest.add(runs);
        }
        if let Some(painter) = &mut self.painter {
            painter.draw::<P>(pair, rows, runs);
        }
    }

    /// The result, with an overlay when there was a painter and something was found.
    pub(super) fn finish(self, [baseline, candidate]: [Size; 2]) -> DiffWithOverlay {
        let found_something = self.mismatched_pixels + self.antialiased_pixels > 0;
        let painter = self.painter.filter(|_| found_something);
        let diff = Diff {
            baseline_size: baseline,
            candidate_size: candidate,
            mismatched_pixels: self.mismatched_pixels,
            antialiased_pixels: self.antialiased_pixels,
            total_pixels: baseline.union(candidate).pixels(),
            regions: self.regions.finish(),
            densest_window: self.densest.map(Densest::finish),
        };
        DiffWithOverlay {
            diff,
            overlay: painter.map(Painter::finish),
        }
    }
}
