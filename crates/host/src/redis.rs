//! Serves `spin:redis@3.0.0` to a guest: commands to the Redis servers that the operator allows, and
//! nothing else of the interface.
//!
//! All instances share one connection per address, on which commands wait for each other only as long as
//! Redis takes to run them. A failed connection is replaced when a guest next opens it: the library
//! reconnects after a network failure, but never after a password that was wrong for a moment.

mod servers;

use std::sync::Arc;

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use wasmtime::component::{Accessor, HasData, Linker, Resource, ResourceTable, ResourceTableError};

use crate::bindings::spin::redis::redis::{
    self as wit, Error, Host, HostConnection, HostConnectionWithStore, RedisParameter, RedisResult,
};

pub(crate) use self::servers::RedisServers;
pub use self::servers::{RedisConnection, RedisServer};

/// Maximum bytes of one answer.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// What the host functions borrow of an instance's data.
pub(crate) struct RedisView<'a> {
    pub(crate) servers: &'a Arc<RedisServers>,
    pub(crate) table: &'a mut ResourceTable,
}

/// Names [`RedisView`] for the generated code.
struct RedisHost;

impl HasData for RedisHost {
    type Data<'a> = RedisView<'a>;
}

/// Gives the guests of `linker` the interface.
///
/// # Errors
/// When the linker has it already.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> RedisView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, RedisHost>(linker, view)
}

impl Host for RedisView<'_> {}

impl HostConnection for RedisView<'_> {
    fn drop(&mut self, connection: Resource<RedisConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

type Answered<T> = wasmtime::Result<Result<T, Error>>;
type Handle = Resource<RedisConnection>;

impl<T: Send> HostConnectionWithStore<T> for RedisHost {
    async fn open(accessor: &Accessor<T, Self>, address: String) -> Answered<Handle> {
        accessor.with(|mut access| {
            let view = access.get();
            Ok(match view.servers.connection(address) {
                Ok(connection) => Ok(view.table.push(connection)?),
                Err(error) => Err(error),
            })
        })
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Handle,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> Answered<Vec<RedisResult>> {
        let (servers, mut connection) = accessor.with(|mut access| {
            let view = access.get();
            Ok::<_, ResourceTableError>((
                Arc::clone(view.servers),
                view.table.get(&connection)?.clone(),
            ))
        })?;
        let command = to_command(&command, &arguments);
        Ok(match command.query_async::<Value>(&mut connection.to).await {
            Ok(answer) => flat(answer),
            Err(error) => {
                if breaks_the_connection(&error) {
                    servers.forget(connection.number);
                }
                Err(other(error))
            }
        })
    }

    async fn publish(_: &Accessor<T, Self>, _: Handle, _: String, _: Vec<u8>) -> Answered<()> {
        not_supported()
    }

    async fn get(_: &Accessor<T, Self>, _: Handle, _: String) -> Answered<Option<Vec<u8>>> {
        not_supported()
    }

    async fn set(_: &Accessor<T, Self>, _: Handle, _: String, _: Vec<u8>) -> Answered<()> {
        not_supported()
    }

    async fn incr(_: &Accessor<T, Self>, _: Handle, _: String) -> Answered<i64> {
        not_supported()
    }

    async fn del(_: &Accessor<T, Self>, _: Handle, _: Vec<String>) -> Answered<u32> {
        not_supported()
    }

    async fn sadd(_: &Accessor<T, Self>, _: Handle, _: String, _: Vec<String>) -> Answered<u32> {
        not_supported()
    }

    async fn smembers(_: &Accessor<T, Self>, _: Handle, _: String) -> Answered<Vec<String>> {
        not_supported()
    }

    async fn srem(_: &Accessor<T, Self>, _: Handle, _: String, _: Vec<String>) -> Answered<u32> {
        not_supported()
    }
}

fn not_supported<T>() -> Answered<T> {
    Ok(Err(Error::Other("not supported, use execute".to_owned())))
}

fn to_command(command: &str, arguments: &[RedisParameter]) -> Cmd {
    let mut cmd = redis::cmd(command);
    for argument in arguments {
        match argument {
            RedisParameter::Int64(number) => cmd.arg(number),
            RedisParameter::Binary(bytes) => cmd.arg(bytes),
        };
    }
    cmd
}

/// An answer in the interface's form, with nested values flattened.
fn flat(answer: Value) -> Result<Vec<RedisResult>, Error> {
    let (mut results, mut bytes) = (Vec::new(), 0);
    let mut rest = vec![answer];
    while let Some(value) = rest.pop() {
        results.push(match value {
            Value::Nil => RedisResult::Nil,
            Value::Int(number) => RedisResult::Int64(number),
            Value::Okay => RedisResult::Status("OK".to_owned()),
            Value::SimpleString(text) => RedisResult::Status(text),
            Value::BulkString(data) => RedisResult::Binary(data),
            Value::Array(values) => {
                rest.extend(values.into_iter().rev());
                continue;
            }
            _ => return Err(Error::TypeError),
        });
        bytes += match results.last() {
            Some(RedisResult::Binary(data)) => data.len(),
            _ => size_of::<RedisResult>(),
        };
        if bytes > ANSWER_BYTES_MAX {
            let message = format!("Redis answered more than {ANSWER_BYTES_MAX} bytes");
            return Err(Error::Other(message));
        }
    }
    Ok(results)
}

/// An error that the server answers with leaves its connection intact. The exception is a server that
/// became a replica: it stays one as long as the connection lasts.
fn breaks_the_connection(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => kind == ServerErrorKind::ReadOnly,
        kind => kind != ErrorKind::Extension,
    }
}

/// By value, so that it fits `map_err`.
fn other(error: RedisError) -> Error {
    Error::Other(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn answers_are_laid_end_to_end() {
        let nested = Value::Array(vec![Value::Int(0), Value::Array(vec![Value::Nil, Value::Okay])]);
        let results = flat(nested).unwrap();
        assert!(
            matches!(&results[..], [RedisResult::Int64(0), RedisResult::Nil, RedisResult::Status(ok)] if ok == "OK")
        );
        assert!(flat(Value::BulkString(vec![0; ANSWER_BYTES_MAX])).is_ok());
        assert!(flat(Value::BulkString(vec![0; ANSWER_BYTES_MAX + 1])).is_err());
        assert!(matches!(flat(Value::Boolean(true)), Err(Error::TypeError)));
    }
}
