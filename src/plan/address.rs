//! PURE. Whether a flow says at which address its page is, so that ending there is no surprise.

use crate::spec::{Action, Condition, Expectation, Flow, Step, Wait};

/// Whether the flow expects where the page is that it photographs after this step. Between the last `goto` before it and
/// the next one, a step names the address, or fills in a form, which only the expected page has.
pub(super) fn is_expected(flow: &Flow, step: usize) -> bool {
    let steps: Vec<&Step> = flow.setup.iter().chain(&flow.steps).collect();
    let step = flow.setup.len() + step;
    let is_goto = |step: &&Step| matches!(step.action, Action::Goto { .. });
    let Some(first) = steps[..=step].iter().rposition(is_goto) else {
        return false;
    };
    let rest = &steps[first + 1..];
    let end = rest.iter().position(is_goto).unwrap_or(rest.len());
    let names_host = matches!(steps[first].action, Action::Goto { host: Some(_), .. });
    names_host || rest[..end].iter().any(|step| knows_page(&step.action))
}

fn knows_page(action: &Action) -> bool {
    match action {
        Action::Expect(all) => all
            .iter()
            .any(|it| matches!(it, Expectation::Url(_) | Expectation::Path(_))),
        Action::Wait(Wait::Until(all)) => all.iter().any(|it| matches!(it, Condition::Url(_))),
        Action::Type { .. }
        | Action::Insert { .. }
        | Action::Select { .. }
        | Action::Upload { .. }
        | Action::Check(_)
        | Action::Uncheck(_) => true,
        _ => false,
    }
}
