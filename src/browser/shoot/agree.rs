//! Compares the frames of the two sides of a shot while both are being taken. Where both browsers drew the same bytes,
//! neither has to take a second frame.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::side::Side;

/// The frame that a side offers, or `None` if its page did not hold still for one.
type ShownFrame = Option<Arc<[u8]>>;

/// One side's channel to the other side of the same shot.
#[derive(Debug)]
pub(crate) struct FrameExchange {
    ours: mpsc::UnboundedSender<ShownFrame>,
    theirs: mpsc::UnboundedReceiver<ShownFrame>,
}

/// The result of one exchange. It is the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Both frames are equal.
    Same,
    /// The frames differ, or one side has ended.
    Different,
    /// At least one side had no frame to offer.
    Open,
}

impl FrameExchange {
    /// Creates the two ends for both sides of one shot.
    pub(crate) fn of_two() -> Side<Self> {
        let (to_candidate, from_baseline) = mpsc::unbounded_channel();
        let (to_baseline, from_candidate) = mpsc::unbounded_channel();
        Side::new(
            Self {
                ours: to_candidate,
                theirs: from_candidate,
            },
            Self {
                ours: to_baseline,
                theirs: from_baseline,
            },
        )
    }

    /// Sends a frame to the other side and waits for its frame.
    pub(super) async fn show(&mut self, shown: ShownFrame) -> Agreement {
        // The other side may have ended.
        let _ = self.ours.send(shown.clone());
        match (shown, self.theirs.recv().await) {
            (_, None) => Agreement::Different,
            (Some(ours), Some(Some(theirs))) if ours == theirs => Agreement::Same,
            (Some(_), Some(Some(_))) => Agreement::Different,
            (None, Some(_)) | (_, Some(None)) => Agreement::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> ShownFrame {
        Some(text.as_bytes().into())
    }

    #[tokio::test]
    async fn both_sides_get_the_same_answer_each_time() {
        let mut sides = FrameExchange::of_two();
        for (ours, theirs, expected) in [
            (None, frame("one"), Agreement::Open),
            (frame("one"), None, Agreement::Open),
            (None, None, Agreement::Open),
            (frame("one"), frame("other"), Agreement::Different),
            (frame("one"), frame("one"), Agreement::Same),
        ] {
            let agreements = tokio::join!(sides.baseline.show(ours), sides.candidate.show(theirs));
            assert_eq!(agreements, (expected, expected));
        }
    }

    #[tokio::test]
    async fn nobody_agrees_with_a_side_that_is_gone() {
        let mut sides = FrameExchange::of_two();
        drop(sides.candidate);
        let agreement = sides.baseline.show(frame("one")).await;
        assert_eq!(agreement, Agreement::Different);
    }
}
