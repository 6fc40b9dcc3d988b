//! Time passing: carries out what is due, in order, each at its own time.

use std::time::Duration;

use actix_web::web;
use tokio::sync::Mutex;

use super::{
    Sandbox,
    billing::renew,
    error::ApiError,
    object::Kind,
    schedule,
    store::{Origin, Setting},
    test_clocks,
};

/// How often the running clock is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Held while time is made to pass: two may not carry out the same thing.
#[derive(Debug, Default)]
pub(crate) struct Turn(Mutex<()>);

/// Carries out what comes due as time passes, and first what came due while the sandbox was down.
pub(super) async fn run(sandbox: web::Data<Sandbox>) {
    loop {
        let turn = sandbox.turn.0.lock().await;
        let now = sandbox.store.surroundings().clock.now();
        if let Err(error) = carry_out(&sandbox, now).await {
            tracing::error!(%error, "the sandbox could not carry out what is due");
        }
        drop(turn);
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = sandbox.store.surroundings().ticker.notified() => {}
        }
    }
}

/// Moves the clock ahead to `time` (Unix seconds). What is due on the way is done when this returns.
pub(crate) async fn advance(sandbox: &Sandbox, time: i64) -> Result<(), ApiError> {
    let _turn = sandbox.turn.0.lock().await;
    carry_out(sandbox, time).await?;
    sandbox.store.surroundings().clock.advance_to(time);
    keep_offset(sandbox).await?;
    // Deliveries that wait for their next attempt may be due now.
    sandbox.store.surroundings().deliveries.notify_one();
    Ok(())
}

async fn carry_out(sandbox: &Sandbox, until: i64) -> Result<(), ApiError> {
    let clock = &sandbox.store.surroundings().clock;
    while let Some((due, kind, id)) = sandbox.store.read(|tx| tx.next_due(until))? {
        let Some(kind) = schedule::kind(&kind) else {
            return Err(ApiError::internal(format!("Nothing is known to happen to a {kind}.")));
        };
        if kind == Kind::TestClock {
            test_clocks::finish_advance(sandbox, &id).await?;
            continue;
        }
        clock.advance_to(due);
        let offset = clock.offset();
        sandbox
            .store
            .write_at(Some(due), Origin::default(), move |tx| {
                tx.set_setting(Setting::ClockOffset, &offset.to_string())?;
                renew::run(tx, kind, &id)
            })
            .await?;
    }
    Ok(())
}

async fn keep_offset(sandbox: &Sandbox) -> Result<(), ApiError> {
    let offset = sandbox.store.surroundings().clock.offset().to_string();
    sandbox
        .store
        .write(Origin::default(), move |tx| tx.set_setting(Setting::ClockOffset, &offset))
        .await
}
