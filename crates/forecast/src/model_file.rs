//! The model file: what was learned of many tickers, in one versioned JSON document.
//!
//! `{"format": "closecall-model", "version": 1, "sha256": …, "body": {…}}`: the hash is that of the
//! body's bytes, and is the name by which forecasts say what they started from. A file is taken whole
//! or refused with a sentence; nothing of a damaged one is used.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use closecall_gru::{Gru, InstructionSet};
use closecall_protocol::{ModelTarget, RelativeMae, SessionDate, Ticker};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::model_row_shape::Features;
use crate::network_features::Scaler;
use crate::pooled::PooledPart;
use crate::settings::ForecastSettings;

const FORMAT: &str = "closecall-model";

/// Increase with every change of the layout, or of a feature's meaning.
const VERSION: u32 = 2;

/// A model file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// It cannot be read or written.
    #[error("the model file {path} cannot be {doing}: {error}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// The attempt.
        doing: &'static str,
        /// The cause.
        error: std::io::Error,
    },
    /// It is something else.
    #[error("{path} is no model file: make one with `closecall train`")]
    NotAModel {
        /// Its path.
        path: PathBuf,
    },
    /// It ends too early.
    #[error("the model file {path} is cut off after {bytes} bytes: copy or train it again")]
    Truncated {
        /// Its path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// Another version wrote it.
    #[error(
        "the model file {path} is of version {found}, this program reads {VERSION}: train it again"
    )]
    Version {
        /// Its path.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Its bytes are not those that were written.
    #[error("the model file {path} is damaged: its contents do not have the hash that it names")]
    Damaged {
        /// Its path.
        path: PathBuf,
    },
    /// It was trained for other features.
    #[error(
        "the model file {path} was trained for {found}, the settings ask for {expected}: train it again, or set [forecast.network] and [news] as they were"
    )]
    Features {
        /// Its path.
        path: PathBuf,
        /// Its features.
        found: String,
        /// Those of the settings.
        expected: String,
    },
}

/// Training of a model file, by its own words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Tickers, ascending.
    pub tickers: Vec<Ticker>,
    /// First session that was learned from.
    pub first: SessionDate,
    /// Last session that was learned from.
    pub last: SessionDate,
    /// Rows, of both kinds together.
    pub rows: usize,
    /// Seed of the networks.
    pub seed: u64,
    /// Whether it was ended before it was done.
    pub stopped: bool,
}

/// Error of the walk-forward, where saying nothing is 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WalkedForward {
    /// With the 95 % interval of whole days resampled.
    pub relative_mae: RelativeMae,
    /// Rows forecast, each by what was learned before it.
    pub rows: usize,
    /// Days they lie on.
    pub days: usize,
}

/// A model file's contents.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledModel {
    /// Its training.
    pub training: Training,
    /// Learned coefficients and networks, by kind of move.
    pub parts: BTreeMap<ModelTarget, PooledPart>,
    /// Results on rows that it had not seen, by kind of move.
    pub walked_forward: BTreeMap<ModelTarget, WalkedForward>,
    features: Features,
    hash: String,
}

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    format: String,
    version: u32,
    sha256: String,
    #[serde(borrow)]
    body: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
struct Body {
    features: Features,
    training: Training,
    walked_forward: BTreeMap<ModelTarget, WalkedForward>,
    parts: BTreeMap<ModelTarget, Part>,
}

#[derive(Serialize, Deserialize)]
struct Part {
    coefficients: Vec<f64>,
    scaler: Scaler,
    /// Weights of each network.
    networks: Vec<Vec<f32>>,
}

impl PooledModel {
    /// Of a training by these settings, with news scored by `scorer`.
    ///
    /// # Errors
    /// [`serde_json::Error`] for numbers that JSON cannot hold.
    pub fn new(
        training: Training,
        parts: BTreeMap<ModelTarget, PooledPart>,
        walked_forward: BTreeMap<ModelTarget, WalkedForward>,
        settings: &ForecastSettings,
        scorer: &str,
    ) -> Result<Self, serde_json::Error> {
        let mut model = Self {
            training,
            parts,
            walked_forward,
            features: Features::of(settings, scorer),
            hash: String::new(),
        };
        model.hash = hash(model.body()?.as_bytes());
        Ok(model)
    }

    /// Hash of its contents, hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Shape of its rows, in words.
    #[must_use]
    pub fn features(&self) -> String {
        self.features.to_string()
    }

    fn body(&self) -> Result<String, serde_json::Error> {
        let part = |part: &PooledPart| Part {
            coefficients: part.coefficients.clone(),
            scaler: part.scaler,
            networks: part
                .members
                .iter()
                .map(|gru| gru.weights().to_vec())
                .collect(),
        };
        serde_json::to_string(&Body {
            features: self.features.clone(),
            training: self.training.clone(),
            walked_forward: self.walked_forward.clone(),
            parts: self.parts.iter().map(|(k, p)| (*k, part(p))).collect(),
        })
    }

    /// Writes the file beside its final name, then renames it: a reader sees the old file or the
    /// new one.
    ///
    /// # Errors
    /// [`ModelFileError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), ModelFileError> {
        let write = || {
            let body = RawValue::from_string(self.body()?)?;
            let envelope = Envelope {
                format: FORMAT.into(),
                version: VERSION,
                sha256: self.hash.clone(),
                body: &body,
            };
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let beside = folder.join(format!(".{name}.{}.part", std::process::id()));
            let mut file = std::fs::File::create(&beside)?;
            file.write_all(&serde_json::to_vec(&envelope)?)?;
            file.sync_all()?;
            std::fs::rename(&beside, path)
        };
        write().map_err(|error| ModelFileError::Io {
            path: path.to_owned(),
            doing: "written",
            error,
        })
    }

    /// Reads a file; `settings` and the news' `scorer` say which features are asked for.
    ///
    /// # Errors
    /// A [`ModelFileError`] that says what is wrong and what to do.
    pub fn load(
        path: &Path,
        settings: &ForecastSettings,
        scorer: &str,
    ) -> Result<Self, ModelFileError> {
        let model = Self::read(path)?;
        let expected = Features::of(settings, scorer);
        if model.features != expected {
            return Err(ModelFileError::Features {
                path: path.to_owned(),
                found: model.features.to_string(),
                expected: expected.to_string(),
            });
        }
        Ok(model)
    }

    /// Reads a file whatever its features.
    ///
    /// # Errors
    /// As [`PooledModel::load`].
    pub fn read(path: &Path) -> Result<Self, ModelFileError> {
        let bytes = std::fs::read(path).map_err(|error| ModelFileError::Io {
            path: path.to_owned(),
            doing: "read",
            error,
        })?;
        Self::from_bytes(path, &bytes)
    }

    fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, ModelFileError> {
        /// Of a file of whatever version.
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let path = path.to_owned();
        let refused = |error: &serde_json::Error, path: PathBuf| {
            if error.is_eof() && !bytes.is_empty() {
                let bytes = bytes.len();
                ModelFileError::Truncated { path, bytes }
            } else {
                ModelFileError::NotAModel { path }
            }
        };
        let head: Head = match serde_json::from_slice(bytes) {
            Ok(head) => head,
            Err(error) => return Err(refused(&error, path)),
        };
        if head.format != FORMAT {
            return Err(ModelFileError::NotAModel { path });
        }
        if head.version != VERSION {
            let found = head.version;
            return Err(ModelFileError::Version { path, found });
        }
        let envelope: Envelope<'_> = match serde_json::from_slice(bytes) {
            Ok(envelope) => envelope,
            Err(error) => return Err(refused(&error, path)),
        };
        let text = envelope.body.get();
        let damaged = || ModelFileError::Damaged { path: path.clone() };
        if hash(text.as_bytes()) != envelope.sha256 {
            return Err(damaged());
        }
        let body: Body = serde_json::from_str(text).map_err(|_| damaged())?;
        let mut parts = BTreeMap::new();
        for (target, part) in body.parts {
            let found = body.features.part(target, part).ok_or_else(damaged)?;
            parts.insert(target, found);
        }
        Ok(Self {
            training: body.training,
            parts,
            walked_forward: body.walked_forward,
            features: body.features,
            hash: envelope.sha256,
        })
    }
}

impl Features {
    /// The part as it is computed with; `None` where its sizes are not those of the features.
    fn part(&self, target: ModelTarget, part: Part) -> Option<PooledPart> {
        let spec = closecall_gru::GruSpec {
            features: self.step,
            steps: self.window,
            units: self.units.clone(),
            dense: self.dense,
            dropout: 0.0,
        };
        let network = |weights| Gru::with_weights(spec.clone(), weights, InstructionSet::best());
        let members: Result<Vec<Gru>, _> = part.networks.into_iter().map(network).collect();
        let members = members.ok().filter(|members| !members.is_empty())?;
        let fits = Some(&part.coefficients.len()) == self.regression.get(&target);
        let finite = part.coefficients.iter().all(|b| b.is_finite());
        (fits && finite && part.scaler.is_usable()).then_some(PooledPart {
            coefficients: part.coefficients,
            scaler: part.scaler,
            members,
        })
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
