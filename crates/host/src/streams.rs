//! Streamed answers, which last for minutes: how many may be open, how long each may last, and how they end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _};
use http::response::Parts;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::body::AnswerBody;
use crate::problem::{Answer, overloaded};

/// Default limit on open streams per process.
pub(crate) const STREAMS_MAX: usize = 64;

/// How long a stream may last by default: a little longer than the service allows.
pub(crate) const STREAM_TIME_MAX: Duration = Duration::from_secs(10 * 60 + 5);

/// How long a client may read nothing before it loses its place.
const READ_TIME_MAX: Duration = Duration::from_secs(30);

/// Streams that are open.
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    time_max: Duration,
    /// How long a client may take to read one piece.
    read_time_max: Duration,
    ends: watch::Sender<()>,
}

impl Streams {
    /// At most `streams_max` streams at a time, each for at most `time_max`.
    pub(crate) fn new(streams_max: usize, time_max: Duration) -> Self {
        let places = Arc::new(Semaphore::new(streams_max));
        Self { places, time_max, read_time_max: READ_TIME_MAX, ends: watch::Sender::new(()) }
    }

    /// Ends all open streams. Their clients reconnect.
    pub(crate) fn end_all(&self) {
        self.ends.send_replace(());
    }

    /// An answer of these pieces, or 503 when there is no room for it.
    ///
    /// A separate task takes the pieces, so that a stream ends in time whether or not its client reads; a client
    /// that disconnects ends it at once.
    pub(crate) fn answer(
        &self,
        head: Parts,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Answer {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return overloaded("Too many streams are open. Try again in a second.");
        };
        let (sender, mut receiver) = mpsc::channel(1);
        let mut ends = self.ends.subscribe();
        let (time_max, read_time_max) = (self.time_max, self.read_time_max);
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = pass_on(pieces, &sender, read_time_max) => {}
                _ = ends.changed() => {}
                () = sleep(time_max) => {}
            }
        });
        let pieces = stream::poll_fn(move |cx| receiver.poll_recv(cx));
        let frames = pieces.map(|piece| piece.map(Frame::data));
        Answer::from_parts(head, AnswerBody::Stream(StreamBody::new(frames).boxed_unsync()))
    }
}

async fn pass_on(
    pieces: impl Stream<Item = io::Result<Bytes>>,
    sender: &mpsc::Sender<io::Result<Bytes>>,
    read_time_max: Duration,
) {
    let mut pieces = std::pin::pin!(pieces);
    loop {
        let piece = tokio::select! {
            () = sender.closed() => return,
            piece = pieces.next() => piece,
        };
        let Some(piece) = piece else { return };
        if !matches!(timeout(read_time_max, sender.send(piece)).await, Ok(Ok(()))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::time::Instant;

    use http::{Response, StatusCode};

    use super::*;

    fn head() -> Parts {
        Response::new(()).into_parts().0
    }

    /// One piece, and then nothing, for ever.
    fn one_piece() -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::iter([Ok(Bytes::from_static(b"one"))]).chain(stream::pending())
    }

    async fn text(answer: Answer) -> Bytes {
        answer.into_body().collect().await.unwrap().to_bytes()
    }

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn a_stream_ends_when_its_time_is_over() {
        let streams = Streams::new(1, Duration::from_millis(20));
        let started = Instant::now();
        assert_eq!(text(streams.answer(head(), one_piece())).await, "one");
        assert!(started.elapsed() >= Duration::from_millis(20));
    }

    #[tokio::test]
    async fn all_that_are_open_are_ended_at_once() {
        let streams = Streams::new(2, LONG);
        let answers = [streams.answer(head(), one_piece()), streams.answer(head(), one_piece())];
        // Their tasks have begun, and passed on a piece.
        tokio::task::yield_now().await;
        streams.end_all();
        for answer in answers {
            assert_eq!(text(answer).await, "one");
        }
    }

    #[tokio::test]
    async fn who_goes_away_frees_its_place() {
        let streams = Streams::new(1, LONG);
        let gone = streams.answer(head(), one_piece());
        let refused = streams.answer(head(), one_piece());
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(gone);
        let place = streams.places.acquire().await;
        assert!(place.is_ok(), "there is a place again");
    }

    #[tokio::test]
    async fn who_does_not_read_loses_its_place() {
        let streams = Streams { read_time_max: Duration::from_millis(20), ..Streams::new(1, LONG) };
        let endless = stream::repeat_with(|| Ok(Bytes::from_static(b"more")));
        let unread = streams.answer(head(), endless);
        let place = streams.places.acquire().await;
        assert!(place.is_ok(), "although its connection is open");
        drop(unread);
    }
}
