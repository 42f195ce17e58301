//! The only randomness there is: ids of requests, and waits between attempts.

use crate::error::ClientError;

/// An id that nobody else draws: 128 bits in hexadecimal.
pub(crate) fn request_id() -> Result<String, ClientError> {
    let bits = getrandom::u64().and_then(|high| Ok((high, getrandom::u64()?)));
    let (high, low) = bits.map_err(|_| ClientError::Unavailable {
        detail: String::from("the system has no random numbers for a request id"),
        is_unclear: false,
    })?;
    Ok(format!("{high:016x}{low:016x}"))
}

/// A number of 0 to `max`. Without randomness there is none worth having: it is `max`.
pub(crate) fn up_to(max: u64) -> u64 {
    getrandom::u64().map_or(max, |random| random % max.saturating_add(1).max(1))
}
