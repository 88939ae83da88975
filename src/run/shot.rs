//! One shot from captured to decided: compared, its pictures stored, its report made.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    baseline::{CompletePair, StoredBaseline},
    circumstances::DrawingMachine,
    failing::FailingPictures,
};
use crate::{
    capture::{
        self, CapturePair, CapturedPicture, Doubt, Origin, Record, SideOutcome, StepFailure,
        runner::LearnedSecrets,
    },
    compare::{self, Comparison, Failure},
    plan::{Plan, PlannedShot, ShotId},
    report::{
        ComparisonReport, DoubtReport, ExpectedReport, FailureKind, FailureReport, LimitReport,
        MaskReport, PageReport, PictureReport, RecordReport, RuleReport, ShotReport, SideTimes,
        StepReport, Times, Verdict,
    },
    side::{Role, Side},
    spec::{Allowance, Allowances, Area, Target},
    store::{ReportFolder, StoreError},
    yaml::{Secrets, Untrusted},
};

/// What every comparison of a run needs.
pub(super) struct ShotJudge {
    pub(super) plan: Arc<Plan>,
    pub(super) folder: Arc<ReportFolder>,
    pub(super) failing: FailingPictures,
    pub(super) baseline: StoredBaseline,
    pub(super) machine: DrawingMachine,
    pub(super) secrets: Secrets,
    pub(super) learned: Arc<LearnedSecrets>,
}

/// A decided shot on its way to the collector.
pub(crate) struct Decided {
    pub(super) id: ShotId,
    pub(super) browser: Option<String>,
    pub(super) result: Result<StoredShot, StoreError>,
}

/// A decided shot whose pictures are stored.
pub(crate) struct StoredShot {
    pub(super) shot: ShotReport,
    /// The picture to look at, for a failing shot.
    pub(super) open: Option<PathBuf>,
}

impl ShotJudge {
    /// Decides one shot. A panic in here is our bug and fails this shot only.
    pub(super) fn decide(&self, mut pair: CapturePair, browsers: Side<Option<String>>) -> Decided {
        let planned = self.plan.shot(&pair.id);
        self.machine.note(&mut pair, planned, &browsers);
        let browser = browsers.candidate;
        let guarded = catch_unwind(AssertUnwindSafe(|| self.judge(&pair, browser.as_deref())));
        let result = guarded
            .unwrap_or_else(|_| self.keep(&pair, &panicked(&pair, &self.plan), Duration::ZERO));
        Decided {
            id: pair.id,
            browser,
            result,
        }
    }

    fn judge(&self, pair: &CapturePair, browser: Option<&str>) -> Result<StoredShot, StoreError> {
        let planned = self.plan.shot(&pair.id);
        let CompletePair {
            pair,
            approved,
            warning,
            golden,
        } = self.baseline.complete(pair, planned, browser);
        let began = Instant::now();
        let comparison = compare::compare(&pair, &planned.judgement, approved.as_ref());
        let mut kept = self.keep(&pair, &comparison, began.elapsed())?;
        let warning = warning.map(|warning| self.shown(&warning));
        kept.shot.warnings.extend(warning);
        kept.shot.golden = golden;
        Ok(kept)
    }

    fn keep(
        &self,
        pair: &CapturePair,
        comparison: &Comparison,
        compare_time: Duration,
    ) -> Result<StoredShot, StoreError> {
        let planned = self.plan.shot(&pair.id);
        let pictures = Side::new(
            self.keep_picture(&pair.sides.baseline, planned)?,
            self.keep_picture(&pair.sides.candidate, planned)?,
        );
        let overlay = comparison
            .overlay
            .as_ref()
            .map(|overlay| self.folder.keep(overlay))
            .transpose()?;
        let failures = comparison
            .failures
            .iter()
            .map(|failure| self.keep_failure(failure, planned));
        let shot = ShotReport {
            id: planned.id.path(),
            flow: planned.id.flow.clone(),
            shot: planned.id.shot.clone(),
            viewport: planned.id.viewport.clone(),
            viewport_size: planned.viewport.to_string(),
            browser: planned.id.browser.clone(),
            step: StepReport {
                label: planned.label.clone(),
                location: planned.location.clone(),
            },
            verdict: comparison.verdict,
            reason: self.shown(&comparison.reason),
            comparison: comparison_report(pair, comparison, planned),
            pictures,
            overlay,
            failures: failures.collect::<Result<_, _>>()?,
            warnings: self.all_shown(&warnings(pair)),
            doubts: self.doubts(&doubts(pair)),
            allow: self.allowances(&planned.allow),
            element: match &planned.shot.area {
                Area::Element(target) => Some(target.to_string()),
                Area::Page { .. } | Area::Viewport => None,
            },
            golden: None,
            times: times(pair, compare_time),
        };
        let open = self.failing.keep(&shot, pair, comparison, &self.folder);
        Ok(StoredShot { shot, open })
    }

    /// The text without any secret, including those that the run has learned so far.
    fn shown(&self, text: &Untrusted) -> String {
        let mut secrets = self.learned.known();
        secrets.merge(&self.secrets);
        text.redacted(&secrets)
    }

    fn doubts(&self, doubts: &[Doubt]) -> Vec<DoubtReport> {
        let doubts = doubts.iter().map(|doubt| DoubtReport {
            suspicion: doubt.suspicion,
            text: self.shown(&doubt.text),
        });
        doubts.collect()
    }

    /// A reason may have a variable in it.
    fn allowances(&self, allowances: &Allowances) -> Allowances {
        let shown = |allowance: &Allowance| Allowance {
            reason: self.shown(&allowance.reason.clone().into()),
            at: allowance.at.clone(),
        };
        allowances
            .iter()
            .map(|(suspicion, allowance)| (*suspicion, shown(allowance)))
            .collect()
    }

    fn all_shown(&self, texts: &[Untrusted]) -> Vec<String> {
        texts.iter().map(|text| self.shown(text)).collect()
    }

    fn keep_picture(
        &self,
        taken: &SideOutcome,
        planned: &PlannedShot,
    ) -> Result<Option<PictureReport>, StoreError> {
        let SideOutcome::Picture(capture) = taken else {
            return Ok(None);
        };
        let page = match &capture.origin {
            Origin::Golden { .. } => None,
            Origin::Page(page) => Some(PageReport {
                url: self.shown(&page.url),
                asked: page
                    .asked
                    .as_ref()
                    .filter(|_| !planned.expects_address)
                    .map(|asked| self.shown(asked)),
                title: self.shown(&page.title),
                status: page.status,
            }),
        };
        let mut kept =
            self.folder
                .keep_picture(&capture.png, capture.size, page, is_blank(capture))?;
        kept.circumstances = capture.circumstances.as_deref().cloned();
        kept.record = capture.record.as_ref().map(|it| self.record(it, capture));
        Ok(Some(kept))
    }

    fn record(&self, record: &Record, capture: &CapturedPicture) -> RecordReport {
        RecordReport {
            provenance: (*record.provenance).clone(),
            browser: record.browser.clone(),
            masks: capture.masks.clone(),
            cut_from: capture.cut_from,
            warnings: self.all_shown(&capture.warnings),
            doubts: self.doubts(&capture.doubts),
            reused_from: record.reused_from.clone(),
        }
    }

    fn keep_failure(
        &self,
        failure: &Failure,
        planned: &PlannedShot,
    ) -> Result<FailureReport, StoreError> {
        Ok(match failure {
            Failure::Step(failure) => FailureReport {
                role: failure.role,
                kind: failure.kind,
                message: self.shown(&failure.message),
                step: StepReport {
                    label: failure.label.clone(),
                    location: failure.location.clone(),
                },
                url: failure.url.as_ref().map(|url| self.shown(url)),
                pictures: failure
                    .pictures
                    .iter()
                    .map(|png| self.folder.keep(png))
                    .collect::<Result<_, _>>()?,
            },
            Failure::Picture { role, message } => FailureReport {
                role: *role,
                kind: FailureKind::Picture,
                message: self.shown(message),
                step: StepReport {
                    label: planned.label.clone(),
                    location: planned.location.clone(),
                },
                url: None,
                pictures: Vec::new(),
            },
        })
    }
}

fn panicked(pair: &CapturePair, plan: &Plan) -> Comparison {
    let planned = plan.shot(&pair.id);
    let message = "Twinshot panicked while comparing: this is a bug, please report it";
    Comparison {
        verdict: Verdict::Failed,
        reason: message.into(),
        diff: None,
        rule: None,
        overlay: None,
        failures: vec![Failure::Step(StepFailure {
            role: Role::Candidate,
            kind: FailureKind::Internal,
            message: message.into(),
            label: planned.label.clone(),
            location: planned.location.clone(),
            url: None,
            pictures: Vec::new(),
        })],
    }
}

/// Whether the picture is of one colour all over. Only a picture that compresses to almost nothing can be,
/// so that hardly any is decoded for it.
fn is_blank(capture: &CapturedPicture) -> bool {
    const SMALL_FILE: u64 = 4096;
    const LEAST_PIXELS_PER_BYTE: u64 = 50;
    let bytes = capture.png.len() as u64;
    if bytes > SMALL_FILE && capture.size.pixels() < bytes * LEAST_PIXELS_PER_BYTE {
        return false;
    }
    let picture = image::load_from_memory_with_format(&capture.png, image::ImageFormat::Png);
    picture.is_ok_and(|picture| {
        let picture = picture.to_rgba8();
        let first = picture.get_pixel(0, 0);
        picture.pixels().all(|pixel| pixel == first)
    })
}

fn comparison_report(
    pair: &CapturePair,
    comparison: &Comparison,
    planned: &PlannedShot,
) -> Option<ComparisonReport> {
    let (diff, rule) = (comparison.diff.as_ref()?, comparison.rule.as_ref()?);
    let limits = planned.judgement.limits;
    let (max, expected) = (limits.max_mismatch, limits.at_least);
    Some(ComparisonReport {
        threshold: rule.threshold,
        rule: Some(RuleReport {
            name: rule.kind,
            reason: rule.reason.clone(),
            metric: rule.metric,
            antialiasing: rule.antialiasing,
            tint: rule.tint,
        }),
        max_mismatch: LimitReport {
            pixels: max.pixels,
            ratio: max.ratio,
            window: max.window,
        },
        at_least: (!expected.is_nothing()).then_some(ExpectedReport {
            pixels: expected.pixels,
            ratio: expected.ratio,
        }),
        broken_limits: compare::broken_words(diff, &limits),
        mismatched_pixels: diff.mismatched_pixels,
        antialiased_pixels: diff.antialiased_pixels,
        total_pixels: diff.total_pixels,
        mismatch_ratio: diff.mismatch_ratio(),
        regions: diff.regions.clone(),
        densest_window: diff.densest_window,
        masks: mask_reports(pair, planned),
    })
}

fn mask_reports(pair: &CapturePair, planned: &PlannedShot) -> Vec<MaskReport> {
    let sides = [
        (Role::Baseline, &pair.sides.baseline),
        (Role::Candidate, &pair.sides.candidate),
    ];
    let report = |(number, mask): (usize, &Target)| {
        let (mut boxes, mut idle_on) = (Vec::new(), Vec::new());
        for (role, taken) in sides {
            // A golden picture keeps no masks.
            let SideOutcome::Picture(CapturedPicture {
                origin: Origin::Page(_),
                masks,
                ..
            }) = taken
            else {
                continue;
            };
            match masks.get(number) {
                Some(covered) if !covered.is_empty() => boxes.extend(covered.iter().copied()),
                _ => idle_on.push(role),
            }
        }
        MaskReport {
            selector: mask.to_string(),
            boxes,
            idle_on,
            of_flow: number < planned.shot.flow_masks,
        }
    };
    planned.shot.masks.iter().enumerate().map(report).collect()
}

/// The warnings of both sides, first those that are suspicions.
fn warnings(pair: &CapturePair) -> Vec<Untrusted> {
    let doubts = doubts(pair).into_iter().map(|doubt| doubt.text);
    let warnings = of_both(
        pair,
        |capture| capture.warnings.clone(),
        |warning, role| warning.between(&format!("{role}: "), ""),
    );
    doubts.chain(warnings).collect()
}

fn doubts(pair: &CapturePair) -> Vec<Doubt> {
    of_both(
        pair,
        |capture| capture.doubts.clone(),
        |doubt, role| Doubt {
            suspicion: doubt.suspicion,
            text: doubt.text.between(&format!("{role}: "), ""),
        },
    )
}

/// Says only once what both sides say. What one side says `names` the side.
fn of_both<T: Clone + PartialEq>(
    pair: &CapturePair,
    of: impl Fn(&CapturedPicture) -> Vec<T>,
    names: impl Fn(&T, Role) -> T,
) -> Vec<T> {
    let said = |taken: &SideOutcome| match taken {
        SideOutcome::Picture(capture) => of(capture),
        _ => Vec::new(),
    };
    let (baseline, candidate) = (said(&pair.sides.baseline), said(&pair.sides.candidate));
    let both = baseline.iter().filter(|it| candidate.contains(it)).cloned();
    let alone = |role: Role, mine: &[T], other: &[T]| -> Vec<T> {
        let mine = mine.iter().filter(|it| !other.contains(it));
        mine.map(|it| names(it, role)).collect()
    };
    both.chain(alone(Role::Baseline, &baseline, &candidate))
        .chain(alone(Role::Candidate, &candidate, &baseline))
        .collect()
}

fn times(pair: &CapturePair, compare: Duration) -> Times {
    let steps = pair.times.steps;
    let sides = pair.times.sides.as_ref();
    let sides = sides.map(|side| side.as_ref().map(side_times));
    let slower = |part: fn(&SideTimes) -> u64| {
        let live = [&sides.baseline, &sides.candidate].into_iter().flatten();
        live.map(part).max().unwrap_or(0)
    };
    Times {
        navigate_ms: milliseconds(steps.navigate),
        act_ms: milliseconds(steps.act),
        settle_ms: slower(|side| side.settle_ms),
        shoot_ms: slower(|side| side.shoot_ms),
        compare_ms: milliseconds(compare),
        sides,
    }
}

fn side_times(side: &capture::SideTimes) -> SideTimes {
    SideTimes {
        navigate_ms: milliseconds(side.steps.navigate),
        act_ms: milliseconds(side.steps.act),
        settle_ms: milliseconds(side.settle),
        waits: side.waits.clone(),
        shoot_ms: milliseconds(side.shoot),
        frames: side.frames,
    }
}

pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
