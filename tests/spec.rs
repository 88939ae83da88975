//! Specs and configurations as their authors write them, right and wrong.

mod spec {
    mod attacks;
    mod fixtures;
    mod schema;
    mod secrets;
    mod support;
}
