//! Redis through `spin:redis`: one script does the compare-and-swap.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use futures::future::{Either, select};
use tollgate_core::Span;
use tollgate_store::{Clock as _, Loaded, Store, StoreError, Swap, scripts};

use crate::bindings::spin::redis::redis::{Connection, Error, RedisParameter, RedisResult};
use crate::clock::SystemClock;

/// How long a server may take to accept a connection, and to answer a command. Spin would wait for ever.
const ANSWER_TIME_MAX: Span = Span::from_secs(1);

/// Records in one Redis server, connected to on first use.
pub(crate) struct Redis {
    address: String,
    connection: RefCell<Option<Rc<Connection>>>,
}

impl Redis {
    /// The server at `address`, a `redis://` or `rediss://` URL.
    pub(crate) const fn new(address: String) -> Self {
        Self { address, connection: RefCell::new(None) }
    }

    async fn connection(&self) -> Result<Rc<Connection>, StoreError> {
        if let Some(connection) = self.connection.borrow().as_ref() {
            return Ok(Rc::clone(connection));
        }
        // Another request may do the same meanwhile; one of the two connections is then used only once.
        let opened = Rc::new(in_time(Connection::open(self.address.clone())).await?);
        self.connection.replace(Some(Rc::clone(&opened)));
        Ok(opened)
    }

    /// Runs a command that has exactly one answer.
    async fn ask(
        &self,
        command: &str,
        arguments: Vec<RedisParameter>,
    ) -> Result<RedisResult, StoreError> {
        let connection = self.connection().await?;
        let asked = connection.execute(String::from(command), arguments);
        let mut answers = in_time(asked).await.inspect_err(|_| {
            // The next request connects anew, since a broken connection may never recover by itself.
            self.connection.replace(None);
        })?;
        match (answers.pop(), answers.is_empty()) {
            (Some(answer), true) => Ok(answer),
            (answer, _) => Err(unexpected(command, &answer)),
        }
    }
}

impl Store for Redis {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let record = match self.ask("GET", vec![text(key)]).await? {
            RedisResult::Nil => None,
            RedisResult::Binary(record) => Some(record),
            other => return Err(unexpected("GET", &Some(other))),
        };
        Ok(Loaded { token: record.clone(), record })
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        let is_there = if token.is_some() { "1" } else { "0" };
        let arguments = vec![
            text(scripts::SWAP),
            text("1"),
            text(key),
            text(is_there),
            RedisParameter::Binary(token.unwrap_or_default()),
            RedisParameter::Binary(record.to_vec()),
            text(&millis_to_live(forget_after).to_string()),
        ];
        match self.ask("EVAL", arguments).await? {
            RedisResult::Int64(1) => Ok(Swap::Done),
            // The value that is there instead is loaded when it is needed.
            RedisResult::Nil | RedisResult::Binary(_) => Ok(Swap::Conflict),
            other => Err(unexpected("EVAL", &Some(other))),
        }
    }

    fn expires(&self) -> bool {
        true
    }
}

/// The time to live in the script's form: `0` means for ever, so a shorter time is rounded up to 1 ms.
fn millis_to_live(forget_after: Span) -> u64 {
    forget_after.finite_millis_ceil().map_or(0, |millis| millis.max(1))
}

/// Redis's answer, or an error if there is none within [`ANSWER_TIME_MAX`].
async fn in_time<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
    match select(pin!(asked), pin!(SystemClock.sleep(ANSWER_TIME_MAX))).await {
        Either::Left((answer, _)) => answer.map_err(store_error),
        Either::Right(_) => Err(StoreError::Unavailable(String::from("Redis did not answer"))),
    }
}

fn text(text: &str) -> RedisParameter {
    RedisParameter::Binary(text.as_bytes().to_vec())
}

fn unexpected(command: &str, answer: &Option<RedisResult>) -> StoreError {
    let kind = match answer {
        None => "nothing",
        Some(RedisResult::Nil) => "nil",
        Some(RedisResult::Status(_)) => "a status",
        Some(RedisResult::Int64(_)) => "another number",
        Some(RedisResult::Binary(_)) => "bytes",
    };
    StoreError::Unavailable(format!("Redis answered {command} with {kind}"))
}

fn store_error(error: Error) -> StoreError {
    StoreError::Unavailable(match error {
        Error::InvalidAddress => String::from(
            "the Redis address in the variable `store` is invalid, or allowed_outbound_hosts in \
             spin.toml does not grant it",
        ),
        Error::TooManyConnections => String::from("this instance has too many Redis connections"),
        Error::TypeError => String::from("Redis holds something else under the key of a record"),
        Error::Other(message) => message,
    })
}
