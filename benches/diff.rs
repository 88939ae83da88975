//! The pixel engine in process, through its public names, on drawn pages of 1400 × 2000 pixels. A stage is the
//! difference of two lines: `pixel` only inflates, `exact` compares rows besides, `yiq` and `oklab` judge colours besides, `antialiasing`
//! looks at neighbours besides, `tint` at areas, `overlay` draws and encodes besides; `dots` has many regions to join, `apart` none.

use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use twinshot::diff::{Antialiasing, Metric, Options, compare, compare_with_overlay};

const WIDTH: u32 = 1400;
const HEIGHT: u32 = 2000;

/// A page: lines of grey glyphs on white, in the colour and filters that browsers write.
fn page(changed: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    let mut samples = Vec::new();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let is_ink = y % 24 < 12 && x % 200 > 20 && (x * 7 + y % 24 * 3) % 5 < 2;
            let level = if is_ink { (40 + x % 90) as u8 } else { 255 };
            let blue = if changed(x, y) { level / 2 } else { level };
            samples.extend([level, level, blue]);
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_filter(png::Filter::Up);
    let mut writer = encoder.write_header().expect("memory");
    writer.write_image_data(&samples).expect("memory");
    drop(writer);
    file
}

fn options(metric: Metric, antialiasing: Antialiasing) -> Options {
    Options {
        metric,
        antialiasing,
        ..Options::default()
    }
}

fn diff(criterion: &mut Criterion) {
    use Antialiasing::{Count, Ignore};
    let base = page(|_, _| false);
    let pairs = [
        ("pixel", page(|x, y| x == 700 && y == 1000)),
        ("word", page(|x, y| y < 24 && x < 120)),
        ("dots", page(|x, y| x % 40 < 2 && y % 40 < 2)),
        ("other", page(|x, y| (x / 3 + y / 5) % 2 == 0)),
    ];
    criterion.bench_function("equal files", |bencher| {
        let copy = base.clone();
        bencher.iter(|| compare(&base, black_box(&copy), &Options::default()));
    });
    let tinted = Options {
        tint: true,
        ..options(Metric::Oklab, Ignore)
    };
    let settings = [
        ("exact", options(Metric::Exact, Count)),
        ("yiq", options(Metric::Yiq, Count)),
        ("oklab", options(Metric::Oklab, Count)),
        ("oklab and antialiasing", options(Metric::Oklab, Ignore)),
        ("oklab, antialiasing and tint", tinted),
    ];
    for (pair, changed) in &pairs {
        let mut group = criterion.benchmark_group(*pair);
        group.sample_size(20);
        for (name, options) in &settings {
            group.bench_function(*name, |bencher| {
                bencher.iter(|| compare(&base, black_box(changed), options));
            });
        }
        group.bench_function("oklab and antialiasing and overlay", |bencher| {
            let compare = |changed: &Vec<u8>| compare_with_overlay(&base, changed, &settings[3].1);
            bencher.iter_batched(
                || changed.clone(),
                |changed| compare(&changed),
                BatchSize::LargeInput,
            );
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    diff(&mut criterion);
    criterion.final_summary();
}
