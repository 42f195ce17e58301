//! Builds a policy limit by limit. Numbers of units and nanoseconds are passed on unchecked: the core
//! says which are out of range.

use alloc::rc::Rc;
use alloc::vec::Vec;

use tollgate_core::{Algorithm, CalendarUnit, Limit, Overrun, Recovery, Span, Windows};
use tollgate_js_border::convert::error;
use wasm_bindgen::prelude::*;

use crate::policy::Policy;

/// The limits of a policy that is being built.
#[wasm_bindgen]
#[derive(Default)]
pub struct PolicyBuilder {
    limits: Vec<Limit>,
    windows: Option<Windows>,
}

#[wasm_bindgen]
impl PolicyBuilder {
    /// No limits yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn gcra(&mut self, name: &str, limit: u64, per: u64, burst: u64) -> Result<(), JsValue> {
        self.add(name, Algorithm::Gcra { limit, period: span(per), burst })
    }

    pub fn token_bucket(
        &mut self,
        name: &str,
        capacity: u64,
        refill: u64,
        per: u64,
        initial: u64,
    ) -> Result<(), JsValue> {
        self.add(name, Algorithm::TokenBucket { capacity, refill, period: span(per), initial })
    }

    pub fn leaky_bucket(
        &mut self,
        name: &str,
        capacity: u64,
        leak: u64,
        per: u64,
    ) -> Result<(), JsValue> {
        self.add(name, Algorithm::LeakyBucket { capacity, leak, period: span(per) })
    }

    pub fn leaky_queue(
        &mut self,
        name: &str,
        capacity: u64,
        leak: u64,
        per: u64,
    ) -> Result<(), JsValue> {
        self.add(name, Algorithm::LeakyQueue { capacity, leak, period: span(per) })
    }

    pub fn sliding_log(&mut self, name: &str, limit: u64, per: u64) -> Result<(), JsValue> {
        self.add(name, Algorithm::SlidingLog { limit, period: span(per) })
    }

    pub fn sliding_counter(&mut self, name: &str, limit: u64, per: u64) -> Result<(), JsValue> {
        self.add(name, Algorithm::SlidingCounter { limit, period: span(per) })
    }

    pub fn concurrency(&mut self, name: &str, slots: u64) -> Result<(), JsValue> {
        self.add(name, Algorithm::Concurrency { slots })
    }

    pub fn adaptive(
        &mut self,
        name: &str,
        capacity: u64,
        per: u64,
        recovery_interval: Option<u64>,
        recovery_factor_permille: Option<u64>,
        recovery_ceiling_permille: Option<u64>,
    ) -> Result<(), JsValue> {
        let usual = Recovery::default();
        let recovery = Recovery {
            interval: recovery_interval.map_or(usual.interval, span),
            factor_permille: recovery_factor_permille.unwrap_or(usual.factor_permille),
            ceiling_permille: recovery_ceiling_permille.unwrap_or(usual.ceiling_permille),
        };
        self.add(name, Algorithm::Adaptive { capacity, period: span(per), recovery })
    }

    /// The windows of the next `fixed_window` or `interval_bucket`: aligned to the epoch.
    pub fn aligned(&mut self, per: u64, utc_offset_secs: i32) {
        self.windows = Some(Windows::Aligned { period: span(per), utc_offset_secs });
    }

    /// As `aligned`, but from first use.
    pub fn first_use(&mut self, per: u64) {
        self.windows = Some(Windows::FirstUse { period: span(per) });
    }

    /// As `aligned`, but by the calendar: 0 for days, 1 for weeks, 2 for months.
    pub fn calendar(&mut self, unit: u8, utc_offset_secs: i32) {
        let unit = match unit {
            0 => CalendarUnit::Day,
            1 => CalendarUnit::Week,
            _ => CalendarUnit::Month,
        };
        self.windows = Some(Windows::Calendar { unit, utc_offset_secs });
    }

    pub fn fixed_window(&mut self, name: &str, limit: u64) -> Result<(), JsValue> {
        let windows = self.windows()?;
        self.add(name, Algorithm::FixedWindow { limit, windows })
    }

    pub fn interval_bucket(
        &mut self,
        name: &str,
        capacity: u64,
        refill: u64,
        initial: u64,
    ) -> Result<(), JsValue> {
        let windows = self.windows()?;
        self.add(name, Algorithm::IntervalBucket { capacity, refill, windows, initial })
    }

    /// The last limit's cost for requests that name none.
    pub fn default_cost(&mut self, units: u64) -> Result<(), JsValue> {
        self.change(|limit| limit.with_default_cost(units).map_err(error))
    }

    /// The last limit counts calls.
    pub fn per_call(&mut self) -> Result<(), JsValue> {
        self.change(|limit| Ok(limit.per_call()))
    }

    /// The last limit only watches.
    pub fn shadow(&mut self) -> Result<(), JsValue> {
        self.change(|limit| Ok(limit.shadow()))
    }

    /// On the last limit, a hold may not settle for more than was held.
    pub fn refuse_overrun(&mut self) -> Result<(), JsValue> {
        self.change(|limit| Ok(limit.with_overrun(Overrun::Refuse)))
    }

    /// The policy with all these limits.
    pub fn build(self) -> Result<Policy, JsValue> {
        let policy = tollgate_core::Policy::new(self.limits);
        policy.map(|policy| Policy(Rc::new(policy))).map_err(error)
    }
}

impl PolicyBuilder {
    fn add(&mut self, name: &str, algorithm: Algorithm) -> Result<(), JsValue> {
        self.limits.push(Limit::new(name, algorithm).map_err(error)?);
        Ok(())
    }

    fn windows(&mut self) -> Result<Windows, JsValue> {
        self.windows.take().ok_or_else(|| error("per: is missing"))
    }

    fn change(
        &mut self,
        change: impl FnOnce(Limit) -> Result<Limit, JsValue>,
    ) -> Result<(), JsValue> {
        let limit = self.limits.pop().ok_or_else(|| error("limits: there is none"))?;
        self.limits.push(change(limit)?);
        Ok(())
    }
}

const fn span(nanos: u64) -> Span {
    Span::from_nanos(nanos)
}
