//! The methods of the async and the blocking client, written once. They differ in `async`, in `.await` and in
//! how they sleep, which these macros take as parameters.

macro_rules! client_face {
    ([$($async:tt)?] [$($await:tt)*] $sleep:path) => {
        /// Asks once, without waiting for capacity.
        ///
        /// # Errors
        /// [`ClientError`]. A denial is not an error.
        pub $($async)? fn try_acquire(&self, asked: &Acquire) -> Result<Answer, ClientError> {
            let call = asked.named()?.call(None, Duration::ZERO);
            self.ask(call)$($await)*.map(|granted| granted.answer)
        }

        /// Asks, and waits until it passes, for at most `timeout` plus the answer to the last attempt. It
        /// waits on the service or here, as long as the answers tell it to. A fault is followed by another
        /// attempt within `timeout`, or within the time for an answer if that is longer.
        ///
        /// # Errors
        /// [`AcquireError`]: at once if, as things are, it can't pass in time or never will.
        pub $($async)? fn acquire(
            &self,
            asked: &Acquire,
            timeout: Duration,
        ) -> Result<Answer, AcquireError> {
            self.wait(asked, None, timeout)$($await)*.map(|granted| granted.answer)
        }

        /// Holds the costs for at most `ttl` (1 ms to 31 days) instead of charging them, and waits
        /// for them as [`acquire`](Self::acquire) does. Since others may release what they
        /// hold at any time, it asks again every second until the time is over.
        ///
        /// # Errors
        /// [`AcquireError`]. If the answer was lost, the costs may be held nevertheless: then they are
        /// charged when the hold expires. What was held before under the same request id is held for `ttl`
        /// from now; if that hold is over, it is [`ClientError::Refused`].
        pub $($async)? fn hold(
            &self,
            asked: &Acquire,
            ttl: Duration,
            timeout: Duration,
        ) -> Result<Lease, AcquireError> {
            let granted = self.wait(asked, Some(ttl), timeout)$($await)*?;
            let lease = Lease::new(self.clone(), Held::new(granted, asked));
            // What was held before expires by the time to live of then.
            if lease.answer().is_repeated && !lease.renew(ttl)$($await)*? {
                return Err(ClientError::refused("request_id", "its hold is over").into());
            }
            Ok(lease)
        }

        /// Up to 256 acquires of one key each, decided as if each came alone, and answered in order.
        ///
        /// # Errors
        /// [`ClientError`] when none was decided: a single invalid one refuses all.
        pub $($async)? fn try_acquire_batch(
            &self,
            asked: &[Acquire],
        ) -> Result<Vec<Result<Answer, ClientError>>, ClientError> {
            let answers = self.ask(calls::try_acquire_batch(asked)?)$($await)*?;
            calls::one_each(asked, answers)
        }

        /// The status of a key's limits. Nothing is charged.
        ///
        /// # Errors
        /// [`ClientError`].
        pub $($async)? fn peek(&self, policy: &str, key: &str) -> Result<Limits, ClientError> {
            self.ask(calls::peek(policy, key))$($await)*
        }

        /// Whether an upstream is known to refuse calls: any, or those of a code, about a label.
        ///
        /// # Errors
        /// [`ClientError`].
        pub $($async)? fn events(
            &self,
            upstream: &str,
            code: Option<&str>,
            label: Option<&str>,
        ) -> Result<Events, ClientError> {
            self.ask(calls::events(upstream, code, label))$($await)*
        }

        /// Reports to all callers of an upstream that it refused a call.
        ///
        /// # Errors
        /// [`ClientError`].
        pub $($async)? fn report_event(
            &self,
            report: &EventReport,
        ) -> Result<Reported, ClientError> {
            self.ask(calls::report_event(report)?)$($await)*
        }

        /// The capacities in force for the adaptive limits of a key.
        ///
        /// # Errors
        /// [`ClientError`].
        pub $($async)? fn capacity(
            &self,
            policy: &str,
            key: &str,
        ) -> Result<Vec<Capacity>, ClientError> {
            self.ask(calls::capacity(policy, key))$($await)*
        }

        /// Sets the capacity to `capacity` units per period (1 ms to 366 days; by default the policy's period).
        ///
        /// # Errors
        /// [`ClientError`].
        pub $($async)? fn set_capacity(
            &self,
            limit: &AdaptiveLimit,
            capacity: u64,
            per: Option<Duration>,
        ) -> Result<Limits, ClientError> {
            self.ask(calls::set_capacity(limit, capacity, per))$($await)*
        }

        /// Goes back to the policy's numbers.
        ///
        /// # Errors
        /// [`ClientError`].
        pub $($async)? fn clear_capacity(
            &self,
            limit: &AdaptiveLimit,
        ) -> Result<Limits, ClientError> {
            self.ask(calls::clear_capacity(limit))$($await)*
        }

        /// Announces that the upstream pushed back: multiplies the capacity by 0 to 999 thousandths
        /// (by default 500). It recovers by itself. Sent only once: without an answer, it may have been
        /// done.
        ///
        /// # Errors
        /// [`ClientError`].
        pub $($async)? fn reduce_capacity(
            &self,
            limit: &AdaptiveLimit,
            factor_permille: Option<u16>,
        ) -> Result<Limits, ClientError> {
            self.ask(calls::reduce_capacity(limit, factor_permille))$($await)*
        }

        /// Events about capacities, upstreams and keys, as they happen.
        ///
        /// The service is not asked before the first event is: earlier events are missed, unless the
        /// request says where to start.
        pub fn watch(&self, request: &WatchRequest) -> Watch {
            Watch::new(self.transport.clone(), Watching::new(Arc::clone(&self.config), request))
        }

        $($async)? fn wait(
            &self,
            asked: &Acquire,
            hold: Option<Duration>,
            timeout: Duration,
        ) -> Result<Granted, AcquireError> {
            let waiting = Waiting::new(&self.config, asked, hold, timeout, Instant::now())?;
            self.drive(waiting)$($await)*
        }

        $($async)? fn ask<T>(&self, call: Call<T>) -> Result<T, ClientError> {
            self.drive(Exchange::new(Arc::clone(&self.config), call))$($await)*
        }

        /// Runs a machine to its end.
        $($async)? fn drive<M: Machine>(&self, mut machine: M) -> M::Output {
            let mut step = machine.go();
            loop {
                step = match step {
                    Step::Send(request, timeout) => {
                        let heard = self.transport.send(*request, timeout)$($await)*;
                        machine.heard(heard, Instant::now())
                    }
                    Step::Sleep(wait) => {
                        $sleep(wait)$($await)*;
                        machine.go()
                    }
                    Step::Done(output) => return output,
                };
            }
        }
    };
}

macro_rules! lease_face {
    ([$($async:tt)?] [$($await:tt)*]) => {
        pub(super) const fn new(client: Client, held: Held) -> Self {
            Self { client, held }
        }

        /// The answer that granted it.
        #[must_use]
        pub const fn answer(&self) -> &Answer {
            &self.held.answer
        }

        /// Charges the actual costs. What exceeds the held costs becomes debt or is refused, as the limit
        /// says; if it is refused, the held costs are charged.
        ///
        /// # Errors
        /// [`ClientError`]. It may be settled nevertheless; if not, settling the held costs is attempted.
        pub $($async)? fn settle(self, cost: impl Into<Cost>) -> Result<Settled, ClientError> {
            self.settle_each(&[cost.into()])$($await)*
        }

        /// Charges the actual cost on each of several keys, in the order of the request. A key that is
        /// left out is charged what was held on it.
        ///
        /// # Errors
        /// As [`settle`](Self::settle), and when there are more costs than keys.
        pub $($async)? fn settle_each(mut self, costs: &[Cost]) -> Result<Settled, ClientError> {
            self.held.check(costs)?;
            let settled = self.settle_for(costs)$($await)*?;
            if settled == Settled::AsHeld {
                // Whether now or when it expired: what was held is charged.
                self.settle_for(&[])$($await)*?;
            }
            self.held.is_over = true;
            Ok(settled)
        }

        /// Charges nothing. Returns whether it still existed.
        ///
        /// # Errors
        /// [`ClientError`]. It may be released nevertheless; if not, settling it is attempted.
        pub $($async)? fn release(mut self) -> Result<bool, ClientError> {
            let Some(call) = self.held.token().map(calls::release) else { return Ok(false) };
            let was_there = self.client.ask(call)$($await)*?;
            self.held.is_over = true;
            Ok(was_there)
        }

        /// Makes it expire `ttl` (1 ms to 31 days) from now. Returns whether it still existed: if
        /// not, it was charged, and others may have its slots.
        ///
        /// # Errors
        /// [`ClientError`].
        pub $($async)? fn renew(&self, ttl: Duration) -> Result<bool, ClientError> {
            let Some(token) = self.held.token() else { return Ok(false) };
            self.client.ask(calls::renew(token, ttl))$($await)*
        }

        $($async)? fn settle_for(&self, costs: &[Cost]) -> Result<Settled, ClientError> {
            let Some(call) = self.held.settle(costs) else { return Ok(Settled::Gone) };
            self.client.ask(call)$($await)*
        }
    };
}

macro_rules! watch_face {
    ([$($async:tt)?] [$($await:tt)*] $sleep:path) => {
        pub(super) fn new(transport: Transport, watching: Watching) -> Self {
            Self { watching, stream: Stream::new(transport) }
        }

        /// Its position, from which a later watcher continues with [`WatchRequest::after`]. `None` before
        /// the service has sent anything.
        ///
        /// [`WatchRequest::after`]: crate::WatchRequest::after
        #[must_use]
        pub fn last_id(&self) -> Option<&str> {
            self.watching.last_id()
        }

        /// Runs the machine until there is an event.
        $($async)? fn news(&mut self) -> Option<Result<News, ClientError>> {
            let mut step = self.watching.go(Instant::now());
            loop {
                step = match step {
                    WatchStep::Open(request, timeout) => {
                        let opened = self.stream.open(*request, timeout)$($await)*;
                        self.watching.opened(opened, Instant::now())
                    }
                    WatchStep::Read => {
                        let piece = self.stream.next()$($await)*;
                        self.watching.read(piece, Instant::now())
                    }
                    WatchStep::Sleep(wait) => {
                        $sleep(wait)$($await)*;
                        self.watching.go(Instant::now())
                    }
                    WatchStep::Tell(news) => return Some(news),
                    WatchStep::Over => return None,
                };
            }
        }
    };
}

pub(crate) use {client_face, lease_face, watch_face};
