//! The keys that something applies to: `keys = ["team-7", "gold:*"]`.

use tollgate_core::{KEY_BYTES_MAX, is_key};

use crate::fields::Fields;
use crate::value::Value;

/// Most prefixes in one list: a key is compared with each of them.
pub const KEY_PREFIXES_MAX: usize = 16;

/// Keys by name and by prefix: at most [`LIST_ITEMS_MAX`](crate::LIST_ITEMS_MAX) of them, as in any list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyPatterns {
    /// Sorted.
    keys: Vec<String>,
    prefixes: Vec<String>,
}

impl KeyPatterns {
    /// Those that the field `keys` lists; `None` if there is no such field.
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Option<Self>, String> {
        let items = match fields.get("keys")? {
            None => return Ok(None),
            Some(Value::List(items)) if !items.is_empty() => items,
            Some(_) => return Err(String::from(".keys: must be a list of keys")),
        };
        let (mut keys, mut prefixes) = (Vec::<&str>::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            let Value::Text(key) = item else {
                return Err(format!(".keys[{index}]: must be a text"));
            };
            if !is_key(key) {
                let bytes = key.len();
                return Err(format!(
                    ".keys[{index}]: must have 1 to {KEY_BYTES_MAX} bytes, not {bytes}"
                ));
            }
            match key.strip_suffix('*') {
                Some(_) if prefixes.len() == KEY_PREFIXES_MAX => {
                    return Err(format!(
                        ".keys[{index}]: at most {KEY_PREFIXES_MAX} of them end with *"
                    ));
                }
                Some(prefix) => prefixes.push(prefix.to_owned()),
                None => {
                    let (Ok(at) | Err(at)) = keys.binary_search(&&**key);
                    keys.insert(at, &**key);
                }
            }
        }
        let keys = keys.into_iter().map(str::to_owned).collect();
        Ok(Some(Self { keys, prefixes }))
    }

    /// Whether `key` is one of them.
    pub(crate) fn contain(&self, key: &str) -> bool {
        self.keys.binary_search_by(|name| (**name).cmp(key)).is_ok()
            || self.prefixes.iter().any(|prefix| key.starts_with(&**prefix))
    }
}
