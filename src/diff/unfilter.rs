//! Undoes PNG's row filters: computes the samples of a row from the filtered row and the row above it. A row is a
//! filter byte and its samples. A restored row has the filter [`NONE`], so the row itself shows whether it still has to
//! be restored.
//!
//! Source: Portable Network Graphics (PNG) Specification, third edition, chapter 9.

#[cfg(target_arch = "x86_64")]
mod sse2;

#[cfg(target_arch = "x86_64")]
use sse2::{restore_paeth, restore_two_paeth};

/// Samples as they are.
pub(super) const NONE: u8 = 0;
/// Samples minus those of the pixel on the left.
pub(super) const SUB: u8 = 1;
/// Samples minus those of the pixel above.
pub(super) const UP: u8 = 2;
/// Samples minus the mean of left and above.
pub(super) const AVERAGE: u8 = 3;
/// Samples minus whichever of left, above and above-left is closest to their plane.
const PAETH: u8 = 4;

/// Whether PNG has this `filter`.
pub(super) fn is_filter(filter: u8) -> bool {
    filter <= PAETH
}

/// Whether a row with this filter can be restored without the row above it.
pub(super) fn stands_alone(filter: u8) -> bool {
    matches!(filter, NONE | SUB)
}

/// Restores the `marked` ones of some `rows` of `stride` bytes, a filter byte and samples, `N` to a pixel. A marked row
/// that does not stand alone must have a marked or restored one above it; `above` are the samples above the first row.
pub(super) fn restore_marked<const N: usize>(
    rows: &mut [u8],
    stride: usize,
    marked: &[bool],
    above: &[u8],
) {
    let mut done = 0;
    for row in (0..marked.len()).filter(|row| marked[*row]) {
        if row < done {
            continue;
        }
        let (before, rest) = rows.split_at_mut(row * stride);
        let above = match before.len().checked_sub(stride - 1) {
            Some(start) => &before[start..],
            None => above,
        };
        let (upper, below) = rest.split_at_mut(stride);
        let lower = below.get_mut(..stride);
        let lower = lower.filter(|lower| marked[row + 1] && [upper[0], lower[0]] == [PAETH; 2]);
        match lower {
            Some(lower) => {
                [upper[0], lower[0]] = [NONE; 2];
                restore_two_paeth::<N>(&mut upper[1..], &mut lower[1..], above);
                done = row + 2;
            }
            None => restore::<N>(upper, above),
        }
    }
}

/// The samples of the last one of some `rows` of `stride` bytes, a filter byte and samples, `N` to a pixel; the rows
/// stay as they are. `above`, the samples above the first row, become them. `scratch` has room for a row.
pub(super) fn follow<const N: usize>(
    above: &mut [u8],
    rows: &[u8],
    stride: usize,
    scratch: &mut [u8],
) {
    let mut rows = rows.chunks_exact(stride);
    let start = rows.clone().rposition(|row| stands_alone(row[0]));
    if let Some(skipped) = start.and_then(|start| start.checked_sub(1)) {
        rows.nth(skipped);
    }
    for row in rows {
        if row[0] == UP {
            restore_up(above, &row[1..]);
        } else {
            scratch.copy_from_slice(row);
            restore::<N>(scratch, above);
            above.copy_from_slice(&scratch[1..]);
        }
    }
}

/// Restores `row`, a filter byte and samples, `N` to a pixel. `above` are the restored samples of the row above;
/// zeroes above the first one.
fn restore<const N: usize>(row: &mut [u8], above: &[u8]) {
    let Some((filter, samples)) = row.split_first_mut() else {
        return;
    };
    match std::mem::replace(filter, NONE) {
        SUB => restore_sub::<N>(samples),
        UP => restore_up(samples, above),
        AVERAGE => restore_average::<N>(samples, above),
        PAETH => restore_paeth::<N>(samples, above),
        _ => {}
    }
}

fn restore_up(samples: &mut [u8], above: &[u8]) {
    for (sample, above) in samples.iter_mut().zip(above) {
        *sample = sample.wrapping_add(*above);
    }
}

fn restore_sub<const N: usize>(samples: &mut [u8]) {
    let mut left = [0; N];
    for pixel in samples.as_chunks_mut::<N>().0 {
        for (sample, left) in pixel.iter_mut().zip(left) {
            *sample = sample.wrapping_add(left);
        }
        left = *pixel;
    }
}

fn restore_average<const N: usize>(samples: &mut [u8], above: &[u8]) {
    let mut left = [0_u8; N];
    let above = above.as_chunks::<N>().0;
    for (pixel, above) in samples.as_chunks_mut::<N>().0.iter_mut().zip(above) {
        for ((sample, left), above) in pixel.iter_mut().zip(left).zip(above) {
            *sample = sample.wrapping_add(left.midpoint(*above));
        }
        left = *pixel;
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn restore_paeth_plainly<const N: usize>(samples: &mut [u8], above: &[u8]) {
    let mut left = [0; N];
    let mut above_left = [0; N];
    let above = above.as_chunks::<N>().0;
    for (pixel, above) in samples.as_chunks_mut::<N>().0.iter_mut().zip(above) {
        for sample in 0..N {
            let corner = [left[sample], i16::from(above[sample]), above_left[sample]];
            pixel[sample] = pixel[sample].wrapping_add(paeth(corner) as u8);
        }
        left = pixel.map(i16::from);
        above_left = above.map(i16::from);
    }
}

#[cfg(not(target_arch = "x86_64"))]
use restore_paeth_plainly as restore_paeth;

#[cfg(not(target_arch = "x86_64"))]
fn restore_two_paeth<const N: usize>(upper: &mut [u8], lower: &mut [u8], above: &[u8]) {
    restore_paeth::<N>(upper, above);
    restore_paeth::<N>(lower, upper);
}

/// The Paeth predictor. With `d = 3·above_left − left − above` it is the smaller of left and above when `d` is not
/// below the larger, the larger when `d` is not above the smaller, otherwise above-left: the same choice as by
/// three distances, in half the steps that wait for each other.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn paeth([left, above, above_left]: [i16; 3]) -> i16 {
    let [low, high] = [left.min(above), left.max(above)];
    let d = 3 * above_left - left - above;
    let middle = if high <= d { low } else { above_left };
    if d <= low { high } else { middle }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// As the specification words it.
    fn plain_paeth([left, above, above_left]: [i16; 3]) -> i16 {
        let estimate = left + above - above_left;
        let [to_left, to_above, to_above_left] =
            [left, above, above_left].map(|sample| (estimate - sample).abs());
        if to_left <= to_above && to_left <= to_above_left {
            left
        } else if to_above <= to_above_left {
            above
        } else {
            above_left
        }
    }

    #[test]
    fn the_short_predictor_equals_the_plain_one() {
        let levels = || (0..=255).step_by(5);
        for left in levels() {
            for above in levels() {
                for above_left in 0..=255 {
                    let corner = [left, above, above_left];
                    assert_eq!(paeth(corner), plain_paeth(corner), "{corner:?}");
                }
            }
        }
    }

    /// Filters a row as the specification words it.
    pub(in crate::diff) fn filtered<const N: usize>(
        filter: u8,
        samples: &[u8],
        above: &[u8],
    ) -> Vec<u8> {
        let before = |row: &[u8], at: usize| i16::from(at.checked_sub(N).map_or(0, |at| row[at]));
        let predict = |at: usize| {
            let corner = [before(samples, at), i16::from(above[at]), before(above, at)];
            match filter {
                SUB => corner[0],
                UP => corner[1],
                AVERAGE => (corner[0] + corner[1]) / 2,
                PAETH => plain_paeth(corner),
                _ => 0,
            }
        };
        let residue = |at: usize| samples[at].wrapping_sub(predict(at) as u8);
        std::iter::once(filter)
            .chain((0..samples.len()).map(residue))
            .collect()
    }

    fn noise(seed: u32, length: usize) -> Vec<u8> {
        let step = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 24) as u8)
        };
        std::iter::repeat_n((), length)
            .scan(seed, |state, ()| step(state))
            .collect()
    }

    #[test]
    fn both_ways_to_undo_paeth_agree() {
        let [mut samples, above] = [noise(3, 12 * 99), noise(4, 12 * 99)];
        let mut plain = samples.clone();
        restore_paeth::<3>(&mut samples, &above);
        restore_paeth_plainly::<3>(&mut plain, &above);
        assert_eq!(samples, plain);
        restore_paeth::<4>(&mut samples, &above);
        restore_paeth_plainly::<4>(&mut plain, &above);
        assert_eq!(samples, plain);
    }

    /// Restores rows of `pixels` pixels, all of one filter, in one call and one by one.
    fn check_marked<const N: usize>(filter: u8, pixels: usize, marked: &[bool]) {
        let stride = 1 + pixels * N;
        let above = noise(9, stride - 1);
        let mut rows = noise(5, stride * marked.len());
        for row in rows.chunks_mut(stride) {
            row[0] = filter;
        }
        let mut plain = rows.clone();
        restore_marked::<N>(&mut rows, stride, marked, &above);
        let mut above = above;
        for (row, marked) in plain.chunks_mut(stride).zip(marked) {
            if *marked {
                match filter {
                    PAETH => {
                        row[0] = NONE;
                        restore_paeth_plainly::<N>(&mut row[1..], &above);
                    }
                    _ => restore::<N>(row, &above),
                }
            }
            above = row[1..].to_vec();
        }
        assert_eq!(rows, plain, "{filter} {pixels} {marked:?}");
    }

    #[test]
    fn rows_are_restored_two_at_a_time_or_alone_as_they_are_marked() {
        for filter in NONE..=PAETH {
            for pixels in [1, 2, 3, 4, 5, 33] {
                for count in 0..6 {
                    for bits in 0..1 << count {
                        let marked: Vec<bool> =
                            (0..count).map(|row| bits >> row & 1 == 1).collect();
                        check_marked::<3>(filter, pixels, &marked);
                        check_marked::<4>(filter, pixels, &marked);
                    }
                }
            }
        }
    }

    #[test]
    fn the_last_row_is_found_and_nothing_is_restored() {
        let pixels = 25;
        let stride = 1 + pixels * 3;
        let first = noise(3, stride - 1);
        for filters in (0..5_u32.pow(4)).map(|code| [1, 5, 25, 125].map(|unit| code / unit % 5)) {
            let mut rows = noise(7, stride * filters.len());
            for (row, filter) in rows.chunks_mut(stride).zip(filters) {
                row[0] = filter as u8;
            }
            let mut above = first.clone();
            follow::<3>(&mut above, &rows, stride, &mut vec![0; stride]);
            let mut restored = rows.clone();
            restore_marked::<3>(&mut restored, stride, &[true; 4], &first);
            assert_eq!(above, restored[3 * stride + 1..], "{filters:?}");
        }
        let mut above = first.clone();
        follow::<3>(&mut above, &[], stride, &mut vec![0; stride]);
        assert_eq!(above, first);
    }

    #[test]
    fn every_filter_is_undone() {
        let [samples, above] = [noise(1, 3 * 4 * 25), noise(2, 3 * 4 * 25)];
        for filter in NONE..=PAETH {
            let mut row = filtered::<3>(filter, &samples, &above);
            restore::<3>(&mut row, &above);
            assert_eq!(row, filtered::<3>(NONE, &samples, &above), "{filter}");
            let mut row = filtered::<4>(filter, &samples, &above);
            restore::<4>(&mut row, &above);
            assert_eq!(row[1..], samples, "{filter}");
        }
    }
}
