//! Names that nobody can guess.

use std::hash::{BuildHasher, RandomState};

/// 64 random bits in hexadecimal, from the standard library's hasher seeds.
pub(crate) fn random_name() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
