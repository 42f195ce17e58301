//! Lease tokens: what a caller presents to settle, release or renew what it was granted.
//!
//! A token names the hold and the keys that it is on, so any process can serve it without remembering anything. Its
//! only secret is the id of the hold, 128 bits that nobody can guess: a token with other keys, or of another tenant,
//! names holds that don't exist.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tollgate_core::{ACQUISITION_KEYS_MAX, Id, Name, is_key};

use crate::problem::Problem;

/// The layout of tokens.
const VERSION: u8 = 1;

/// A lease: the id of its hold, and the keys it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) id: Id,
    /// Policies and keys.
    pub(crate) legs: Vec<(String, String)>,
}

impl Lease {
    /// The token: base64url of version, id and legs, each text with its length in front.
    pub(crate) fn token(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.id.as_u128().to_le_bytes());
        for text in self.legs.iter().flat_map(|(policy, key)| [policy, key]) {
            // A policy's name has at most 64 bytes and a key at most 512.
            bytes.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Decodes a token.
    pub(crate) fn read(token: &str) -> Result<Self, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        bytes.as_deref().and_then(decode).ok_or_else(|| Problem::invalid("lease", "is no lease"))
    }
}

fn decode(bytes: &[u8]) -> Option<Lease> {
    let (&VERSION, rest) = bytes.split_first()? else { return None };
    let (id, mut rest) = rest.split_first_chunk()?;
    let mut legs = Vec::new();
    while !rest.is_empty() {
        let (policy, key);
        (policy, rest) = text(rest)?;
        (key, rest) = text(rest)?;
        legs.push((policy.to_owned(), key.to_owned()));
    }
    let is_sane = (1..=ACQUISITION_KEYS_MAX).contains(&legs.len())
        && legs.iter().all(|(policy, key)| Name::new(policy).is_some() && is_key(key));
    is_sane.then_some(Lease { id: Id::from_u128(u128::from_le_bytes(*id)), legs })
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    Some((str::from_utf8(text).ok()?, rest))
}

/// The id that a caller's text stands for: half of its SHA-256.
pub(crate) fn id_of(text: &str) -> Id {
    let digest = Sha256::digest(text);
    let bits = digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte));
    Id::from_u128(bits)
}

/// An id that nobody can guess.
pub(crate) fn random_id() -> Result<Id, Problem> {
    tollgate_store::random_id().ok_or_else(Problem::unavailable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A token decodes to what was leased.
        #[test]
        fn tokens_are_read_back(
            id in any::<u128>(),
            legs in prop::collection::vec(("[a-z0-9_-]{1,64}", ".{1,100}"), 1..=ACQUISITION_KEYS_MAX),
        ) {
            let lease = Lease { id: Id::from_u128(id), legs };
            prop_assert_eq!(Lease::read(&lease.token()), Ok(lease));
        }

        /// Anything else is refused, and nothing panics.
        #[test]
        fn any_bytes_are_a_lease_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let token = URL_SAFE_NO_PAD.encode(bytes);
            if let Ok(lease) = Lease::read(&token) {
                prop_assert_eq!(lease.token(), token);
            }
        }
    }

    #[test]
    fn a_token_that_is_cut_is_no_lease() {
        let legs = vec![("api".into(), "alice".into()), ("org".into(), "acme".into())];
        let token = Lease { id: Id::from_u128(7), legs }.token();
        let cut = (0..token.len()).filter(|end| Lease::read(&token[..*end]).is_ok());
        // With a whole leg cut off, the rest names fewer keys, which is harmless.
        assert!(cut.count() <= 1);
    }
}
