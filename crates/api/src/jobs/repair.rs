//! The regular repair: events that never came, then everything against Stripe.

use super::Jobs;
use crate::billing::reconcile::{self, Drift, Report};

impl Jobs {
    /// Catches up with missed events, and reconciles. The events come first: they leave a history that a difference
    /// found later could not tell.
    pub(super) async fn repair(&self) -> anyhow::Result<()> {
        let caught_up = self.inbox.catch_up(&self.shop.stripe).await?;
        if caught_up.missed > 0 {
            tracing::warn!(
                missed = caught_up.missed,
                listed = caught_up.listed,
                "events that never came as webhooks were taken from Stripe's list"
            );
        }
        self.wake.notify_one();
        let report = reconcile::reconcile(&self.refresher, false, |drift, _| log(drift)).await?;
        let Report { seen, ours, drifted, repaired } = report;
        tracing::info!(seen, ours, drifted, repaired, "reconciled with Stripe");
        Ok(())
    }
}

/// Logs what differed, without the listener's address.
fn log(drift: Option<&Drift>) {
    let Some(drift) = drift else { return };
    let Drift { subscription, customer, stored, stripe, also, repaired, .. } = drift;
    tracing::warn!(
        subscription,
        customer,
        ?stored,
        ?stripe,
        ?also,
        repaired,
        "a subscription was not as Stripe says"
    );
}
