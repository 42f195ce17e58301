//! Asking again until a request passes, as long as the caller waits.

use tollgate_core::Span;
use tollgate_store::{Clock, Store};

use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::problem::Problem;
use crate::session::Session;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Asks, and asks again as long as a denied request would pass within `patience`. `passes_after` says how long
    /// to wait before asking again; `None` if the answer is final. It stops if one of the policies of these
    /// `places` is no longer in force after a wait.
    ///
    /// (Not an `AsyncFn`: a request's future would not be `Send`, and natively it moves between threads.)
    pub(crate) async fn ask_within<T, F: Future<Output = Result<T, Problem>>>(
        &self,
        patience: Span,
        places: &[(&Opened<L>, &str)],
        ask: impl Fn() -> F,
        passes_after: impl Fn(&T) -> Option<Span>,
    ) -> Result<T, Problem> {
        // Most requests don't wait, and need no clock.
        if patience == Span::ZERO {
            return ask().await;
        }
        let start = self.service.clock.now();
        loop {
            let answer = ask().await?;
            let waited = self.service.clock.now().since(start);
            let left = Span::from_nanos(patience.as_nanos().saturating_sub(waited.as_nanos()));
            match passes_after(&answer) {
                Some(wait) if wait <= left => {
                    self.service.clock.sleep(wait).await;
                    if !self.are_in_force(places).await {
                        return Ok(answer);
                    }
                }
                _ => return Ok(answer),
            }
        }
    }
}
