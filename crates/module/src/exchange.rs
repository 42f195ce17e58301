//! The memory through which host and module exchange data: one block, whose address the module returns.
//! The host never passes an address, so none can be wrong.

use core::mem::{offset_of, size_of};

use tollgate_core::{
    LIMITS_MAX, NAME_BYTES_MAX, REASON_BYTES_MAX, RECORD_BYTES_MAX, SOURCE_BYTES_MAX,
};

/// Maximum keys in one call. A call into a module costs about as much as deciding on one key, so more than
/// a thousand per call would gain nothing.
pub(crate) const BATCH_MAX: usize = 1_024;

/// A limit of the policy to open.
#[repr(C)]
pub(crate) struct LimitFields {
    pub(crate) algorithm: u8,
    pub(crate) flags: u8,
    pub(crate) windows: u8,
    pub(crate) name_bytes: u8,
    pub(crate) utc_offset_secs: i32,
    pub(crate) numbers: [u64; 5],
    pub(crate) name: [u8; NAME_BYTES_MAX],
}

/// The operation on a key.
#[repr(C)]
pub(crate) struct OperationFields {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) permille: u16,
    pub(crate) limit: u32,
    pub(crate) span_ns: u64,
    pub(crate) units: u64,
    pub(crate) hold: [u8; 16],
    pub(crate) once: [u8; 16],
    pub(crate) costs: [u64; LIMITS_MAX],
    pub(crate) source_bytes: u16,
    pub(crate) reason_bytes: u16,
    pub(crate) reserved: u32,
    pub(crate) source: [u8; SOURCE_BYTES_MAX],
    pub(crate) reason: [u8; REASON_BYTES_MAX],
}

/// The outcome of the operation.
#[repr(C)]
pub(crate) struct DecisionFields {
    pub(crate) record_bytes: u32,
    pub(crate) wrong_limit: u32,
    pub(crate) retry_after_ns: u64,
    pub(crate) closed_for_ns: u64,
    pub(crate) delay_ns: u64,
    pub(crate) forget_after_ns: u64,
    pub(crate) limits: [StatusFields; LIMITS_MAX],
}

/// Where one limit stands.
#[repr(C)]
pub(crate) struct StatusFields {
    pub(crate) verdict: u64,
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) held: u64,
    pub(crate) retry_after_ns: u64,
    pub(crate) reset_after_ns: u64,
    pub(crate) delay_ns: u64,
    pub(crate) capacity: u64,
    pub(crate) original: u64,
    pub(crate) period_ns: u64,
}

/// Many keys in one call.
#[repr(C)]
pub(crate) struct Batch {
    pub(crate) slots: [u32; BATCH_MAX],
    pub(crate) retry_after_ns: [u64; BATCH_MAX],
    pub(crate) verdicts: [u8; BATCH_MAX],
}

/// The whole exchange.
#[repr(C)]
pub(crate) struct Exchange {
    pub(crate) limits: [LimitFields; LIMITS_MAX],
    pub(crate) operation: OperationFields,
    pub(crate) decision: DecisionFields,
    pub(crate) batch: Batch,
    pub(crate) record: [u8; RECORD_BYTES_MAX],
}

// As in docs/module.md. A different layout needs a new version of the interface.
const _: () = {
    assert!(size_of::<LimitFields>() == 112 && offset_of!(LimitFields, numbers) == 8);
    assert!(size_of::<OperationFields>() == 512 && offset_of!(OperationFields, costs) == 56);
    assert!(offset_of!(OperationFields, source_bytes) == 184);
    assert!(size_of::<StatusFields>() == 80 && offset_of!(DecisionFields, limits) == 40);
    assert!(offset_of!(Exchange, operation) == 1_792 && offset_of!(Exchange, decision) == 2_304);
    assert!(offset_of!(Exchange, batch) == 3_624 && offset_of!(Exchange, record) == 16_936);
    assert!(offset_of!(Batch, retry_after_ns) == 4_096 && offset_of!(Batch, verdicts) == 12_288);
};

impl Exchange {
    pub(crate) const EMPTY: Self = {
        // SAFETY: all fields are numbers, which may be zero.
        unsafe { core::mem::zeroed() }
    };
}
