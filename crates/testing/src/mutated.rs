//! Bytes that no sender means: noise, and good input that something has spoilt.

/// Numbers by SplitMix64: the same seed gives the same.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

/// Words that stand in the place of something good.
const TOKENS: [&str; 18] = [
    "null",
    "NaN",
    "Infinity",
    "-1",
    "0",
    "1e999",
    "1e-320",
    "\"\"",
    "[]",
    "{}",
    "true",
    "9999-12-31T23:59:59Z",
    "-262143-01-01T00:00:00Z",
    "18446744073709551616",
    "\\u0000",
    "\u{feff}",
    "é",
    "\"",
];

impl Dice {
    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to just below the limit; 0 where there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.draw() % limit.max(1) as u64) as usize
    }

    /// Spoils bytes in one to three places: a bit turned, an end cut off, a word in the place of
    /// another, a piece twice or not at all.
    pub fn spoil(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 => bytes.truncate(at),
                2 => {
                    let token = TOKENS[self.below(TOKENS.len())].as_bytes();
                    let end = (at + self.below(12)).min(bytes.len());
                    bytes.splice(at..end, token.iter().copied());
                }
                3 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let copied = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, copied);
                }
                4 => {
                    let end = (at + self.below(20)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => bytes.push(self.draw() as u8),
            }
        }
    }
}

/// The good bytes, spoilt as the seed says.
#[must_use]
pub fn spoilt(good: &[u8], seed: u64) -> Vec<u8> {
    let mut bytes = good.to_vec();
    Dice(seed).spoil(&mut bytes);
    bytes
}

/// Up to 400 bytes of any kind, as the seed says.
#[must_use]
pub fn noise(seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    (0..dice.below(401)).map(|_| dice.draw() as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_follow_their_seed_and_differ_from_the_good_ones() {
        let good = br#"{"close": [189.59, 193.97]}"#;
        let all: Vec<Vec<u8>> = (0..1_000).map(|seed| spoilt(good, seed)).collect();
        assert!(all.iter().filter(|bytes| bytes[..] == good[..]).count() < 100);
        assert!(all.iter().any(|bytes| bytes.len() > good.len()));
        assert!(all.iter().any(|bytes| bytes.len() < good.len()));
        assert_eq!(spoilt(good, 7), all[7]);
        let lengths: Vec<usize> = (0..1_000).map(|seed| noise(seed).len()).collect();
        assert!(lengths.contains(&0) && lengths.iter().any(|length| *length > 390));
    }
}
