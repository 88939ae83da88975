//! Pictures of many equal rows and few that differ: what the engine never restores is judged and drawn as if it were.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use twinshot::diff::{Options, Rect, Style, compare_with_overlay};

use crate::picture::Picture;
use crate::plain::{Class, Plain};
use crate::random::Random;

/// Writes an opaque picture as RGB, with a filter for each row: PNG's numbers, 0 to 4.
fn encode(picture: &Picture, filters: &[u8]) -> Vec<u8> {
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::fast());
    for (y, filter) in (0..picture.height).zip(filters) {
        pixels.write_all(&[*filter]).expect("memory");
        for x in 0..picture.width {
            let residue = residue(picture, [x, y], *filter);
            pixels.write_all(&residue).expect("memory");
        }
    }
    let [width, height] = [picture.width, picture.height].map(u32::to_be_bytes);
    let header = [&width[..], &height, &[8, 2, 0, 0, 0]].concat();
    let pixels = pixels.finish().expect("memory");
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", vec![])] {
        let chunk = [&kind[..], &data].concat();
        file.extend((data.len() as u32).to_be_bytes());
        file.extend(&chunk);
        file.extend(crc32fast::hash(&chunk).to_be_bytes());
    }
    file
}

/// What a filter leaves of a pixel's red, green and blue, as the specification words it.
fn residue(picture: &Picture, [x, y]: [u32; 2], filter: u8) -> [u8; 3] {
    let level = |left: u32, up: u32, channel: usize| {
        let place = x.checked_sub(left).zip(y.checked_sub(up));
        let pixel = place.and_then(|(x, y)| picture.get(x, y));
        pixel.map_or(0, |pixel| i16::from(pixel[channel]))
    };
    [0, 1, 2].map(|channel| {
        let [left, above] = [level(1, 0, channel), level(0, 1, channel)];
        let above_left = level(1, 1, channel);
        let estimate = left + above - above_left;
        let nearest = [left, above, above_left];
        let nearest = nearest
            .into_iter()
            .min_by_key(|level| (estimate - level).abs());
        let predicted = match filter {
            1 => left,
            2 => above,
            3 => (left + above) / 2,
            4 => nearest.unwrap_or(0),
            _ => 0,
        };
        (level(0, 0, channel) - predicted) as u8
    })
}

/// An opaque picture in which hardly two neighbours are equal, but for a flat part.
fn baseline(random: &mut Random, width: u32, height: u32) -> Picture {
    let mut picture = Picture::filled(width, height, [255; 4]);
    for y in 0..height {
        for x in 0..width {
            let colour = [random.level(), random.level(), random.level(), 255];
            picture.set(x, y, colour);
        }
    }
    let [top, rows] = [random.below(height), 1 + random.below(height)];
    picture.fill(0, top, width, rows.min(height - top), [240, 250, 255, 255]);
    picture
}

/// Compares a pair, stored with the same filters, and draws it in two ways, as the plain twin does.
fn check(pair: [&Picture; 2], filters: &[u8], options: &Options) {
    let [baseline, candidate] = pair;
    let files = pair.map(|picture| encode(picture, filters));
    let plain = Plain::compare(baseline, candidate, options);
    let overlay = plain.overlay(baseline, candidate);
    let beside = plain.side_by_side(baseline, candidate);
    for (style, expected) in [(Style::Overlay, overlay), (Style::SideBySide, beside)] {
        let options = Options {
            style,
            ..options.clone()
        };
        let context = format!("{:?} {options:?}", &filters[..filters.len().min(60)]);
        let found = compare_with_overlay(&files[0], &files[1], &options).expect("two pictures");
        let mismatched = plain.count(Class::Mismatched);
        assert_eq!(found.diff.mismatched_pixels, mismatched, "{context}");
        if let Some(drawn) = found.overlay {
            assert!(Picture::from_png(&drawn) == expected, "{context}");
        }
    }
}

fn change_row(random: &mut Random, picture: &mut Picture) {
    let [x, y] = [random.below(picture.width), random.below(picture.height)];
    picture.set(x, y, [random.level(), 0, 0, 255]);
}

#[test]
fn equal_rows_are_drawn_as_the_plain_twin_draws_them() {
    let mut random = Random(29);
    for _ in 0..600 {
        let [width, height] = [1 + random.below(9), 1 + random.below(50)];
        let baseline = baseline(&mut random, width, height);
        let mut candidate = baseline.clone();
        for _ in 0..1 + random.below(3) {
            change_row(&mut random, &mut candidate);
        }
        if random.below(4) == 0 {
            candidate = candidate.cropped(width, 1 + random.below(height));
        }
        let mut options = Options::default();
        if random.below(2) == 0 {
            let [x, y, width, height] = [9, 50, 9, 6].map(|limit| random.below(limit));
            options.masks.push(Rect {
                x,
                y,
                width,
                height,
            });
        }
        let likely: &[u8] = random.pick(&[&[2], &[3], &[4], &[1, 2, 3, 4], &[2, 3, 4]]);
        let mut filter = || match random.below(6) {
            0 => random.pick(&[0, 1]),
            _ => random.pick(likely),
        };
        let filters: Vec<u8> = (0..height).map(|_| filter()).collect();
        check([&baseline, &candidate], &filters, &options);
    }
}

/// Rows that are equal over several bands of the engine, above one that differs and below it.
#[test]
fn long_chains_of_equal_rows_are_followed_over_bands() {
    let mut random = Random(31);
    let baseline = baseline(&mut random, 300, 1800);
    let mut candidate = baseline.clone();
    candidate.set(170, 1700, [1, 2, 3, 255]);
    for filters in [[2, 2], [3, 3], [4, 2]] {
        check(
            [&baseline, &candidate],
            &filters.repeat(900),
            &Options::default(),
        );
    }
}
