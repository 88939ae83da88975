//! What a browser draws with, as a hash: its program and version, the fonts of the machine, its system, and the variables
//! that browsers read.

use std::{
    env,
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use crate::{digest::digest, run::fonts};

/// How long a program may take to say its version.
const VERSION_LIMIT: Duration = Duration::from_secs(20);
/// What else a picture may show.
const SYSTEM: &[&str] = &["/etc/os-release", "/etc/timezone"];

/// Of the browser's program at this path.
///
/// # Errors
/// When something of it cannot be read, in words.
pub(super) async fn of(program: &Path) -> Result<String, String> {
    let real = fs::canonicalize(program).map_err(|error| unread(program, &error))?;
    let traits = fs::metadata(&real).map_err(|error| unread(&real, &error))?;
    let mut texts = vec![
        real.to_string_lossy().into_owned(),
        traits_of(&traits),
        version(program).await?,
    ];
    texts.extend(fonts()?);
    let system = SYSTEM.iter().map(fs::read_to_string);
    texts.extend(system.map(Result::unwrap_or_default));
    texts.push(format!("{:?}", fs::read_link("/etc/localtime").ok()));
    texts.extend(variables());
    Ok(digest(texts.iter().map(String::as_str)))
}

fn unread(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// What the program says when it is asked.
async fn version(program: &Path) -> Result<String, String> {
    let asked = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let silent = || format!("`{} --version` says nothing", program.display());
    let answer = timeout(VERSION_LIMIT, asked).await.map_err(|_| silent())?;
    let answer = answer.map_err(|error| unread(program, &error))?;
    let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    match answer.status.success() && !text.is_empty() {
        true => Ok(text),
        false => Err(silent()),
    }
}

/// Size and last change.
fn traits_of(file: &Metadata) -> String {
    format!("{} {} {}", file.len(), file.mtime(), file.mtime_nsec())
}

/// Every font file with its traits.
fn fonts() -> Result<Vec<String>, String> {
    let files = fonts::files()?.into_iter();
    let files = files.map(|file| format!("{} {:?}", file.path, file.data.map(|it| traits_of(&it))));
    Ok(files.collect())
}

/// The proxies that browsers ask, without user and password, and what they read of languages, zones and fonts.
fn variables() -> Vec<String> {
    let matters = |name: &str| {
        [
            "TZ",
            "LANG",
            "LANGUAGE",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "GTK_THEME",
            "DISPLAY",
        ]
        .contains(&name)
            || ["LC_", "FONTCONFIG_"]
                .iter()
                .any(|head| name.starts_with(head))
            || name.to_ascii_lowercase().ends_with("_proxy")
    };
    let all = env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value));
    let mut found: Vec<String> = all
        .filter(|(name, _)| matters(name))
        .map(|(name, value)| {
            let value = value.to_string_lossy();
            format!("{name}={}", value.rsplit('@').next().unwrap_or_default())
        })
        .collect();
    found.sort_unstable();
    found
}
