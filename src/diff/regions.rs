//! Runs of mismatched pixels in, boxes that a person would draw out. Time grows with the pixels and
//! memory with the runs, however the pixels lie.

use super::Region;
use super::runs::{Finding, Run};

/// Two mismatched pixels belong together when they are at most this far apart in each direction, or when
/// others bridge the way. It spans the letters and spaces of a line of text and, at usual line heights, the
/// lines of a paragraph, but not the gap to the next field or card.
const JOIN_DISTANCE: u32 = 12;

/// Groups the mismatched runs, given in reading order, of a canvas of `width`. Boxes are tight and come
/// from top to bottom, then from left to right; their counts add up to the mismatched pixels.
pub(super) fn group(runs: &[Run], width: u32) -> Vec<Region> {
    let pieces = pieces(runs);
    let mut groups = Groups::new(pieces.len());
    if !pieces.is_empty() {
        join_neighbours(&pieces, width, &mut groups);
    }
    let mut regions = boxes(&pieces, &mut groups);
    regions.sort_unstable_by_key(|region| (region.y, region.x, region.height, region.width));
    regions
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

/// Joins each piece with the pieces above it. For each column it is enough to remember the last piece
/// there: an earlier one is either joined with that one or too far up.
fn join_neighbours(pieces: &[Region], width: u32, groups: &mut Groups) {
    let mut last_in_column: Vec<Option<usize>> = vec![None; width as usize];
    for (index, piece) in pieces.iter().enumerate() {
        let end = piece.x + piece.width;
        let reach =
            piece.x.saturating_sub(JOIN_DISTANCE)..end.saturating_add(JOIN_DISTANCE).min(width);
        for above in reach.filter_map(|x| last_in_column[x as usize]) {
            if piece.y - pieces[above].y <= JOIN_DISTANCE {
                groups.join(index, above);
            }
        }
        last_in_column[piece.x as usize..end as usize].fill(Some(index));
    }
}

/// The box around each group.
fn boxes(pieces: &[Region], groups: &mut Groups) -> Vec<Region> {
    let mut by_group: Vec<Option<Region>> = vec![None; pieces.len()];
    for (index, piece) in pieces.iter().enumerate() {
        let slot = &mut by_group[groups.first_of(index)];
        *slot = Some(slot.map_or(*piece, |region| cover(region, *piece)));
    }
    by_group.into_iter().flatten().collect()
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

/// Disjoint sets of pieces; each set is known by its first piece.
struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    fn new(len: usize) -> Self {
        Self {
            parents: (0..len).collect(),
        }
    }

    fn first_of(&mut self, mut index: usize) -> usize {
        while self.parents[index] != index {
            // Halving the path on the way keeps later walks short.
            self.parents[index] = self.parents[self.parents[index]];
            index = self.parents[index];
        }
        index
    }

    fn join(&mut self, first: usize, second: usize) {
        let [first, second] = [self.first_of(first), self.first_of(second)];
        self.parents[first.max(second)] = first.min(second);
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
        group(&runs(rows), rows.first().map_or(0, |row| row.len() as u32))
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
