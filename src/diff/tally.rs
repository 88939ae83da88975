//! The result of a comparison so far: counts, regions, and the part of the overlay that is already drawn. Rows are
//! added from the top. Nothing of them is kept except what is part of the result.

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
    /// An empty tally for a canvas of `width`. If there is a painter, every row is drawn.
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

    /// Also looks for the densest window of the following rows, on a canvas of `width`.
    pub(super) fn look_for_densest_window(&mut self, width: u32) {
        self.densest = Some(Densest::new(width));
    }

    /// Adds the next rows and the runs found in them, in reading order.
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

    /// The result; with an overlay if there was a painter and something was found.
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
