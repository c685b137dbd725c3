//! The model file that forecasts start from (`model.file`): read at the start, and again when it has
//! changed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use closecall_forecast::{ForecastSettings, ModelFileError, PooledModel};

use crate::exit::{Code, OrExit};
use crate::settings::Settings;

/// The model as the file has it by now.
#[derive(Debug)]
pub(crate) struct ModelFile {
    path: PathBuf,
    settings: ForecastSettings,
    /// Scorer of the news.
    scorer: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the file was changed and how long it was, when it was last looked at.
    seen: Option<(SystemTime, u64)>,
    model: Option<Arc<PooledModel>>,
}

impl ModelFile {
    /// Reads the file that the settings name, where they name one. One that is not there yet is
    /// waited for, and forecasts are made without it.
    pub(crate) fn open(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let Some(path) = settings.model.file.clone() else {
            return Ok(None);
        };
        let file = Self {
            path,
            settings: settings.forecast.clone(),
            scorer: settings.scorer_name(),
            state: Mutex::default(),
        };
        if file.changed().is_none() {
            tracing::warn!(
                path = %file.path.display(),
                "there is no model file: forecasts are made without one until there is"
            );
            return Ok(Some(file));
        }
        file.read().or_exit(Code::Configuration)?;
        Ok(Some(file))
    }

    /// The model, read again if the file has changed. A file that cannot be used changes nothing but
    /// the log.
    pub(crate) fn current(&self) -> Option<Arc<PooledModel>> {
        let seen = self.locked().seen;
        let found = self.changed();
        if found.is_some()
            && found != seen
            && let Err(error) = self.read()
        {
            tracing::warn!(%error, "the model file is left alone");
        }
        self.locked().model.clone()
    }

    fn read(&self) -> Result<(), ModelFileError> {
        // Remembered first: a file that is refused is not read again at every forecast.
        self.locked().seen = self.changed();
        let model = PooledModel::load(&self.path, &self.settings, self.scorer)?;
        tracing::info!(path = %self.path.display(), hash = model.hash(), "model file read");
        self.locked().model = Some(Arc::new(model));
        Ok(())
    }

    fn changed(&self) -> Option<(SystemTime, u64)> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The model of a command that makes forecasts once.
pub(crate) fn load(settings: &Settings) -> anyhow::Result<Option<Arc<PooledModel>>> {
    let file = ModelFile::open(settings)?;
    Ok(file.and_then(|file| file.current()))
}
