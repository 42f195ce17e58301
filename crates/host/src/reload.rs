//! Policies and keys read again when the process is told to, by SIGHUP, without a request being lost.

use std::convert::Infallible;

use tokio::signal::unix::Signal;
use tollgate_host::reloads::Reloads;

use crate::cli::ServeArgs;
use crate::configuration::Configuration;

/// Reads the files of `args` again at every signal, and puts what they say in force with `put`. A file that
/// is wrong changes nothing, and is counted as that.
pub(crate) async fn at_every(
    mut signal: Signal,
    args: &ServeArgs,
    reloads: &Reloads,
    mut put: impl FnMut(Configuration) -> anyhow::Result<()>,
) -> Infallible {
    loop {
        if signal.recv().await.is_none() {
            // No signal will come any more.
            std::future::pending::<()>().await;
        }
        let read = Configuration::read(args.policies.as_deref(), args.keys.as_deref());
        let done = read.map_err(anyhow::Error::from).and_then(&mut put);
        reloads.count(done.is_ok());
        match done {
            Ok(()) => tracing::info!("the configuration is new: it was read again"),
            Err(error) => tracing::error!("the configuration stays as it is: {error:#}"),
        }
    }
}
