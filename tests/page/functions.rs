//! One test for each folder of cases.

use std::{collections::BTreeSet, fs};

use crate::{case::run_folder, server::fixture};

macro_rules! folders {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                run_folder(stringify!($name));
            }
        )*
        const FOLDERS: &[&str] = &[$(stringify!($name)),*];
    };
}

folders! {
    boxes,
    clock,
    describe,
    find,
    has_rested,
    hide_scrollbars,
    hostile,
    login_state,
    missing,
    nearest_texts,
    not_answered,
    observers,
    reach,
    scroll_through,
    settle,
    timeline,
    whole_page,
}

#[test]
fn every_folder_of_cases_is_run() {
    let entries = fs::read_dir(fixture("")).expect("a folder");
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let found: BTreeSet<String> = entries
        .filter(|path| path.is_dir())
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "files")
        .collect();
    let run = FOLDERS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, run);
}
