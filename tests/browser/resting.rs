//! Each kind of movement, photographed again and again: one picture, however often. TWINSHOT_TEST_CAPTURES says
//! how often on each side; the usual few keep the suite quick.

use std::collections::BTreeSet;

use crate::{
    engines::firefox,
    support::{Outcome, Project, Site},
    webkit::webkit,
};

/// What a page does, where it is, and a setting of its flow.
type Movement = (&'static str, &'static str, &'static str);

const MOVEMENTS: &[Movement] = &[
    ("animations", "animation.html", ""),
    ("transitions", "transition.html", ""),
    ("caret", "caret.html", ""),
    ("images that move", "gif.html", ""),
    ("drawings that move", "smil.html", ""),
    ("chart", "chart.html", ""),
    ("chart by the date", "grows.html", ""),
    ("loop by frames", "counter.html", ""),
    ("loop by time", "canvas.html", ""),
    ("drawn again in part", "repainted.html", ""),
    ("drawn by timers", "timer.html", ""),
    ("drawn by a worker", "worker.html", ""),
    ("late answers", "late.html", ""),
    ("late font", "font.html", ""),
    ("lazy images", "lazy.html", ""),
    ("smooth scrolling", "scroll.html", ""),
    ("images of a style", "styled.html", ""),
    ("comes into view", "revealed.html", ""),
    ("left out far away", "far.html", ""),
    ("large images", "large.html", ""),
    ("looks at its size", "looks.html", ""),
    ("replaces what is built in", "tampered.html", ""),
    ("always asks", "polling.html", ""),
    ("time and chance", "clock.html", "clock: fixed"),
    ("another time", "clock.html", "clock: 2030-04-05T06:07:00Z"),
];

fn captures() -> usize {
    let asked = std::env::var("TWINSHOT_TEST_CAPTURES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(2)
}

/// Goes to the movement's page again and again. Its shots are named after it, whatever flow they are in.
fn steps(&(name, page, _): &Movement) -> String {
    let step = |number| {
        let shot = format!("    shot: {name} {number}\n");
        format!("  - goto: /moving/{page}?{number}\n{shot}")
    };
    (0..captures()).map(step).collect()
}

#[test]
fn every_movement_comes_to_one_picture() {
    let (one, other) = (Site::new(), Site::new());
    let outcome = photographed(Project::pair(&one, &other), MOVEMENTS);
    assert_eq!(
        picture_of(&outcome, "late answers").at(100, 30),
        [0, 128, 128]
    );
    assert_eq!(
        picture_of(&outcome, "late answers").at(100, 90),
        [0, 0, 128]
    );
    assert_eq!(picture_of(&outcome, "chart").at(380, 60), [0, 128, 128]);
    for drawn in ["drawn by timers", "drawn by a worker"] {
        assert_eq!(picture_of(&outcome, drawn).at(390, 60), [0, 128, 128]);
    }
    assert_eq!(
        picture_of(&outcome, "images that move").at(20, 20),
        [255, 0, 0]
    );
    assert_eq!(
        picture_of(&outcome, "drawings that move").at(90, 93),
        [0, 0, 128]
    );
    assert_eq!(
        picture_of(&outcome, "looks at its size").at(400, 2000),
        [0, 128, 128]
    );
    assert_eq!(
        picture_of(&outcome, "replaces what is built in").at(100, 145),
        [0, 128, 128]
    );
    let warnings = first_shot_of(&outcome, "loop by frames")["warnings"].to_string();
    assert!(warnings.contains("held at frame 600"), "{warnings}");
}

/// Firefox starts again for every flow, which takes seconds.
#[test]
fn every_movement_comes_to_one_picture_in_firefox() {
    let (one, other) = (Site::new(), Site::new());
    let Some(project) = firefox(Project::pair(&one, &other)) else {
        return;
    };
    let movements = MOVEMENTS.iter().copied();
    let movements: Vec<Movement> = movements
        .filter(|it| it.0 != "drawings that move")
        .collect();
    let outcome = photographed_together(project, &movements);
    let warnings = first_shot_of(&outcome, "loop by frames")["warnings"].to_string();
    assert!(warnings.contains("held at frame 600"), "{warnings}");
}

/// WebKit has no switch for images that move, and no world for our functions but the page's.
#[test]
fn every_movement_comes_to_one_picture_in_webkit() {
    let (one, other) = (Site::new(), Site::new());
    let Some(project) = webkit(Project::pair(&one, &other)) else {
        return;
    };
    let left_out = ["images that move", "replaces what is built in"];
    let movements = MOVEMENTS.iter().copied();
    let movements: Vec<Movement> = movements.filter(|it| !left_out.contains(&it.0)).collect();
    let outcome = photographed_together(project, &movements);
    let drawing = picture_of(&outcome, "drawings that move");
    assert_eq!(drawing.at(90, 93), [0, 0, 128]);
    let warnings = first_shot_of(&outcome, "loop by frames")["warnings"].to_string();
    assert!(warnings.contains("held at frame 600"), "{warnings}");
}

/// All movements again and again, of each one picture. Each has a flow of its own.
fn photographed(mut project: Project, movements: &[Movement]) -> Outcome {
    for movement @ (name, _, setting) in movements {
        project = project.flow(name, &format!("{setting}\nsteps:\n{}", steps(movement)));
    }
    one_picture_each(project, movements)
}

/// The same with one flow for each worker, and one for each movement that has a setting: browsers that start again for
/// every flow take most of the time otherwise.
fn photographed_together(mut project: Project, movements: &[Movement]) -> Outcome {
    let (plain, set): (Vec<&Movement>, Vec<&Movement>) =
        movements.iter().partition(|movement| movement.2.is_empty());
    for (number, movements) in plain.chunks(plain.len().div_ceil(2)).enumerate() {
        let steps: String = movements.iter().map(|movement| steps(movement)).collect();
        project = project.flow(&format!("part {number}"), &format!("steps:\n{steps}"));
    }
    for movement @ (name, _, setting) in set {
        project = project.flow(name, &format!("{setting}\nsteps:\n{}", steps(movement)));
    }
    one_picture_each(project, movements)
}

fn one_picture_each(project: Project, movements: &[Movement]) -> Outcome {
    let outcome = project.run_with(&["--workers", "2"]);
    let names = movements.iter().map(|(name, ..)| name);
    let problems: Vec<String> = names.filter_map(|name| problem(&outcome, name)).collect();
    let said = outcome.said();
    assert!(problems.is_empty(), "{}\n{said}", problems.join("\n"));
    assert_nothing_is_missing(&outcome);
    outcome.exits(0)
}

/// What comes late, or only into view, is in the pictures.
fn assert_nothing_is_missing(outcome: &Outcome) {
    const TEAL: [u8; 3] = [0, 128, 128];
    const NAVY: [u8; 3] = [0, 0, 128];
    const OLIVE: [u8; 3] = [128, 128, 0];
    const WHITE: [u8; 3] = [255, 255, 255];
    let points = [
        ("images of a style", 200, 80, TEAL),
        ("images of a style", 20, 20, NAVY),
        ("images of a style", 200, 150, OLIVE),
        ("large images", 100, 50, TEAL),
        ("large images", 100, 350, TEAL),
        ("large images", 100, 650, TEAL),
        ("comes into view", 200, 1000, OLIVE),
        ("comes into view", 200, 1950, OLIVE),
        ("comes into view", 200, 2450, OLIVE),
        ("comes into view", 20, 2720, NAVY),
        ("comes into view", 200, 3900, OLIVE),
        // What its end adds, and again where it was before.
        ("comes into view", 200, 7100, OLIVE),
        ("comes into view", 780, 20, TEAL),
        ("left out far away", 200, 2600, OLIVE),
        ("left out far away", 200, 5300, OLIVE),
        ("left out far away", 200, 5530, OLIVE),
        // Hidden by its style, not by the browser.
        ("left out far away", 200, 5750, WHITE),
        ("left out far away", 200, 5870, NAVY),
    ];
    for (flow, x, y, colour) in points {
        assert_eq!(
            picture_of(outcome, flow).at(x, y),
            colour,
            "{flow}: {x}, {y}"
        );
    }
}

/// The shots of a movement, by their names.
fn shots_of<'a>(
    outcome: &'a Outcome,
    movement: &str,
) -> impl Iterator<Item = &'a serde_json::Value> {
    let begin = format!("{movement} ");
    let shots = outcome.shots().iter();
    shots.filter(move |shot| {
        let name = shot["shot"].as_str().unwrap_or_default();
        name.strip_prefix(&begin)
            .is_some_and(|number| number.parse::<usize>().is_ok())
    })
}

fn first_shot_of<'a>(outcome: &'a Outcome, movement: &str) -> &'a serde_json::Value {
    let first = shots_of(outcome, movement).next();
    first.unwrap_or_else(|| panic!("no shot of `{movement}`:\n{}", outcome.said()))
}

fn picture_of(outcome: &Outcome, movement: &str) -> crate::support::Picture {
    outcome.stored(&first_shot_of(outcome, movement)["pictures"]["candidate"]["file"])
}

/// More or fewer pictures than one.
fn problem(outcome: &Outcome, flow: &str) -> Option<String> {
    let mut found = BTreeSet::new();
    let mut failed = 0;
    for shot in shots_of(outcome, flow) {
        for side in ["baseline", "candidate"] {
            match shot["pictures"][side]["hash"].as_str() {
                Some(hash) => drop(found.insert(hash.to_owned())),
                None => failed += 1,
            }
        }
    }
    (found.len() != 1 || failed > 0)
        .then(|| format!("{flow}: {} pictures, {failed} failed", found.len()))
}

/// A video that plays is stopped at its first picture, and goes on afterwards.
#[test]
fn a_video_is_stopped_for_the_picture() {
    let site = Site::new();
    let steps = "steps:
  - { goto: /moving/video.html, shot: false }
  - wait: { js: 'document.title === `It plays`' }
    shot: first
  - wait: 150ms
    shot: again
  - wait: { js: '!shown.paused && shown.currentTime > 0.05' }
    shot: false
";
    let outcome = Project::pair(&site, &site)
        .flow("Video", steps)
        .run()
        .exits(0);
    for name in ["first", "again"] {
        let [red, green, blue] = outcome.picture(name).at(100, 50);
        assert!(
            red > 200 && green < 60 && blue < 60,
            "{name}: {red} {green} {blue}"
        );
    }
}

/// A chart that grows for two seconds is taken to its end, where nobody asked to leave movements alone.
#[test]
fn what_ends_by_itself_is_brought_to_its_end() {
    let site = Site::new();
    let steps = "steps:
  - goto: /moving/grows.html
    shot: brought
  - goto: /moving/grows.html
    shot: { name: waited for, settle: { animations: false } }
";
    let outcome = Project::pair(&site, &site)
        .flow("Growing", steps)
        .run()
        .exits(0);
    for (name, title) in [
        ("brought", "ahead of time, true"),
        ("waited for", "in time, true"),
    ] {
        assert_eq!(outcome.picture(name).at(380, 60), [0, 128, 128], "{name}");
        let page = &outcome.shot(name)["pictures"]["candidate"]["page"];
        assert_eq!(page["title"], title, "{name}");
    }
}

/// Each part that is switched off is one that was needed.
#[test]
fn parts_can_be_switched_off() {
    let site = Site::new();
    let off = |part: &str, page: &str| {
        format!("steps:\n  - goto: /moving/{page}\n    shot: {{ settle: {{ {part}: false }} }}\n")
    };
    let outcome = Project::solo(&site)
        .flow("requests", &off("requests", "late.html"))
        .flow("images", &off("images", "lazy.html"))
        .flow("frames", &off("frames", "ticker.html"))
        .flow("animations", &off("animations", "canvas.html"))
        .flow(
            "by flow",
            "settle: { frames: false }\nsteps:\n  - goto: /moving/ticker.html\n  - goto: /moving/ticker.html\n    shot: { settle: { frames: true } }\n",
        )
        .run_with(&["--workers", "2"])
        .exits(3);
    let picture =
        |flow| outcome.stored(&outcome.first_shot_of(flow)["pictures"]["candidate"]["file"]);
    assert_eq!(picture("requests").at(100, 30), [255, 215, 0]);
    assert_ne!(picture("images").at(50, 11_050), [0, 128, 0]);
    assert_eq!(outcome.first_shot_of("frames")["verdict"], "new");
    assert_eq!(outcome.first_shot_of("animations")["verdict"], "failed");
    let shots = outcome.shots().iter();
    let verdicts: Vec<_> = shots
        .filter(|shot| shot["flow"] == "by flow")
        .map(|shot| &shot["verdict"])
        .collect();
    assert_eq!(verdicts, ["new", "failed"]);
}
