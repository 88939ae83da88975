//! The Paeth filter undone with the vector instructions that every x86-64 processor has: the samples of a pixel side
//! by side. A quarter of the instructions of the plain loop, which waits for each sample in turn.

use std::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_add_epi16, _mm_and_si128, _mm_andnot_si128, _mm_cmpgt_epi16,
    _mm_cvtsi32_si128, _mm_cvtsi128_si32, _mm_max_epi16, _mm_min_epi16, _mm_or_si128,
    _mm_packus_epi16, _mm_setzero_si128, _mm_sub_epi16, _mm_unpacklo_epi8,
};

/// Restores a row, `N` samples to a pixel, 3 or 4.
pub(super) fn restore_paeth<const N: usize>(samples: &mut [u8], above: &[u8]) {
    // SAFETY: SSE2 is part of the x86-64 baseline.
    #[expect(unsafe_code, reason = "vector instructions")]
    unsafe {
        restore::<N>(samples, above);
    }
}

#[target_feature(enable = "sse2")]
fn restore<const N: usize>(samples: &mut [u8], above: &[u8]) {
    let mut left = _mm_setzero_si128();
    let mut above_left = left;
    let pixels = samples.len().min(above.len()) / N;
    for start in (0..pixels).map(|pixel| pixel * N) {
        let above = widen(&above[start..]);
        let prediction = paeth([left, above, above_left]);
        left = _mm_add_epi8(widen(&samples[start..]), prediction);
        above_left = above;
        let packed = _mm_cvtsi128_si32(_mm_packus_epi16(left, left));
        samples[start..start + N].copy_from_slice(&packed.to_le_bytes()[..N]);
    }
}

/// The next four samples as 16-bit lanes, or as many as are left. Of RGB the last lane belongs to the next pixel; what
/// becomes of it is not written back.
#[target_feature(enable = "sse2")]
fn widen(samples: &[u8]) -> __m128i {
    let four = match samples.first_chunk() {
        Some(four) => *four,
        None => std::array::from_fn(|lane| samples.get(lane).copied().unwrap_or(0)),
    };
    let packed = _mm_cvtsi32_si128(i32::from_le_bytes(four));
    _mm_unpacklo_epi8(packed, _mm_setzero_si128())
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
