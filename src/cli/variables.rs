//! The variables `TWINSHOT_…` that stand for arguments of a command, in front of a command that does the same again: they may
//! have been set for this call only.

use std::env;

use clap::{Args, Command};

/// Variables that say which shots run; the command says that itself.
const NOT_REPEATED: [&str; 2] = ["TWINSHOT_LAST_FAILED", "TWINSHOT_RESUME"];

/// The command with the variables that are set for arguments `A` and that no argument of this call overrides. `written`
/// writes a value for a shell.
pub(super) fn with_variables<A: Args>(command: &str, written: impl Fn(&str) -> String) -> String {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let known = A::augment_args(Command::new("twinshot"));
    let set = known.get_arguments().filter_map(|argument| {
        let name = argument.get_env()?.to_str()?;
        let value = env::var(name).ok()?;
        let is_given = arguments.iter().any(|word| is_of(argument, word));
        let is_repeated = !value.is_empty() && !is_given && !NOT_REPEATED.contains(&name);
        is_repeated.then(|| format!("{name}={} ", written(&value)))
    });
    set.chain([command.to_owned()]).collect()
}

/// Whether the word of a command line gives this argument.
fn is_of(argument: &clap::Arg, word: &str) -> bool {
    let flag = word.split('=').next().unwrap_or_default();
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    [long, short].iter().flatten().any(|given| given == flag)
}
