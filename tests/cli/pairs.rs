//! `twinshot diff -`: pairs from stdin, also as an engine that other programs keep open.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::support::{Canvas, Project};

/// `a.png`, `same.png`, a red box in `b.png`, and `bad.png`, which is no picture.
fn pictures() -> Project {
    let a = Canvas::new(40, 30, Canvas::WHITE);
    let b = Canvas::new(40, 30, Canvas::WHITE).with_box([5, 6, 10, 10], Canvas::RED);
    Project::new()
        .file("a.png", a.png())
        .file("same.png", a.png())
        .file("b.png", b.png())
        .file("bad.png", "hello")
        .file("with a space.png", a.png())
}

/// `twinshot diff - …` with both ends in the test's hands.
struct Engine {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Engine {
    fn start(project: &Project, arguments: &[&str]) -> Self {
        let arguments = ["diff", "-"].iter().chain(arguments).copied();
        let mut command = project.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().expect("it is piped")),
            child,
        }
    }

    fn ask(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        stdin.write_all(text.as_bytes()).expect("it listens");
        stdin.flush().expect("it listens");
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Ends stdin; gives the exit code, what is left on stdout, and stderr.
    fn end(mut self) -> (i32, String, String) {
        drop(self.stdin.take());
        let [mut left, mut errors] = [String::new(), String::new()];
        self.stdout.read_to_string(&mut left).expect("text");
        let stderr = self.child.stderr.as_mut().expect("it is piped");
        stderr.read_to_string(&mut errors).expect("text");
        let code = self.child.wait().expect("our own child").code();
        (code.unwrap_or(-1), left, errors)
    }
}

/// Everything at once: exit code, lines of JSON, stderr.
fn answers(project: &Project, text: &str) -> (i32, Vec<Value>, String) {
    let mut engine = Engine::start(project, &["--format", "jsonl"]);
    engine.ask(text);
    let (code, lines, errors) = engine.end();
    let parse = |line| serde_json::from_str(line).expect("JSON");
    (code, lines.lines().map(parse).collect(), errors)
}

#[test]
fn results_come_in_the_order_of_the_lines() {
    let project = pictures();
    let text: String = (0..300)
        .map(|index| ["a.png\tsame.png\n", "a.png\tb.png\n", "same.png\ta.png\n"][index % 3])
        .collect();
    let (code, lines, errors) = answers(&project, &text);
    assert_eq!((code, errors.as_str()), (1, ""));
    assert_eq!(lines.len(), 300);
    for (index, line) in lines.iter().enumerate() {
        let differs = index % 3 == 1;
        assert_eq!(line["line"], index + 1);
        assert_eq!(
            line["verdict"],
            if differs { "mismatch" } else { "match" },
            "{line}"
        );
        assert_eq!(line["mismatched_pixels"], if differs { 100 } else { 0 });
    }
    assert_eq!(lines[1]["baseline"], "a.png");
    assert_eq!(lines[1]["candidate"], "b.png");
}

#[test]
fn an_engine_answers_before_its_input_ends() {
    let project = pictures();
    let mut engine = Engine::start(&project, &["--format", "jsonl"]);
    for round in 0..20 {
        engine.ask("a.png\tb.png\n");
        let began = Instant::now();
        assert_eq!(engine.answer()["mismatched_pixels"], 100, "round {round}");
        assert!(began.elapsed() < Duration::from_secs(30));
        // Half a line is not answered, nor does it hold up what comes before it.
        engine.ask("a.png\tsame.png\na.p");
        assert_eq!(engine.answer()["verdict"], "match", "round {round}");
        engine.ask("ng\tsame.png\n");
        assert_eq!(engine.answer()["line"], 3 * round + 3);
    }
    assert_eq!(engine.end().0, 1);
}

#[test]
fn the_last_line_needs_no_end_and_equal_pairs_are_clean() {
    let project = pictures();
    let (code, lines, _) = answers(&project, "a.png\tsame.png\na.png\twith a space.png");
    assert_eq!((code, lines.len()), (0, 2));
    assert_eq!(lines[1]["candidate"], "with a space.png");
}

#[test]
fn pictures_go_where_each_line_says() {
    let project = pictures();
    let text = "a.png\tb.png\tout/a mask.png\na.png\tsame.png\tout/none.png\na.png\tb.png\n";
    let mut engine = Engine::start(&project, &["--format", "jsonl", "--style", "mask"]);
    engine.ask(text);
    assert_eq!(engine.answer()["picture"], "out/a mask.png");
    assert_eq!(engine.answer()["picture"], Value::Null);
    assert_eq!(engine.answer()["picture"], Value::Null);
    assert_eq!(engine.end().0, 1);
    assert!(project.path("out/a mask.png").is_file());
    assert!(!project.path("out/none.png").exists());
}

#[test]
fn a_line_whose_picture_would_be_written_over_is_refused() {
    let project = pictures();
    let before = std::fs::read(project.path("a.png")).expect("our own file");
    let text = "a.png\tb.png\ta.png\nb.png\ta.png\t./a.png\na.png\tb.png\t-\na.png\tb.png\td.jpg\n\
                a.png\tb.png\td.png\n";
    let (code, lines, _) = answers(&project, text);
    assert_eq!((code, lines.len()), (3, 5));
    for (index, says) in [
        (0, "line 1: a.png is one of the pictures"),
        (1, "line 2: ./a.png is one of the pictures"),
        (2, "line 3: stdout has the results"),
        (
            3,
            "line 4: pictures are written as PNG, so d.jpg must end in .png",
        ),
    ] {
        let error = lines[index]["error"].as_str().unwrap_or_default();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(lines[4]["picture"], "d.png");
    let after = std::fs::read(project.path("a.png")).expect("our own file");
    assert!(before == after, "a.png was written over");
}

#[test]
fn no_line_writes_over_a_file_of_another() {
    for (text, errors) in [
        (
            "a.png\tsame.png\na.png\tb.png\tsame.png\n",
            ["", "line 2: same.png is compared in line 1"],
        ),
        (
            "a.png\tb.png\tsame.png\nsame.png\tb.png\n",
            ["line 1: same.png is compared in line 2", ""],
        ),
        (
            "a.png\tb.png\tnew/../same.png\na.png\tsame.png",
            ["line 1: new/../same.png is compared in line 2", ""],
        ),
        (
            "a.png\tb.png\tlink.png\na.png\tsame.png\n",
            ["line 1: link.png is compared in line 2", ""],
        ),
        (
            "a.png\tb.png\td.png\nb.png\ta.png\t./d.png\n",
            ["", "line 2: line 1 writes ./d.png too"],
        ),
        (
            "a.png\tb.png\td.png\nd.png\ta.png\n",
            ["line 1: d.png is compared in line 2", "cannot read d.png"],
        ),
    ] {
        let project = pictures();
        std::os::unix::fs::symlink("same.png", project.path("link.png")).expect("a link");
        let before = std::fs::read(project.path("same.png")).expect("our own file");
        let (code, lines, _) = answers(&project, text);
        assert_eq!((code, lines.len()), (3, 2), "{text}");
        for (line, says) in lines.iter().zip(errors) {
            let error = line["error"].as_str().unwrap_or_default();
            assert_eq!(says.is_empty(), error.is_empty(), "{text}: {error}");
            assert!(error.contains(says), "{text}: {error}");
        }
        let after = std::fs::read(project.path("same.png")).expect("our own file");
        assert!(before == after, "{text}: it was written over");
    }
}

#[test]
fn a_program_that_has_its_result_may_use_a_file_again() {
    let project = pictures();
    let mut engine = Engine::start(&project, &["--format", "jsonl"]);
    for _ in 0..3 {
        engine.ask("a.png\tb.png\td.png\n");
        assert_eq!(engine.answer()["picture"], "d.png");
    }
    engine.ask("d.png\tb.png\n");
    assert_eq!(engine.answer()["verdict"], "mismatch");
    // From here on it is an input.
    engine.ask("a.png\tb.png\td.png\na.png\tb.png\t/dev/null\nb.png\ta.png\t/dev/null\n");
    assert_eq!(engine.answer()["verdict"], "undecided");
    for _ in 0..2 {
        assert_eq!(engine.answer()["picture"], "/dev/null");
    }
    assert_eq!(engine.end().0, 3);
}

#[test]
fn a_list_with_old_line_ends_is_named() {
    let project = pictures();
    for text in ["a.png\tsame.png\ra.png\tb.png\r", "a.png\rb.png\n"] {
        let mut engine = Engine::start(&project, &[]);
        engine.ask(text);
        let (code, lines, errors) = engine.end();
        assert_eq!(code, 3, "{lines}{errors}");
        assert!(
            lines.contains("line 1: its line end is CR alone"),
            "{lines}"
        );
        assert!(!lines.contains('\r'), "{lines:?}");
    }
}

#[test]
fn a_list_from_another_system_is_read() {
    let project = pictures();
    let text = "\u{feff}a.png\tb.png\r\na.png\tsame.png\tout.png\r\na.png\tb.png\tdiff.png\r\na.png\twith a space.png\r";
    let (code, lines, errors) = answers(&project, text);
    assert_eq!((code, errors.as_str()), (1, ""));
    let verdicts: Vec<_> = lines.iter().map(|line| line["verdict"].clone()).collect();
    assert_eq!(verdicts, ["mismatch", "match", "mismatch", "match"]);
    assert_eq!(lines[0]["baseline"], "a.png");
    assert_eq!(lines[2]["picture"], "diff.png");
    assert!(project.path("diff.png").is_file());
}

#[test]
fn only_the_beginning_of_the_list_may_be_marked() {
    let (code, lines, _) = answers(&pictures(), "a.png\tsame.png\n\u{feff}a.png\tb.png\n");
    assert_eq!(code, 3);
    let error = lines[1]["error"].as_str().unwrap_or_default();
    assert!(error.contains("cannot read \u{feff}a.png"), "{error}");
}

#[test]
fn a_list_of_wide_letters_is_refused() {
    let project = pictures();
    let text = "\u{feff}a.png\tb.png\r\n".encode_utf16();
    let bytes: Vec<u8> = text.flat_map(u16::to_le_bytes).collect();
    let project = project.file("list", bytes);
    let list = std::fs::File::open(project.path("list")).expect("our own file");
    let output = project.command(["diff", "-"]).stdin(list).output();
    let output = output.expect("the binary starts");
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("stdin is UTF-16"), "{errors}");
}

#[test]
fn trouble_with_one_line_does_not_end_the_others() {
    let project = pictures();
    let text = "a.png\n\na.png\tbad.png\na.png\tnowhere.png\na.png\tb.png\n\
                a.png\tb.png\tx\ty\na.png\t\ta.png\tspecs\n";
    let (code, lines, _) = answers(&project, text);
    assert_eq!(code, 3);
    let says = [
        (0, "line 1: it must be BASELINE<TAB>CANDIDATE"),
        (1, "line 2: it must be"),
        (2, "bad.png: the candidate picture is not a PNG file"),
        (3, "cannot read nowhere.png"),
        (5, "line 6: it must be"),
        (6, "line 7: it must be"),
    ];
    for (index, text) in says {
        assert_eq!(lines[index]["verdict"], "undecided", "{}", lines[index]);
        let error = lines[index]["error"].as_str().unwrap_or_default();
        assert!(error.contains(text), "{error}");
        assert!(lines[index].get("mismatched_pixels").is_none());
    }
    assert_eq!(lines[4]["mismatched_pixels"], 100);
    assert_eq!(lines.len(), 7);
}

#[test]
fn a_picture_that_cannot_be_written_outweighs_the_rest() {
    let text = "a.png\tb.png\ta.png/diff.png\na.png\tbad.png\na.png\tsame.png\n";
    let (code, lines, _) = answers(&pictures(), text);
    assert_eq!((code, lines.len()), (5, 3));
    let error = lines[0]["error"].as_str().unwrap_or_default();
    assert!(error.contains("cannot write a.png/diff.png"), "{error}");
    assert_eq!(lines[2]["verdict"], "match");
}

#[test]
fn a_pipe_in_a_line_does_not_hold_up_the_others() {
    let project = pictures();
    let made = std::process::Command::new("mkfifo")
        .arg(project.path("pipe.png"))
        .status();
    assert!(made.expect("mkfifo is part of every Linux").success());
    let text = "a.png\tpipe.png\na.png\t/dev/zero\na.png\tsame.png\n";
    let (code, lines, _) = answers(&project, text);
    assert_eq!((code, lines.len()), (3, 3));
    for line in &lines[..2] {
        let error = line["error"].as_str().unwrap_or_default();
        assert!(error.contains(", not a file"), "{error}");
    }
    assert_eq!(lines[2]["verdict"], "match");
}

#[test]
fn no_pair_is_no_pass() {
    let (code, lines, errors) = answers(&pictures(), "");
    assert_eq!((code, lines.len()), (4, 0));
    assert!(errors.contains("there is no pair on stdin"), "{errors}");
}

#[test]
fn a_line_without_end_is_refused_in_little_memory() {
    let project = pictures();
    let mut engine = Engine::start(&project, &["--format", "jsonl"]);
    engine.ask("a.png\tsame.png\n");
    engine.ask(&"x".repeat(70_000));
    assert_eq!(engine.answer()["verdict"], "match");
    let error = engine.answer()["error"].to_string();
    assert!(
        error.contains("line 2: it is longer than 65536 bytes"),
        "{error}"
    );
    assert_eq!(engine.end().0, 3);
}

#[test]
fn text_and_an_array_can_be_had_too() {
    let project = pictures();
    let text = "a.png\tsame.png\na.png\tb.png\nnonsense\n";
    let run = |arguments: &[&str]| {
        let mut engine = Engine::start(&project, arguments);
        engine.ask(text);
        engine.end().1
    };
    let shown = run(&[]);
    assert!(shown.starts_with("a.png → same.png: match: 0 %"), "{shown}");
    assert!(
        shown.contains("\na.png → b.png: mismatch: 8.33 %"),
        "{shown}"
    );
    assert!(shown.contains("line 3: it must be"), "{shown}");
    let quiet = run(&["--quiet"]);
    assert_eq!(quiet.lines().count(), 2, "{quiet}");
    let array: Value = serde_json::from_str(&run(&["--format", "json"])).expect("an array");
    assert_eq!(array.as_array().map(Vec::len), Some(3));
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let project = pictures();
    let ran = project.run(["diff", "-", "a.png"]);
    ran.exit(2).stderr_has("takes no second picture");
    let ran = project.run(["diff", "-", "--out", "x.png"]);
    ran.exit(2).stderr_has("BASELINE<TAB>CANDIDATE<TAB>OUT");
}

#[test]
fn an_engine_that_nobody_listens_to_ends_though_its_input_is_open() {
    let project = pictures();
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = project.command(["diff", "-", "--format", "jsonl"]);
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .stdout(full.expect("it is part of every Linux"))
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"a.png\tb.png\n").expect("it listens");
    let status = child.wait().expect("our own child");
    assert_eq!(status.code(), Some(5));
    drop(stdin);
}
