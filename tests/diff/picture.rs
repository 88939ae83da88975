//! Pictures for the tests: drawn in memory, read by the `image` crate and never by the code under test,
//! encoded as PNG. Also where the fixtures and the oracles lie.

use std::path::{Path, PathBuf};

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

/// Straight RGBA.
pub(crate) type Rgba = [u8; 4];

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<Rgba>,
}

impl Picture {
    pub(crate) fn filled(width: u32, height: u32, colour: Rgba) -> Self {
        Self {
            width,
            height,
            pixels: vec![colour; (width * height) as usize],
        }
    }

    /// Reads any PNG.
    pub(crate) fn from_png(bytes: &[u8]) -> Self {
        Self::from_intact_png(bytes).expect("a valid PNG")
    }

    /// Reads a PNG; none when it is damaged.
    pub(crate) fn from_intact_png(bytes: &[u8]) -> Option<Self> {
        let picture = image::load_from_memory_with_format(bytes, image::ImageFormat::Png).ok()?;
        let picture = picture.to_rgba8();
        Some(Self {
            width: picture.width(),
            height: picture.height(),
            pixels: picture.pixels().map(|pixel| pixel.0).collect(),
        })
    }

    pub(crate) fn to_png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes)
            .write_image(
                self.pixels.as_flattened(),
                self.width,
                self.height,
                ExtendedColorType::Rgba8,
            )
            .expect("writing to memory");
        bytes
    }

    /// As [`Picture::to_png`], in a chosen colour type and with a chosen filter for its rows. `color` is RGB, only for
    /// an opaque picture, or RGBA.
    pub(crate) fn to_png_as(&self, color: png::ColorType, filter: png::Filter) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(color);
        encoder.set_filter(filter);
        let mut writer = encoder.write_header().expect("a header");
        let kept = color.samples();
        let samples = self.pixels.iter().flat_map(|pixel| &pixel[..kept]);
        let samples: Vec<u8> = samples.copied().collect();
        writer
            .write_image_data(&samples)
            .expect("writing to memory");
        drop(writer);
        bytes
    }

    pub(crate) fn is_opaque(&self) -> bool {
        self.pixels.iter().all(|pixel| pixel[3] == 255)
    }

    /// The pixel at a place; none outside.
    pub(crate) fn get(&self, x: u32, y: u32) -> Option<Rgba> {
        let inside = x < self.width && y < self.height;
        inside.then(|| self.pixels[(y * self.width + x) as usize])
    }

    pub(crate) fn set(&mut self, x: u32, y: u32, colour: Rgba) {
        self.pixels[(y * self.width + x) as usize] = colour;
    }

    pub(crate) fn fill(&mut self, x: u32, y: u32, width: u32, height: u32, colour: Rgba) {
        for y in y..y + height {
            for x in x..x + width {
                self.set(x, y, colour);
            }
        }
    }

    /// The top left part; `width` and `height` must not exceed the picture.
    pub(crate) fn cropped(&self, width: u32, height: u32) -> Self {
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Self {
            width,
            height,
            pixels: rows.map(|(x, y)| self.get(x, y).expect("inside")).collect(),
        }
    }
}

/// Reads a file, naming it when that fails.
pub(crate) fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folder of committed pairs.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diff")
}

/// A folder of data that is not committed, beside the repository; says so when it is absent.
pub(crate) fn oracle(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracles");
    let folder = folder.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: {} is absent; nothing was checked",
        folder.display()
    );
    None
}
