//! Small pictures, drawn here so that every pixel of them is known.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A picture in one colour with boxes on it.
pub(crate) struct Canvas(RgbImage);

impl Canvas {
    pub(crate) const WHITE: [u8; 3] = [255, 255, 255];
    pub(crate) const RED: [u8; 3] = [220, 0, 0];

    pub(crate) fn new(width: u32, height: u32, colour: [u8; 3]) -> Self {
        Self(RgbImage::from_pixel(width, height, Rgb(colour)))
    }

    /// With a box of that colour; what lies outside of the picture is cut off.
    pub(crate) fn with_box(mut self, [x, y, width, height]: [u32; 4], colour: [u8; 3]) -> Self {
        let (right, bottom) = (
            self.0.width().min(x + width),
            self.0.height().min(y + height),
        );
        for (x, y) in (y..bottom).flat_map(|y| (x..right).map(move |x| (x, y))) {
            self.0.put_pixel(x, y, Rgb(colour));
        }
        self
    }

    pub(crate) fn png(&self) -> Vec<u8> {
        let mut png = Cursor::new(Vec::new());
        let written = self.0.write_to(&mut png, ImageFormat::Png);
        written.expect("memory takes every picture");
        png.into_inner()
    }
}
