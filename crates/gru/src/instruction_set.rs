//! Instruction set of the arithmetic: chosen at run time, or forced by name.
//!
//! Each path gives the same bits on every machine that has it (only IEEE-exact operations are
//! used); two paths differ by rounding.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// An instruction-set path.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(
    serialize_all = "lowercase",
    parse_err_ty = UnknownPath,
    parse_err_fn = UnknownPath::of
)]
pub enum InstructionSet {
    /// Sixteen lanes, 32 registers: AVX-512 F.
    Avx512,
    /// Eight lanes, 16 registers: AVX2 with FMA.
    Avx2,
    /// ndarray's matrix product and portable loops: every machine.
    Plain,
}

/// A name that is not one of the instruction-set paths.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no instruction-set path: use avx512, avx2 or plain")]
pub struct UnknownPath(String);

impl UnknownPath {
    fn of(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl InstructionSet {
    /// All paths, the fastest first.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The fastest path of this processor.
    #[must_use]
    pub fn best() -> Self {
        let mut paths = Self::ALL.iter().copied();
        paths
            .find(|path| path.is_supported())
            .unwrap_or(Self::Plain)
    }

    /// Whether this processor (and its operating system) can run the path.
    #[must_use]
    pub fn is_supported(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 => false,
            Self::Plain => true,
        }
    }

    /// The path's name, as `--path` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for &path in InstructionSet::ALL {
            assert_eq!(path.name().parse::<InstructionSet>().unwrap(), path);
        }
        assert!("sse".parse::<InstructionSet>().is_err());
    }

    #[test]
    fn plain_runs_everywhere() {
        assert!(InstructionSet::Plain.is_supported());
        assert!(InstructionSet::best().is_supported());
    }
}
