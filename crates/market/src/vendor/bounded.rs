//! Lists of an answer that hold no more than is read of them: a body within the limit can hold
//! millions of entries, each of them many times larger in memory than in the body.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The first entry of a list; the others are read over.
#[derive(Debug, Clone)]
pub(crate) struct First<T>(pub(crate) Option<T>);

/// The entries of a list, or the values of an object, at most `MOST`; more are an error.
#[derive(Debug, Clone)]
pub(crate) struct AtMost<T, const MOST: usize>(pub(crate) Vec<T>);

impl<T> Default for First<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T, const MOST: usize> Default for AtMost<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = First<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<First<T>, A::Error> {
                let first = entries.next_element()?;
                while entries.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }

        deserializer.deserialize_seq(Reader(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for AtMost<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T, const MOST: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Reader<T, MOST> {
            type Value = AtMost<T, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MOST} entries")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(entry) = entries.next_element()? {
                    if list.len() == MOST {
                        return Err(A::Error::invalid_length(MOST + 1, &self));
                    }
                    list.push(entry);
                }
                Ok(AtMost(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some((IgnoredAny, value)) = entries.next_entry()? {
                    if list.len() == MOST {
                        return Err(A::Error::invalid_length(MOST + 1, &self));
                    }
                    list.push(value);
                }
                Ok(AtMost(list))
            }
        }

        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// The entries of an object with their names, at most `MOST`; more are an error.
#[derive(Debug, Clone)]
pub(crate) struct Named<T, const MOST: usize>(pub(crate) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Named<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T, const MOST: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Reader<T, MOST> {
            type Value = Named<T, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an object of at most {MOST} entries")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut named = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    if named.len() == MOST {
                        return Err(A::Error::invalid_length(MOST + 1, &self));
                    }
                    named.push(entry);
                }
                Ok(Named(named))
            }
        }

        deserializer.deserialize_map(Reader(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_is_read() {
        let first: First<u8> = serde_json::from_str("[1, 2, \"x\"]").unwrap();
        assert_eq!(first.0, Some(1));
        assert_eq!(serde_json::from_str::<First<u8>>("[]").unwrap().0, None);
        let two: AtMost<u8, 2> = serde_json::from_str("[1, 2]").unwrap();
        assert_eq!(two.0, [1, 2]);
        assert!(serde_json::from_str::<AtMost<u8, 2>>("[1, 2, 3]").is_err());
        let values: AtMost<u8, 2> = serde_json::from_str(r#"{"a": 1, "a": 2}"#).unwrap();
        assert_eq!(values.0, [1, 2]);
        assert!(serde_json::from_str::<AtMost<u8, 0>>(r#"{"a": 1}"#).is_err());
        assert!(serde_json::from_str::<AtMost<u8, 2>>("1").is_err());
        let named: Named<u8, 1> = serde_json::from_str(r#"{"a": 1}"#).unwrap();
        assert_eq!(named.0, [("a".to_owned(), 1)]);
        assert!(serde_json::from_str::<Named<u8, 1>>(r#"{"a": 1, "b": 2}"#).is_err());
    }
}
