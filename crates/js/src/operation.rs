//! Operations on a key, from JavaScript's arguments.

use alloc::vec::Vec;

use tollgate_core::{
    Acquire, CapacitySetting, Hold, Note, Operation as Core, ReduceFactor, Share, Span,
};
use tollgate_js_border::convert::{error, id, units};
use wasm_bindgen::prelude::*;

use crate::policy::Policy;

/// An operation whose numbers are in range.
#[wasm_bindgen]
pub struct Operation(pub(crate) Core);

#[wasm_bindgen]
impl Operation {
    /// Asks for costs, one number per limit. With a hold's id they are held.
    pub fn acquire(
        policy: &Policy,
        costs: &[f64],
        share_permille: u16,
        hold: Option<Vec<u8>>,
        ttl: u64,
        once: Option<Vec<u8>>,
    ) -> Result<Self, JsValue> {
        let share = Share::from_permille(share_permille)
            .ok_or_else(|| error("sharePermille: must be 1 to 1000"))?;
        let held = hold.map(|bytes| self::hold(&bytes, ttl)).transpose()?;
        let once = once.map(|bytes| id(&bytes)).transpose()?;
        Ok(Self(Acquire { costs: policy.costs(costs)?, share, hold: held, once }.into()))
    }

    /// Ends a hold: charges the actual costs, or what was held.
    pub fn settle(policy: &Policy, hold: &[u8], costs: Option<Vec<f64>>) -> Result<Self, JsValue> {
        let costs = costs.map(|costs| policy.costs(&costs)).transpose()?;
        Ok(Self(Core::Settle { hold: id(hold)?, costs }))
    }

    pub fn release(hold: &[u8]) -> Result<Self, JsValue> {
        Ok(Self(Core::Release { hold: id(hold)? }))
    }

    pub fn renew(hold: &[u8], ttl: u64) -> Result<Self, JsValue> {
        Ok(Self(Core::Renew { hold: self::hold(hold, ttl)? }))
    }

    pub fn penalise(policy: &Policy, costs: &[f64]) -> Result<Self, JsValue> {
        Ok(Self(Core::Penalise(policy.costs(costs)?)))
    }

    pub fn block(span: u64) -> Self {
        Self(Core::Block(Span::from_nanos(span)))
    }

    pub fn reset() -> Self {
        Self(Core::Reset)
    }

    pub fn lower(limit: usize, remaining: f64) -> Self {
        Self(Core::Lower { limit, remaining: units(remaining) })
    }

    /// Sets a capacity; 0 units removes the setting.
    pub fn set_capacity(
        limit: usize,
        capacity: f64,
        per: u64,
        source: &str,
        reason: &str,
    ) -> Result<Self, JsValue> {
        let setting = match units(capacity) {
            0 => None,
            capacity => Some(
                CapacitySetting::new(capacity, Span::from_nanos(per))
                    .ok_or_else(|| error("per: must be longer than nothing, at most 146 years"))?,
            ),
        };
        Ok(Self(Core::SetCapacity { limit, capacity: setting, note: note(source, reason)? }))
    }

    pub fn reduce(
        limit: usize,
        factor_permille: u16,
        source: &str,
        reason: &str,
    ) -> Result<Self, JsValue> {
        let factor = ReduceFactor::from_permille(factor_permille)
            .ok_or_else(|| error("factorPermille: must be 0 to 999"))?;
        Ok(Self(Core::Reduce { limit, factor, note: note(source, reason)? }))
    }
}

fn hold(bytes: &[u8], ttl: u64) -> Result<Hold, JsValue> {
    Hold::new(id(bytes)?, Span::from_nanos(ttl))
        .ok_or_else(|| error("ttlMs: must be longer than nothing, at most 31 days"))
}

fn note(source: &str, reason: &str) -> Result<Note, JsValue> {
    Note::new(source, reason)
        .ok_or_else(|| error("source: must be at most 64 bytes, and the reason at most 256"))
}
