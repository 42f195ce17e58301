//! Several processes, each with its lines and what it remembers, over one store, in every order and with every fault.

use std::future::Future;
use std::pin::Pin;

use futures::executor::block_on;
use proptest::prelude::*;
use tollgate_store::{Combiner, DriveError, ManualClock, Store, drive};

use crate::world::{Faults, Heard, Lots, Process, SlowStore, run, sold, ticket, turn};

const KEY: &str = "r/hot/key";

/// One run: who asks, and what goes wrong.
#[derive(Debug, Clone, Copy)]
struct Plan {
    seed: u64,
    processes: usize,
    requests: usize,
    tickets: u32,
    turns: u64,
    faults: Faults,
    dropped: u64,
    remembers: bool,
    /// How many requests in a hundred stand in no line.
    alone: u64,
}

fn plans() -> impl Strategy<Value = Plan> {
    let faults = (0..40_u64, 0..10_u64, 0..20_u64).prop_map(|(conflicts, loads, swaps)| Faults {
        conflicts,
        failed_loads: loads,
        unclear_swaps: swaps,
    });
    let faults = prop_oneof![Just(Faults::default()), faults];
    let dropped = prop_oneof![Just(0), 0..20_u64];
    let manner = (any::<bool>(), prop_oneof![Just(0), Just(100), 0..100_u64]);
    (any::<u64>(), 1..4_usize, 1..40_usize, 0..50_u32, 0..6_u64, faults, dropped, manner).prop_map(
        |(seed, processes, requests, tickets, turns, faults, dropped, (remembers, alone))| Plan {
            seed,
            processes,
            requests,
            tickets,
            turns,
            faults,
            dropped,
            remembers,
            alone,
        },
    )
}

/// Lets the plan happen; answers what was heard, and how many tickets the store has sold.
fn simulate(plan: &Plan) -> (Heard, u32) {
    let (lots, heard, clock) = (Lots::new(plan.seed), Heard::default(), ManualClock::default());
    let store = SlowStore::new(&lots, plan.turns, plan.faults);
    let processes: Vec<_> = (0..plan.processes).map(|_| Combiner::default()).collect();
    let requests = (0..plan.requests).map(|number| {
        let (clock, heard, lots) = (&clock, &heard, &lots);
        let store = Process::new(&store, plan.remembers);
        let process = &processes[number % plan.processes];
        let request = async move {
            for _ in 0..lots.draw(20) {
                turn().await;
            }
            let told = if lots.happens(plan.alone) {
                let ask = |record: Option<&[u8]>, now| ticket(record, &plan.tickets, now);
                drive(&store, clock, KEY, ask).await
            } else {
                process.drive(&store, clock, KEY, plan.tickets, ticket).await
            };
            match told {
                Ok(Some(number)) => heard.tickets.borrow_mut().push(number),
                Ok(None) => heard.denied.set(heard.denied.get() + 1),
                Err(DriveError::Busy) => heard.busy.set(heard.busy.get() + 1),
                Err(_) => heard.failed.set(heard.failed.get() + 1),
            }
        };
        Box::pin(request) as Pin<Box<dyn Future<Output = ()>>>
    });
    run(&lots, requests, plan.dropped);
    for process in &processes {
        assert_eq!(
            format!("{process:?}"),
            "Combiner { lines: 0 }",
            "no line outlives its last place"
        );
    }
    let record = block_on(store.records.load(KEY)).unwrap().record;
    (heard, sold(record.as_deref()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// No ticket is sold twice, no more are sold than there are, and whoever is denied came when all were
    /// sold, and everyone who waits hears something.
    #[test]
    fn every_answer_fits_one_order_of_all_requests(plan in plans()) {
        let (heard, sold) = simulate(&plan);
        let mut tickets = heard.tickets.take();
        let admitted = u32::try_from(tickets.len()).unwrap();
        tickets.sort_unstable();
        tickets.dedup();
        prop_assert_eq!(tickets.len(), admitted as usize, "each ticket has one owner");
        prop_assert!(tickets.last().is_none_or(|last| *last < sold), "what was answered is written");
        prop_assert!(sold <= plan.tickets, "no more are sold than there are");
        prop_assert!(heard.denied.get() == 0 || sold == plan.tickets, "a denial is true");
        if plan.dropped == 0 {
            let heard = admitted + heard.denied.get() + heard.busy.get() + heard.failed.get();
            prop_assert_eq!(heard as usize, plan.requests, "everyone hears something");
            if plan.faults.unclear_swaps == 0 {
                prop_assert_eq!(sold, admitted, "nothing is charged that nobody was told of");
            }
        }
    }
}
