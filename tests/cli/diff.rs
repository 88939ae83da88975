//! `twinshot diff A B`: two pictures, without a project and without a browser.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio};

use serde_json::{Value, json};

use super::support::{Canvas, Project, Ran};

/// `a.png`, and `b.png` with a red box of 10 × 10 pixels.
fn two_pictures() -> Project {
    let a = Canvas::new(40, 30, Canvas::WHITE);
    let b = Canvas::new(40, 30, Canvas::WHITE).with_box([5, 6, 10, 10], Canvas::RED);
    Project::new().file("a.png", a.png()).file("b.png", b.png())
}

fn diff(project: &Project, arguments: &str) -> Ran {
    project.run(["diff"].into_iter().chain(arguments.split_whitespace()))
}

fn json_of(project: &Project, arguments: &str) -> Value {
    let ran = diff(project, &format!("{arguments} --format json"));
    let value = serde_json::from_str(ran.stdout());
    value.unwrap_or_else(|error| panic!("{error}\n{}", ran.shown()))
}

#[test]
fn a_difference_is_told_in_one_line() {
    let ran = diff(&two_pictures(), "a.png b.png");
    ran.exit(1).stderr_is_empty();
    assert_eq!(
        ran.stdout(),
        "mismatch: 8.33 % different, 100 of 1200 pixels in 1 region\n"
    );
}

#[test]
fn equal_pictures_match() {
    let ran = diff(&two_pictures(), "a.png a.png");
    ran.exit(0).stderr_is_empty();
    assert_eq!(
        ran.stdout(),
        "match: 0 % different, 0 of 1200 pixels in 0 regions\n"
    );
}

#[test]
fn json_has_every_key_of_the_contract() {
    let found = json_of(&two_pictures(), "a.png b.png");
    let expected = json!({
        "verdict": "mismatch",
        "metric": "oklab",
        "threshold": 0.1,
        "tint": true,
        "baseline_size": [40, 30],
        "candidate_size": [40, 30],
        "mismatched_pixels": 100,
        "antialiased_pixels": 0,
        "total_pixels": 1200,
        "mismatch_ratio": 100.0 / 1200.0,
        "regions": [{ "x": 5, "y": 6, "width": 10, "height": 10, "mismatched_pixels": 100 }],
    });
    assert_eq!(found, expected);
}

#[test]
fn sizes_that_differ_are_both_told_and_never_match() {
    let taller = Canvas::new(40, 33, Canvas::WHITE).png();
    let project = two_pictures().file("taller.png", taller);
    let ran = diff(&project, "a.png taller.png --max-mismatch 100%");
    ran.exit(1)
        .stdout_has("mismatch: ")
        .stdout_has("size 40x30 → 40x33");
    let found = json_of(&project, "a.png taller.png");
    assert_eq!(found["baseline_size"], json!([40, 30]));
    assert_eq!(found["candidate_size"], json!([40, 33]));
    assert_eq!(found["mismatched_pixels"], 120);
    assert_eq!(found["total_pixels"], 40 * 33);
}

#[test]
fn the_overlay_is_written_where_it_was_asked_for() {
    let project = two_pictures();
    diff(&project, "a.png b.png --out new/folder/diff.png").exit(1);
    let overlay = image::open(project.path("new/folder/diff.png")).expect("a picture");
    assert_eq!((overlay.width(), overlay.height()), (40, 30));
    diff(&project, "a.png a.png --out equal.png").exit(0);
    assert!(!project.path("equal.png").exists(), "an overlay of nothing");
}

#[test]
fn the_picture_has_the_style_that_was_asked_for() {
    let taller = Canvas::new(40, 33, Canvas::WHITE).png();
    let project = two_pictures().file("taller.png", taller);
    let size = |arguments: &str, out: &str| {
        diff(&project, &format!("{arguments} --out {out}")).exit(1);
        let picture = image::open(project.path(out)).expect("a picture");
        (
            picture.to_rgba8(),
            std::fs::read(project.path(out)).expect("a file"),
        )
    };
    let (mask, bytes) = size("a.png b.png --style mask", "mask.png");
    assert_eq!(mask.dimensions(), (40, 30));
    assert_eq!(bytes[24..26], [1, 3], "bit depth 1, indexed");
    let red = |pixel: &&image::Rgba<u8>| pixel.0 == [255, 0, 0, 255];
    assert_eq!(mask.pixels().filter(red).count(), 100);
    assert_eq!(mask.pixels().filter(|pixel| pixel.0[3] == 0).count(), 1100);
    let (beside, _) = size("a.png taller.png --style side-by-side", "beside.png");
    assert_eq!(beside.dimensions(), (3 * 40 + 2 * 16, 33));
    assert_eq!(
        beside.get_pixel(0, 32).0[3],
        0,
        "the baseline has no such row"
    );
    assert_eq!(beside.get_pixel(112, 32).0, [255; 4]);
    let (overlay, _) = size("a.png b.png --style overlay", "overlay.png");
    assert_eq!(overlay.get_pixel(0, 0).0, [255, 255, 255, 85]);
    diff(&project, "a.png b.png --style sideways")
        .exit(2)
        .stderr_has("side-by-side");
}

#[test]
fn folders_of_pictures_have_the_style_too() {
    let project = two_pictures()
        .file("one/x.png", Canvas::new(9, 9, Canvas::WHITE).png())
        .file("two/x.png", Canvas::new(9, 9, Canvas::RED).png());
    diff(&project, "one two --style mask --out out").exit(1);
    let bytes = std::fs::read(project.path("out/x.png")).expect("a file");
    assert_eq!(bytes[24..26], [1, 3], "bit depth 1, indexed");
}

/// The project's files with their bytes, by path.
fn files(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![project.path("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("our own folder") {
            let path = entry.expect("our own folder").path();
            match path.is_dir() && !path.is_symlink() {
                true => folders.push(path),
                false => drop(found.insert(path.clone(), std::fs::read(path).unwrap_or_default())),
            }
        }
    }
    found
}

#[test]
fn a_picture_that_is_compared_is_never_written_over() {
    let project = two_pictures().file("out/readme.txt", "");
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(from, project.path(to)).expect("a link");
    };
    link("a.png", "link.png");
    link("../b.png", "out/deep.png");
    link("..", "out/up");
    std::fs::hard_link(project.path("b.png"), project.path("same.png")).expect("a link");
    let before = files(&project);
    let absolute = project.path("a.png").display().to_string();
    for out in [
        "a.png",
        "b.png",
        "./a.png",
        "out/../b.png",
        "link.png",
        "same.png",
        "out/deep.png",
        "out/up/a.png",
        "nowhere/../a.png",
        "nowhere/deep/../../out/up/b.png",
        &absolute,
    ] {
        let ran = diff(&project, &format!("a.png b.png --out {out}"));
        ran.exit(2)
            .stderr_has("--out: ")
            .stderr_has("one of the pictures");
        assert_eq!(files(&project), before, "{out}");
    }
    // Other files may be replaced.
    for out in ["old.png", "out/b.png", "OLD.PNG"] {
        std::fs::write(project.path(out), "old").expect("a file");
        diff(&project, &format!("a.png b.png --out {out}")).exit(1);
        image::open(project.path(out)).expect("a picture");
    }
}

#[test]
fn a_folder_that_is_compared_is_never_written_to() {
    let white = Canvas::new(9, 9, Canvas::WHITE).png();
    let red = Canvas::new(9, 9, Canvas::RED).png();
    let project = Project::new()
        .file("a/x.png", &white)
        .file("b/x.png", &red)
        .file("b/a/y.png", &red)
        .file("b/b/y.png", &red)
        .file("b/b/b/y.png", &white)
        .file("deep/b/b/y.png", &red)
        .file("deep/b/y.png", &red)
        .file("linked/x.txt", "");
    std::os::unix::fs::symlink("a", project.path("link")).expect("a link");
    std::os::unix::fs::symlink("../a/x.png", project.path("linked/x.png")).expect("a link");
    let before = files(&project);
    for (folders, out) in [
        ("a b", "a"),
        ("a b", "b"),
        ("a b", "./a/"),
        ("a b", "b/../a"),
        ("a b", "nowhere/../a"),
        ("a b", "link"),
        ("a b", "linked"),
        ("a b", "a/new"),
        ("a b", "b/a"),
        ("link b", "a/new/deep"),
        ("a a", "a"),
        // Here the picture for `b/y.png` would be the file that is compared as `y.png`.
        ("b/b deep/b", "b"),
    ] {
        let ran = diff(&project, &format!("{folders} --out {out}"));
        ran.exit(2)
            .stderr_has("--out: ")
            .stderr_has("compared; name another folder");
        assert_eq!(files(&project), before, "{folders} {out}");
    }
    diff(&project, "a b --out new").exit(1);
    assert!(project.path("new/x.png").exists());
    diff(&project, "a b --out new").exit(1);
}

#[test]
fn a_difference_is_a_png_and_called_one() {
    let project = two_pictures();
    let before = files(&project);
    for out in ["d.jpg", "d.webp", "d.PN", "d.png.gif", "new/d.txt", "plain"] {
        let ran = diff(&project, &format!("a.png b.png --out {out}"));
        ran.exit(2).stderr_has(&format!("{out} must end in .png"));
        diff(&project, &format!("a.png nowhere.png --out {out}"))
            .exit(2)
            .stderr_has("must end in .png");
    }
    assert_eq!(files(&project), before);
    for out in ["d.png", "d.PNG"] {
        diff(&project, &format!("a.png b.png --out {out}")).exit(1);
        let bytes = std::fs::read(project.path(out)).expect("a file");
        assert!(bytes.starts_with(b"\x89PNG"), "{out}");
    }
}

#[cfg(feature = "formats")]
#[test]
fn the_difference_of_two_jpegs_is_called_a_png() {
    let jpeg = |colour| {
        let picture = image::RgbImage::from_pixel(9, 9, image::Rgb(colour));
        let mut jpeg = std::io::Cursor::new(Vec::new());
        let written = picture.write_to(&mut jpeg, image::ImageFormat::Jpeg);
        written.expect("memory takes every picture");
        jpeg.into_inner()
    };
    let project = Project::new()
        .file("a/x.jpg", jpeg(Canvas::WHITE))
        .file("b/x.jpg", jpeg(Canvas::RED));
    diff(&project, "a b --out out").exit(1);
    image::open(project.path("out/x.jpg.png")).expect("a PNG");
    let project = project
        .file("a/x.jpg.png", jpeg(Canvas::WHITE))
        .file("b/x.jpg.png", jpeg(Canvas::RED));
    let ran = diff(&project, "a b --out new");
    ran.exit(2)
        .stderr_has("two differences would be written to new/x.jpg.png");
}

#[test]
fn a_hyphen_writes_the_picture_to_stdout() {
    let project = two_pictures();
    let run = |arguments: &[&str]| {
        let output = project
            .command(arguments.iter().copied())
            .output()
            .expect("the binary starts");
        let errors = String::from_utf8(output.stderr).expect("text");
        (output.status.code(), output.stdout, errors)
    };
    let (code, picture, errors) = run(&["diff", "a.png", "b.png", "--out", "-"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        errors,
        "mismatch: 8.33 % different, 100 of 1200 pixels in 1 region\n"
    );
    let picture = image::load_from_memory_with_format(&picture, image::ImageFormat::Png);
    assert_eq!(picture.expect("one PNG").width(), 40);
    let (code, picture, errors) = run(&["diff", "a.png", "a.png", "--out", "-", "-q"]);
    assert_eq!((code, picture.len(), errors.as_str()), (Some(0), 0, ""));
    assert!(!project.path("-").exists());
    let project = two_pictures().file("one/x.png", "").file("two/x.png", "");
    let ran = diff(&project, "one two --out -");
    ran.exit(2).stderr_has("name a folder");
    diff(&project, "a.png b.png --out ./-.png").exit(1);
    assert!(project.path("-.png").exists());
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    let project = two_pictures();
    std::os::unix::fs::symlink("/dev/null", project.path("nothing")).expect("a link");
    diff(&project, "a.png b.png --out nothing").exit(1);
    assert!(project.path("nothing").is_symlink());
    std::os::unix::fs::symlink("/dev/full", project.path("full")).expect("a link");
    diff(&project, "a.png b.png --out full")
        .exit(5)
        .stderr_has("cannot write full");
}

#[test]
fn quiet_says_nothing_of_a_match() {
    let project = two_pictures();
    let ran = diff(&project, "a.png a.png --quiet");
    assert!(ran.exit(0).stdout().is_empty(), "{}", ran.shown());
    diff(&project, "a.png b.png -q")
        .exit(1)
        .stdout_has("mismatch");
    let ran = diff(&project, "a.png a.png -q --format json");
    ran.exit(0).stdout_has(r#""verdict":"match""#);
}

#[test]
fn an_overlay_that_cannot_be_written_is_exit_code_five() {
    let ran = diff(&two_pictures(), "a.png b.png --out a.png/diff.png");
    ran.exit(5).stderr_has("a.png/diff.png");
    let ran = diff(&two_pictures(), "a.png b.png --out /proc/diff.png");
    ran.exit(5).stderr_has("/proc/diff.png");
}

#[test]
fn a_mask_covers_a_difference() {
    let project = two_pictures();
    diff(&project, "a.png b.png --mask 5,6,10,10").exit(0);
    diff(&project, "a.png b.png --mask 5,6,10,9")
        .exit(1)
        .stdout_has("10 of 1200");
    diff(&project, "a.png b.png --mask 5,6,10,5 --mask 5,11,10,5").exit(0);
    diff(&project, "a.png b.png --mask 0,0,4000000000,4000000000").exit(0);
    for bad in ["1,2,3", "1,2,3,4,5", "a,b,c,d", "-1,0,1,1"] {
        diff(&project, &format!("a.png b.png --mask={bad}"))
            .exit(2)
            .stderr_has("x,y,width,height");
    }
}

#[test]
fn a_limit_is_pixels_or_a_percentage() {
    let project = two_pictures();
    for (limit, code) in [
        ("99", 1),
        ("100", 0),
        ("8.33%", 1),
        ("8.4%", 0),
        ("0%", 1),
        ("100%", 0),
    ] {
        diff(&project, &format!("a.png b.png --max-mismatch {limit}")).exit(code);
    }
    for bad in ["-1", "1.5", "101%", "NaN%", "few", "%"] {
        let ran = diff(&project, &format!("a.png b.png --max-mismatch={bad}"));
        ran.exit(2).stderr_has("a percentage, such as 0.2%");
    }
}

#[test]
fn an_area_counts_whatever_the_threshold() {
    let project = two_pictures();
    let ran = diff(&project, "a.png b.png --threshold 1");
    ran.exit(1).stdout_has("64 of 1200 pixels in 1 region");
    diff(&project, "a.png a.png --threshold 1").exit(0);
    let off = json_of(&project, "a.png b.png --tint off");
    assert_eq!(off["tint"], false);
    // Nothing is left for it where every difference counts.
    let exact = json_of(&project, "a.png b.png --metric exact");
    assert_eq!(exact["tint"], false);
}

#[test]
fn a_threshold_lies_between_nothing_and_everything() {
    let project = two_pictures();
    diff(&project, "a.png b.png --threshold 0").exit(1);
    diff(&project, "a.png b.png --threshold 1 --tint off").exit(0);
    for bad in ["-0.1", "1.1", "NaN", "inf", "a lot"] {
        let arguments = ["diff", "a.png", "b.png", &format!("--threshold={bad}")];
        project.run(arguments).exit(2).stderr_has("--threshold");
    }
}

#[test]
fn metrics_differ_in_what_they_see() {
    let slightly = Canvas::new(40, 30, [254, 255, 255]).png();
    let project = two_pictures().file("slightly.png", slightly);
    for (metric, code) in [("exact", 1), ("yiq", 0), ("oklab", 0)] {
        diff(&project, &format!("a.png slightly.png --metric {metric}")).exit(code);
        let found = json_of(&project, &format!("a.png slightly.png --metric {metric}"));
        assert_eq!(found["metric"], metric);
    }
    let ran = diff(&project, "a.png b.png --metric okalb");
    ran.exit(2).stderr_has("oklab");
}

/// A gray picture with 16 bits a sample.
fn deep(level: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 40, 30);
    encoder.set_depth(png::BitDepth::Sixteen);
    let mut writer = encoder.write_header().expect("memory takes every picture");
    let written = writer.write_image_data(&level.to_be_bytes().repeat(1200));
    written.expect("memory takes every picture");
    drop(writer);
    bytes
}

#[test]
fn the_lowest_of_16_bits_is_seen_in_files_folders_and_lists() {
    let project = two_pictures()
        .file("one/x.png", deep(0x8080))
        .file("two/x.png", deep(0x8081))
        .file("same/x.png", Canvas::new(40, 30, [0x80; 3]).png())
        .file("list-of-two", "one/x.png\ttwo/x.png\n")
        .file("list-of-same", "one/x.png\tsame/x.png\n");
    for (other, code) in [("two", 1), ("same", 0)] {
        let [file, folder] = ["one/x.png", "one"];
        diff(&project, &format!("{file} {other}/x.png --metric exact")).exit(code);
        diff(&project, &format!("{folder} {other} --metric exact")).exit(code);
        let mut listed = project.command(["diff", "-", "--metric", "exact"]);
        let list = std::fs::File::open(project.path(&format!("list-of-{other}")));
        listed
            .stdin(list.expect("our own file"))
            .stdout(Stdio::null());
        let listed = listed.status();
        assert_eq!(listed.expect("the binary starts").code(), Some(code));
        diff(&project, &format!("{file} {other}/x.png")).exit(0);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let project = two_pictures();
    diff(&project, "a.png nowhere.png")
        .exit(2)
        .stderr_has("cannot read nowhere.png");
    diff(&project, "nowhere.png a.png")
        .exit(2)
        .stderr_has("cannot read nowhere.png");
    diff(&project, "a.png")
        .exit(2)
        .stderr_has("Usage: twinshot diff");
}

#[test]
fn a_file_that_is_no_picture_is_named_with_the_reason() {
    let png = Canvas::new(40, 30, Canvas::WHITE).png();
    let half = &png[..png.len() / 2];
    let project = two_pictures()
        .file("text.png", "hello")
        .file("half.png", half)
        .file("empty.png", "");
    for (file, says) in [
        ("text.png", "is not a PNG file"),
        ("half.png", "is truncated"),
        ("empty.png", "is not a PNG file"),
    ] {
        let ran = diff(&project, &format!("a.png {file}"));
        ran.exit(3)
            .stderr_has(&format!("{file}: the candidate picture {says}"));
        let ran = diff(&project, &format!("{file} a.png --format json"));
        ran.exit(3)
            .stderr_has(&format!("{file}: the baseline picture {says}"));
        assert!(ran.stdout().is_empty(), "{}", ran.shown());
    }
}

/// A JPEG or a WebP of one colour.
#[cfg(feature = "formats")]
fn encoded(format: image::ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let white = image::RgbImage::from_pixel(40, 30, image::Rgb(Canvas::WHITE));
    let written = white.write_to(&mut file, format);
    written.expect("memory takes every picture");
    file.into_inner()
}

/// The PNG without one of its chunks.
fn without_chunk(png: &[u8], kind: &[u8; 4]) -> Vec<u8> {
    let mut file = png[..8].to_vec();
    let mut rest = &png[8..];
    while let Some((length, _)) = rest.split_first_chunk() {
        let (chunk, after) = rest.split_at(12 + u32::from_be_bytes(*length) as usize);
        if &chunk[4..8] != kind {
            file.extend(chunk);
        }
        rest = after;
    }
    file
}

#[test]
fn equal_files_that_are_no_whole_picture_are_no_match() {
    let png = Canvas::new(40, 30, Canvas::WHITE).png();
    let mut flipped = png.clone();
    flipped[50] ^= 1;
    let mut noisy = png.clone();
    noisy.extend(b"more");
    let bad = [
        ("half", png[..png.len() / 2].to_vec(), "is truncated"),
        ("head", png[..40].to_vec(), "is truncated"),
        ("no-end", without_chunk(&png, b"IEND"), "is truncated"),
        (
            "no-pixels",
            without_chunk(&png, b"IDAT"),
            "is a damaged PNG",
        ),
        ("flipped", flipped, "is a damaged PNG: the checksum"),
    ];
    let mut project = two_pictures()
        .file("one/noisy.png", &noisy)
        .file("two/noisy.png", &noisy);
    for (name, bytes, says) in &bad {
        for folder in ["one", "two"] {
            project = project.file(&format!("{folder}/{name}.png"), bytes);
        }
        let (one, two) = (format!("one/{name}.png"), format!("two/{name}.png"));
        for pair in [format!("{one} {one}"), format!("{one} {two}")] {
            let ran = diff(&project, &pair);
            ran.exit(3)
                .stderr_has(&format!("{one}: the baseline picture {says}"));
        }
    }
    let ran = diff(&project, "one two");
    for (name, _, says) in &bad {
        ran.stdout_has(&format!(
            "{name}.png: not compared: one/{name}.png: the baseline picture {says}"
        ));
    }
    // Other programs ignore what follows the end of a picture too.
    ran.exit(3).stdout_has("noisy.png: match");
}

#[cfg(feature = "formats")]
#[test]
fn equal_files_of_other_formats_are_whole_or_no_match() {
    for (name, format) in [
        ("x.jpg", image::ImageFormat::Jpeg),
        ("x.webp", image::ImageFormat::WebP),
    ] {
        let whole = encoded(format);
        let project = Project::new()
            .file(name, &whole)
            .file(&format!("half-{name}"), &whole[..whole.len() - 4]);
        diff(&project, &format!("{name} {name}"))
            .exit(0)
            .stdout_has("match");
        let ran = diff(&project, &format!("half-{name} half-{name}"));
        ran.exit(3)
            .stderr_has(&format!("half-{name}: the baseline picture is truncated"));
    }
}

#[test]
fn links_to_folders_are_followed() {
    let white = Canvas::new(9, 9, Canvas::WHITE).png();
    let red = Canvas::new(9, 9, Canvas::RED).png();
    let project = Project::new()
        .file("old/x.png", &white)
        .file("new/x.png", &red)
        .file("a/plain.png", &white)
        .file("b/plain.png", &white)
        .file("b/alone/x.png", &white);
    let link = |to: &str, at: &str| {
        std::os::unix::fs::symlink(to, project.path(at)).expect("a link");
    };
    link("../old", "a/linked");
    link("../new", "b/linked");
    link("../b/alone", "a/alone");
    // Circles.
    link(".", "a/circle");
    link("../b", "b/circle");
    link("../b", "old/b");
    link("nowhere", "a/note");
    let ran = diff(&project, "a b");
    ran.exit(1)
        .stdout_has("linked/x.png: mismatch")
        .stdout_has("plain.png: match")
        .stdout_has("alone/x.png: match")
        .stdout_lacks("note");
    link("nowhere", "a/gone.png");
    link("nowhere", "b/gone.png");
    diff(&project, "a b")
        .exit(3)
        .stdout_has("gone.png: not compared");
}

#[test]
fn a_bomb_is_refused_from_its_header() {
    let mut png = Canvas::new(1, 1, Canvas::WHITE).png();
    png[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    let sum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    let ran = diff(&two_pictures().file("bomb.png", png), "a.png bomb.png");
    ran.exit(3)
        .stderr_has("bomb.png")
        .stderr_has("too large: 50000x50000");
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
fn a_folder_is_no_picture() {
    let project = two_pictures();
    diff(&project, "a.png specs").exit(2).stderr_has("specs");
    diff(&project, "specs a.png").exit(2).stderr_has("specs");
}

/// The first bytes of a JPEG, and its end.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";

#[cfg(not(feature = "formats"))]
#[test]
fn a_format_that_is_not_built_in_names_its_feature() {
    let project = two_pictures().file("photo.jpg", JPEG);
    let ran = diff(&project, "a.png photo.jpg");
    ran.exit(3)
        .stderr_has("photo.jpg: the candidate picture is a JPEG file")
        .stderr_has("the feature `formats`");
}

#[cfg(feature = "formats")]
#[test]
fn jpeg_is_compared_in_files_and_folders() {
    let white = image::RgbImage::from_pixel(40, 30, image::Rgb(Canvas::WHITE));
    let mut jpeg = std::io::Cursor::new(Vec::new());
    let written = white.write_to(&mut jpeg, image::ImageFormat::Jpeg);
    written.expect("memory takes every picture");
    let project = two_pictures()
        .file("photo.jpg", jpeg.get_ref())
        .file("one/x.jpeg", jpeg.get_ref())
        .file("two/x.jpeg", JPEG);
    diff(&project, "a.png photo.jpg").exit(0);
    diff(&project, "photo.jpg b.png").exit(1);
    let project = project
        .file("three/Y.JPG", jpeg.get_ref())
        .file("three/named.png", jpeg.get_ref())
        .file("four/Y.JPG", Canvas::new(40, 30, Canvas::RED).png())
        .file("four/named.png", jpeg.get_ref());
    diff(&project, "three four")
        .exit(1)
        .stdout_has("Y.JPG: mismatch")
        .stdout_has("named.png: match");
    let ran = diff(&project, "one two");
    ran.exit(3)
        .stdout_has("two/x.jpeg: the candidate picture is a damaged JPEG");
}
