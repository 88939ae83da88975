//! How many pixels boxes cover together, however much they overlap.

use crate::diff::Rect;

/// The pixels that lie in at least one of the boxes.
pub(super) fn covered_pixels(boxes: &[Rect]) -> u64 {
    let edges = boxes.iter().flat_map(|it| [it.y, bottom(it)]);
    let mut edges: Vec<u32> = edges.collect();
    edges.sort_unstable();
    edges.dedup();
    let mut from_left: Vec<&Rect> = boxes.iter().collect();
    from_left.sort_by_key(|it| it.x);
    let rows = edges.windows(2).map(|edge| {
        let inside = from_left
            .iter()
            .filter(|it| it.y <= edge[0] && bottom(it) >= edge[1]);
        u64::from(edge[1] - edge[0]) * covered_width(inside.copied())
    });
    rows.sum()
}

/// The columns that lie in at least one of the boxes, which are sorted by their left edges.
fn covered_width<'a>(boxes: impl Iterator<Item = &'a Rect>) -> u64 {
    let mut covered = 0;
    let mut end = 0;
    for it in boxes {
        let right = it.x.saturating_add(it.width);
        covered += u64::from(right.saturating_sub(end.max(it.x)));
        end = end.max(right);
    }
    covered
}

fn bottom(it: &Rect) -> u32 {
    it.y.saturating_add(it.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect([x, y, width, height]: [u32; 4]) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn each_pixel_counts_once() {
        for (boxes, expected) in [
            (vec![], 0),
            (vec![[0, 0, 10, 10]], 100),
            (vec![[0, 0, 10, 10]; 3], 100),
            (vec![[0, 0, 10, 10], [5, 5, 10, 10]], 175),
            (vec![[0, 0, 10, 10], [2, 2, 3, 3], [20, 0, 1, 1]], 101),
            (vec![[5, 0, 2, 9], [0, 3, 9, 2], [5, 3, 2, 2]], 32),
            (vec![[0, 0, 0, 5], [3, 3, 5, 0]], 0),
        ] {
            let boxes: Vec<Rect> = boxes.into_iter().map(rect).collect();
            let mut pixels = std::collections::HashSet::new();
            for it in &boxes {
                for y in it.y..it.y + it.height {
                    pixels.extend((it.x..it.x + it.width).map(|x| (x, y)));
                }
            }
            assert_eq!(pixels.len() as u64, expected, "{boxes:?}");
            assert_eq!(covered_pixels(&boxes), expected, "{boxes:?}");
        }
    }
}
