//! The benchmark's cases: a server, and the requests sent to it.

use std::fs;
use std::process::Command;

use anyhow::Context as _;

use super::{Bench, others};
use crate::paths;
use crate::server::Server;

pub(super) const POLICIES_FILE: &str = "policies.toml";

/// `open`, `combine` and `lease` admit everything, `shut` one request per key and then none. Every admission
/// that reaches a record changes it.
pub(super) const POLICIES: &str = r#"
[policy.open]
requests = { algorithm = "token-bucket", capacity = 1000000000000, refill = 1000, per = "1s" }

[policy.combine]
contention = "combine"
requests = { algorithm = "token-bucket", capacity = 1000000000000, refill = 1000, per = "1s" }

[policy.lease]
contention = "lease"
requests = { algorithm = "token-bucket", capacity = 1000000000000, refill = 1000, per = "1s" }

[policy.shut]
requests = { algorithm = "token-bucket", capacity = 1, refill = 0, per = "1s" }
"#;

/// The server under load.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    /// hyper and nothing else.
    BareHyper,
    /// The edge function in this file, below [`paths::out`].
    Edge(&'static str),
    /// The service compiled for this machine.
    Native,
    /// throttlecrab's server, which decides in its memory.
    Throttlecrab,
    /// Redis itself, running the swap's script for `redis-benchmark`.
    Redis,
}

/// Where `tollgate serve` keeps records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    Memory,
    /// A file, with this durability.
    Redb(&'static str),
    /// The Redis server of the benchmark.
    Redis,
}

/// What a request asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// One acquire.
    Acquire,
    /// [`BATCH`] acquires in one request.
    Batch,
    /// One throttlecrab decision.
    Throttle,
}

/// The cases of which more than throughput is measured: the edge function, and the native service.
pub(super) const BOTH_RUNTIMES: &str = "ce";

/// Acquires in a batch.
pub(super) const BATCH: u32 = 100;

/// One row of the table.
pub(super) struct Case {
    pub(super) letter: char,
    pub(super) title: &'static str,
    pub(super) runtime: Runtime,
    pub(super) store: Store,
    pub(super) ask: Ask,
    /// The policy of the requests.
    pub(super) policy: &'static str,
    /// How many keys the requests take in turn.
    pub(super) keys: &'static str,
    /// Whether the answer has a body.
    pub(super) body: bool,
}

const COMPOSED: Case = Case {
    letter: 'c',
    title: "edge, composed, redb grouped",
    runtime: Runtime::Edge("tollgate.wasm"),
    store: Store::Redb("grouped"),
    ask: Ask::Acquire,
    policy: "open",
    keys: "64",
    body: false,
};

/// The native service.
const NATIVE: Case = Case {
    letter: 'e',
    title: "`--native`, memory",
    runtime: Runtime::Native,
    store: Store::Memory,
    ..COMPOSED
};

/// The edge, with all requests on one key.
const HOT: Case =
    Case { title: "one hot key: edge, composed, redb grouped", keys: "1", ..COMPOSED };
/// The same without WebAssembly.
const NATIVE_HOT: Case = Case { runtime: Runtime::Native, ..HOT };

pub(super) const CASES: [Case; 22] = [
    Case { letter: 'a', title: "bare hyper", runtime: Runtime::BareHyper, ..COMPOSED },
    Case {
        letter: 'b',
        title: "null component",
        runtime: Runtime::Edge("guest-null.wasm"),
        store: Store::Memory,
        ..COMPOSED
    },
    COMPOSED,
    Case {
        letter: 'd',
        title: "edge, limiter linked in, redb grouped",
        runtime: Runtime::Edge("edge-linked.wasm"),
        ..COMPOSED
    },
    NATIVE,
    Case { letter: 'f', title: "`--native`, redb grouped", runtime: Runtime::Native, ..COMPOSED },
    Case {
        letter: 'g',
        title: "edge, composed, redb immediate",
        store: Store::Redb("immediate"),
        ..COMPOSED
    },
    Case {
        letter: 'h',
        title: "edge, composed, redb grouped, answers with a body",
        body: true,
        ..COMPOSED
    },
    Case {
        letter: 'i',
        title: "edge, composed, redb grouped, every request limited",
        policy: "shut",
        ..COMPOSED
    },
    Case { letter: 'j', ..HOT },
    Case {
        letter: 'k',
        title: "one hot key: edge, composed, redb grouped, leases",
        policy: "lease",
        ..HOT
    },
    Case { letter: 'l', title: "one hot key: `--native`, redb grouped", ..NATIVE_HOT },
    Case {
        letter: 'm',
        title: "one hot key: `--native`, redb grouped, combining",
        policy: "combine",
        ..NATIVE_HOT
    },
    Case {
        letter: 'n',
        title: "one hot key: `--native`, redb grouped, leases",
        policy: "lease",
        ..NATIVE_HOT
    },
    Case {
        letter: 'o',
        title: "one hot key: `--native`, redb immediate",
        store: Store::Redb("immediate"),
        ..NATIVE_HOT
    },
    Case {
        letter: 'p',
        title: "one hot key: `--native`, redb immediate, combining",
        store: Store::Redb("immediate"),
        policy: "combine",
        ..NATIVE_HOT
    },
    Case {
        letter: 'q',
        title: "one hot key: `--native`, redb immediate, leases",
        store: Store::Redb("immediate"),
        policy: "lease",
        ..NATIVE_HOT
    },
    Case { letter: 'r', title: "`--native`, memory, answers with a body", body: true, ..NATIVE },
    Case {
        letter: 's',
        title: "throttlecrab's server, in its memory",
        runtime: Runtime::Throttlecrab,
        ask: Ask::Throttle,
        body: true,
        ..NATIVE
    },
    Case {
        letter: 't',
        title: "`--native`, memory, 100 acquires in a request",
        ask: Ask::Batch,
        body: true,
        ..NATIVE
    },
    Case { letter: 'u', title: "`--native`, Redis", store: Store::Redis, ..NATIVE },
    Case {
        letter: 'v',
        title: "Redis: one EVALSHA of the swap by `redis-benchmark`",
        runtime: Runtime::Redis,
        store: Store::Redis,
        ..NATIVE
    },
];

impl Case {
    /// The server of this case, over an empty store.
    pub(super) fn start(&self, bench: &Bench) -> anyhow::Result<Server> {
        match self.runtime {
            Runtime::BareHyper => Server::start(&mut Command::new(&bench.bare_hyper)),
            Runtime::Edge(file) => {
                Server::start(self.serve(bench)?.arg("--edge").arg(paths::out().join(file)))
            }
            Runtime::Native => Server::start(self.serve(bench)?.arg("--native")),
            Runtime::Throttlecrab => others::throttlecrab(),
            Runtime::Redis => others::redis(),
        }
    }

    fn serve(&self, bench: &Bench) -> anyhow::Result<Command> {
        let mut command = bench.serve();
        command.args(["--policies", POLICIES_FILE]);
        match self.store {
            Store::Memory => command.args(["--store", "memory"]),
            Store::Redb(durability) => {
                let file = bench.folder.join("bench.redb");
                if file.exists() {
                    fs::remove_file(file)?;
                }
                command.args(["--store", "redb:bench.redb", "--durability", durability])
            }
            Store::Redis => command.args(["--store", &bench.redis_url()?]),
        };
        Ok(command)
    }

    /// What this case needs that is not installed.
    pub(super) fn missing(&self) -> Option<&'static str> {
        if self.runtime == Runtime::Throttlecrab {
            others::missing(
                "throttlecrab-server",
                "apt-get install protobuf-compiler; cargo install throttlecrab-server --locked",
            )
        } else if self.store == Store::Redis {
            others::missing("redis-benchmark", "apt-get install redis-server redis-tools")
        } else {
            None
        }
    }

    /// Decisions that one request asks for.
    pub(super) fn decisions(&self) -> u32 {
        if self.ask == Ask::Batch { BATCH } else { 1 }
    }

    pub(super) fn is_limited(&self) -> bool {
        self.policy == "shut"
    }
}

impl Bench {
    /// `tollgate serve` on a free port, writing only to the bench's folder.
    pub(super) fn serve(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).env("XDG_CACHE_HOME", self.folder.join("cache"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command
    }

    /// The address of the benchmark's Redis server.
    fn redis_url(&self) -> anyhow::Result<String> {
        let redis = self.redis.as_ref().context("no Redis server was started")?;
        Ok(format!("redis://{}", redis.address))
    }
}
