//! Cooldowns as anybody would write them: all events ever, in a list that is searched.

use tollgate_core::SKEW_MAX;
use tollgate_core::Timestamp;
use tollgate_core::cooldown::{Cooldown, Cooldowns, Event};

use crate::filter;

/// The codes and labels of the laws: few, so that events meet.
pub(crate) const CODES: [&str; 3] = ["429", "E101", "E102"];
pub(crate) const LABELS: [Option<&str>; 3] = [None, Some("large"), Some("small")];

#[derive(Debug, Clone, Default)]
pub(crate) struct Naive {
    pub(crate) events: Vec<(Event, Timestamp)>,
}

impl Naive {
    /// The ids of all that count and match, in the order in which they are listed.
    ///
    /// Nothing is rounded here: an event counts while elapsed × 1000 < duration × factor.
    pub(crate) fn active(
        &self,
        code: Option<&str>,
        label: Option<&str>,
        now: Timestamp,
    ) -> Vec<u128> {
        let counts = |(event, recorded_at): &&(Event, Timestamp)| {
            let elapsed = i128::from(now.as_nanos()) - i128::from(recorded_at.as_nanos());
            let counted =
                i128::from(event.duration().as_nanos()) * i128::from(event.safety_permille());
            now < Timestamp::MAX
                && elapsed * 1_000 < counted
                && elapsed >= -i128::from(SKEW_MAX.as_nanos())
                && (code.is_none() || code == Some(event.code()))
                && (label.is_none() || label == event.label())
        };
        let mut found: Vec<_> = self.events.iter().filter(counts).collect();
        let end = |(event, recorded_at): &(Event, Timestamp)| {
            recorded_at.plus(event.counted_duration()).as_nanos()
        };
        found.sort_by(|a, b| end(b).cmp(&end(a)).then(a.0.id().cmp(&b.0.id())));
        found.into_iter().map(|(event, _)| event.id().as_u128()).collect()
    }
}

/// Every question there is to ask.
pub(crate) fn questions() -> impl Iterator<Item = (Option<&'static str>, Option<&'static str>)> {
    let codes = [None, Some(CODES[0]), Some(CODES[1]), Some("503")];
    codes.into_iter().flat_map(|code| LABELS.map(|label| (code, label)))
}

pub(crate) fn ids(cooldowns: &[&Cooldown]) -> Vec<u128> {
    cooldowns.iter().map(|cooldown| cooldown.event().id().as_u128()).collect()
}

/// The id that answers.
pub(crate) fn answer(
    cooldowns: &Cooldowns,
    code: Option<&str>,
    label: Option<&str>,
    now: Timestamp,
) -> Option<u128> {
    cooldowns.limited_by(filter(code, label), now).map(|cooldown| cooldown.event().id().as_u128())
}
