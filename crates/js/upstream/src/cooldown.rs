//! Cooldowns: records in, answers out. Times are nanoseconds since the epoch.
#![allow(unreachable_pub, reason = "wasm-bindgen takes public functions only")]

use alloc::string::String;
use alloc::vec::Vec;

use tollgate_core::cooldown::{
    Cooldown as Core, Cooldowns, Event as CoreEvent, Filter, Full, Reported,
};
use tollgate_core::{Span, Timestamp};
use tollgate_js_border::convert::{error, id};
use wasm_bindgen::prelude::*;

use crate::answer::Answer;

/// An event whose numbers are in range.
#[wasm_bindgen]
pub struct Event(CoreEvent);

#[wasm_bindgen]
impl Event {
    /// What an upstream answered, and for how long it refuses calls.
    #[wasm_bindgen(constructor)]
    pub fn new(
        id: &[u8],
        source: u64,
        code: &str,
        duration: u64,
        safety_permille: u16,
    ) -> Result<Self, JsValue> {
        let event = CoreEvent::new(self::id(id)?, source, code, Span::from_nanos(duration));
        let event = event.and_then(|event| event.with_safety(safety_permille));
        event.map(Self).map_err(error)
    }

    /// What it is about.
    pub fn label(self, label: &str) -> Result<Self, JsValue> {
        self.0.with_label(label).map(Self).map_err(error)
    }
}

/// An active event.
#[wasm_bindgen]
pub struct Cooldown(Core);

#[wasm_bindgen]
impl Cooldown {
    pub fn id(&self) -> Vec<u8> {
        self.0.event().id().as_u128().to_be_bytes().to_vec()
    }

    pub fn source(&self) -> u64 {
        self.0.event().source()
    }

    pub fn code(&self) -> String {
        self.0.event().code().into()
    }

    pub fn label(&self) -> Option<String> {
        self.0.event().label().map(Into::into)
    }

    pub fn recorded_at(&self) -> u64 {
        self.0.recorded_at().as_nanos()
    }

    pub fn expires_at(&self) -> u64 {
        self.0.expires_at().as_nanos()
    }
}

/// Reports an event: 0 when it was added, 1 when it is known, 2 when another covers it, 3 when the record
/// is full.
#[wasm_bindgen]
pub fn report(record: Option<Vec<u8>>, event: Event, now: u64) -> Result<Answer, JsValue> {
    let mut cooldowns = decode(record)?;
    Ok(match cooldowns.report(event.0, Timestamp::from_nanos(now)) {
        Ok(Reported::Added) => Answer::new(0, 0, Some(cooldowns.encode())),
        Ok(Reported::Known) => Answer::new(1, 0, None),
        Ok(Reported::Covered) => Answer::new(2, 0, None),
        Err(Full) => Answer::new(3, 0, None),
    })
}

/// The event that matches and expires last.
#[wasm_bindgen]
pub fn limited_by(
    record: Option<Vec<u8>>,
    code: Option<String>,
    label: Option<String>,
    now: u64,
) -> Result<Option<Cooldown>, JsValue> {
    let filter = filter(code.as_deref(), label.as_deref())?;
    let cooldowns = decode(record)?;
    Ok(cooldowns.limited_by(filter, Timestamp::from_nanos(now)).cloned().map(Cooldown))
}

/// All events that match, those that expire last first.
#[wasm_bindgen]
pub fn active(
    record: Option<Vec<u8>>,
    code: Option<String>,
    label: Option<String>,
    now: u64,
) -> Result<Vec<Cooldown>, JsValue> {
    let filter = filter(code.as_deref(), label.as_deref())?;
    let cooldowns = decode(record)?;
    let active = cooldowns.active(filter, Timestamp::from_nanos(now));
    Ok(active.into_iter().cloned().map(Cooldown).collect())
}

/// Drops the expired events; the number is how many.
#[wasm_bindgen]
pub fn clean_up(record: Option<Vec<u8>>, now: u64) -> Result<Answer, JsValue> {
    let mut cooldowns = decode(record)?;
    let dropped = cooldowns.clean_up(Timestamp::from_nanos(now));
    let record = (dropped > 0).then(|| cooldowns.encode());
    Ok(Answer::new(0, dropped as u64, record))
}

fn decode(record: Option<Vec<u8>>) -> Result<Cooldowns, JsValue> {
    let decoded = record.map_or(Ok(Cooldowns::new()), |bytes| Cooldowns::decode(&bytes));
    decoded.map_err(|problem| error(format_args!("record: {problem}")))
}

fn filter<'a>(code: Option<&'a str>, label: Option<&'a str>) -> Result<Filter<'a>, JsValue> {
    let filter = code.map_or(Ok(Filter::ANY), |code| Filter::ANY.with_code(code));
    let filter = filter.and_then(|it| label.map_or(Ok(it), |label| it.with_label(label)));
    filter.map_err(error)
}
