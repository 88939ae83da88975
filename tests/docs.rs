//! What the README, CONTRIBUTING.md and the manual in docs/ show is true. Every example has a marker and is read or run.
//! Every command, flag, exit code, action and key exists, and every one that exists is described. Every link leads somewhere.

mod docs {
    mod examples;
    mod help;
    mod links;
    mod markdown;
    mod names;
    mod project;
    mod schema;
}
