//! What every call passes before it is sent: calls are bounded in number, and none is made while Stripe is known to
//! be down.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    breaker::{Breaker, BreakerSettings, BreakerState, Leave, Sign},
    client::Client,
};

/// How long a call may wait for its turn among the others before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(1);

/// When to come back to a client that is held.
const HELD: Duration = Duration::from_secs(5);

/// Refused without a call; come back after this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) Duration);

/// One for all clones of a client.
#[derive(Debug)]
pub(super) struct Gate {
    breaker: Mutex<Breaker>,
    permits: Semaphore,
    held: AtomicBool,
}

impl Client {
    /// Refuses every call from now on, on every clone, as if Stripe were down. The client that is given back calls on.
    pub fn hold(&self) -> Self {
        self.gate.held.store(true, Ordering::Relaxed);
        let gate = Gate::new(self.config.breaker, self.config.max_calls);
        Self { http: self.http.clone(), config: self.config.clone(), gate: Arc::new(gate) }
    }

    /// Ends [`Client::hold`].
    pub fn release(&self) {
        self.gate.held.store(false, Ordering::Relaxed);
    }
}

impl Gate {
    pub(super) fn new(settings: BreakerSettings, max_calls: usize) -> Self {
        Self {
            breaker: Mutex::new(Breaker::new(settings)),
            permits: Semaphore::new(max_calls),
            held: AtomicBool::new(false),
        }
    }

    /// Leave to make one try; giving the pass back says how it ended.
    pub(super) async fn pass(&self) -> Result<Pass<'_>, Refused> {
        // Before waiting too, so that nobody waits for what is known to be down.
        if let Some(wait) = self.refuses() {
            return Err(Refused(wait));
        }
        let permit = tokio::time::timeout(PATIENCE, self.permits.acquire())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(Refused(PATIENCE))?;
        let leave = self.breaker().admit(Instant::now()).map_err(Refused)?;
        Ok(Pass { gate: self, leave, sign: Sign::None, _permit: permit })
    }

    /// How long a call made now would be refused for; `None` when it would go through.
    pub(super) fn refuses(&self) -> Option<Duration> {
        match self.held.load(Ordering::Relaxed) {
            true => Some(HELD),
            false => self.breaker().refuses(Instant::now()),
        }
    }

    pub(super) fn state(&self) -> BreakerState {
        self.breaker().state()
    }

    fn note(&self, leave: Leave, sign: Sign) {
        let mut breaker = self.breaker();
        let before = breaker.state();
        breaker.note(leave, sign, Instant::now());
        match (before, breaker.state()) {
            (BreakerState::Closed, BreakerState::Open) => {
                tracing::error!("Stripe keeps failing: calls to it are refused until it is back");
            }
            (BreakerState::Open | BreakerState::Probing, BreakerState::Closed) => {
                tracing::info!("Stripe is back");
            }
            _ => {}
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // Its state is whole at every point at which a panic could come.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A try that is on its way. Dropped without a word it says nothing of Stripe's health.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    leave: Leave,
    sign: Sign,
    _permit: SemaphorePermit<'a>,
}

impl Pass<'_> {
    /// Gives it back.
    pub(super) fn ended(mut self, sign: Sign) {
        self.sign = sign;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.note(self.leave, self.sign);
    }
}
