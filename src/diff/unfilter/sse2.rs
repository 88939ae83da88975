//! Undoes the Paeth filter with vector instructions that every x86-64 processor has, all samples of a pixel in
//! parallel. This takes a quarter of the instructions of the plain loop, which waits for each sample in turn.

use std::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_add_epi16, _mm_and_si128, _mm_andnot_si128, _mm_cmpgt_epi16,
    _mm_cvtsi32_si128, _mm_cvtsi128_si64, _mm_max_epi16, _mm_min_epi16, _mm_or_si128,
    _mm_packus_epi16, _mm_setzero_si128, _mm_sub_epi16, _mm_unpacklo_epi8, _mm_unpacklo_epi32,
    _mm_unpacklo_epi64,
};

/// Restores a row, `N` samples to a pixel, 3 or 4.
pub(super) fn restore_paeth<const N: usize>(samples: &mut [u8], above: &[u8]) {
    // SAFETY: SSE2 is part of the x86-64 baseline.
    #[expect(unsafe_code, reason = "vector instructions")]
    unsafe {
        restore::<N>(samples, above);
    }
}

/// Restores a row and the row below it, which has the Paeth filter too, in the time of one: as soon as a pixel is
/// known, the pixel below it can be restored.
pub(super) fn restore_two_paeth<const N: usize>(upper: &mut [u8], lower: &mut [u8], above: &[u8]) {
    // SAFETY: SSE2 is part of the x86-64 baseline.
    #[expect(unsafe_code, reason = "vector instructions")]
    unsafe {
        restore_two::<N>(upper, lower, above);
    }
}

#[target_feature(enable = "sse2")]
fn restore<const N: usize>(samples: &mut [u8], above: &[u8]) {
    let mut corner = Corner::new();
    let pixels = samples.len().min(above.len()) / N;
    for start in (0..pixels).map(|pixel| pixel * N) {
        let [filtered, above] = [four_at(samples, start), four_at(above, start)];
        let pixel = corner.restore(widen(filtered, 0), widen(above, 0));
        samples[start..start + N].copy_from_slice(&pixel[..N]);
    }
}

/// The lower row is one pixel behind the upper row, whose pixels are the ones above it.
#[target_feature(enable = "sse2")]
fn restore_two<const N: usize>(upper: &mut [u8], lower: &mut [u8], above: &[u8]) {
    let length = upper.len().min(lower.len()).min(above.len());
    let [upper, lower] = [&mut upper[..length], &mut lower[..length]];
    let above = &above[..length];
    let mut corner = Corner::new();
    let pixels = corner.restore_two(four(upper), 0, four(above));
    upper[..N].copy_from_slice(&pixels[..N]);
    for start in (N..length).step_by(N) {
        let behind = start - N;
        let [next, next_above] = [four_at(upper, start), four_at(above, start)];
        let pixels = corner.restore_two(next, four_at(lower, behind), next_above);
        upper[start..start + N].copy_from_slice(&pixels[..N]);
        lower[behind..behind + N].copy_from_slice(&pixels[4..4 + N]);
    }
    let last = &mut lower[length - N..];
    let pixels = corner.restore_two(0, four(last), 0);
    last.copy_from_slice(&pixels[4..4 + N]);
}

/// What a prediction looks at besides the pixel above: the pixels to the left, as 16-bit lanes. There is room for two
/// of each.
struct Corner {
    left: __m128i,
    above_left: __m128i,
}

impl Corner {
    /// Zeroes, at the start of a row.
    #[target_feature(enable = "sse2")]
    fn new() -> Self {
        let zero = _mm_setzero_si128();
        Self {
            left: zero,
            above_left: zero,
        }
    }

    /// The pixels, four bytes each, and moves on.
    #[target_feature(enable = "sse2")]
    fn restore(&mut self, filtered: __m128i, above: __m128i) -> [u8; 8] {
        let prediction = paeth([self.left, above, self.above_left]);
        self.left = _mm_add_epi8(filtered, prediction);
        self.above_left = above;
        let packed = _mm_cvtsi128_si64(_mm_packus_epi16(self.left, self.left));
        packed.to_le_bytes()
    }

    /// The next pixel of the upper row, and the one before it of the lower row.
    #[target_feature(enable = "sse2")]
    fn restore_two(&mut self, upper: u32, lower: u32, above: u32) -> [u8; 8] {
        let above = _mm_unpacklo_epi64(widen(above, 0), self.left);
        self.restore(widen(upper, lower), above)
    }
}

/// The four samples at `start`, or as many as are left. Of RGB the last one belongs to the next pixel; what becomes of
/// it is not written back.
#[inline]
fn four_at(samples: &[u8], start: usize) -> u32 {
    match samples.get(start..start + 4) {
        Some(four) => u32::from_le_bytes(four.try_into().expect("four samples")),
        None => four(&samples[start..]),
    }
}

#[cold]
fn four(samples: &[u8]) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|lane| {
        samples.get(lane).copied().unwrap_or(0)
    }))
}

/// Twice four bytes as 16-bit lanes.
#[target_feature(enable = "sse2")]
fn widen(low: u32, high: u32) -> __m128i {
    let low = _mm_cvtsi32_si128(low.cast_signed());
    let high = _mm_cvtsi32_si128(high.cast_signed());
    _mm_unpacklo_epi8(_mm_unpacklo_epi32(low, high), _mm_setzero_si128())
}

/// As the plain predictor, lane by lane: what is selected is kept by a mask, the rest is zero.
#[target_feature(enable = "sse2")]
fn paeth([left, above, above_left]: [__m128i; 3]) -> __m128i {
    let [low, high] = [_mm_min_epi16(left, above), _mm_max_epi16(left, above)];
    let twice = _mm_add_epi16(above_left, above_left);
    let without_left = _mm_sub_epi16(_mm_add_epi16(twice, above_left), above);
    let d = _mm_sub_epi16(without_left, left);
    let is_below_high = _mm_cmpgt_epi16(high, d);
    let is_above_low = _mm_cmpgt_epi16(d, low);
    let is_between = _mm_and_si128(is_below_high, is_above_low);
    let outside = _mm_or_si128(
        _mm_andnot_si128(is_below_high, low),
        _mm_andnot_si128(is_above_low, high),
    );
    _mm_or_si128(outside, _mm_and_si128(is_between, above_left))
}
