//! An instance of the module.

use std::collections::BTreeMap;

use wasmi::{
    Config, Engine, Instance, Linker, Memory, Module, Store, StoreLimits, StoreLimitsBuilder,
    WasmParams,
};

use crate::decision::{Decision, HEAD_BYTES, LimitStatus, STATUS_BYTES, number};
use crate::error::Error;
use crate::fields::{LimitFields, OperationFields};

const ABI_VERSION: u32 = 1;
const OPERATION_AT: usize = 1_792;
const DECISION_AT: usize = 2_304;
const RECORD_AT: usize = 16_936;
const LIMITS_MAX: usize = 16;
/// From here down an error is about a limit.
const LIMIT_ERRORS: i32 = -32;

/// What an instance may use.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of memory.
    pub memory_bytes: usize,
    /// Of work in each call: about one instruction each.
    pub fuel: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { memory_bytes: 16 << 20, fuel: 100_000_000 }
    }
}

/// An instance of `module.wasm`.
#[derive(Debug)]
pub struct Limiter {
    store: Store<StoreLimits>,
    instance: Instance,
    memory: Memory,
    exchange: usize,
    record_bytes_max: usize,
    fuel: u64,
    /// How many limits each open policy has.
    counts: BTreeMap<u32, usize>,
}

impl Limiter {
    /// Starts the module of these bytes.
    pub fn new(wasm: &[u8], bounds: Bounds) -> Result<Self, Error> {
        let engine = Engine::new(Config::default().consume_fuel(true));
        let module = Module::new(&engine, wasm).map_err(Error::NoModule)?;
        let limits = StoreLimitsBuilder::new().memory_size(bounds.memory_bytes).build();
        let mut store = Store::new(&engine, limits);
        store.limiter(|limits| limits);
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module);
        let instance = instance.map_err(Self::not_started)?;
        let memory = instance.get_memory(&store, "memory").ok_or(Error::NotTollgate)?;
        let (exchange, record_bytes_max, counts) = (0, 0, BTreeMap::new());
        let fuel = bounds.fuel;
        let mut limiter =
            Self { store, instance, memory, exchange, record_bytes_max, fuel, counts };
        match limiter.call("tollgate_abi_version", ())?.cast_unsigned() {
            ABI_VERSION => {}
            version => return Err(Error::Version(version)),
        }
        limiter.exchange = limiter.call("tollgate_exchange", ())?.cast_unsigned() as usize;
        let record_bytes_max = limiter.call("tollgate_record_bytes_max", ())?;
        limiter.record_bytes_max = record_bytes_max.cast_unsigned() as usize;
        Ok(limiter)
    }

    fn not_started(error: wasmi::Error) -> Error {
        match error.kind() {
            wasmi::errors::ErrorKind::Linker(_) => Error::NoModule(error),
            _ => Error::OutOfMemory,
        }
    }

    /// Opens a policy; answers its id.
    pub fn open(&mut self, limits: &[LimitFields]) -> Result<u32, Error> {
        for (position, limit) in limits.iter().take(LIMITS_MAX).enumerate() {
            // Longer names write over what comes next, which is written after them.
            let bytes = limit.to_bytes();
            self.write(position * LimitFields::BYTES, &bytes[..LimitFields::BYTES])?;
        }
        let count = u32::try_from(limits.len()).unwrap_or(u32::MAX);
        let code = self.call("tollgate_policy_open", count)?;
        if code <= LIMIT_ERRORS {
            let head = self.read(DECISION_AT, HEAD_BYTES)?;
            let limit = u32::try_from(number(&head, 0) >> 32).ok();
            return Err(Error::Refused { code, limit });
        }
        let id = answer(code)?;
        self.counts.insert(id, limits.len());
        Ok(id)
    }

    /// Forgets a policy.
    pub fn close(&mut self, policy: u32) -> Result<(), Error> {
        answer(self.call("tollgate_policy_close", policy)?)?;
        self.counts.remove(&policy);
        Ok(())
    }

    /// Does `operation` to a record, or to none.
    pub fn apply(
        &mut self,
        policy: u32,
        record: &[u8],
        operation: &OperationFields,
        now_ns: u64,
    ) -> Result<Decision, Error> {
        self.write(OPERATION_AT, &operation.to_bytes())?;
        self.decide("tollgate_apply", policy, record, now_ns)
    }

    /// Charges the costs that were written last to a record, or to none.
    pub fn acquire(&mut self, policy: u32, record: &[u8], now_ns: u64) -> Result<Decision, Error> {
        self.decide("tollgate_acquire", policy, record, now_ns)
    }

    fn decide(
        &mut self,
        name: &str,
        policy: u32,
        record: &[u8],
        now_ns: u64,
    ) -> Result<Decision, Error> {
        // One that is longer than there is room is not written; its length alone is refused.
        if record.len() <= self.record_bytes_max {
            self.write(RECORD_AT, record)?;
        }
        let record_bytes = u32::try_from(record.len()).unwrap_or(u32::MAX);
        let code = answer(self.call(name, (policy, record_bytes, now_ns))?)?;
        let count = self.counts.get(&policy).copied().unwrap_or_default();
        let bytes = self.read(DECISION_AT, HEAD_BYTES + count * STATUS_BYTES)?;
        let written = (number(&bytes, 0) & u64::from(u32::MAX)) as usize;
        Ok(Decision {
            verdict: (code & 3) as u8,
            effect: (code >> 2) as u8,
            retry_after_ns: number(&bytes, 8),
            limits: bytes[HEAD_BYTES..].chunks(STATUS_BYTES).map(LimitStatus::from_bytes).collect(),
            record: (written > 0).then(|| self.read(RECORD_AT, written)).transpose()?,
        })
    }

    fn call(&mut self, name: &str, args: impl WasmParams) -> Result<i32, Error> {
        self.store.set_fuel(self.fuel)?;
        let function = self.instance.get_typed_func(&self.store, name);
        Ok(function.map_err(|_| Error::NotTollgate)?.call(&mut self.store, args)?)
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let written = self.memory.write(&mut self.store, self.exchange + offset, bytes);
        written.map_err(|_| Error::NotTollgate)
    }

    fn read(&self, offset: usize, length: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; length];
        let read = self.memory.read(&self.store, self.exchange + offset, &mut bytes);
        read.map(|()| bytes).map_err(|_| Error::NotTollgate)
    }
}

fn answer(code: i32) -> Result<u32, Error> {
    u32::try_from(code).map_err(|_| Error::Refused { code, limit: None })
}
