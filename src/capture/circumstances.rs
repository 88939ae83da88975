//! What a picture was drawn with. If two pictures were drawn with the same, every difference between them is one of the
//! pages.

use serde::{Deserialize, Serialize};

/// The browser and the machine that drew a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Circumstances {
    /// The name and version that the browser reports.
    pub browser: String,
    /// The operating system and the processor's kind.
    pub system: String,
    /// A hash of the fonts and their settings.
    pub fonts: String,
    /// A hash of the browser's switches.
    pub switches: String,
    /// Device pixels per CSS pixel.
    pub pixel_ratio: f64,
}

impl Circumstances {
    /// The first difference to those of the candidate's picture, in words.
    pub(crate) fn difference(&self, candidate: &Self) -> Option<String> {
        if self.browser != candidate.browser {
            let [theirs, ours] = [&self.browser, &candidate.browser];
            return Some(format!(
                "{theirs} drew the baseline, and {ours} the candidate"
            ));
        }
        if self.system != candidate.system {
            let [theirs, ours] = [&self.system, &candidate.system];
            return Some(format!(
                "the baseline was drawn on {theirs}, and the candidate on {ours}"
            ));
        }
        let others = [
            (self.fonts != candidate.fonts, "other fonts"),
            (
                self.switches != candidate.switches,
                "other switches of the browser",
            ),
            (
                self.pixel_ratio != candidate.pixel_ratio,
                "another pixel ratio",
            ),
        ];
        let other = others.into_iter().find(|(differs, _)| *differs);
        other.map(|(_, what)| format!("the baseline was drawn with {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_makes_a_difference() {
        let one = Circumstances {
            browser: "chrome 1".to_owned(),
            system: "linux".to_owned(),
            fonts: "a".to_owned(),
            switches: "b".to_owned(),
            pixel_ratio: 1.0,
        };
        assert_eq!(one.difference(&one), None);
        let other = |change: fn(&mut Circumstances)| {
            let mut other = one.clone();
            change(&mut other);
            one.difference(&other).expect("a difference")
        };
        assert!(other(|it| it.browser = "chrome 2".to_owned()).contains("chrome 2"));
        assert!(other(|it| it.system = "macos".to_owned()).contains("macos"));
        assert!(other(|it| it.fonts.clear()).contains("fonts"));
        assert!(other(|it| it.switches.clear()).contains("switches"));
        assert!(other(|it| it.pixel_ratio = 2.0).contains("ratio"));
    }
}
