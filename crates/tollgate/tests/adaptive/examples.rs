//! One thing at a time: what is announced, followed and told.

use std::future::poll_fn;
use std::mem::replace;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use futures::FutureExt;
use tollgate::{
    AdaptiveError, AdaptiveLimiter, BusError, BusHealth, CapacityBus, CapacitySetting, Clock,
    LOCAL_BUS_MESSAGES_MAX, Limit, LocalBus, Policy, RESOURCES_MAX, ReduceFactor, Reduced,
    SOURCE_BYTES_MAX, Span, Timestamp,
};

use super::{
    MINUTE, Member, START, capacity, clock, member, permille, policy,
    wire::{Script, Wire},
};

const HALF: u16 = 500;

/// What a member told: capacity, source and reason.
type Told = Arc<Mutex<Vec<(u64, String, String)>>>;

fn listening(member: Member) -> (Member, Told) {
    let told = Told::default();
    let events = Arc::clone(&told);
    let member = member.on_change(move |event| {
        assert_eq!(event.resource, "chat");
        let note = &event.change.note;
        let told = (event.capacity.capacity, note.source().to_owned(), note.reason().to_owned());
        events.lock().unwrap().push(told);
    });
    (member, told)
}

fn told(told: &Told) -> Vec<(u64, String, String)> {
    std::mem::take(&mut told.lock().unwrap())
}

/// One reduces, the others follow and are told by whom and why; the one who did is told once, also when
/// it hears of itself.
#[test]
fn a_reduction_reaches_the_swarm_once() {
    let (wire, clock) = (Wire::default(), clock());
    let (one, own) = listening(member("one", &wire, &clock));
    let (two, heard) = listening(member("two", &wire, &clock));
    assert_eq!(one.reduce("chat", permille(HALF), "429"), Ok(Reduced::Announced));
    let [message] = &wire.messages()[..] else { panic!("one message") };
    assert_eq!(two.hear(message), Ok(true));
    assert_eq!(two.hear(message), Ok(false), "it is known");
    assert_eq!(one.hear(message), Ok(false), "it is its own");
    assert_eq!((capacity(&one), capacity(&two)), (50, 50));
    let expected = vec![(50, "one".to_owned(), "429".to_owned())];
    assert_eq!((told(&own), told(&heard)), (expected.clone(), expected));
}

/// What comes late is followed from where it has recovered to, and one that is higher is not.
#[test]
fn a_late_reduction_has_recovered_since() {
    let (wire, clock) = (Wire::default(), clock());
    let [one, two, three] = ["one", "two", "three"].map(|source| member(source, &wire, &clock));
    one.reduce("chat", permille(HALF), "429").unwrap();
    two.reduce("chat", permille(800), "slow").unwrap();
    clock.set(START.plus(Span::from_secs(65)));
    let [half, fifth] = &wire.messages()[..] else { panic!("two messages") };
    assert_eq!(three.hear(half), Ok(true));
    assert_eq!(capacity(&three), 60, "two tenths after 60 s: 50, 55, 60.5");
    assert_eq!(three.hear(fifth), Ok(false));
    assert_eq!(two.hear(half), Ok(true));
    assert_eq!(capacity(&two), 60);
    clock.set(START.plus(Span::from_secs(240)));
    assert_eq!([&one, &two, &three].map(capacity), [100; 3], "all have recovered at the same time");
}

/// A member that decides by a lowered capacity lets no more pass than that.
#[test]
fn decisions_go_by_what_was_heard() {
    let (wire, clock) = (Wire::default(), clock());
    let [one, two] = ["one", "two"].map(|source| member(source, &wire, &clock));
    one.reduce("chat", permille(100), "429").unwrap();
    two.hear(&wire.messages()[0]).unwrap();
    let chat = two.resource("chat").unwrap();
    let request = chat.policy().costs([]).unwrap();
    let passed = (0..100).filter(|_| chat.try_acquire(request).unwrap().is_allowed()).count();
    assert_eq!(passed, 10);
}

/// Who sets a capacity knows what it is: older reductions are not followed, later ones are; the others
/// are not told.
#[test]
fn a_capacity_is_set_here() {
    let (wire, clock) = (Wire::default(), clock());
    let (one, own) = listening(member("one", &wire, &clock));
    let two = member("two", &wire, &clock);
    two.reduce("chat", permille(HALF), "429").unwrap();
    clock.set(START.plus(Span::from_nanos(1)));
    one.set_capacity("chat", CapacitySetting::new(80, MINUTE), "contract").unwrap();
    assert_eq!(one.hear(&wire.messages()[0]), Ok(false));
    assert_eq!(one.capacity("chat").unwrap().original, 80);
    assert_eq!(wire.messages().len(), 1);
    clock.set(START.plus(Span::from_nanos(2)));
    two.reduce("chat", permille(HALF), "429").unwrap();
    assert_eq!(one.hear(&wire.messages()[1]), Ok(true));
    assert_eq!(capacity(&one), 25);
    one.set_capacity("chat", None, "over").unwrap();
    assert_eq!(capacity(&one), 100);
    let capacities: Vec<_> = told(&own).into_iter().map(|(capacity, ..)| capacity).collect();
    assert_eq!(capacities, [80, 25, 100]);
}

/// A bus that is down is told, and keeps nobody from reducing; it hears of it when it is back.
#[test]
fn a_bus_that_is_down_keeps_nobody() {
    let (wire, clock) = (Wire::default(), clock());
    let [one, two] = ["one", "two"].map(|source| member(source, &wire, &clock));
    wire.cut(true);
    let reduced = one.reduce("chat", permille(HALF), "429");
    assert_eq!(reduced, Ok(Reduced::Unannounced(BusError::Down)));
    assert_eq!(capacity(&one), 50);
    let down = BusHealth { error: Some(BusError::Down), unannounced: 1, ..BusHealth::default() };
    assert_eq!(one.bus_health(), down);
    wire.cut(false);
    one.repeat();
    assert_eq!(one.bus_health(), BusHealth { error: None, announced: 1, ..down });
    assert_eq!(two.hear(&wire.messages()[0]), Ok(true));
    assert_eq!(
        two.hear(b"no announcement").map_err(|error| error.to_string()).unwrap_err(),
        "the record has the unknown version 110"
    );
    let heard = BusHealth { heard: 1, refused: 1, ..BusHealth::default() };
    assert_eq!(two.bus_health(), heard);
}

/// A clock that stands, and on which every sleep is over when it is asked again.
#[derive(Clone)]
struct Dozing;

impl Clock for Dozing {
    fn now(&self) -> Timestamp {
        START
    }

    async fn sleep(&self, _: Span) {
        let mut is_over = false;
        poll_fn(|_| if replace(&mut is_over, true) { Poll::Ready(()) } else { Poll::Pending })
            .await;
    }
}

/// A member that could not hear others says so until it hears one of them.
#[test]
fn a_bus_that_is_heard_is_well() {
    let bus = Script::default();
    let resources = [("chat", policy(100))];
    let member = AdaptiveLimiter::with_clock("one", bus.clone(), resources, Dozing).unwrap();
    let mut run = pin!(member.run());
    let mut hears = |next| {
        bus.say(next);
        // The first time, the last pause is over.
        for _ in 0..2 {
            assert!(run.as_mut().now_or_never().is_none());
        }
        member.bus_health()
    };
    let down = BusHealth { error: Some(BusError::Down), ..BusHealth::default() };
    assert_eq!(hears(Err(BusError::Down)), down);
    let refused = BusHealth { refused: 1, ..BusHealth::default() };
    assert_eq!(hears(Ok(b"no announcement".to_vec())), refused);
}

/// What is in force is repeated until it has recovered, by one of those who know it; nothing else is.
#[test]
fn one_repeats_for_all() {
    let (wire, clock) = (Wire::default(), clock());
    let [one, two] = ["one", "two"].map(|source| member(source, &wire, &clock));
    one.repeat();
    assert_eq!(wire.messages().len(), 0, "nothing is in force");
    one.reduce("chat", permille(HALF), "429").unwrap();
    two.hear(&wire.messages()[0]).unwrap();
    two.repeat();
    assert_eq!(wire.messages().len(), 1, "it has just been announced");
    two.repeat();
    assert_eq!(wire.messages(), vec![wire.messages()[0].clone(); 2], "as who made it would");
    one.hear(&wire.messages()[1]).unwrap();
    one.repeat();
    assert_eq!(wire.messages().len(), 2);
    clock.set(START.plus(Span::from_secs(240)));
    one.repeat();
    two.repeat();
    assert_eq!(wire.messages().len(), 2, "it has recovered");
}

/// A clock that is far ahead reduces nothing here; one that is a little ahead does.
#[test]
fn clocks_that_are_ahead() {
    let (wire, here, ahead) = (Wire::default(), clock(), clock());
    let (one, two) = (member("one", &wire, &here), member("two", &wire, &ahead));
    ahead.set(START.plus(Span::from_secs(61)));
    two.reduce("chat", permille(HALF), "429").unwrap();
    assert_eq!(one.hear(&wire.messages()[0]), Ok(false));
    here.set(START.plus(Span::from_secs(1)));
    assert_eq!(one.hear(&wire.messages()[0]), Ok(true));
    assert_eq!(capacity(&one), 50);
}

/// A listener may ask whatever it likes, and even reduce further: nothing is locked.
#[test]
fn listeners_are_called_without_locks() {
    let bus = LocalBus::default();
    let inner = AdaptiveLimiter::new("inner", bus.join(), [("chat", policy(100))]).unwrap();
    let inner = Arc::new(inner);
    let asked = Arc::clone(&inner);
    let outer = AdaptiveLimiter::new("outer", bus, [("chat", policy(100))]).unwrap();
    let outer = outer.on_change(move |event| {
        assert_eq!(event.capacity.capacity, 50);
        let chat = asked.resource("chat").unwrap();
        assert!(chat.try_acquire(chat.policy().costs([]).unwrap()).unwrap().is_allowed());
        asked.reduce("chat", ReduceFactor::default(), "too").unwrap();
    });
    outer.reduce("chat", ReduceFactor::default(), "429").unwrap();
    assert_eq!(capacity(&*inner), 50);
}

/// A queue that nobody empties keeps the latest messages, and blocks nobody.
#[test]
fn a_full_queue_loses_the_oldest() {
    let bus = LocalBus::default();
    let other = bus.join();
    for message in 0..LOCAL_BUS_MESSAGES_MAX + 3 {
        bus.announce(&message.to_le_bytes()).unwrap();
    }
    let next = || pollster::block_on(other.next()).unwrap();
    for message in 3..LOCAL_BUS_MESSAGES_MAX + 3 {
        assert_eq!(next(), message.to_le_bytes());
    }
    bus.announce(b"last").unwrap();
    assert_eq!(next(), b"last");
}

/// Arguments out of their ranges are errors that name the field.
#[test]
fn arguments_are_checked() {
    let wire = Wire::default();
    let make = |source: &str, resources: &[(&str, Policy)]| {
        let made =
            AdaptiveLimiter::with_clock(source, wire.clone(), resources.iter().cloned(), clock());
        made.err().map(|error| error.to_string())
    };
    let good = policy(1);
    assert_eq!(make(&"s".repeat(SOURCE_BYTES_MAX), &[("chat", good.clone())]), None);
    let long = "s".repeat(SOURCE_BYTES_MAX + 1);
    assert_eq!(make(&long, &[]).unwrap(), "source: must be at most 64 bytes");
    let empty = make("one", &[("", good.clone())]).unwrap();
    assert_eq!(empty, "resource: must be 1 to 512 bytes, not 0");
    let twice = make("one", &[("chat", good.clone()), ("chat", good.clone())]).unwrap();
    assert_eq!(twice, "resource: \"chat\" is given twice");
    let fixed = Policy::new([Limit::gcra("requests", 1, MINUTE, 1).unwrap()]).unwrap();
    let fixed = make("one", &[("chat", fixed)]).unwrap();
    assert_eq!(fixed, "policy: that of \"chat\" must have one adaptive limit");
    let names: Vec<_> = (0..=RESOURCES_MAX).map(|index| index.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (&**name, good.clone())).collect();
    assert_eq!(make("one", &many).unwrap(), "resources: must be at most 1024");
    assert_eq!(make("one", &many[1..]), None);

    let member = member("one", &wire, &clock());
    let unknown = AdaptiveError::Unknown("mail".to_owned());
    assert_eq!(unknown.to_string(), "resource: there is no \"mail\"");
    assert_eq!(member.reduce("mail", permille(HALF), ""), Err(unknown));
    let reason = member.reduce("chat", permille(HALF), &"w".repeat(257)).unwrap_err();
    assert_eq!(reason.to_string(), "reason: must be at most 256 bytes");
}
