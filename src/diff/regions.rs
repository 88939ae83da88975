//! Groups runs of mismatched pixels, row by row, into the boxes that a person would draw. Time grows with the pixels,
//! and memory with the width and the number of regions begun so far, regardless of where the pixels are.

use super::Region;
use super::scan::{Finding, Run};

/// Two mismatched pixels belong together when they are at most this far apart in each direction, or when
/// others bridge the way. It spans the letters and spaces of a line of text and, at usual line heights, the
/// lines of a paragraph, but not the gap to the next field or card.
const JOIN_DISTANCE: u32 = 12;

/// The regions of the rows seen so far.
pub(super) struct Regions {
    width: u32,
    /// The last piece in each column; empty until something mismatches.
    last_in_column: Vec<Option<Last>>,
    groups: Groups,
}

/// The position of a piece and the group that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Last {
    y: u32,
    group: usize,
}

impl Regions {
    /// No regions yet, on a canvas of `width`.
    pub(super) fn new(width: u32) -> Self {
        Self {
            width,
            last_in_column: Vec::new(),
            groups: Groups::default(),
        }
    }

    /// Takes in the mismatched runs of some whole rows, in reading order, below all rows so far.
    pub(super) fn add(&mut self, runs: &[Run]) {
        for piece in pieces(runs) {
            self.last_in_column.resize(self.width as usize, None);
            self.join(piece);
        }
    }

    /// Joins a piece with the pieces above it. For each column it is enough to remember the last piece
    /// there: an earlier one is either joined with that one or too far up.
    fn join(&mut self, piece: Region) {
        let [start, end] = [piece.x, piece.x + piece.width];
        let reach_end = end.saturating_add(JOIN_DISTANCE).min(self.width);
        let reach = start.saturating_sub(JOIN_DISTANCE) as usize..reach_end as usize;
        let mut group = None;
        let mut seen = None;
        for last in self.last_in_column[reach].iter().flatten() {
            // Neighbouring columns mostly show the same piece.
            if piece.y - last.y <= JOIN_DISTANCE && seen != Some(*last) {
                seen = Some(*last);
                group = Some(self.groups.join(group.unwrap_or(last.group), last.group));
            }
        }
        let group = self.groups.add(group, piece);
        let last = Some(Last { y: piece.y, group });
        self.last_in_column[start as usize..end as usize].fill(last);
    }

    /// Boxes are tight and come from top to bottom, then from left to right; their counts add up to the
    /// mismatched pixels.
    pub(super) fn finish(mut self) -> Vec<Region> {
        let mut regions = self.groups.boxes();
        regions.sort_unstable_by_key(|region| {
            let Region {
                x,
                y,
                width,
                height,
                mismatched_pixels,
            } = *region;
            (y, x, height, width, mismatched_pixels)
        });
        regions
    }
}

/// Joins what lies close together within each row; a piece is a box of height one.
fn pieces(runs: &[Run]) -> Vec<Region> {
    let is_counted = |run: &&Run| run.finding == Finding::Mismatched;
    let mut pieces: Vec<Region> = Vec::new();
    for run in runs.iter().filter(is_counted) {
        let piece = piece(run);
        match pieces.last_mut() {
            Some(last) if last.y == run.y && run.start < last.x + last.width + JOIN_DISTANCE => {
                *last = cover(*last, piece);
            }
            _ => pieces.push(piece),
        }
    }
    pieces
}

fn piece(run: &Run) -> Region {
    Region {
        x: run.start,
        y: run.y,
        width: run.end - run.start,
        height: 1,
        mismatched_pixels: u64::from(run.end - run.start),
    }
}

/// The smallest box around two boxes, with the pixels of both.
fn cover(first: Region, second: Region) -> Region {
    let x = first.x.min(second.x);
    let y = first.y.min(second.y);
    Region {
        x,
        y,
        width: (first.x + first.width).max(second.x + second.width) - x,
        height: (first.y + first.height).max(second.y + second.height) - y,
        mismatched_pixels: first.mismatched_pixels + second.mismatched_pixels,
    }
}

/// Disjoint sets of pieces. Each has a box, which counts only where the set is its own parent.
#[derive(Default)]
struct Groups {
    parents: Vec<usize>,
    boxes: Vec<Region>,
}

impl Groups {
    /// Adds a piece to a set, or to a new one, and gives that set.
    fn add(&mut self, group: Option<usize>, piece: Region) -> usize {
        if let Some(group) = group {
            self.boxes[group] = cover(self.boxes[group], piece);
            return group;
        }
        self.parents.push(self.boxes.len());
        self.boxes.push(piece);
        self.boxes.len() - 1
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.parents[index] != index {
            // Halving the path on the way keeps later walks short.
            self.parents[index] = self.parents[self.parents[index]];
            index = self.parents[index];
        }
        index
    }

    /// Joins two sets, which may be one already, and gives the set of both.
    fn join(&mut self, first: usize, second: usize) -> usize {
        let [first, second] = [self.root(first), self.root(second)];
        let [root, leaf] = [first.min(second), first.max(second)];
        if root != leaf {
            self.boxes[root] = cover(self.boxes[root], self.boxes[leaf]);
            self.parents[leaf] = root;
        }
        root
    }

    /// The box around each set.
    fn boxes(&mut self) -> Vec<Region> {
        let roots = self.parents.iter().zip(&self.boxes).enumerate();
        let roots = roots.filter(|(index, (parent, _))| index == *parent);
        roots.map(|(_, (_, region))| *region).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The runs of a drawing: `#` is mismatched, `a` anti-aliased.
    fn runs(rows: &[String]) -> Vec<Run> {
        let mut runs = Vec::new();
        for (y, row) in rows.iter().enumerate() {
            for (x, mark) in row.bytes().enumerate() {
                let finding = match mark {
                    b'#' => Finding::Mismatched,
                    b'a' => Finding::Antialiased,
                    _ => continue,
                };
                let start = x as u32;
                runs.push(Run {
                    y: y as u32,
                    start,
                    end: start + 1,
                    finding,
                });
            }
        }
        runs
    }

    fn regions(rows: &[String]) -> Vec<Region> {
        let mut regions = Regions::new(rows.first().map_or(0, |row| row.len() as u32));
        let runs = runs(rows);
        for y in 0..rows.len() as u32 {
            regions.add(Run::of_row(&runs, y));
        }
        regions.finish()
    }

    fn region(x: u32, y: u32, width: u32, height: u32, mismatched_pixels: u64) -> Region {
        Region {
            x,
            y,
            width,
            height,
            mismatched_pixels,
        }
    }

    fn gap(columns: usize) -> String {
        ".".repeat(columns)
    }

    #[test]
    fn nothing_mismatched_is_no_region() {
        assert_eq!(regions(&[]), []);
        assert_eq!(regions(&["..a..".to_owned()]), []);
    }

    #[test]
    fn letters_of_a_word_are_one_region() {
        let rows = ["#.#.##..#.#", "###.#...##.", "#.#.##..#.#"].map(str::to_owned);
        assert_eq!(regions(&rows), [region(0, 0, 11, 3, 18)]);
    }

    #[test]
    fn words_far_apart_are_two_regions() {
        let rows = [format!("##{}###", gap(40)), format!("#.{}..#", gap(40))];
        let expected = [region(0, 0, 2, 2, 3), region(42, 0, 3, 2, 4)];
        assert_eq!(regions(&rows), expected);
    }

    #[test]
    fn the_join_distance_is_inclusive() {
        assert_eq!(regions(&[format!("#{}#", gap(11))]).len(), 1);
        assert_eq!(regions(&[format!("#{}#", gap(12))]).len(), 2);

        let column = |gap: usize| {
            let mut rows = vec![".".to_owned(); gap + 2];
            rows[0] = "#".to_owned();
            rows[gap + 1] = "#".to_owned();
            rows
        };
        assert_eq!(regions(&column(11)).len(), 1);
        assert_eq!(regions(&column(12)).len(), 2);
    }

    #[test]
    fn two_towers_that_meet_below_are_one_region() {
        let mut rows = vec![format!("#{}#", gap(28)); 3];
        rows.push("#".repeat(30));
        assert_eq!(regions(&rows), [region(0, 0, 30, 4, 36)]);
    }

    #[test]
    fn regions_come_from_top_to_bottom_then_left_to_right() {
        let mut rows = vec![gap(60); 40];
        rows[0].replace_range(50..51, "#");
        rows[0].replace_range(10..11, "#");
        rows[30].replace_range(0..1, "#");
        let corners: Vec<_> = regions(&rows)
            .iter()
            .map(|region| (region.x, region.y))
            .collect();
        assert_eq!(corners, [(10, 0), (50, 0), (0, 30)]);
    }

    /// The definition, pixel by pixel: spread from one pixel to all that are near enough.
    fn plain_regions(runs: &[Run]) -> Vec<Region> {
        let mut rest: Vec<Run> = runs.to_vec();
        let mut regions = Vec::new();
        while let Some(seed) = rest.pop() {
            let mut members = vec![seed];
            let mut next = 0;
            while next < members.len() {
                let centre = members[next];
                let is_near = |run: &Run| {
                    run.start.abs_diff(centre.start) <= JOIN_DISTANCE
                        && run.y.abs_diff(centre.y) <= JOIN_DISTANCE
                };
                members.extend(rest.iter().filter(|run| is_near(run)));
                rest.retain(|run| !is_near(run));
                next += 1;
            }
            regions.push(members.iter().map(piece).reduce(cover).expect("the seed"));
        }
        regions.sort_by_key(|region| (region.y, region.x, region.height, region.width));
        regions
    }

    #[test]
    fn random_dots_are_grouped_as_the_definition_says() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for round in 0..60 {
            let mut rows = vec![gap(120); 90];
            for _ in 0..10 + round {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let [x, y] = [(state >> 8) as usize % 120, (state >> 40) as usize % 90];
                rows[y].replace_range(x..=x, "#");
            }
            assert_eq!(regions(&rows), plain_regions(&runs(&rows)), "round {round}");
        }
    }
}
