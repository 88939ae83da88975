//! PURE. Where the time went, as bars that need no script: the total of each part, and the slowest shots.

use serde::Serialize;

use super::{Report, RunTimes, ShotReport, Times, words};
use crate::config::Browser;

/// How many shots are drawn: enough to see what is slow.
const MOST_SHOTS: usize = 50;

/// The values for the template.
#[derive(Serialize)]
pub(super) struct Timeline<'a> {
    total: Bar,
    sessions: String,
    shots: Vec<ShotBar<'a>>,
    left_out: Option<String>,
}

/// The bar of one shot. The slowest shot's bar has the full width.
#[derive(Serialize)]
struct ShotBar<'a> {
    flow: &'a str,
    shot: &'a str,
    /// With the browser, unless it is Chrome.
    viewport: String,
    bar: Bar,
}

/// Segments next to each other.
#[derive(Serialize)]
struct Bar {
    total: String,
    parts: Vec<BarSegment>,
}

/// A segment of a bar. The numbers are percentages of the full width.
#[derive(Serialize)]
struct BarSegment {
    name: &'static str,
    took: String,
    left: String,
    width: String,
}

impl<'a> Timeline<'a> {
    /// `None` if nothing took any time.
    pub(super) fn of(report: &'a Report) -> Option<Self> {
        let mut shots: Vec<&ShotReport> = report.shots.iter().collect();
        shots.sort_by_key(|shot| std::cmp::Reverse(shot.times.total_ms()));
        let longest = shots.first()?.times.total_ms();
        if longest == 0 {
            return None;
        }
        let left_out = shots.len().saturating_sub(MOST_SHOTS) as u64;
        let shot_bar = |shot: &&'a ShotReport| ShotBar {
            flow: &shot.flow,
            shot: &shot.shot,
            viewport: format!("{}{}", shot.viewport, Browser::mark(&shot.browser)),
            bar: Bar::of(parts(&shot.times), longest),
        };
        let totals = run_parts(&report.run.times);
        let room = totals.iter().map(|(_, ms)| ms).sum();
        Some(Self {
            total: Bar::of(totals, room),
            sessions: sessions(report),
            shots: shots.iter().take(MOST_SHOTS).map(shot_bar).collect(),
            left_out: (left_out > 0).then(|| words::plural(left_out, "faster shot")),
        })
    }
}

impl Bar {
    fn of(parts: [(&'static str, u64); 5], room: u64) -> Self {
        let percent = |ms: u64| format!("{:.2}", ms as f64 * 100.0 / room.max(1) as f64);
        let mut left = 0;
        let part = |(name, ms): (&'static str, u64)| {
            let part = BarSegment {
                name,
                took: words::duration(ms),
                left: percent(left),
                width: percent(ms),
            };
            left += ms;
            part
        };
        let parts = parts.map(part).into();
        Self {
            total: words::duration(left),
            parts,
        }
    }
}

fn parts(times: &Times) -> [(&'static str, u64); 5] {
    [
        ("navigate", times.navigate_ms),
        ("act", times.act_ms),
        ("settle", times.settle_ms),
        ("shoot", times.shoot_ms),
        ("compare", times.compare_ms),
    ]
}

fn run_parts(times: &RunTimes) -> [(&'static str, u64); 5] {
    [
        ("navigate", times.navigate_ms),
        ("act", times.act_ms),
        ("settle", times.settle_ms),
        ("shoot", times.shoot_ms),
        ("compare", times.compare_ms),
    ]
}

/// The time for starting and cleaning browsers, and the time of the whole run.
fn sessions(report: &Report) -> String {
    let times = report.run.times.sessions;
    let browsers = words::plural(u64::from(times.started), "browser");
    let mut text = format!("{browsers} started in {}", words::duration(times.start_ms));
    if times.cleaned > 0 {
        let often = words::plural(u64::from(times.cleaned), "time");
        let took = words::duration(times.clean_ms);
        text.push_str(&format!(", cleaned {often} in {took}"));
    }
    let wall = words::duration(report.run.duration_ms);
    format!("{text}; the whole run took {wall}")
}
