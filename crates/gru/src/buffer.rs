//! A fixed block of zeros whose first number lies on a cache line.
//!
//! A 64-byte load that straddles two lines costs two loads, so the kernels' buffers start on one.

use std::ops::{Deref, DerefMut};

const LINE: usize = 64;

/// Numbers, aligned; the length never changes.
#[derive(Debug)]
pub(crate) struct Buffer {
    storage: Vec<f32>,
    start: usize,
    length: usize,
}

impl Buffer {
    pub(crate) fn zeros(length: usize) -> Self {
        let slack = LINE / size_of::<f32>();
        let storage = vec![0.0; length + slack];
        // The allocation stays where it is: the vector never grows and moves by pointer.
        let start = storage.as_ptr().align_offset(LINE).min(slack);
        Self {
            storage,
            start,
            length,
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.storage[self.start..self.start + self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.storage[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_on_a_line_and_holds_zeros() {
        for length in [0, 1, 17, 4096] {
            let buffer = Buffer::zeros(length);
            assert_eq!(buffer.len(), length);
            assert_eq!(buffer.as_ptr() as usize % LINE, 0);
            assert!(buffer.iter().all(|&x| x == 0.0));
        }
    }
}
