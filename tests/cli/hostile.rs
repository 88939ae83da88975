//! Bad input for `twinshot diff`: a clear message that names the file, exit code 2 or 3, never "different",
//! never a panic, and never more memory than the picture's size calls for.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::support::{Canvas, Project, Ran};

/// Address space that the program may have here, in KiB; a decoded picture of 50 000 × 50 000 takes 7 to 10 GB.
const MEMORY_KIB: u32 = 400_000;

fn page() -> Canvas {
    Canvas::new(60, 40, Canvas::WHITE).with_box([5, 6, 10, 10], Canvas::RED)
}

fn project() -> Project {
    Project::new().file("good.png", page().png())
}

fn diff(project: &Project, arguments: &str) -> Ran {
    project.run(["diff"].into_iter().chain(arguments.split_whitespace()))
}

/// Runs a shell line, with `$T` for the program, in little memory; gives exit code and stderr.
fn in_little_memory(project: &Project, line: &str) -> (i32, String) {
    let binary = env!("CARGO_BIN_EXE_twinshot");
    let line = format!("ulimit -v {MEMORY_KIB}; T='{binary}'; {line}");
    let output = Command::new("bash")
        .args(["-c", &line])
        .current_dir(project.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("bash is there");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), errors)
}

#[test]
fn a_file_cut_off_anywhere_is_never_different() {
    let whole = page().png();
    let project = project();
    // Every place in the header chunk and the trailer, a spread between them.
    let places = (0..whole.len()).filter(|at| *at < 40 || at + 16 > whole.len() || at % 7 == 0);
    for length in places {
        fs::write(project.path("cut.png"), &whole[..length]).expect("our own file");
        let ran = diff(&project, "good.png cut.png");
        ran.exit(3).stderr_has("cut.png: the candidate picture ");
        assert!(ran.stdout().is_empty(), "{length}: {}", ran.shown());
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_changes_nothing() {
    let whole = page().png();
    let project = project();
    for position in (0..whole.len() * 8).step_by(11) {
        let mut flipped = whole.clone();
        flipped[position / 8] ^= 1 << (position % 8);
        fs::write(project.path("flipped.png"), flipped).expect("our own file");
        let ran = diff(&project, "flipped.png good.png");
        let code = if ran.stdout().is_empty() { 3 } else { 0 };
        ran.exit(code);
        if code == 3 {
            ran.stderr_has("flipped.png: the baseline picture ");
        }
    }
}

/// A PNG of three kilobytes whose header promises two and a half thousand million pixels.
fn bomb() -> Vec<u8> {
    let mut png = Canvas::new(1, 1, Canvas::WHITE).png();
    png[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    let sum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png.resize(3000, 0);
    png
}

/// The checksum of a PNG chunk.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 * (sum & 1))
        })
    })
}

#[test]
fn a_bomb_takes_no_memory() {
    let project = project().file("bomb.png", bomb());
    for line in [
        "$T diff good.png bomb.png",
        "$T diff bomb.png good.png --out d.png",
    ] {
        let (code, errors) = in_little_memory(&project, line);
        assert_eq!(code, 3, "{errors}");
        assert!(errors.contains("bomb.png: "), "{errors}");
        assert!(errors.contains("is too large: 50000x50000"), "{errors}");
    }
    // Also when the limit lets it pass.
    let line =
        "$T diff good.png bomb.png --max-pixels 10000000000 --style side-by-side --out d.png";
    let (code, errors) = in_little_memory(&project, line);
    assert_eq!(code, 3, "{errors}");
    assert!(
        errors.contains("bomb.png: the candidate picture is "),
        "{errors}"
    );
}

#[test]
fn what_never_ends_is_not_read_to_its_end() {
    let mut endless = page().png();
    endless.truncate(endless.len() - 12);
    let project = project().file("begun.png", endless);
    let (code, errors) = in_little_memory(&project, "$T diff good.png /dev/zero");
    assert_eq!(code, 3, "{errors}");
    assert!(
        errors.contains("/dev/zero: the candidate picture is not a PNG"),
        "{errors}"
    );
    let line = "$T diff good.png <(cat begun.png /dev/zero)";
    let (code, errors) = in_little_memory(&project, line);
    assert_eq!(code, 3, "{errors}");
    assert!(errors.contains("the file is longer than "), "{errors}");
    // A file without blocks: 100 GB that take no room on disk.
    let sparse = fs::File::create(project.path("sparse.png")).expect("our own file");
    sparse.set_len(100 << 30).expect("a sparse file");
    let (code, errors) = in_little_memory(&project, "$T diff sparse.png good.png");
    assert_eq!(code, 3, "{errors}");
    assert!(
        errors.contains("sparse.png: the baseline picture is not a PNG"),
        "{errors}"
    );
}

#[test]
fn a_pipe_can_be_compared() {
    let project = project();
    let (code, errors) = in_little_memory(&project, "$T diff <(cat good.png) good.png");
    assert_eq!(code, 0, "{errors}");
}

#[test]
fn pipes_and_devices_in_a_folder_are_refused_and_not_waited_for() {
    let project = project()
        .file("a/x.png", page().png())
        .file("b/x.png", page().png())
        .file("a/pipe.png", page().png());
    let made = Command::new("mkfifo")
        .arg(project.path("b/pipe.png"))
        .status();
    assert!(made.expect("mkfifo is part of every Linux").success());
    let ran = diff(&project, "a b");
    ran.exit(3)
        .stdout_has(
            "pipe.png: not compared: cannot read b/pipe.png: it is a named pipe, not a file",
        )
        .stdout_has("x.png: match");
}

#[test]
fn a_picture_without_pixels_is_named() {
    for place in [16..20, 20..24] {
        let mut png = page().png();
        png[place].fill(0);
        let project = project().file("empty.png", png);
        let ran = diff(&project, "good.png empty.png");
        ran.exit(3)
            .stderr_has("empty.png: the candidate picture has no pixels");
    }
}

#[test]
fn other_files_and_places_are_named() {
    let project = project().file("text.png", "hello").file("folder.png/x", "");
    for (arguments, code, says) in [
        (
            "good.png text.png",
            3,
            "text.png: the candidate picture is not a PNG file",
        ),
        (
            "text.png good.png",
            3,
            "text.png: the baseline picture is not a PNG file",
        ),
        (
            "text.png text.png",
            3,
            "text.png: the baseline picture is not a PNG file",
        ),
        ("good.png folder.png", 2, "cannot read folder.png"),
        ("folder.png good.png", 2, "cannot read folder.png"),
        ("good.png missing.png", 2, "cannot read missing.png"),
        ("good.png good.png/x.png", 2, "cannot read good.png/x.png"),
    ] {
        let ran = diff(&project, arguments);
        ran.exit(code).stderr_has(says);
        assert!(ran.stdout().is_empty(), "{}", ran.shown());
    }
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    let project = project().file("secret.png", page().png());
    let path = project.path("secret.png");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("our own file");
    if fs::File::open(&path).is_ok() {
        eprintln!("SKIPPED: this user, probably root, may read everything; nothing was checked");
        return;
    }
    let ran = diff(&project, "good.png secret.png");
    ran.exit(2)
        .stderr_has("cannot read secret.png: Permission denied");
}

#[test]
fn a_file_that_is_written_meanwhile_is_whole_or_an_error() {
    let boxes = (0..64_u8).map(|index| (u32::from(index), index));
    let noise = boxes.fold(
        Canvas::new(900, 700, Canvas::WHITE),
        |canvas, (at, level)| {
            canvas.with_box([at * 13, at * 9, 40, 30], [level * 3, 255 - level, level])
        },
    );
    let png = noise.png();
    let project = project().file("good.png", &png).file("growing.png", &png);
    let path = project.path("growing.png");
    let is_over = AtomicBool::new(false);
    let mut codes = [0; 4];
    thread::scope(|scope| {
        scope.spawn(|| {
            // Not for ever: a failing assertion below does not say that it is over.
            for _ in 0..3000 {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let mut file = fs::File::create(&path).expect("our own file");
                for part in png.chunks(png.len() / 20 + 1) {
                    file.write_all(part).expect("our own file");
                    thread::sleep(std::time::Duration::from_micros(300));
                }
                thread::sleep(std::time::Duration::from_millis(2));
            }
        });
        for _ in 0..60 {
            let ran = project.run(["diff", "good.png", "growing.png"]);
            let code = if ran.stdout().is_empty() { 3 } else { 0 };
            ran.exit(code);
            codes[code as usize] += 1;
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(codes[3] > 0, "no run met half a file: {codes:?}");
}
