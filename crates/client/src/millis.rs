//! Times as the API has them: whole milliseconds.

use std::time::{Duration, SystemTime};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// What does not fit is longer than a service allows.
pub(crate) fn of(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

pub(crate) fn write<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(of(*duration))
}

pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

/// `null` is never.
pub(crate) fn read_wait<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    Option::<u64>::deserialize(deserializer).map(|wait| wait.map(Duration::from_millis))
}

/// Since 1970.
pub(crate) fn read_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SystemTime, D::Error> {
    let since_1970 = read(deserializer)?;
    let time = SystemTime::UNIX_EPOCH.checked_add(since_1970);
    time.ok_or_else(|| Error::custom("is beyond every calendar"))
}
