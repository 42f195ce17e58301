//! Joins futures of which most are ready at the first poll.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures::future::join_all;

/// The outputs of the futures, in no order. Pending futures wait concurrently; one that is ready at once leaves
/// its allocation to the next, so that a store in memory costs no allocation, and no task, per key.
pub(crate) async fn join_unordered<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let (mut outputs, mut waiting, mut room) = (Vec::new(), Vec::new(), None);
    for future in futures {
        let mut polled = match room.take() {
            None => Box::pin(future),
            Some(mut room) => {
                Pin::set(&mut room, future);
                room
            }
        };
        match poll_fn(|cx| Poll::Ready(polled.as_mut().poll(cx))).await {
            Poll::Ready(output) => {
                outputs.push(output);
                room = Some(polled);
            }
            Poll::Pending => waiting.push(polled),
        }
    }
    outputs.extend(join_all(waiting).await);
    outputs
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::cell::Cell;
    use std::pin::pin;
    use std::task::Context;

    use futures::channel::oneshot;
    use futures::executor::block_on;

    use super::*;

    /// More than `join_all` of futures polls without tasks of its own.
    const FUTURES: usize = 40;

    #[test]
    fn all_are_asked_before_the_first_one_that_waits_is_answered() {
        let asked = Cell::new(0);
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..FUTURES).map(|_| oneshot::channel::<usize>()).unzip();
        let futures = receivers.into_iter().enumerate().map(|(at, receiver)| {
            let asked = &asked;
            async move {
                asked.set(asked.get() + 1);
                // Every third one does not wait.
                if at % 3 == 0 { at } else { receiver.await.unwrap() }
            }
        });
        let mut joined = pin!(join_unordered(futures));
        let mut nobody = Context::from_waker(std::task::Waker::noop());
        assert!(joined.as_mut().poll(&mut nobody).is_pending());
        assert_eq!(asked.get(), FUTURES);
        for (at, sender) in senders.into_iter().enumerate().rev() {
            // Those that did not wait have dropped their receivers.
            let _ = sender.send(at);
        }
        let mut outputs = block_on(joined);
        outputs.sort_unstable();
        assert_eq!(outputs, (0..FUTURES).collect::<Vec<_>>());
    }

    #[test]
    fn who_waited_is_woken_by_whoever_has_the_answer() {
        let (sender, receiver) = oneshot::channel();
        let answers = std::thread::spawn(move || sender.send(7));
        assert_eq!(block_on(join_unordered([receiver].into_iter())), [Ok(7)]);
        answers.join().unwrap().unwrap();
    }
}
