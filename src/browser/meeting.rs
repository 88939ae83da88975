//! The two sides of a shot show each other their first frames: where both browsers drew the same, byte for byte, neither
//! has to draw it again.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::side::Side;

/// One side's way to the other side of the same shot.
#[derive(Debug)]
pub(crate) struct Meeting {
    ours: oneshot::Sender<Arc<[u8]>>,
    theirs: oneshot::Receiver<Arc<[u8]>>,
}

impl Meeting {
    /// For both sides of one shot.
    pub(crate) fn of_two() -> Side<Self> {
        let (ours, to_candidate) = oneshot::channel();
        let (theirs, to_baseline) = oneshot::channel();
        Side::new(
            Self {
                ours,
                theirs: to_baseline,
            },
            Self {
                ours: theirs,
                theirs: to_candidate,
            },
        )
    }

    /// Whether the other side's first frame, which is waited for, is this one too; both sides get the same answer. A side
    /// that has none to show drops its meeting: nobody agrees with it.
    pub(super) async fn agrees_on(self, png: &Arc<[u8]>) -> bool {
        // Nobody may be there any more to be told.
        let _ = self.ours.send(Arc::clone(png));
        self.theirs.await.is_ok_and(|theirs| theirs == *png)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: &[u8]) -> Arc<[u8]> {
        bytes.into()
    }

    #[tokio::test]
    async fn equal_frames_agree_on_both_sides() {
        let sides = Meeting::of_two();
        let (one, other) = (frame(b"same"), frame(b"same"));
        let agree = tokio::join!(
            sides.baseline.agrees_on(&one),
            sides.candidate.agrees_on(&other)
        );
        assert_eq!(agree, (true, true));
    }

    #[tokio::test]
    async fn different_frames_agree_on_neither_side() {
        let sides = Meeting::of_two();
        let (one, other) = (frame(b"one"), frame(b"other"));
        let agree = tokio::join!(
            sides.baseline.agrees_on(&one),
            sides.candidate.agrees_on(&other)
        );
        assert_eq!(agree, (false, false));
    }

    #[tokio::test]
    async fn who_has_nothing_to_show_agrees_with_nobody() {
        let sides = Meeting::of_two();
        drop(sides.candidate);
        assert!(!sides.baseline.agrees_on(&frame(b"one")).await);
    }
}
