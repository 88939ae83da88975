//! `twinshot diff A B`: two pictures, without a project and without a browser.

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
        .stderr_has("--features formats");
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
    let ran = diff(&project, "one two");
    ran.exit(3)
        .stdout_has("two/x.jpeg: the candidate picture is a damaged JPEG");
}
