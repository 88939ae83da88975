//! Twinshot as its users meet it: the real binary, in a project folder of its own, told from outside.
//!
//! Every test is a story: a [`Project`](cli::support::Project) with its files, a command line, and what
//! must be seen afterwards: exit code, output, report, and nothing left behind. Most flows run against
//! [`FakeDriver`](cli::support::FakeDriver), a WebDriver server in this process that tells a whole flow's
//! story or breaks off anywhere in it. Only `kills` needs a real Chromium and
//! `webkit` a real WebKitGTK, and they say so when there is none.
//!
//! A command line that must be refused is a folder under `fixtures/cli/refused`: adding a case is adding
//! files. `fixtures/cli/README.md` says how.

mod cli {
    mod arrivals;
    mod browsers;
    mod commands;
    mod diff;
    mod edge;
    mod endless;
    mod faults;
    mod flow;
    mod frames;
    mod golden;
    mod hostile;
    mod kills;
    mod launch;
    mod limits;
    mod logins;
    mod output;
    mod pairs;
    mod readiness;
    mod refused;
    mod remote;
    mod resume;
    mod reuse;
    mod secrets;
    mod sessions;
    mod setup;
    mod shards;
    mod support;
    mod suspicions;
    mod tls;
    mod webkit;
    mod workers;
    mod writing;
}
