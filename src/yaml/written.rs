//! Tells which values of headers and cookies are secret although they are written out. Dots must not eat ordinary words of
//! a report, so not every value counts.

use base64::{Engine, engine::general_purpose::STANDARD};

/// A header or a cookie whose name has one of these in it carries a secret.
const TELLING: [&str; 15] = [
    "authent",
    "authoriz",
    "bearer",
    "cookie",
    "credential",
    "csrf",
    "jwt",
    "key",
    "oauth",
    "pass",
    "secret",
    "session",
    "signature",
    "token",
    "xsrf",
];
/// The same for a whole word of a name.
const TELLING_WORDS: [&str; 7] = ["auth", "otp", "pin", "pw", "sess", "sid", "ticket"];
/// A header whose name has one of these in it carries an address, which reports show.
const ADDRESSES: [&str; 4] = ["forwarded", "host", "origin", "url"];
/// Not even such a header makes these secret.
const COMMON: [&str; 8] = [
    "true", "false", "none", "null", "yes", "off", "enabled", "disabled",
];
/// A shorter value under a telling name occurs in ordinary text.
const SHORTEST_TOLD: usize = 4;
/// A shorter value under another name occurs in ordinary text, whatever is in it.
const SHORTEST_RANDOM: usize = 6;

/// What must not be shown of a header or cookie with this value.
pub fn secrets_in(name: &str, value: &str) -> Vec<String> {
    let value = value.trim();
    let is_common = COMMON.iter().any(|word| word.eq_ignore_ascii_case(value));
    let name = name.to_ascii_lowercase();
    let is_secret = match tells(&name) {
        true => value.len() >= SHORTEST_TOLD,
        false => looks_random(value) && !ADDRESSES.iter().any(|part| name.contains(part)),
    };
    if is_common || !is_secret {
        return Vec::new();
    }
    let mut secrets = vec![value.to_owned()];
    // `Bearer …`, `Basic …`: the word in front is none, and what follows also appears alone.
    if let Some((scheme, credentials)) = value.split_once(' ')
        && scheme.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !credentials.contains(' ')
        && credentials.len() >= SHORTEST_TOLD
    {
        secrets.push(credentials.to_owned());
        secrets.extend(passwords_of_basic(credentials));
    }
    secrets
}

/// The password in the credentials of `Basic`, and the user with it.
fn passwords_of_basic(credentials: &str) -> Vec<String> {
    let decoded = STANDARD.decode(credentials).unwrap_or_default();
    let decoded = String::from_utf8(decoded).unwrap_or_default();
    match decoded.split_once(':') {
        Some((_, password)) => vec![password.to_owned(), decoded],
        None => Vec::new(),
    }
}

fn tells(name: &str) -> bool {
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    TELLING.iter().any(|part| name.contains(part))
        || words.any(|word| TELLING_WORDS.contains(&word))
}

/// Whether nobody would write this as a word, a number, a date, a version, a list or an address.
fn looks_random(value: &str) -> bool {
    let mut words = value.split(|c: char| !c.is_ascii_alphanumeric());
    let is_address = value.contains("://");
    !is_address && words.any(|word| word.len() >= SHORTEST_RANDOM && is_mixed(word))
}

/// Letters after digits, or capitals after small letters: `a1b2c3`, `1f3a`, `aBcDeF`. `v2`, `20261128` and `Preview` are
/// not, and neither is `utf8`.
fn is_mixed(word: &str) -> bool {
    let pairs = word.as_bytes().windows(2);
    let is_turn = |pair: &[u8]| {
        let after_digit = pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic();
        after_digit || pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()
    };
    pairs.into_iter().any(is_turn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_a_secret_is_one() {
        for (name, value, secrets) in [
            (
                "Authorization",
                "Bearer abcdefgh",
                vec!["Bearer abcdefgh", "abcdefgh"],
            ),
            (
                "authorization",
                "Basic amFuZTpzM2NyZXQ=",
                vec![
                    "Basic amFuZTpzM2NyZXQ=",
                    "amFuZTpzM2NyZXQ=",
                    "s3cret",
                    "jane:s3cret",
                ],
            ),
            ("X-Api-Key", "open", vec!["open"]),
            ("sid", "open sesame", vec!["open sesame"]),
            ("X-Preview", "c4n4ry", vec!["c4n4ry"]),
            ("X-Preview", "de4db33f-0000", vec!["de4db33f-0000"]),
            ("visitor", "aGVsbG8", vec!["aGVsbG8"]),
        ] {
            let found = secrets_in(name, value);
            assert!(
                secrets
                    .iter()
                    .all(|secret| found.contains(&(*secret).to_owned())),
                "{name}: {found:?}"
            );
        }
    }

    #[test]
    fn ordinary_words_are_none() {
        for (name, value) in [
            ("Accept-Language", "en"),
            ("Accept-Language", "en-US,en;q=0.9"),
            ("X-Preview", "1"),
            ("X-Preview", "true"),
            ("X-Auth", "true"),
            ("X-Key", "1"),
            ("X-Environment", "production"),
            ("X-Feature", "new-checkout"),
            ("X-Version", "v2.10.0"),
            ("X-Date", "2026-11-28T10:00:00Z"),
            ("X-Forwarded-For", "10.120.130.140"),
            ("X-Origin", "https://de4db33f.example.com/"),
            ("Accept", "text/html;charset=utf8"),
            ("theme", "dark"),
            ("Inside", "outside"),
            ("X-Author", "jane"),
            ("X-Forwarded-Host", "de4db33f.example.com"),
        ] {
            assert_eq!(
                secrets_in(name, value),
                Vec::<String>::new(),
                "{name}: {value}"
            );
        }
    }
}
