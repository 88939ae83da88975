//! The pixel engine through its public names: against its plain twin, against pixelmatch's own pairs and
//! counts, against PngSuite, with 16 bits a sample, against files that are broken on purpose, and on the pairs under
//! `fixtures/diff`, where adding a case means adding files.

#[path = "diff/deep.rs"]
mod deep;
#[path = "diff/densest.rs"]
mod densest;
#[path = "diff/fixtures.rs"]
mod fixtures;
#[path = "diff/folders.rs"]
mod folders;
#[path = "diff/foreign.rs"]
mod foreign;
#[path = "diff/hostile.rs"]
mod hostile;
#[path = "diff/masks.rs"]
mod masks;
#[path = "diff/oracle.rs"]
mod oracle;
#[path = "diff/picture.rs"]
mod picture;
#[path = "diff/plain.rs"]
mod plain;
#[path = "diff/pngsuite.rs"]
mod pngsuite;
#[path = "diff/random.rs"]
mod random;
#[path = "diff/rows.rs"]
mod rows;
#[path = "diff/styles.rs"]
mod styles;
#[path = "diff/tint.rs"]
mod tint;
