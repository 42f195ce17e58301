//! What a host writes into the exchange.

/// A limit. What the numbers are, each algorithm says for itself.
#[derive(Debug, Clone, Default)]
pub struct LimitFields {
    /// Unique in its policy: 1 to 64 bytes.
    pub name: String,
    /// 0 to 9.
    pub algorithm: u8,
    /// 1: only watches. 2: refuses to settle more than was held.
    pub flags: u8,
    /// 0 to 4.
    pub windows: u8,
    /// Local time less UTC.
    pub utc_offset_secs: i32,
    /// By algorithm.
    pub numbers: [u64; 5],
}

impl LimitFields {
    pub(crate) const BYTES: usize = 112;

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // A name that is too long stays too long, and is refused.
        let name_bytes = u8::try_from(self.name.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![self.algorithm, self.flags, self.windows, name_bytes];
        bytes.extend(self.utc_offset_secs.to_le_bytes());
        bytes.extend(self.numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(self.name.bytes());
        bytes.resize(Self::BYTES, 0);
        bytes
    }
}

/// An operation.
#[derive(Debug, Clone, Default)]
pub struct OperationFields {
    /// 0 to 9.
    pub kind: u8,
    /// The share, or the factor.
    pub permille: u16,
    /// The position of the limit that it is about.
    pub limit: u32,
    /// The life of a hold, the time to block, the period of a capacity.
    pub span_ns: u64,
    /// What remains, or the capacity.
    pub units: u64,
    /// The id of a hold.
    pub hold: Option<u128>,
    /// The id of a request.
    pub once: Option<u128>,
    /// One number per limit.
    pub costs: Option<Vec<u64>>,
    /// Who changes a capacity, and why.
    pub note: (String, String),
}

impl OperationFields {
    /// A request that is charged these costs.
    pub fn acquire(costs: &[u64]) -> Self {
        Self { permille: 1_000, costs: Some(costs.to_vec()), ..Self::default() }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let held = flag(self.hold.is_some(), 1);
        let flags = held | flag(self.once.is_some(), 2) | flag(self.costs.is_some(), 4);
        let mut bytes = vec![self.kind, flags];
        bytes.extend(self.permille.to_le_bytes());
        bytes.extend(self.limit.to_le_bytes());
        bytes.extend(self.span_ns.to_le_bytes());
        bytes.extend(self.units.to_le_bytes());
        bytes.extend(self.hold.unwrap_or_default().to_be_bytes());
        bytes.extend(self.once.unwrap_or_default().to_be_bytes());
        let costs = self.costs.iter().flatten().flat_map(|cost| cost.to_le_bytes());
        bytes.extend(costs.take(128));
        bytes.resize(184, 0);
        let (source, reason) = &self.note;
        for text in [source, reason] {
            bytes.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
        }
        bytes.resize(192, 0);
        bytes.extend(source.bytes().take(64));
        bytes.resize(256, 0);
        bytes.extend(reason.bytes().take(256));
        bytes.resize(512, 0);
        bytes
    }
}
