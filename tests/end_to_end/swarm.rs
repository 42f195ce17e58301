//! Agents that share an upstream, each at whichever server it found: what one of them announces all are told,
//! and together they keep to it.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollgate_test_servers::RedisServer;

use crate::program::{Program, Runtime};
use crate::watcher::{Told, Watcher};

const POLICIES: &str = r#"
[policy.upstream]
calls = { algorithm = "adaptive", capacity = 100, per = "1s", recovery_interval = "2s", recovery_factor_permille = 1500 }
"#;

const SERVERS: [Runtime; 3] = [Runtime::Edge, Runtime::Native, Runtime::Native];
const AGENTS: usize = 6;
/// To what the capacity is reduced, and how it comes back, every two seconds.
const RECOVERY: [u64; 5] = [20, 30, 45, 67, 100];
const STEP: Duration = Duration::from_secs(2);

/// The most that all agents together can have spent so long after the reduction: what was left, and what came
/// back since.
fn most(elapsed: Duration) -> f64 {
    let mut units = RECOVERY[0] as f64;
    for (index, capacity) in RECOVERY.iter().enumerate() {
        let begins = STEP * index as u32;
        let last = index + 1 == RECOVERY.len();
        let within = elapsed.saturating_sub(begins);
        let within = if last { within } else { within.min(STEP) };
        units += *capacity as f64 * within.as_secs_f64();
    }
    units
}

/// What came of one agent.
struct Agent {
    spent: u64,
    /// When it stopped spending.
    spent_at: Instant,
    told: Vec<Told>,
}

/// Waits to be told of the reduction, spends what it gets for a while, and then listens until the recovery is over.
fn agent(program: &Program, mut watcher: Watcher) -> Agent {
    let mut told = vec![watcher.told().unwrap()];
    let (started, mut spent) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_millis(1_200) {
        spent += u64::from(program.admits("upstream", "shared", 1));
    }
    let spent_at = Instant::now();
    while told.last().is_some_and(|last| last.data["capacity"] != RECOVERY[4]) {
        told.push(watcher.told().unwrap());
    }
    Agent { spent, spent_at, told }
}

fn announce(program: &Program) -> Value {
    let body = json!({
        "policy": "upstream", "key": "shared", "factor_permille": 200, "source": "agent-0",
        "reason": "the upstream answered 429",
    });
    let answer = program.send("POST", "/v1/capacity/reduce", &[], &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[test]
fn agents_at_several_servers_behave_as_one_swarm() {
    let redis = RedisServer::start();
    let folders: Vec<_> = SERVERS.iter().map(|_| tempfile::tempdir().unwrap()).collect();
    let servers: Vec<_> = SERVERS
        .iter()
        .zip(&folders)
        .map(|(runtime, folder)| {
            let store = ["--store", &redis.url()];
            Program::start_with_policies(*runtime, folder.path(), POLICIES, &store)
        })
        .collect();
    let server = |agent: usize| &servers[agent % SERVERS.len()];
    let watchers: Vec<_> =
        (0..AGENTS).map(|agent| Watcher::new(server(agent), "/v1/watch?key=shared")).collect();

    let announced = Instant::now();
    let agents: Vec<_> = thread::scope(|scope| {
        let agents: Vec<_> = watchers
            .into_iter()
            .enumerate()
            .map(|(index, watcher)| scope.spawn(move || agent(server(index), watcher)))
            .collect();
        announce(server(0));
        agents.into_iter().map(|agent| agent.join().unwrap()).collect()
    });

    let spent: u64 = agents.iter().map(|agent| agent.spent).sum();
    let spent_at = agents.iter().map(|agent| agent.spent_at).max().unwrap();
    let most = most(spent_at - announced);
    assert!(spent as f64 <= most, "{spent} of at most {most}");
    assert!(spent >= RECOVERY[0], "{spent}: and what there is they get");
    let begin = &agents[0].told[0];
    assert_eq!((&*begin.name, &begin.data["source"]), ("reduced", &json!("agent-0")));
    let begin_ms = begin.data["at_ms"].as_u64().unwrap();
    for agent in &agents {
        assert_eq!(&agent.told[0], begin, "all are told the same");
        // On a machine that is slow two steps may be told as one.
        for told in &agent.told[1..] {
            assert_eq!(told.name, "recovered");
            let after_ms = told.data["at_ms"].as_u64().unwrap() - begin_ms;
            assert_eq!(after_ms % STEP.as_millis() as u64, 0, "when a step is due");
            let step = (after_ms / STEP.as_millis() as u64) as usize;
            assert_eq!(told.data["capacity"], RECOVERY[step], "by the core's rule");
        }
        assert_eq!(agent.told.last().unwrap().data["capacity"], RECOVERY[4]);
    }
    for program in &servers {
        let now = program.get("/v1/capacity/upstream/shared").json();
        assert_eq!(now["capacities"][0]["capacity"], 100, "and decide by the same");
    }
}
