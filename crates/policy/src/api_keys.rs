//! API keys, as an operator writes them down. The text contains only their hashes.

use tollgate_core::{LimitError, Name};

use crate::fields::Fields;
use crate::policy_set::TextError;
use crate::value::{self, Entry, Value};

/// Most API keys in one text.
pub const API_KEYS_MAX: usize = 1_000;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Acquire, settle and report.
    Acquire,
    /// Only read.
    Observe,
    /// Change what is remembered of a key, and capacities.
    Admin,
}

/// One key of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// What it is called in logs.
    pub name: Name,
    /// The SHA-256 of the key itself.
    pub sha256: [u8; 32],
    /// The tenant whose records it can reach; it reaches no others.
    pub tenant: Name,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
}

/// The keys of the API.
///
/// ```
/// use tollgate_policy::{ApiKeys, Scope};
/// let keys = ApiKeys::parse(r#"
///     [key.gateway]
///     sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
///     tenant = "acme"
///     scopes = ["acquire", "observe"]
/// "#)?;
/// let [key] = keys.keys() else { panic!("there is one") };
/// assert_eq!((&*key.tenant, &*key.scopes), ("acme", &[Scope::Acquire, Scope::Observe][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiKeys {
    keys: Vec<ApiKey>,
}

impl ApiKeys {
    /// Reads the text, in TOML or JSON like a policy text. An empty text has no keys.
    ///
    /// # Errors
    /// [`TextError`] says where the text is wrong and what belongs there.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let Value::Table(entries) = value::parse(text)? else {
            return Err(TextError(String::from("a text has a table `key`")));
        };
        let mut keys = Vec::new();
        for (name, table) in &entries {
            match table {
                Value::Table(tables) if name == "key" => add(&mut keys, tables),
                _ => Err(format!("{name}: a text has nothing but tables [key.NAME]")),
            }
            .map_err(TextError)?;
        }
        Ok(Self { keys })
    }

    /// All of them.
    #[must_use]
    pub fn keys(&self) -> &[ApiKey] {
        &self.keys
    }
}

fn add(keys: &mut Vec<ApiKey>, tables: &[Entry<'_>]) -> Result<(), String> {
    for (name, table) in tables {
        let key = key(name, table).map_err(|message| format!("key.{name}{message}"))?;
        if keys.len() == API_KEYS_MAX {
            return Err(format!("key.{name}: there are at most {API_KEYS_MAX} keys"));
        }
        if keys.iter().any(|other| other.name == key.name || other.sha256 == key.sha256) {
            return Err(format!("key.{name}: is given twice"));
        }
        keys.push(key);
    }
    Ok(())
}

fn key(name: &str, table: &Value<'_>) -> Result<ApiKey, String> {
    let Value::Table(entries) = table else { return Err(String::from(": must be a table")) };
    let name = Name::new(name).ok_or_else(|| format!(": its {}", LimitError::Name))?;
    let fields = Fields { owner: "a key", entries };
    fields.has_only(&["sha256", "tenant", "scopes"], &[])?;
    let sha256 = fields.needed("sha256", fields.text("sha256")?)?;
    let sha256 = digest(sha256).ok_or_else(|| String::from(".sha256: must have 64 hex digits"))?;
    let tenant = fields.needed("tenant", fields.text("tenant")?)?;
    let tenant = Name::new(tenant).ok_or_else(|| format!(".tenant: must be {}", Name::RULE))?;
    let Some(Value::List(words)) = fields.get("scopes")? else {
        return Err(String::from(".scopes: must be a list such as [\"acquire\", \"observe\"]"));
    };
    let scopes = words.iter().map(scope).collect::<Option<Vec<_>>>();
    let scopes = scopes
        .ok_or_else(|| String::from(".scopes: has only \"acquire\", \"observe\" and \"admin\""))?;
    Ok(ApiKey { name, sha256, tenant, scopes })
}

fn scope(word: &Value<'_>) -> Option<Scope> {
    let Value::Text(word) = word else { return None };
    match &**word {
        "acquire" => Some(Scope::Acquire),
        "observe" => Some(Scope::Observe),
        "admin" => Some(Scope::Admin),
        _ => None,
    }
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    let bytes = pairs.iter().map(|pair| {
        // `from_str_radix` would take a sign.
        let digits = pair.iter().all(u8::is_ascii_hexdigit).then_some(pair)?;
        u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    });
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}
