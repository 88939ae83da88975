//! Text that came from a page. It can be shown without secrets or be compared, and nothing else: a new field that holds
//! such text cannot be printed or stored by mistake.

use std::fmt;

use super::Secrets;

/// Pages and drivers can be long-winded.
const MOST_CHARACTERS: usize = 600;

/// Text that a page, its driver or a picture's file had a word in: a URL, a title, a message that quotes them. It may hold
/// a secret, so it has no `Display` and is not serialised.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Untrusted(String);

impl Untrusted {
    /// The text for people: without secrets, and cut where it is long.
    pub fn redacted(&self, secrets: &Secrets) -> String {
        // Half a secret is not known as one, so the text is cut last.
        let text = secrets.redact(&self.0);
        match text.char_indices().nth(MOST_CHARACTERS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// The text as it came, to compare it with another. Never show it.
    pub fn for_comparing(&self) -> &str {
        &self.0
    }

    /// This text with words of ours around it.
    pub(crate) fn between(&self, before: &str, after: &str) -> Self {
        Self(format!("{before}{}{after}", self.0))
    }

    /// Several texts as one.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>, separator: &str) -> Self {
        let parts: Vec<String> = parts.into_iter().map(|part| part.0).collect();
        Self(parts.join(separator))
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untrusted({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_without_secrets_only() {
        let secrets = Secrets::new(["s3cret".to_owned()]);
        let message = Untrusted::from("no `s3cret`").between("click: ", "");
        let url = Untrusted::from("/login?token=s3cret").between("on ", "");
        let both = Untrusted::joined([message.clone(), url], "; ");
        assert_eq!(
            both.redacted(&secrets),
            "click: no `••••••`; on /login?token=••••••"
        );
        assert_eq!(message.for_comparing(), "click: no `s3cret`");
        assert_eq!(format!("{message:?}"), "Untrusted(18 bytes)");
    }

    #[test]
    fn a_secret_is_not_cut_in_two() {
        let before = "x".repeat(MOST_CHARACTERS - 3);
        let shown = Untrusted::from(format!("{before}s3cret and more"));
        let shown = shown.redacted(&Secrets::new(["s3cret".to_owned()]));
        assert_eq!(shown, format!("{before}•••…"));
    }
}
