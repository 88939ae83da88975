//! Imports point one way. This test reads the `use` lines of `src/` and names file and line of every import that the
//! tables below do not allow, and of every circle of files.
//!
//! A file's own `mod tests` may import what it likes. A folder's `mod.rs` and the files below it belong together, so an
//! arrow between them is no circle.

mod layers {
    mod imports;
    mod rules;
}
