//! The colour space YIQ, as pixelmatch 7.2.0 has it.

/// Its luma row; also the brightness of the anti-aliasing detector.
pub(super) const LUMA: [f64; 3] = [0.298_895_31, 0.586_622_47, 0.114_482_23];
/// Its other two rows.
pub(super) const IN_PHASE: [f64; 3] = [0.595_977_99, -0.274_176_10, -0.321_801_89];
pub(super) const QUADRATURE: [f64; 3] = [0.211_470_17, -0.522_617_11, 0.311_146_94];
/// How much the squares of the three rows count in a distance.
pub(super) const WEIGHTS: [f64; 3] = [0.5053, 0.299, 0.1957];
