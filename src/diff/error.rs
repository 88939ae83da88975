//! Why two pictures could not be compared. `PictureError` is about one file and does not know its side; `DiffError`
//! adds the side. Nothing is decided here.

use std::fmt;

use super::{Format, Size, UnreadFormat};

/// One of the two pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Input {
    /// The picture that is assumed good.
    Baseline,
    /// The picture under test.
    Candidate,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
        })
    }
}

/// What is wrong with one encoded picture; the message continues "the … picture".
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The bytes do not begin with the PNG signature.
    #[error("is not a PNG file ({bytes} bytes without the PNG signature)")]
    NotPng {
        /// Length of the file.
        bytes: usize,
    },
    /// The file is a picture in a format that needs the cargo feature `formats`.
    #[error(
        "is a {format} file, which this build of Twinshot does not read: build it with the feature `formats`"
    )]
    NotBuilt {
        /// Its format.
        format: Format,
    },
    /// The file is a picture in a format that no build of Twinshot reads.
    #[error("cannot be read: its format is {format}; convert it to PNG")]
    NotRead {
        /// Its format.
        format: UnreadFormat,
    },
    /// The file breaks the rules of its format, which is not PNG.
    #[error("is a damaged {format}: {reason}")]
    Damaged {
        /// Its format.
        format: Format,
        /// The decoder's message.
        reason: String,
    },
    /// The file ends before its `IEND` chunk, or its end in another format.
    #[error("is truncated: the file ends after {bytes} bytes, before the end of the picture")]
    Truncated {
        /// Length of the file.
        bytes: usize,
    },
    /// A chunk or the compressed pixels break the PNG rules.
    #[error("is a damaged PNG: {0}")]
    Corrupt(png::DecodingError),
    /// The same, found by this crate instead of its decoder.
    #[error("is a damaged PNG: {0}")]
    Broken(&'static str),
    /// The header names no pixels at all.
    #[error("has no pixels: its header says {size}")]
    ZeroSized {
        /// Size in the header.
        size: Size,
    },
    /// The header names more pixels than are allowed.
    #[error("is too large: {size} is more than {max_pixels} pixels")]
    TooManyPixels {
        /// Size in the header.
        size: Size,
        /// The limit.
        max_pixels: u64,
    },
    /// The pixels are within the limit, but this machine has no memory for them.
    #[error("does not fit into memory: {size}")]
    OutOfMemory {
        /// Size in the header.
        size: Size,
    },
}

/// Why two pictures could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// The baseline cannot be read.
    #[error("the baseline picture {0}")]
    Baseline(PictureError),
    /// The candidate cannot be read.
    #[error("the candidate picture {0}")]
    Candidate(PictureError),
    /// Each picture is within the limit, but the canvas that holds both is too large.
    #[error(
        "the canvas that holds baseline ({baseline}) and candidate ({candidate}) is more than {max_pixels} pixels"
    )]
    TooLargeTogether {
        /// Size of the baseline.
        baseline: Size,
        /// Size of the candidate.
        candidate: Size,
        /// The limit.
        max_pixels: u64,
    },
    /// The overlay cannot be written as a PNG: it would be too wide.
    #[error("the overlay cannot be encoded: {0}")]
    Overlay(#[source] png::EncodingError),
}

impl DiffError {
    /// The picture that caused the error, if it was only one.
    pub fn input(&self) -> Option<Input> {
        match self {
            Self::Baseline(_) => Some(Input::Baseline),
            Self::Candidate(_) => Some(Input::Candidate),
            Self::TooLargeTogether { .. } | Self::Overlay(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_side_the_reason_and_the_limit() {
        let error = DiffError::Candidate(PictureError::TooManyPixels {
            size: Size::from([70_000, 70_000]),
            max_pixels: 1_000,
        });
        assert_eq!(
            error.to_string(),
            "the candidate picture is too large: 70000x70000 is more than 1000 pixels"
        );
        assert_eq!(error.input(), Some(Input::Candidate));
    }
}
