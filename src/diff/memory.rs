//! Memory whose size comes from a file.

use super::Size;
use super::error::PictureError;

/// Allocates without aborting: the length comes from the file.
pub(super) fn zeroes(length: usize, size: Size) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(length)
        .map_err(|_| PictureError::OutOfMemory { size })?;
    bytes.resize(length, 0);
    Ok(bytes)
}
