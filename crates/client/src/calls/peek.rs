//! `GET /v1/limits/{policy}/{key}`.

use super::{Call, segment};
use crate::answer::{Answer, Limits};

pub(crate) fn peek(policy: &str, key: &str) -> Call<Limits> {
    let path = format!("/v1/limits/{}/{}", segment(policy), segment(key));
    Call::get(path, |heard| match Answer::read(heard)? {
        answer if answer.is_allowed() => Ok(answer.limits),
        // Nothing denies a peek but who is no service.
        _ => Err(heard.refusal()),
    })
}
