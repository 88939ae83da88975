//! Key chords, through the Actions API.

use std::time::Instant;

use serde_json::{Value, json};

use super::{StepError, find::ElementState, reference};
use crate::{browser::session::Session, spec::Target};

impl Session {
    pub(super) async fn press(
        &self,
        chords: &[Vec<String>],
        on: Option<&Target>,
        deadline: Instant,
    ) -> Result<(), StepError> {
        if let Some(target) = on {
            let element = self
                .find_ready(target, ElementState::Present, "keys", deadline)
                .await?;
            self.script("arguments[0].focus();", vec![reference(&element)])
                .await?;
        }
        let actions: Vec<Value> = chords.iter().flat_map(|chord| key_actions(chord)).collect();
        let keys = json!({ "type": "key", "id": "keyboard", "actions": actions });
        Ok(self.input(keys).await?)
    }
}

/// Presses the keys in order, then releases them in reverse order.
fn key_actions(chord: &[String]) -> Vec<Value> {
    let codes: Vec<String> = chord.iter().map(|name| key_code(name)).collect();
    let down = codes
        .iter()
        .map(|code| json!({ "type": "keyDown", "value": code }));
    let up = codes
        .iter()
        .rev()
        .map(|code| json!({ "type": "keyUp", "value": code }));
    down.chain(up).collect()
}

/// WebDriver's character for a named key; any other name is the key's own character. Source: W3C WebDriver, "Keyboard
/// actions", the table of normalised keys.
fn key_code(name: &str) -> String {
    const NAMES: [(&str, u32); 32] = [
        ("Backspace", 0xE003),
        ("Tab", 0xE004),
        ("Enter", 0xE006),
        ("Shift", 0xE008),
        ("Control", 0xE009),
        ("Alt", 0xE00A),
        ("Pause", 0xE00B),
        ("Escape", 0xE00C),
        ("Space", 0x20),
        ("PageUp", 0xE00E),
        ("PageDown", 0xE00F),
        ("End", 0xE010),
        ("Home", 0xE011),
        ("ArrowLeft", 0xE012),
        ("ArrowUp", 0xE013),
        ("ArrowRight", 0xE014),
        ("ArrowDown", 0xE015),
        ("Insert", 0xE016),
        ("Delete", 0xE017),
        ("F1", 0xE031),
        ("F2", 0xE032),
        ("F3", 0xE033),
        ("F4", 0xE034),
        ("F5", 0xE035),
        ("F6", 0xE036),
        ("F7", 0xE037),
        ("F8", 0xE038),
        ("F9", 0xE039),
        ("F10", 0xE03A),
        ("F11", 0xE03B),
        ("F12", 0xE03C),
        ("Meta", 0xE03D),
    ];
    let code = NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .and_then(|(_, code)| char::from_u32(*code));
    code.map_or_else(|| name.to_owned(), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_is_released_in_reverse() {
        let actions = key_actions(&["Control".to_owned(), "a".to_owned()]);
        let seen: Vec<(&str, &str)> = actions
            .iter()
            .map(|action| {
                (
                    action["type"].as_str().unwrap(),
                    action["value"].as_str().unwrap(),
                )
            })
            .collect();
        let control = "\u{E009}";
        assert_eq!(
            seen,
            [
                ("keyDown", control),
                ("keyDown", "a"),
                ("keyUp", "a"),
                ("keyUp", control)
            ]
        );
    }
}
