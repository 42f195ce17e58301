//! Reloads policies and keys on SIGHUP, without losing a request.

use std::convert::Infallible;

use tokio::signal::unix::Signal;
use tollgate_host::reloads::Reloads;

use crate::cli::ServeArgs;
use crate::configuration::Configuration;

/// Reads the files of `args` again at every signal and puts them in force with `put`. An invalid file
/// changes nothing and is counted as a failure.
pub(crate) async fn at_every(
    mut signal: Signal,
    args: &ServeArgs,
    reloads: &Reloads,
    mut put: impl FnMut(Configuration) -> anyhow::Result<()>,
) -> Infallible {
    loop {
        if signal.recv().await.is_none() {
            // No more signals will come.
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
