//! Which rule compares the pixels of a shot, and why: strict, forgiving, or the one that the user set.

use serde::{Deserialize, Serialize};

use crate::{
    capture::{CapturedPicture, Origin},
    diff::{Antialiasing, Metric},
    plan::Judgement,
    side::Side,
    spec::{AntialiasingRule, Threshold},
};

/// The distance for pictures that were drawn under different circumstances; the same as pixelmatch and Playwright.
const FORGIVING_THRESHOLD: f64 = 0.1;

/// The kinds of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleKind {
    /// Every difference counts.
    Strict,
    /// Small differences of colour and anti-aliasing do not count.
    Forgiving,
    /// The user set it.
    Set,
}

/// How the pixels of a shot are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its kind.
    pub kind: RuleKind,
    /// Why it applies.
    pub reason: String,
    /// The colour distance.
    pub metric: Metric,
    /// The distance above which one pixel is mismatched.
    pub threshold: f64,
    /// Whether anti-aliased pixels count.
    pub antialiasing: Antialiasing,
    /// Whether a visible change of a flat area counts regardless of the threshold.
    pub tint: bool,
}

impl Rule {
    /// The rule for these two pictures. What the user set takes precedence.
    pub(super) fn new(pair: &Side<&CapturedPicture>, judgement: &Judgement) -> Self {
        let agreement = agreement(pair);
        let is_strict = agreement.is_ok();
        let threshold = match judgement.threshold {
            Threshold::Distance(distance) => distance,
            Threshold::Auto if is_strict => 0.0,
            Threshold::Auto => FORGIVING_THRESHOLD,
        };
        let antialiasing = match judgement.antialiasing {
            AntialiasingRule::Ignore => Antialiasing::Ignore,
            AntialiasingRule::Count => Antialiasing::Count,
            AntialiasingRule::Auto if is_strict => Antialiasing::Count,
            AntialiasingRule::Auto => Antialiasing::Ignore,
        };
        let is_auto = judgement.threshold == Threshold::Auto && judgement.metric != Metric::Exact;
        let counts_all = is_auto && is_strict && antialiasing == Antialiasing::Count;
        Self {
            kind: match (is_auto, is_strict) {
                (false, _) => RuleKind::Set,
                (true, true) => RuleKind::Strict,
                (true, false) => RuleKind::Forgiving,
            },
            reason: reason(judgement, agreement),
            metric: match counts_all {
                // The fastest one with this result.
                true => Metric::Exact,
                false => judgement.metric,
            },
            threshold,
            antialiasing,
            tint: is_auto && !is_strict,
        }
    }
}

fn reason(judgement: &Judgement, agreement: Result<String, String>) -> String {
    if judgement.metric == Metric::Exact {
        return "`metric: exact` is set".to_owned();
    }
    let why = agreement.unwrap_or_else(|reason| reason);
    match (judgement.threshold, judgement.antialiasing) {
        (Threshold::Auto, AntialiasingRule::Auto) => why,
        (Threshold::Auto, _) => format!("{why}; `antialiasing` is set"),
        (Threshold::Distance(_), AntialiasingRule::Auto) => {
            format!("`threshold` is set; as to anti-aliasing, {why}")
        }
        (Threshold::Distance(_), _) => "`threshold` and `antialiasing` are set".to_owned(),
    }
}

/// That both pictures were drawn under the same circumstances, or why this is not so or not known.
fn agreement(pair: &Side<&CapturedPicture>) -> Result<String, String> {
    let Side {
        baseline,
        candidate,
    } = pair;
    let is_golden = matches!(baseline.origin, Origin::Golden { .. });
    let Some(ours) = &candidate.circumstances else {
        let reason = "the browser runs elsewhere, so it is unknown what it draws with";
        return Err(reason.to_owned());
    };
    let Some(theirs) = &baseline.circumstances else {
        let reason = match is_golden {
            true => {
                "it is not recorded what drew the golden picture; approve it again to record it"
            }
            false => "it is not recorded what drew the baseline",
        };
        return Err(reason.to_owned());
    };
    match (theirs.difference(ours), is_golden) {
        (Some(difference), _) => Err(difference),
        (None, false) => Ok(format!("{} drew both on one machine", ours.browser)),
        (None, true) => Ok(format!(
            "{} drew both, with the same system, fonts and switches",
            ours.browser
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{capture::Circumstances, diff::Size, spec::Limits};

    fn circumstances(browser: &str) -> Option<Arc<Circumstances>> {
        Some(Arc::new(Circumstances {
            browser: browser.to_owned(),
            system: "linux".to_owned(),
            fonts: "f".to_owned(),
            switches: "s".to_owned(),
            pixel_ratio: 1.0,
        }))
    }

    fn picture(circumstances: Option<Arc<Circumstances>>) -> CapturedPicture {
        CapturedPicture {
            png: Arc::default(),
            size: Size::from([1, 1]),
            origin: Origin::Golden {
                file: String::new(),
            },
            masks: Vec::new(),
            cut_from: None,
            warnings: Vec::new(),
            doubts: Vec::new(),
            record: None,
            circumstances,
        }
    }

    fn rule(
        baseline: Option<&str>,
        threshold: Threshold,
        antialiasing: AntialiasingRule,
        metric: Metric,
    ) -> Rule {
        let baseline = picture(baseline.and_then(circumstances));
        let candidate = picture(circumstances("chrome 2"));
        let judgement = Judgement {
            metric,
            threshold,
            antialiasing,
            limits: Limits::default(),
        };
        Rule::new(&Side::new(&baseline, &candidate), &judgement)
    }

    #[test]
    fn what_was_drawn_alike_is_compared_strictly() {
        let auto = |baseline| {
            rule(
                baseline,
                Threshold::Auto,
                AntialiasingRule::Auto,
                Metric::Oklab,
            )
        };
        let strict = auto(Some("chrome 2"));
        assert_eq!(strict.kind, RuleKind::Strict);
        assert_eq!(strict.metric, Metric::Exact);
        assert!(!strict.tint);
        for other in [Some("chrome 1"), None] {
            let forgiving = auto(other);
            assert_eq!(forgiving.kind, RuleKind::Forgiving);
            assert_eq!(forgiving.threshold, FORGIVING_THRESHOLD);
            assert_eq!(forgiving.metric, Metric::Oklab);
            assert!(forgiving.tint);
        }
    }

    #[test]
    fn what_is_set_wins() {
        let set = rule(
            Some("chrome 2"),
            Threshold::Distance(0.3),
            AntialiasingRule::Ignore,
            Metric::Yiq,
        );
        assert_eq!(set.kind, RuleKind::Set);
        assert_eq!(
            (set.metric, set.threshold, set.antialiasing, set.tint),
            (Metric::Yiq, 0.3, Antialiasing::Ignore, false)
        );
        // A strict comparison that still forgives anti-aliasing needs a metric that can.
        let half = rule(
            Some("chrome 2"),
            Threshold::Auto,
            AntialiasingRule::Ignore,
            Metric::Oklab,
        );
        assert_eq!(
            (half.metric, half.threshold, half.antialiasing),
            (Metric::Oklab, 0.0, Antialiasing::Ignore)
        );
        let exact = rule(None, Threshold::Auto, AntialiasingRule::Auto, Metric::Exact);
        assert_eq!((exact.kind, exact.tint), (RuleKind::Set, false));
    }
}
