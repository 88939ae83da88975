//! One browser for many flows, each of which finds it as if it had just started. Of every two flows here
//! the first one leaves something behind and the second one looks for it; one worker runs them in order.

use crate::support::{Outcome, Project, Site, failures_of};

/// What a flow leaves behind, and how the next one would find it.
struct Trace {
    name: &'static str,
    left: &'static str,
    found: &'static str,
}

const TRACES: &[Trace] = &[
    Trace {
        name: "cookies",
        left: "
  - goto: /log-in
  - evaluate: 'document.cookie = `left=1; max-age=1000`'
  - refresh
  - expect: { text: 'sent: left=1; session=open;' }",
        found: "
  - goto: /cookies
  - expect: { text: 'sent: ;' }",
    },
    Trace {
        name: "storage",
        left: STORES,
        found: FINDS_NOTHING_STORED,
    },
    Trace {
        name: "storage of another host",
        left: "
  - goto: 'http://localhost:${PORT}/isolation/page.html'
  - wait: { js: 'storeEverywhere().then(() => true)' }",
        found: "
  - goto: 'http://localhost:${PORT}/isolation/page.html'
  - wait: { js: 'await whatIsStored() === ``' }",
    },
    Trace {
        name: "storage of a frame of another site",
        left: "
  - goto: /isolation/around.html
  - expect: { text: 'stored: nothing' }
  - refresh
  - expect: { text: 'stored: local storage, session storage' }",
        found: "
  - goto: /isolation/around.html
  - expect: { text: 'stored: nothing' }",
    },
    Trace {
        name: "storage by a page that goes away",
        left: "
  - goto: /isolation/page.html
  - evaluate: |
      addEventListener('pagehide', () => {
        const end = performance.now() + 300;
        while (performance.now() < end);
        localStorage.setItem('late', '1');
        sessionStorage.setItem('late', '1');
        document.cookie = 'late=1; max-age=1000';
      });",
        found: FINDS_NOTHING_STORED,
    },
    Trace {
        name: "service workers",
        left: "
  - goto: /isolation/page.html
  - evaluate: 'return navigator.serviceWorker.register(`worker.js`).then(() => navigator.serviceWorker.ready).then(() => null)'
  - wait: { js: 'await (await fetch(`nowhere`)).text() === `from the worker`' }",
        found: "
  - goto: /isolation/page.html
  - wait: { js: '(await navigator.serviceWorker.getRegistrations()).length === 0' }
  - wait: { js: '(await fetch(`nowhere`)).status === 404' }",
    },
    Trace {
        name: "the name of the window",
        left: "
  - goto: /isolation/page.html
  - evaluate: 'window.name = `left`'
  - goto: /isolation/other.html
  - wait: { js: 'window.name === `left`' }",
        found: "
  - goto: /isolation/page.html
  - wait: { js: 'window.name === ``' }",
    },
    Trace {
        name: "history",
        left: "
  - goto: /isolation/page.html
  - goto: /isolation/other.html
  - wait: { js: 'history.length > 2' }",
        found: "
  - back
  - wait: { js: 'location.href === `data:,`' }
  - goto: /isolation/page.html
  - wait: { js: 'history.length === 2' }
  - forward
  - expect: { title: Isolation }",
    },
    Trace {
        name: "windows",
        left: "
  - goto: /isolation/page.html
  - evaluate: 'for (const name of [`one`, `two`]) window.open(`page.html`, name)'
  - window: newest
  - expect: { title: Isolation }
  - wait: { js: 'othersAnswer()' }",
        found: "
  - goto: /isolation/page.html
  - wait: { js: 'window.opener === null && !(await othersAnswer())' }",
    },
    Trace {
        name: "the frame that a flow is in",
        left: "
  - goto: /isolation/around.html
  - frame: iframe
  - expect: { exists: '#box' }",
        found: "
  - goto: /isolation/around.html
  - expect: { exists: '#stored' }",
    },
    Trace {
        name: "the pointer and its button",
        left: "
  - goto: /isolation/page.html
  - mouse_down: '#box'",
        found: "
  - goto: /isolation/page.html
  - wait: 200ms
  - wait: { js: 'logged.length === 0' }
  - expect: { count: { of: '#box:hover', equals: 0 } }
  - hover: '#box'
  - wait: { js: 'logged.join().includes(`mouseover trusted 0 0`)' }",
    },
    Trace {
        name: "the first click of two",
        left: "
  - goto: /isolation/page.html
  - click: '#box'",
        found: "
  - goto: /isolation/page.html
  - click: '#box'
  - wait: { js: 'logged.join().includes(`click trusted 0 1`) && !logged.join().includes(`dblclick`)' }",
    },
    Trace {
        name: "the clipboard",
        left: "
  - goto: /isolation/page.html
  - type: { into: '#field', text: left }
  - press: { keys: Control+a, on: '#field' }
  - press: { keys: Control+c, on: '#field' }
  - press: { keys: Control+v, on: '#field' }
  - press: { keys: Control+v, on: '#field' }
  - wait: { js: 'field.value === `leftleft`' }",
        found: "
  - goto: /isolation/page.html
  - press: { keys: Control+v, on: '#field' }
  - wait: { js: 'field.value === ``' }",
    },
    Trace {
        name: "the viewport",
        left: "
  - goto: /isolation/page.html
  - viewport: 500x400@2
  - wait: { js: 'innerWidth === 500 && devicePixelRatio === 2' }",
        found: "
  - goto: /isolation/page.html
  - wait: { js: 'innerWidth === 800 && innerHeight === 600 && devicePixelRatio === 1' }",
    },
    Trace {
        name: "scripts and styles",
        left: "
  - goto: /isolation/page.html
  - inject: { js: 'var left = 1; Array.prototype.left = 1' }
  - inject: { css: '#box { display: none }' }",
        found: "
  - goto: /isolation/page.html
  - wait: { js: 'typeof left === `undefined` && [].left === undefined' }
  - expect: { visible: '#box' }",
    },
    Trace {
        name: "what the browser keeps of answers",
        left: "
  - goto: /isolation/page.html
  - evaluate: 'return fetch(`/picture.svg?keep=1`).then(() => null)'
  - evaluate: 'return fetch(`/picture.svg?keep=1`).then(() => null)'",
        found: "
  - goto: /isolation/page.html
  - evaluate: 'return fetch(`/picture.svg?keep=1`).then(() => null)'",
    },
    Trace {
        name: "what a page does that is only looked at",
        left: "
  - goto: /isolation/page.html
    shot: links before a page went on
  - { goto: /isolation/busy.html, shot: false }
  - wait: { url: '/isolation/other.html' }
  - scroll: bottom",
        found: "
  - goto: /isolation/page.html
    shot: links after a page went on
  - wait: { js: 'await whatIsStored() === ``' }
  - wait: { js: 'window.name === `` && history.length === 2' }
  - wait: { js: '(await navigator.serviceWorker.getRegistrations()).length === 0' }",
    },
    Trace {
        name: "visited links",
        left: "
  - goto: /isolation/page.html
    shot: links before
  - click: '#link'
  - expect: { title: Another page }
  - goto: /isolation/page.html",
        found: "
  - goto: /isolation/page.html
    shot: links after",
    },
];

const STORES: &str = "
  - goto: /isolation/page.html
  - wait: { js: 'storeEverywhere().then(() => true)' }
  - wait: { js: 'await whatIsStored() === `local storage, session storage, cookies, databases, caches, files`' }";

const FINDS_NOTHING_STORED: &str = "
  - goto: /isolation/page.html
  - wait: { js: 'await whatIsStored() === ``' }";

/// A project of all traces in their order; one environment.
fn project(site: &Site) -> Project {
    let project = Project::solo(site)
        .setting("timeout: 3s")
        .variable("PORT", site.port());
    TRACES
        .iter()
        .enumerate()
        .fold(project, |project, (number, trace)| {
            let flow = |part: &str| format!("{number:02} {part} {}", trace.name);
            project
                .flow(&flow("a leaves"), &format!("steps:{}\n", trace.left))
                .flow(&flow("b finds"), &format!("steps:{}\n", trace.found))
        })
}

/// How many browsers a verbose run says that it started.
fn browsers(outcome: &Outcome) -> usize {
    let said = outcome.said();
    let words: Vec<&str> = said.split_whitespace().collect();
    let at = words
        .windows(2)
        .position(|pair| pair[0].starts_with("browser") && pair[1] == "started");
    let at = at.unwrap_or_else(|| panic!("it does not say how many browsers it started:\n{said}"));
    words[at - 1].parse().expect("a number")
}

#[test]
fn a_browser_that_is_used_again_is_as_good_as_new() {
    let site = Site::new();
    let outcome = project(&site).run_with(&["--workers", "1", "--verbose"]);
    for shot in outcome.shots() {
        let failures: Vec<_> = failures_of(shot)
            .map(|failure| failure["message"].to_string())
            .collect();
        assert!(
            failures.is_empty(),
            "{}, {}: {failures:?}",
            shot["flow"],
            shot["label"]
        );
    }
    let outcome = outcome.exits(0);
    for went in ["", " a page went on"] {
        let hash = |when: &str| {
            let shot = outcome.shot(&format!("links {when}{went}"));
            shot["pictures"]["candidate"]["hash"].clone()
        };
        assert_eq!(hash("before"), hash("after"));
    }
    assert_eq!(
        site.requests_of("/picture.svg").len(),
        2,
        "once for each flow"
    );
    assert!(
        browsers(&outcome) <= 2,
        "{} browsers for {} flows",
        browsers(&outcome),
        2 * TRACES.len()
    );
}

#[test]
fn each_flow_may_have_a_browser_of_its_own() {
    let site = Site::new();
    let outcome = Project::solo(&site)
        .setting("isolation: session")
        .flow("a", &format!("steps:{STORES}\n"))
        .flow("b", &format!("steps:{FINDS_NOTHING_STORED}\n"))
        .flow("c", "steps:\n  - goto: /isolation/page.html\n")
        .run_with(&["--workers", "1", "--verbose"])
        .exits(0);
    assert_eq!(browsers(&outcome), 3);
}

/// Two flows of which the first one ends like this; how many browsers were there?
#[track_caller]
fn browsers_after(last_steps: &str, code: i32) -> usize {
    let site = Site::new();
    let outcome = Project::solo(&site)
        .setting("timeout: 2s")
        .setting("page_timeout: 3s")
        .variable("PORT", site.port())
        .flow(
            "a",
            &format!("steps:\n  - goto: /isolation/page.html{last_steps}\n"),
        )
        .flow(
            "b",
            "steps:\n  - goto: /isolation/page.html\n    shot: unharmed\n",
        )
        .run_with(&["--workers", "1", "--verbose"])
        .exits(code);
    assert_eq!(
        outcome.shot("unharmed")["verdict"],
        "new",
        "{}",
        outcome.said()
    );
    browsers(&outcome)
}

#[test]
fn a_flow_that_went_well_leaves_its_browser_to_the_next() {
    assert_eq!(browsers_after("", 0), 1);
}

#[test]
fn a_dialog_that_is_open_at_the_end_is_nobodys() {
    let opens = "\n  - { evaluate: 'setTimeout(() => alert(1), 1)', shot: false }\n  - { wait: 300ms, shot: false }";
    assert_eq!(browsers_after(opens, 0), 2);
}

/// The small browser hangs with its page and is replaced; the whole one gets rid of the page by itself.
#[test]
fn a_page_that_hangs_as_it_goes_harms_no_other_flow() {
    let hangs = "\n  - evaluate: 'addEventListener(`pagehide`, () => { for (;;); })'";
    let browsers = browsers_after(hangs, 0);
    assert!((1..=2).contains(&browsers), "{browsers} browsers");
}

#[test]
fn a_password_that_was_in_a_url_is_forgotten_with_its_browser() {
    let logs_in = "\n  - goto: 'http://jane:secret@127.0.0.1:${PORT}/isolation/other.html'";
    assert_eq!(browsers_after(logs_in, 0), 2);
}

#[test]
fn a_step_that_failed_ends_its_browser() {
    assert_eq!(browsers_after("\n  - click: '#nowhere'", 3), 2);
}
