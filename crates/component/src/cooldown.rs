//! The exported functions of cooldowns.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use tollgate_core::cooldown::{Cooldown, Cooldowns, Event, EventError, Filter, Full, Reported};
use tollgate_core::{Id, Span, Timestamp};

use crate::Component;
use crate::bindings::exports::tollgate::limiter::cooldown as wit;
use crate::convert::id;

impl wit::Guest for Component {
    fn report(
        record: Option<Vec<u8>>,
        event: wit::Event,
        now: u64,
    ) -> Result<wit::Reported, wit::CooldownError> {
        let mut cooldowns = decode(record.as_deref())?;
        let reported = cooldowns.report(self::event(&event)?, Timestamp::from_nanos(now));
        Ok(match reported {
            Ok(Reported::Added) => wit::Reported::Added(cooldowns.encode()),
            Ok(Reported::Known) => wit::Reported::Known,
            Ok(Reported::Covered) => wit::Reported::Covered,
            Err(Full) => wit::Reported::Full,
        })
    }

    fn limited_by(
        record: Option<Vec<u8>>,
        filter: wit::Filter,
        now: u64,
    ) -> Result<Option<wit::ActiveEvent>, wit::CooldownError> {
        let (cooldowns, now) = (decode(record.as_deref())?, Timestamp::from_nanos(now));
        let cooldown = cooldowns.limited_by(self::filter(&filter)?, now);
        Ok(cooldown.map(|cooldown| active_event(cooldown, now)))
    }

    fn active(
        record: Option<Vec<u8>>,
        filter: wit::Filter,
        now: u64,
    ) -> Result<Vec<wit::ActiveEvent>, wit::CooldownError> {
        let (cooldowns, now) = (decode(record.as_deref())?, Timestamp::from_nanos(now));
        let active = cooldowns.active(self::filter(&filter)?, now);
        Ok(active.into_iter().map(|cooldown| active_event(cooldown, now)).collect())
    }

    fn clean_up(record: Option<Vec<u8>>, now: u64) -> Result<wit::Cleaned, wit::CooldownError> {
        let mut cooldowns = decode(record.as_deref())?;
        let dropped = cooldowns.clean_up(Timestamp::from_nanos(now));
        let record = (dropped > 0).then(|| cooldowns.encode());
        // A record has few events.
        Ok(wit::Cleaned { dropped: dropped as u32, record })
    }
}

fn decode(record: Option<&[u8]>) -> Result<Cooldowns, wit::CooldownError> {
    match record {
        Some(bytes) => Cooldowns::decode(bytes).map_err(|_| wit::CooldownError::Corrupt),
        None => Ok(Cooldowns::new()),
    }
}

fn event(event: &wit::Event) -> Result<Event, EventError> {
    let duration = Span::from_nanos(event.duration);
    let made = Event::new(id(event.id), event.source, &event.code, duration)?;
    let made = made.with_safety(event.safety_permille)?;
    match &event.label {
        Some(label) => made.with_label(label),
        None => Ok(made),
    }
}

fn filter(filter: &wit::Filter) -> Result<Filter<'_>, EventError> {
    let mut made = Filter::ANY;
    if let Some(code) = &filter.code {
        made = made.with_code(code)?;
    }
    match &filter.label {
        Some(label) => made.with_label(label),
        None => Ok(made),
    }
}

fn active_event(cooldown: &Cooldown, now: Timestamp) -> wit::ActiveEvent {
    let event = cooldown.event();
    wit::ActiveEvent {
        event: wit::Event {
            id: wit_id(event.id()),
            source: event.source(),
            code: event.code().to_owned(),
            label: event.label().map(ToOwned::to_owned),
            duration: event.duration().as_nanos(),
            safety_permille: event.safety_permille(),
        },
        recorded_at: cooldown.recorded_at().as_nanos(),
        expires_at: cooldown.expires_at().as_nanos(),
        retry_after: cooldown.retry_after(now).as_nanos(),
    }
}

impl From<EventError> for wit::CooldownError {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Code(_) => Self::Code,
            EventError::Label(_) => Self::Label,
            EventError::Duration(_) => Self::Duration,
            EventError::Safety(_) => Self::Safety,
        }
    }
}

fn wit_id(id: Id) -> wit::Id {
    let bits = id.as_u128();
    wit::Id { high: (bits >> 64) as u64, low: bits as u64 }
}
