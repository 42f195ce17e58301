//! Somebody who watches, over a connection of its own.

use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use crate::program::Program;

/// A stream of server-sent events that is read as they come.
pub(crate) struct Watcher {
    lines: std::io::Lines<BufReader<ureq::BodyReader<'static>>>,
    /// Where it is in the stream.
    pub(crate) id: String,
}

/// What it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Watcher {
    /// Begins to watch, and has been greeted when it returns.
    pub(crate) fn new(program: &Program, path: &str) -> Self {
        Self::after(program, path, "")
    }

    /// Goes on after the event with this id.
    pub(crate) fn after(program: &Program, path: &str, id: &str) -> Self {
        Self::try_after(program, path, id).unwrap_or_else(|status| panic!("{path}: {status}"))
    }

    /// The same, or the status with which it is refused.
    pub(crate) fn try_after(program: &Program, path: &str, id: &str) -> Result<Self, u16> {
        let (parts, body) = program.open(path, &[("last-event-id", id)]).into_parts();
        if parts.status != 200 {
            return Err(parts.status.as_u16());
        }
        assert_eq!(parts.headers["content-type"], "text/event-stream");
        let lines = BufReader::new(body.into_reader()).lines();
        let mut watcher = Self { lines, id: String::new() };
        while watcher.id.is_empty() {
            watcher.line().expect("it is greeted");
        }
        Ok(watcher)
    }

    /// The next event; `None` when the stream is over.
    pub(crate) fn told(&mut self) -> Option<Told> {
        let mut name = None;
        loop {
            let line = self.line()?;
            if let Some(value) = line.strip_prefix("event: ") {
                name = Some(value.to_owned());
            }
            if let Some(value) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(value).unwrap();
                return Some(Told { name: name.unwrap(), data });
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let line = self.lines.next()?.unwrap();
        if let Some(id) = line.strip_prefix("id: ") {
            id.clone_into(&mut self.id);
        }
        Some(line)
    }
}
