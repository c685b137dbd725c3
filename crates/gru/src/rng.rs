//! The random stream of everything seeded in this crate.
//!
//! Owned here, down to the last bit: ChaCha8 words transposed into numbers by exact arithmetic only
//! (no logarithm or cosine of a system library), so that a seed means the same numbers on every
//! machine and after every upgrade of a dependency.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Purpose of a stream: streams of one seed are independent, so that drawing more of one
/// (say, dropout switched on) changes nothing in another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    /// Starting weights.
    Weights = 0,
    /// Order of the rows in each epoch.
    Shuffle = 1,
    /// Units that an update leaves out.
    Dropout = 2,
    /// Made-up data of the benchmark.
    Walk = 3,
}

/// One seeded stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn new(seed: u64, stream: Stream) -> Self {
        let mut inner = ChaCha8Rng::seed_from_u64(seed);
        inner.set_stream(stream as u64);
        Self(inner)
    }

    /// Uniform on [0, 1), a multiple of 2⁻²⁴.
    pub(crate) fn uniform(&mut self) -> f32 {
        in_unit_interval(self.0.next_u32())
    }

    /// Words of which [`Random::uniform`] makes as many draws, in one go.
    pub(crate) fn words(&mut self, out: &mut [u32]) {
        const WORD: usize = size_of::<u32>();
        let mut bytes = [0; 64 * WORD];
        for out in out.chunks_mut(64) {
            let bytes = &mut bytes[..out.len() * WORD];
            self.0.fill_bytes(bytes);
            let (words, _) = bytes.as_chunks();
            for (x, word) in out.iter_mut().zip(words) {
                *x = u32::from_le_bytes(*word);
            }
        }
    }

    /// The least word whose uniform number is not below `share` of 1.
    pub(crate) fn least_word(share: f32) -> u32 {
        // Exact: the unit is a power of two.
        ((share / UNIT).ceil() as u32) << UNUSED
    }

    /// Close to standard normal: the sum of twelve uniforms less six (Irwin–Hall). The tails end
    /// at ±6, which random directions and made-up prices do not notice.
    pub(crate) fn normal(&mut self) -> f64 {
        let mut words = [0; 12];
        self.words(&mut words);
        let uniforms = words.map(|word| f64::from(in_unit_interval(word)));
        uniforms.iter().sum::<f64>() - 6.0
    }

    /// Fisher–Yates shuffle.
    pub(crate) fn shuffle(&mut self, items: &mut [u32]) {
        for last in (1..items.len()).rev() {
            // High half of a 128-bit product: its bias is below 2⁻³² for any batch that fits.
            let product = u128::from(self.0.next_u64()) * (last as u128 + 1);
            items.swap(last, (product >> 64) as usize);
        }
    }
}

/// Bits of a word that a uniform number leaves out.
const UNUSED: u32 = 8;

/// Distance of two neighbouring uniform numbers.
const UNIT: f32 = 1.0 / (1 << 24) as f32;

fn in_unit_interval(word: u32) -> f32 {
    (word >> UNUSED) as f32 * UNIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_in_one_go_are_the_draws_one_by_one() {
        let [mut one, mut all] = [0, 0].map(|seed| Random::new(seed, Stream::Dropout));
        // Lengths that cross the generator's own block.
        for length in [1, 63, 64, 65, 200] {
            let mut words = vec![0; length];
            all.words(&mut words);
            let draws: Vec<f32> = words.into_iter().map(in_unit_interval).collect();
            let expected: Vec<f32> = (0..length).map(|_| one.uniform()).collect();
            assert_eq!(draws, expected);
        }
    }

    #[test]
    fn words_are_compared_as_their_uniform_numbers_would_be() {
        let shares = [0.2, 0.5, 1e-9, UNIT, 1.5 * UNIT, 0.999_999_94];
        for share in shares {
            let least = Random::least_word(share);
            for word in [least, least - 1, least + 255, 0, u32::MAX] {
                assert_eq!(
                    word >= least,
                    in_unit_interval(word) >= share,
                    "{share} {word}"
                );
            }
        }
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let draw = |stream| {
            let mut random = Random::new(7, stream);
            [random.uniform(), random.uniform(), random.uniform()]
        };
        assert_eq!(draw(Stream::Weights), draw(Stream::Weights));
        assert_ne!(draw(Stream::Weights), draw(Stream::Shuffle));
    }

    #[test]
    fn normal_has_the_right_moments() {
        let mut random = Random::new(1, Stream::Walk);
        let draws: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Random::new(3, Stream::Shuffle).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
