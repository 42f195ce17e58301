//! The exported functions of barriers.

use alloc::vec::Vec;

use tollgate_core::barrier::{Arrival, Barrier, CreateError, Created, Departure};
use tollgate_core::{Span, Timestamp};

use crate::Component;
use crate::bindings::exports::tollgate::limiter::barrier as wit;
use crate::convert::id;

impl wit::Guest for Component {
    fn create(
        record: Option<Vec<u8>>,
        parties: u16,
        ttl: u64,
        now: u64,
    ) -> Result<(wit::Created, Option<Vec<u8>>), wit::BarrierError> {
        let mut barrier = decode(record.as_deref())?;
        let created = barrier.create(parties, Span::from_nanos(ttl), Timestamp::from_nanos(now))?;
        Ok(match created {
            Created::Begun { generation } => {
                (wit::Created::Begun(generation), Some(barrier.encode()))
            }
            Created::Alive { generation } => (wit::Created::Alive(generation), None),
        })
    }

    fn arrive(
        record: Option<Vec<u8>>,
        party: wit::Id,
        generation: u64,
        now: u64,
    ) -> Result<(wit::Arrival, Option<Vec<u8>>), wit::BarrierError> {
        let before = decode(record.as_deref())?;
        let mut barrier = before.clone();
        let arrival = barrier.arrive(id(party), generation, Timestamp::from_nanos(now));
        Ok((arrival.into(), written(&before, &barrier)))
    }

    fn leave(
        record: Option<Vec<u8>>,
        party: wit::Id,
        generation: u64,
        now: u64,
    ) -> Result<(wit::Departure, Option<Vec<u8>>), wit::BarrierError> {
        let before = decode(record.as_deref())?;
        let mut barrier = before.clone();
        let departure = barrier.leave(id(party), generation, Timestamp::from_nanos(now));
        Ok((departure.into(), written(&before, &barrier)))
    }

    fn query(record: Option<Vec<u8>>, now: u64) -> Result<Option<wit::Status>, wit::BarrierError> {
        let status = decode(record.as_deref())?.query(Timestamp::from_nanos(now));
        Ok(status.map(|status| wit::Status {
            generation: status.generation,
            parties: status.parties,
            arrived: status.arrived,
            present: status.present,
            is_open: status.is_open,
            expires_after: status.expires_after.as_nanos(),
        }))
    }
}

fn decode(record: Option<&[u8]>) -> Result<Barrier, wit::BarrierError> {
    match record {
        Some(bytes) => Barrier::decode(bytes).map_err(|_| wit::BarrierError::Corrupt),
        None => Ok(Barrier::new()),
    }
}

/// The record to write; `None` when the barrier did not change.
fn written(before: &Barrier, after: &Barrier) -> Option<Vec<u8>> {
    (before != after).then(|| after.encode())
}

impl From<CreateError> for wit::BarrierError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Parties(_) => Self::Parties,
            CreateError::Ttl(_) => Self::Ttl,
            CreateError::LastGeneration => Self::Generation,
        }
    }
}

impl From<Arrival> for wit::Arrival {
    fn from(arrival: Arrival) -> Self {
        match arrival {
            Arrival::Opened => Self::Opened,
            Arrival::Waiting { remaining } => Self::Waiting(remaining),
            Arrival::AlreadyOpen => Self::AlreadyOpen,
            Arrival::Expired => Self::Expired,
            Arrival::WrongGeneration { generation } => Self::WrongGeneration(generation),
            Arrival::NoBarrier => Self::NoBarrier,
        }
    }
}

impl From<Departure> for wit::Departure {
    fn from(departure: Departure) -> Self {
        match departure {
            Departure::Left { present } => Self::Left(present),
            Departure::GaveUp { remaining } => Self::GaveUp(remaining),
            Departure::Expired => Self::Expired,
            Departure::WrongGeneration { generation } => Self::WrongGeneration(generation),
            Departure::NoBarrier => Self::NoBarrier,
        }
    }
}
