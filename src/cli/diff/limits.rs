//! Parses `--max-mismatch` and `--at-least`, and checks that both can hold.

use twinshot::spec::{Amount, AtLeast, Limits, MaxMismatch, window_limit};

use super::super::Failure;

/// Parses limits separated by commas, each given at most once: `50,0.2%,window=40`.
pub(super) fn max_mismatch(text: &str) -> Result<MaxMismatch, String> {
    let mut limit = MaxMismatch::default();
    for part in text.split(',') {
        add(&mut limit, part)?;
    }
    Ok(limit)
}

fn add(limit: &mut MaxMismatch, part: &str) -> Result<(), String> {
    let is_repeated = match part.trim().strip_prefix("window=") {
        Some(pixels) => limit.window.replace(window(pixels)?).is_some(),
        None => match amount(part)? {
            Amount::Pixels(pixels) => limit.pixels.replace(pixels).is_some(),
            Amount::Ratio(ratio) => limit.ratio.replace(ratio).is_some(),
        },
    };
    match is_repeated {
        true => Err(format!("`{part}` is the second limit of the same kind")),
        false => Ok(()),
    }
}

fn amount(text: &str) -> Result<Amount, String> {
    let bad = |_| "it must be pixels, such as 12, or a percentage, such as 0.2%".to_owned();
    text.parse().map_err(bad)
}

fn window(text: &str) -> Result<u64, String> {
    let pixels = text.trim().parse().ok().and_then(window_limit);
    pixels.ok_or_else(|| {
        "window= needs a number of pixels, at most 1023: a window has 1024".to_owned()
    })
}

/// Parses an expected difference: pixels or a percentage.
pub(super) fn at_least(text: &str) -> Result<AtLeast, String> {
    amount(text).map(AtLeast::from)
}

/// Refuses limits that no pair can meet.
///
/// # Errors
/// When more is expected than allowed.
pub(super) fn check(limits: &Limits) -> Result<(), Failure> {
    match limits.at_least.beyond(&limits.max_mismatch) {
        None => Ok(()),
        Some([expected, allowed]) => Err(Failure::Usage(format!(
            "--at-least is {expected}, but --max-mismatch allows {allowed}; raise one or lower the other"
        ))),
    }
}
