//! Compressed bodies that are small on the wire and enormous behind it.
//!
//! A mebibyte of zeros is compressed once, ended on a byte, and sent again and again: what comes
//! after it needs nothing that came before. No more than one piece is ever in memory.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// The coding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
}

/// Size of a piece when it has been decompressed.
const PIECE: usize = 1 << 20;

impl Coding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// The bytes before the pieces.
    fn head(self) -> &'static [u8] {
        match self {
            Self::Gzip => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff],
            Self::Deflate => &[0x78, 0x9c],
        }
    }
}

/// The frames of a body that is `gibibytes` when it has been decompressed. It has no trailer: who
/// has read that far has already failed.
pub(super) fn frames(coding: Coding, gibibytes: u64) -> impl Iterator<Item = Bytes> {
    let piece = Bytes::from(piece().unwrap_or_default());
    let pieces = gibibytes.saturating_mul((1 << 30) / PIECE as u64);
    let mut left = pieces;
    let again = std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        Some(piece.clone())
    });
    std::iter::once(Bytes::from_static(coding.head())).chain(again)
}

fn piece() -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; PIECE])?;
    encoder.flush()?; // ends on a byte; zeros refer to nothing but zeros
    Ok(std::mem::take(encoder.get_mut()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn pieces_decompress_to_more_and_more_zeros() {
        let wire: Vec<u8> = frames(Coding::Gzip, 1).take(9).flatten().collect();
        assert!(wire.len() < 16 << 10, "{}", wire.len());
        let mut plain = Vec::new();
        // It ends in the middle of nowhere.
        flate2::read::GzDecoder::new(&wire[..])
            .read_to_end(&mut plain)
            .unwrap_err();
        assert_eq!(plain.len(), 8 * PIECE);
        assert!(plain.iter().all(|byte| *byte == 0));
        assert_eq!(frames(Coding::Deflate, 3).count(), 1 + 3 * 1024);
    }
}
