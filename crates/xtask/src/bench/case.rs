//! What is measured: a server, and what it is asked.

use std::fs;
use std::process::Command;

use super::Bench;
use crate::paths;

pub(super) const POLICIES_FILE: &str = "policies.toml";

/// `open`, `combine` and `lease` admit everything, `shut` one request per key and then none. Every record
/// moves with every admission that it is told of.
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

/// What answers.
#[derive(Clone, Copy)]
pub(super) enum Runtime {
    /// hyper and nothing else.
    BareHyper,
    /// The edge function of this file, below [`paths::out`].
    Edge(&'static str),
    /// The service compiled for this machine.
    Native,
}

/// One row of the table.
pub(super) struct Case {
    pub(super) letter: char,
    pub(super) title: &'static str,
    pub(super) runtime: Runtime,
    /// Arguments of `tollgate serve` for its store.
    store: &'static [&'static str],
    /// The policy that is asked.
    pub(super) policy: &'static str,
    /// How many keys are asked for in turn.
    pub(super) keys: &'static str,
    /// Whether the answer has a body.
    pub(super) body: bool,
}

const MEMORY: &[&str] = &["--store", "memory"];
const GROUPED: &[&str] = &["--store", "redb:bench.redb", "--durability", "grouped"];
const IMMEDIATE: &[&str] = &["--store", "redb:bench.redb", "--durability", "immediate"];

const COMPOSED: Case = Case {
    letter: 'c',
    title: "edge, composed, redb grouped",
    runtime: Runtime::Edge("tollgate.wasm"),
    store: GROUPED,
    policy: "open",
    keys: "64",
    body: false,
};

/// The edge, and one key that everyone asks for.
const HOT: Case =
    Case { title: "one hot key: edge, composed, redb grouped", keys: "1", ..COMPOSED };
/// The same without WebAssembly.
const NATIVE_HOT: Case = Case { runtime: Runtime::Native, ..HOT };

pub(super) const CASES: [Case; 17] = [
    Case { letter: 'a', title: "bare hyper", runtime: Runtime::BareHyper, ..COMPOSED },
    Case {
        letter: 'b',
        title: "null component",
        runtime: Runtime::Edge("guest-null.wasm"),
        store: MEMORY,
        ..COMPOSED
    },
    COMPOSED,
    Case {
        letter: 'd',
        title: "edge, limiter linked in, redb grouped",
        runtime: Runtime::Edge("edge-linked.wasm"),
        ..COMPOSED
    },
    Case {
        letter: 'e',
        title: "`--native`, memory",
        runtime: Runtime::Native,
        store: MEMORY,
        ..COMPOSED
    },
    Case { letter: 'f', title: "`--native`, redb grouped", runtime: Runtime::Native, ..COMPOSED },
    Case { letter: 'g', title: "edge, composed, redb immediate", store: IMMEDIATE, ..COMPOSED },
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
        store: IMMEDIATE,
        ..NATIVE_HOT
    },
    Case {
        letter: 'p',
        title: "one hot key: `--native`, redb immediate, combining",
        store: IMMEDIATE,
        policy: "combine",
        ..NATIVE_HOT
    },
    Case {
        letter: 'q',
        title: "one hot key: `--native`, redb immediate, leases",
        store: IMMEDIATE,
        policy: "lease",
        ..NATIVE_HOT
    },
];

impl Case {
    /// The command that serves this case, over an empty store.
    pub(super) fn server(&self, bench: &Bench) -> anyhow::Result<Command> {
        if let Runtime::BareHyper = self.runtime {
            return Ok(Command::new(&bench.bare_hyper));
        }
        let file = bench.folder.join("bench.redb");
        if file.exists() {
            fs::remove_file(file)?;
        }
        let mut command = bench.serve();
        command.args(["--policies", POLICIES_FILE]).args(self.store);
        match self.runtime {
            Runtime::Edge(file) => command.arg("--edge").arg(paths::out().join(file)),
            _ => command.arg("--native"),
        };
        Ok(command)
    }

    pub(super) fn is_limited(&self) -> bool {
        self.policy == "shut"
    }
}

impl Bench {
    /// `tollgate serve` on a free port, with everything that it writes in the bench's folder.
    pub(super) fn serve(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).env("XDG_CACHE_HOME", self.folder.join("cache"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command
    }
}
