//! PURE. Digests of texts, to tell whether they are the same as elsewhere.

/// A hasher that has seen the texts, each apart from the next: `ab` and `c` are not `a` and `bc`.
pub(crate) fn hasher_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&text.len().to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher
}

/// The digest of one text alone, in hexadecimal digits: that of the file with this text.
pub(crate) fn text_digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// The digest of the texts, in hexadecimal digits.
pub(crate) fn digest<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    hasher_of(texts).finalize().to_hex().to_string()
}
