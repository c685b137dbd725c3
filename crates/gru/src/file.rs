//! The model file: a network with all that its forecasts need, written whole or not at all.
//!
//! Layout, little-endian: the eight bytes `CLOSEGRU`; format version, u32; header length, u32;
//! the header as JSON (shape, path, seed, training range, names and lengths of the scalers); the
//! scalers' numbers, f64; the weights, f32; SHA-256 of everything before.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path as FilePath;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Gru, GruSpec, InstructionSet};

const MAGIC: &[u8; 8] = b"CLOSEGRU";
/// Increase with every change of the layout or of the weights' meaning.
const VERSION: u32 = 1;
const PREAMBLE: usize = MAGIC.len() + 4 + 4;
const DIGEST: usize = 32;

/// A network and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedModel {
    /// The network.
    pub model: Gru,
    /// Numbers that rows were scaled with in training, by name; their meaning is the caller's.
    pub scalers: BTreeMap<String, Vec<f64>>,
    /// Seed of the fit.
    pub seed: u64,
    /// Rows that it was trained on.
    pub training: TrainingRange,
}

/// The rows that a network was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRange {
    /// First session, as the caller writes dates.
    pub first: String,
    /// Last session.
    pub last: String,
    /// Rows.
    pub rows: u64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    spec: GruSpec,
    path: InstructionSet,
    seed: u64,
    training: TrainingRange,
    scalers: BTreeMap<String, usize>,
}

impl SavedModel {
    /// Writes the file beside its final name, then renames it: a reader sees the old file or the
    /// new one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: &FilePath) -> Result<(), Error> {
        let failed = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        let bytes = self.to_bytes().map_err(failed)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let beside = std::path::PathBuf::from(beside);
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&beside, path)
        };
        write().map_err(|source| {
            // What is left of a failed attempt is of no use; the first error is the one to tell.
            std::fs::remove_file(&beside).ok();
            failed(source)
        })
    }

    /// Reads a file. The network keeps the path that it was trained on where the processor has
    /// it, and otherwise takes the fastest.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotAModel`], [`Error::Version`], [`Error::Truncated`],
    /// [`Error::Corrupted`].
    pub fn load(path: &FilePath) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        Self::from_bytes(path, &bytes)
    }

    fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let header = Header {
            spec: self.model.spec().clone(),
            path: self.model.path(),
            seed: self.seed,
            training: self.training.clone(),
            scalers: self
                .scalers
                .iter()
                .map(|(name, x)| (name.clone(), x.len()))
                .collect(),
        };
        let header = serde_json::to_vec(&header)?;
        let length = u32::try_from(header.len()).map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(header.len() + 4 * self.model.weights().len() + 256);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend(
            self.scalers
                .values()
                .flatten()
                .flat_map(|x| x.to_le_bytes()),
        );
        bytes.extend(self.model.weights().iter().flat_map(|x| x.to_le_bytes()));
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        Ok(bytes)
    }

    fn from_bytes(path: &FilePath, bytes: &[u8]) -> Result<Self, Error> {
        let file = Unread { path, bytes };
        let (header, body) = file.header()?;
        let numbers = file.numbers(&header, body)?;
        let (scalers, weights) = header.split(numbers);
        if !weights.iter().all(|weight| weight.is_finite()) {
            return Err(file.corrupted("a weight is not a finite number"));
        }
        let kept = Some(header.path).filter(|path| path.is_supported());
        let model = Gru::from_parts(
            header.spec,
            weights,
            kept.unwrap_or_else(InstructionSet::best),
        );
        Ok(Self {
            model,
            scalers,
            seed: header.seed,
            training: header.training,
        })
    }
}

/// The bytes of a file that may be anything.
struct Unread<'a> {
    path: &'a FilePath,
    bytes: &'a [u8],
}

impl<'a> Unread<'a> {
    fn corrupted(&self, reason: &str) -> Error {
        Error::Corrupted {
            path: self.path.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn truncated(&self, expected: usize) -> Error {
        Error::Truncated {
            path: self.path.to_owned(),
            expected: expected as u64,
            found: self.bytes.len() as u64,
        }
    }

    /// The header, and the place where the numbers behind it begin.
    fn header(&self) -> Result<(Header, usize), Error> {
        let Self { path, bytes } = *self;
        let shown = MAGIC.len().min(bytes.len());
        if bytes[..shown] != MAGIC[..shown] || bytes.is_empty() {
            return Err(Error::NotAModel(path.to_owned()));
        }
        let number = |at: usize| bytes.get(at..at + 4)?.first_chunk().copied();
        let (Some(version), Some(length)) = (number(MAGIC.len()), number(MAGIC.len() + 4)) else {
            return Err(self.truncated(PREAMBLE));
        };
        let found = u32::from_le_bytes(version);
        if found != VERSION {
            return Err(Error::Version {
                path: path.to_owned(),
                found,
                expected: VERSION,
            });
        }
        let body = PREAMBLE + u32::from_le_bytes(length) as usize;
        let Some(header) = bytes.get(PREAMBLE..body) else {
            return Err(self.truncated(body));
        };
        let header: Header = serde_json::from_slice(header)
            .map_err(|error| self.corrupted(&format!("unreadable header: {error}")))?;
        header
            .spec
            .validate()
            .map_err(|error| self.corrupted(&error.to_string()))?;
        Ok((header, body))
    }

    /// The numbers behind the header, once the file has the length that the header announces and
    /// its checksum.
    fn numbers(&self, header: &Header, body: usize) -> Result<&'a [u8], Error> {
        let numbers = header
            .scalers
            .values()
            .try_fold(0_usize, |sum, &n| sum.checked_add(n));
        let expected = numbers
            .and_then(|numbers| numbers.checked_mul(8))
            .and_then(|size| size.checked_add(body + 4 * header.spec.parameters() + DIGEST))
            .ok_or_else(|| self.corrupted("impossible lengths in the header"))?;
        if self.bytes.len() < expected {
            return Err(self.truncated(expected));
        }
        if self.bytes.len() > expected {
            return Err(self.corrupted("more bytes than the header announces"));
        }
        let (content, digest) = self.bytes.split_at(expected - DIGEST);
        if Sha256::digest(content)[..] != *digest {
            return Err(self.corrupted("checksum does not match"));
        }
        Ok(&content[body..])
    }
}

impl Header {
    /// The scalers' numbers and the weights, out of the bytes behind the header.
    fn split(&self, mut rest: &[u8]) -> (BTreeMap<String, Vec<f64>>, Vec<f32>) {
        let mut scalers = BTreeMap::new();
        for (name, count) in &self.scalers {
            let (own, after) = rest.split_at(8 * count);
            let own = own.as_chunks().0.iter();
            let own = own.map(|b| f64::from_le_bytes(*b)).collect();
            scalers.insert(name.clone(), own);
            rest = after;
        }
        let weights = rest.as_chunks().0.iter();
        (scalers, weights.map(|b| f32::from_le_bytes(*b)).collect())
    }
}
