//! Reads the rows of a PNG whose pixels are stored in the wanted layout: inflated but still filtered. The chunks before
//! the pixels must have been checked already.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Layout, SIGNATURE};
use crate::diff::Size;
use crate::diff::error::PictureError;
use crate::diff::unfilter::is_filter;

/// Length and type, before the data of a chunk.
const CHUNK_HEAD: usize = 8;
/// The longest chunk that PNG allows.
const MAX_CHUNK_BYTES: usize = i32::MAX as usize;

/// Browsers write pieces of 4 KiB. At the end of each piece the inflater leaves its fast path and copies its window, so
/// pieces are joined up to this size.
const JOINED_BYTES: usize = 64 << 10;

/// The filtered rows of a PNG.
pub(super) struct Inflated<'a> {
    chunks: Chunks<'a>,
    /// Compressed pixels, of one chunk or joined.
    piece: Cow<'a, [u8]>,
    /// How much of the piece was inflated.
    inflated: usize,
    inflate: Decompress,
    /// Whether the checksum behind the pixels was read, and is right.
    has_ended: bool,
    stride: usize,
    rows_left: usize,
}

impl<'a> Inflated<'a> {
    pub(super) fn open(bytes: &'a [u8], size: Size, layout: Layout) -> Self {
        Self {
            chunks: Chunks::of_file(bytes),
            piece: Cow::Borrowed(&[]),
            inflated: 0,
            inflate: Decompress::new(true),
            has_ended: false,
            stride: layout.stride(size),
            rows_left: size.height as usize,
        }
    }

    /// Like [`Rows::fill`](super::Rows::fill).
    pub(super) fn fill(&mut self, rows: &mut [u8]) -> Result<(), PictureError> {
        let count = (rows.len() / self.stride).min(self.rows_left);
        let rows = &mut rows[..count * self.stride];
        self.inflate(rows)?;
        let mut filters = rows.iter().step_by(self.stride);
        if !filters.all(|filter| is_filter(*filter)) {
            return Err(PictureError::Broken("a row has an unknown filter"));
        }
        self.rows_left -= count;
        if count > 0 && self.rows_left == 0 {
            self.finish()?;
        }
        Ok(())
    }

    fn inflate(&mut self, mut rows: &mut [u8]) -> Result<(), PictureError> {
        while !rows.is_empty() {
            if self.has_ended {
                return Err(PictureError::Broken("the compressed pixels end too early"));
            }
            let written = self.step(rows)?;
            rows = &mut rows[written..];
        }
        Ok(())
    }

    /// Inflates as much as fits, or as the piece contains. Reads the next piece first if needed.
    fn step(&mut self, out: &mut [u8]) -> Result<usize, PictureError> {
        while self.inflated == self.piece.len() {
            self.piece = self.chunks.next_pieces()?;
            self.inflated = 0;
        }
        let piece = &self.piece[self.inflated..];
        let [read, written] = [self.inflate.total_in(), self.inflate.total_out()];
        let status = self
            .inflate
            .decompress(piece, out, FlushDecompress::None)
            .map_err(|_| PictureError::Broken("the compressed pixels break zlib's rules"))?;
        self.has_ended = status == Status::StreamEnd;
        let read = (self.inflate.total_in() - read) as usize;
        let written = (self.inflate.total_out() - written) as usize;
        if read + written == 0 && !self.has_ended {
            return Err(PictureError::Broken("the compressed pixels do not go on"));
        }
        self.inflated += read;
        Ok(written)
    }

    /// After the pixels come their checksum and chunks up to the end of the picture.
    fn finish(&mut self) -> Result<(), PictureError> {
        while !self.has_ended {
            if self.step(&mut [0])? > 0 {
                return Err(PictureError::Broken("there are more pixels than its size"));
            }
        }
        self.chunks.finish()
    }
}

/// The chunks of a PNG file from the first one on. The checksums of the chunks that a picture needs are checked.
pub(super) struct Chunks<'a> {
    file: &'a [u8],
    /// Where the next chunk begins.
    at: usize,
    /// Whether a piece of the pixels was read.
    has_begun: bool,
}

struct Chunk<'a> {
    kind: &'a [u8],
    data: &'a [u8],
}

impl<'a> Chunks<'a> {
    pub(super) fn of_file(file: &'a [u8]) -> Self {
        Self {
            file,
            at: SIGNATURE.len(),
            has_begun: false,
        }
    }

    /// The next piece of the compressed pixels, which are in consecutive chunks.
    fn next_piece(&mut self) -> Result<&'a [u8], PictureError> {
        let mut chunk = self.next()?;
        while !self.has_begun && chunk.kind != b"IDAT" {
            chunk = self.next()?;
        }
        self.has_begun = true;
        if chunk.kind != b"IDAT" {
            return Err(PictureError::Broken("the compressed pixels end too early"));
        }
        Ok(chunk.data)
    }

    /// The next piece, joined with those behind it when it is short.
    fn next_pieces(&mut self) -> Result<Cow<'a, [u8]>, PictureError> {
        let mut pieces = Cow::Borrowed(self.next_piece()?);
        while pieces.len() < JOINED_BYTES {
            let at = self.at;
            match self.next() {
                Ok(chunk) if chunk.kind == b"IDAT" => pieces.to_mut().extend(chunk.data),
                // An error in it is reported when it is needed.
                _ => {
                    self.at = at;
                    break;
                }
            }
        }
        Ok(pieces)
    }

    /// After the pixels, only chunks may follow that are not needed for the picture.
    fn finish(&mut self) -> Result<(), PictureError> {
        loop {
            let kind = self.next()?.kind;
            match kind {
                b"IEND" => return Ok(()),
                b"IDAT" => {}
                _ if kind[0].is_ascii_uppercase() => {
                    return Err(PictureError::Broken("an unknown chunk follows the pixels"));
                }
                _ => {}
            }
        }
    }

    /// Reads all chunks, and no pixels. `least` is how many compressed bytes there must be.
    ///
    /// # Errors
    /// When a checksum is wrong, a piece of the pixels is somewhere else, or the end is missing.
    pub(super) fn check(mut self, least: u64) -> Result<(), PictureError> {
        let mut compressed = self.next_piece()?.len() as u64;
        let at = loop {
            let at = self.at;
            let chunk = self.next()?;
            if chunk.kind != b"IDAT" {
                break at;
            }
            compressed += chunk.data.len() as u64;
        };
        if compressed < least {
            return Err(PictureError::Broken("the compressed pixels end too early"));
        }
        self.at = at;
        self.finish()
    }

    fn next(&mut self) -> Result<Chunk<'a>, PictureError> {
        let truncated = PictureError::Truncated {
            bytes: self.file.len(),
        };
        let rest = self.file.get(self.at..).unwrap_or_default();
        let Some((length, _)) = rest.split_first_chunk() else {
            return Err(truncated);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_CHUNK_BYTES {
            return Err(PictureError::Broken("a chunk is longer than PNG allows"));
        }
        let Some((chunk, rest)) = rest.split_at_checked(CHUNK_HEAD + length) else {
            return Err(truncated);
        };
        let Some(checksum) = rest.first_chunk() else {
            return Err(truncated);
        };
        // Like other decoders, this ignores damage to a chunk that is not needed to show the picture.
        let is_critical = chunk[4].is_ascii_uppercase();
        if is_critical && crc32fast::hash(&chunk[4..]) != u32::from_be_bytes(*checksum) {
            return Err(PictureError::Broken("the checksum of a chunk is wrong"));
        }
        self.at += chunk.len() + checksum.len();
        Ok(Chunk {
            kind: &chunk[4..CHUNK_HEAD],
            data: &chunk[CHUNK_HEAD..],
        })
    }
}
