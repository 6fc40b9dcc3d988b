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

fn log(drift: Option<&Drift>) {
    if let Some(drift) = drift {
        tracing::warn!("{drift}");
    }
}
