//! The records of one partition that are held here, from their arrival until they are settled: the
//! order they are handed out in, and how far their offsets may be committed. Pure: no consumer.
//!
//! Many records are in work at once, so they are settled in any order. Only the settled *prefix* may
//! be committed: an offset says that everything before it is done, and one committed past an
//! unsettled record would lose that record in a crash. Records of one key keep their order: the next
//! is handed out when the one before is settled.

use std::collections::{HashMap, VecDeque};

/// Bounds of what one partition may have in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionLimits {
    /// Records in work at once, those that were refused at the door not counted.
    pub(crate) in_work: usize,
    /// Records held at once, give or take the last, and their bytes.
    pub(crate) held_records: usize,
    pub(crate) held_bytes: usize,
}

/// The condition that the hand-out of a record waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// For the records of the same key before it, and for a place in the window.
    AfterKey(u64),
    /// For nothing: its reader refuses it, so no stage works on it.
    AtOnce,
}

/// A record that has arrived.
#[derive(Debug)]
pub(crate) struct Arrived<R> {
    pub(crate) offset: i64,
    pub(crate) bytes: usize,
    pub(crate) turn: Turn,
    pub(crate) record: R,
}

#[derive(Debug)]
enum State<R> {
    Waiting(R),
    InWork,
    Settled,
}

#[derive(Debug)]
struct Held<R> {
    offset: i64,
    bytes: usize,
    turn: Turn,
    state: State<R>,
}

/// The records of one partition.
#[derive(Debug)]
pub(crate) struct Partition<R> {
    /// By offset. The first is unsettled: settled records leave from the front.
    held: VecDeque<Held<R>>,
    bytes: usize,
    /// Offsets that wait for a place in the window only.
    ready: VecDeque<i64>,
    /// Offsets that wait for nothing.
    at_once: VecDeque<i64>,
    /// A key is here while one of its records is ready or in work, with those that come after it.
    behind: HashMap<u64, VecDeque<i64>>,
    in_work: usize,
    /// One was given back unsettled: the process is ending, and nothing more is handed out.
    released: bool,
    /// The offset behind the settled prefix.
    settled_to: Option<i64>,
    committed: Option<i64>,
    /// The offset behind the last record that came.
    position: Option<i64>,
}

impl<R> Default for Partition<R> {
    fn default() -> Self {
        Self {
            held: VecDeque::new(),
            bytes: 0,
            ready: VecDeque::new(),
            at_once: VecDeque::new(),
            behind: HashMap::new(),
            in_work: 0,
            released: false,
            settled_to: None,
            committed: None,
            position: None,
        }
    }
}

impl<R> Partition<R> {
    /// Takes in the next record. Offsets ascend, with gaps.
    pub(crate) fn receive(&mut self, arrived: Arrived<R>) {
        let Arrived {
            offset,
            bytes,
            turn,
            record,
        } = arrived;
        match turn {
            Turn::AtOnce => self.at_once.push_back(offset),
            Turn::AfterKey(key) => match self.behind.get_mut(&key) {
                Some(waiting) => waiting.push_back(offset),
                None => {
                    self.behind.insert(key, VecDeque::new());
                    self.ready.push_back(offset);
                }
            },
        }
        self.bytes += bytes;
        self.position = Some(offset + 1);
        self.held.push_back(Held {
            offset,
            bytes,
            turn,
            state: State::Waiting(record),
        });
    }

    /// The next record to hand out, with its offset; to be asked until there is none.
    pub(crate) fn next(&mut self, limits: PartitionLimits) -> Option<(i64, R)> {
        if self.released {
            return None;
        }
        let offset = match self.at_once.pop_front() {
            Some(offset) => offset,
            None if self.in_work < limits.in_work => {
                let offset = self.ready.pop_front()?;
                self.in_work += 1;
                offset
            }
            None => return None,
        };
        let held = self.held_mut(offset)?;
        match std::mem::replace(&mut held.state, State::InWork) {
            State::Waiting(record) => Some((offset, record)),
            State::InWork | State::Settled => None,
        }
    }

    /// Takes note of the answer to a hand-out: `done` when the record is settled. Says whether it
    /// was waited for.
    pub(crate) fn settle(&mut self, offset: i64, done: bool) -> bool {
        let Some(held) = self.held_mut(offset) else {
            return false;
        };
        if !matches!(held.state, State::InWork) {
            return false;
        }
        if !done {
            // It stays in work for good, so the prefix never passes it.
            self.released = true;
            return true;
        }
        held.state = State::Settled;
        if let Turn::AfterKey(key) = held.turn {
            self.in_work -= 1;
            match self.behind.get_mut(&key).and_then(VecDeque::pop_front) {
                Some(next) => self.ready.push_back(next),
                None => drop(self.behind.remove(&key)),
            }
        }
        self.drop_settled_prefix();
        true
    }

    fn drop_settled_prefix(&mut self) {
        while let Some(first) = self.held.front()
            && matches!(first.state, State::Settled)
        {
            self.settled_to = Some(first.offset + 1);
            self.bytes -= first.bytes;
            self.held.pop_front();
        }
    }

    /// The offset to commit, where it is not committed yet: everything before it is settled.
    pub(crate) fn to_commit(&self) -> Option<i64> {
        self.settled_to
            .filter(|offset| self.committed.is_none_or(|committed| committed < *offset))
    }

    /// Takes note of a commit that the brokers have confirmed. One past what is settled here was of a
    /// topic that has been made again since: the offsets of this one are still to be committed.
    pub(crate) fn committed(&mut self, offset: i64) {
        if Some(offset) <= self.settled_to {
            self.committed = self.committed.max(Some(offset));
        }
    }

    /// The offset behind the last record that came; `None` before the first.
    pub(crate) fn position(&self) -> Option<i64> {
        self.position
    }

    /// Whether nothing of it has been committed by this process yet.
    pub(crate) fn is_uncommitted(&self) -> bool {
        self.committed.is_none()
    }

    /// Whether nothing more is to be read until some of what is held has been settled.
    pub(crate) fn is_full(&self, limits: PartitionLimits) -> bool {
        self.held.len() >= limits.held_records || self.bytes >= limits.held_bytes
    }

    fn held_mut(&mut self, offset: i64) -> Option<&mut Held<R>> {
        let index = self
            .held
            .binary_search_by_key(&offset, |held| held.offset)
            .ok()?;
        self.held.get_mut(index)
    }
}

#[cfg(test)]
mod tests;
