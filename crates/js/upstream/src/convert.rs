//! Between JavaScript's values and those of the core.

use alloc::string::ToString;
use core::fmt::Display;

use tollgate_core::Id;
use wasm_bindgen::JsValue;

/// Sixteen bytes, the most significant first.
pub(crate) fn id(bytes: &[u8]) -> Result<Id, JsValue> {
    let bytes = bytes.try_into().map_err(|_| error("id: must have 16 bytes"))?;
    Ok(Id::from_u128(u128::from_be_bytes(bytes)))
}

/// What JavaScript makes an error of: the field, a colon, and what is wrong with it.
pub(crate) fn error(message: impl Display) -> JsValue {
    JsValue::from_str(&message.to_string())
}
