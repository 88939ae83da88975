//! Filtered rows in, a PNG file in memory out.

use png::{BitDepth, ColorType};

use super::deflate::Deflate;
use crate::diff::Size;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Compressed bytes in one chunk of the file.
const CHUNK_BYTES: usize = 64 << 10;
/// Pixels that are looked at at once where most are zero.
const BLOCK: usize = 16;

/// A PNG file as far as its rows are written.
pub(super) struct File {
    bytes: Vec<u8>,
    pixels: Deflate,
}

impl File {
    /// Begins a picture of `size`, which must be one that PNG allows.
    pub(super) fn new(size: Size, color: ColorType, depth: BitDepth) -> Self {
        let mut bytes = SIGNATURE.to_vec();
        let [width, height] = [size.width, size.height].map(u32::to_be_bytes);
        // Compressed and filtered in the only ways there are; not interlaced.
        let kind = [depth as u8, color as u8, 0, 0, 0];
        add_chunk(&mut bytes, b"IHDR", &[&width[..], &height, &kind].concat());
        Self {
            bytes,
            pixels: Deflate::new(),
        }
    }

    /// Adds a chunk that stands before the pixels.
    pub(super) fn add_chunk(&mut self, kind: &[u8; 4], data: &[u8]) {
        add_chunk(&mut self.bytes, kind, data);
    }

    /// Begins the next row with its filter.
    pub(super) fn begin_row(&mut self, filter: u8) {
        let pixels = self.pixels.written();
        if pixels.len() >= CHUNK_BYTES {
            add_chunk(&mut self.bytes, b"IDAT", pixels);
            pixels.clear();
        }
        self.pixels.literals([filter]);
    }

    /// Adds pixels of the row as the filter leaves them, or, of bits, bytes. Of three samples the fourth is zero.
    pub(super) fn add<const N: usize>(&mut self, pixels: &[[u8; N]]) {
        let bytes_of_pixel = if N == 3 { 4 } else { N };
        let mut rest = pixels;
        while let [pixel, behind @ ..] = rest {
            if *pixel == [0; N] {
                let count = count_zeroes(rest);
                self.pixels.zeroes(count * bytes_of_pixel);
                rest = &rest[count..];
            } else {
                match pixel[..] {
                    [red, green, blue] => self.pixels.literals([red, green, blue, 0]),
                    _ => self.pixels.literals(*pixel),
                }
                rest = behind;
            }
        }
    }

    /// Adds the rest of the row, `count` pixels of four samples that are all zero.
    pub(super) fn add_zeroes(&mut self, count: usize) {
        self.pixels.zeroes(count * 4);
    }

    /// The bytes of the file; every row must have been added.
    pub(super) fn finish(mut self) -> Vec<u8> {
        add_chunk(&mut self.bytes, b"IDAT", &self.pixels.finish());
        add_chunk(&mut self.bytes, b"IEND", &[]);
        self.bytes
    }
}

/// How many pixels at the start are zero.
fn count_zeroes<const N: usize>(pixels: &[[u8; N]]) -> usize {
    let blocks = pixels.as_chunks::<BLOCK>().0.iter();
    let blocks = blocks.take_while(|block| **block == [[0; N]; BLOCK]);
    let seen = blocks.count() * BLOCK;
    let rest = pixels[seen..].iter();
    seen + rest.take_while(|pixel| **pixel == [0; N]).count()
}

fn add_chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(kind);
    file.extend(data);
    let checksum = crc32fast::hash(&file[start..]);
    file.extend(checksum.to_be_bytes());
}
