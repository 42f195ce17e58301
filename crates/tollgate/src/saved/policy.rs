//! A policy as a field that serde writes and reads: the limits by their names, as a policy text has them.
//! For formats that describe themselves, such as JSON and TOML.
//!
//! What is read is checked as a policy text is: an error names the field, and there are bounds on
//! everything. Windows whose offset from UTC has seconds can't be written.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use tollgate::Policy;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Settings {
//!     #[serde(with = "tollgate::policy_serde")]
//!     limits: Policy,
//! }
//!
//! let text = r#"{"limits":{"requests":{"algorithm":"gcra","limit":100,"per":"1m"}}}"#;
//! let settings: Settings = serde_json::from_str(text)?;
//! assert_eq!(settings.limits.limits()[0].capacity(), 100);
//! let again: Settings = serde_json::from_str(&serde_json::to_string(&settings)?)?;
//! assert_eq!(again.limits, settings.limits);
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_core::Policy;
use tollgate_policy::{Value, limits_from_value, limits_to_value};

/// Writes a policy.
///
/// # Errors
/// Those of the serializer; and windows whose offset from UTC has seconds.
pub fn serialize<S: Serializer>(policy: &Policy, serializer: S) -> Result<S::Ok, S::Error> {
    limits_to_value(policy).map_err(S::Error::custom)?.serialize(serializer)
}

/// Reads a policy.
///
/// # Errors
/// Those of the deserializer; and whatever is wrong with a limit, by the name of its field.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Policy, D::Error> {
    limits_from_value(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
}
