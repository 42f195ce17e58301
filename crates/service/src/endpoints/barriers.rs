//! Parties that wait for each other: `POST /v1/barriers`, `/v1/barriers/arrive` and
//! `/v1/barriers/leave`, and `GET /v1/barriers/{barrier}`.

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::barrier::{
    Arrival, Barrier, CreateError, Created, Departure, PARTIES_MAX, Status, TTL_DEFAULT, TTL_MAX,
};
use tollgate_core::{Id, Span};
use tollgate_store::{Answer, Clock, Store};

use crate::answer::json;
use crate::asked::check_key;
use crate::body::Members;
use crate::endpoints::acquire::WAIT_MS_MAX;
use crate::lease::id_of;
use crate::limiter::{Limiter, LimiterError};
use crate::problem::Problem;
use crate::session::Session;

/// Longest time to live of a barrier, in milliseconds: 366 days.
pub(crate) const TTL_MS_MAX: u64 = TTL_MAX.as_nanos() / 1_000_000;

/// How often a waiting party checks whether all have arrived.
const LOOK_INTERVAL: Span = Span::from_millis(50);

/// The outcome of a party that is counted while the others are still to arrive.
const WAITING: &str = "waiting";

#[derive(serde::Serialize)]
struct CreatedBody {
    generation: u64,
    /// Whether this request began the generation.
    begun: bool,
}

/// The outcome of an arrival or a departure.
#[derive(serde::Serialize)]
struct PartyBody {
    outcome: &'static str,
    is_open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
}

#[derive(serde::Serialize)]
struct StatusBody<'a> {
    barrier: &'a str,
    generation: u64,
    parties: u16,
    arrived: u16,
    present: u16,
    is_open: bool,
    expires_after_ms: u64,
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Begins the next generation, unless the current one is alive.
    pub(crate) async fn create_barrier(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let barrier = name(&mut body)?;
        let parties = body.needed_number("parties", 1..=PARTIES_MAX.into())?;
        let parties = u16::try_from(parties).unwrap_or(PARTIES_MAX);
        let ttl_ms = body.number("ttl_ms", 1..=TTL_MS_MAX)?;
        body.end()?;
        let ttl = ttl_ms.map_or(TTL_DEFAULT, Span::from_millis);
        let ask = |record: Option<&[u8]>, now| {
            let mut barrier = decoded(record)?;
            let created = barrier.create(parties, ttl, now);
            let begun = matches!(created, Ok(Created::Begun { .. }));
            Ok(answer(&barrier, created, begun))
        };
        let created = self.on_record(self.barrier_key(&barrier), false, ask).await?;
        let (generation, begun) = match created.map_err(invalid)? {
            Created::Begun { generation } => (generation, true),
            Created::Alive { generation } => (generation, false),
        };
        Ok(json(&CreatedBody { generation, begun }))
    }

    /// A party arrives; the last one opens the barrier. With `wait_ms`, the others are answered once it is open or
    /// they have left.
    pub(crate) async fn arrive(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let wait_ms = body.number("wait_ms", 0..=WAIT_MS_MAX)?.unwrap_or(0);
        let (barrier, party, generation) = party(&mut body)?;
        body.end()?;
        let until = self.service.clock.now().plus(Span::from_millis(wait_ms));
        let mut has_arrived = false;
        loop {
            let ask = |record: Option<&[u8]>, now| {
                let before = decoded(record)?;
                let mut barrier = before.clone();
                // Who left while this request waited is not counted again.
                let told = if has_arrived && !before.is_present(party) {
                    PartyBody::left(barrier.leave(party, generation, now))
                } else {
                    PartyBody::arrived(barrier.arrive(party, generation, now))
                };
                Ok(answer(&barrier, told, barrier != before))
            };
            let told = self.on_record(self.barrier_key(&barrier), false, ask).await?;
            if !told.is_waiting() || self.service.clock.now().plus(LOOK_INTERVAL) > until {
                return Ok(json(&told));
            }
            has_arrived = true;
            self.service.clock.sleep(LOOK_INTERVAL).await;
        }
    }

    /// A party goes on when the barrier is open, or gives up waiting.
    pub(crate) async fn leave(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let (barrier, party, generation) = party(&mut body)?;
        body.end()?;
        let ask = |record: Option<&[u8]>, now| {
            let before = decoded(record)?;
            let mut barrier = before.clone();
            let departure = barrier.leave(party, generation, now);
            Ok(answer(&barrier, departure, barrier != before))
        };
        let departure = self.on_record(self.barrier_key(&barrier), false, ask).await?;
        Ok(json(&PartyBody::left(departure)))
    }

    /// The state of a barrier.
    pub(crate) async fn barrier(&self, barrier: &str) -> Result<Response<Full<Bytes>>, Problem> {
        check_key("barrier", barrier)?;
        let ask = |record: Option<&[u8]>, now| {
            let barrier = decoded(record)?;
            Ok(answer(&barrier, barrier.query(now), false))
        };
        let status = self.on_record(self.barrier_key(barrier), false, ask).await?;
        let status: Status = status.ok_or_else(Problem::no_barrier)?;
        Ok(json(&StatusBody {
            barrier,
            generation: status.generation,
            parties: status.parties,
            arrived: status.arrived,
            present: status.present,
            is_open: status.is_open,
            expires_after_ms: status.expires_after.as_millis_ceil(),
        }))
    }
}

impl PartyBody {
    const fn told(outcome: &'static str, is_open: bool) -> Self {
        Self { outcome, is_open, remaining: None, generation: None }
    }

    fn is_waiting(&self) -> bool {
        self.outcome == WAITING
    }

    fn arrived(arrival: Arrival) -> Self {
        match arrival {
            Arrival::Opened => Self::told("opened", true),
            Arrival::Waiting { remaining } => {
                Self { remaining: Some(remaining), ..Self::told(WAITING, false) }
            }
            Arrival::AlreadyOpen => Self::told("already-open", true),
            Arrival::Expired => Self::told("expired", false),
            Arrival::WrongGeneration { generation } => Self::wrong(generation),
            Arrival::NoBarrier => Self::told("no-barrier", false),
        }
    }

    fn left(departure: Departure) -> Self {
        match departure {
            Departure::Left { present } => {
                Self { remaining: Some(present), ..Self::told("left", true) }
            }
            Departure::GaveUp { remaining } => {
                Self { remaining: Some(remaining), ..Self::told("gave-up", false) }
            }
            Departure::Expired => Self::told("expired", false),
            Departure::WrongGeneration { generation } => Self::wrong(generation),
            Departure::NoBarrier => Self::told("no-barrier", false),
        }
    }

    fn wrong(generation: u64) -> Self {
        Self { generation: Some(generation), ..Self::told("wrong-generation", false) }
    }
}

fn name<'a>(body: &mut Members<'a>) -> Result<Cow<'a, str>, Problem> {
    let barrier = body.needed_text("barrier")?;
    check_key("barrier", &barrier)?;
    Ok(barrier)
}

/// The barrier, the party that arrives or leaves, and the generation it expects.
fn party<'a>(body: &mut Members<'a>) -> Result<(Cow<'a, str>, Id, u64), Problem> {
    let barrier = name(body)?;
    let party = body.needed_text("party")?;
    check_key("party", &party)?;
    let generation = body.needed_number("generation", 0..=tollgate_core::UNITS_MAX)?;
    Ok((barrier, id_of(&party), generation))
}

fn answer<T>(barrier: &Barrier, outcome: T, changed: bool) -> Answer<T> {
    // Never forgotten, so that a generation's number is not reused and nobody arrives at one that is long over.
    let record = changed.then(|| barrier.encode());
    Answer { outcome, record, forget_after: Span::NEVER }
}

fn decoded(record: Option<&[u8]>) -> Result<Barrier, LimiterError> {
    Ok(record.map_or_else(|| Ok(Barrier::new()), Barrier::decode)?)
}

fn invalid(error: CreateError) -> Problem {
    Problem::invalid("barrier", error.to_string())
}
