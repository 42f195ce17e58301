//! A map read in the order in which it is written, that takes no name twice.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

/// Names and values, in the text's order.
pub(crate) struct OrderedMap<V>(pub(crate) Vec<(String, V)>);

/// A value whose shape may depend on the name that it stands under.
pub(crate) trait Value<'de>: Sized {
    /// Most values of this kind in one map.
    const COUNT_MAX: usize;

    /// Reads the value that stands under `name`.
    fn read<A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Self, A::Error>;
}

impl<'de, V: Value<'de>> Deserialize<'de> for OrderedMap<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor(PhantomData))
    }
}

struct MapVisitor<V>(PhantomData<V>);

impl<'de, V: Value<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = OrderedMap<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries: Vec<(String, V)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if entries.iter().any(|(earlier, _)| *earlier == name) {
                return Err(A::Error::custom(format_args!("`{name}` is given twice")));
            }
            if entries.len() == V::COUNT_MAX {
                let most = V::COUNT_MAX;
                return Err(A::Error::custom(format_args!("at most {most} entries fit here")));
            }
            let value = V::read(&name, &mut map)?;
            entries.push((name, value));
        }
        Ok(OrderedMap(entries))
    }
}
