//! A client of `GET /v1/watch`.

use futures::executor::block_on;
use serde_json::Value;
use tollgate_service::Watch;

use super::Api;

/// A client that watches.
pub(crate) struct Watcher<'a> {
    pub(super) api: &'a Api,
    pub(super) watch: Watch,
}

/// One event of its stream.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Watcher<'_> {
    /// The next piece of the stream; the clock moves while it waits.
    pub(crate) fn next(&mut self) -> Option<String> {
        let piece = block_on(self.watch.next(&self.api.service))?;
        Some(String::from_utf8(piece.to_vec()).unwrap())
    }

    /// The events of the next piece that has some; none when the stream is over.
    pub(crate) fn told(&mut self) -> Vec<Told> {
        while let Some(piece) = self.next() {
            let told: Vec<_> = piece.split("\n\n").filter_map(Told::read).collect();
            if !told.is_empty() {
                return told;
            }
        }
        Vec::new()
    }
}

impl Told {
    fn read(event: &str) -> Option<Self> {
        let mut lines = event.lines();
        let mut field = |name: &str| lines.next()?.strip_prefix(name).map(str::to_owned);
        let (id, name) = (field("id: ")?, field("event: ")?);
        let data = serde_json::from_str(&field("data: ")?).unwrap();
        Some(Self { id, name, data })
    }
}
