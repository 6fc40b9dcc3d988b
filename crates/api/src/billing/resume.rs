//! Going on with a paused subscription. The portal does so only where it offers pausing, and Stripe has no flow for it.

use super::{Billing, BillingError};
use crate::stripe::{self, SubscriptionStatus, subscriptions};

impl Billing {
    /// Resumes the subscription that counts: a new period begins, which is charged at once.
    ///
    /// # Errors
    /// [`BillingError::FlowNotAvailable`] unless it is paused, and when Stripe refuses;
    /// [`BillingError::RateLimited`]; else what Stripe answers.
    pub async fn resume(&self, user_id: &str) -> Result<(), BillingError> {
        let paused = self.counting_subscription(user_id).await?;
        let paused = paused.filter(|row| row.status() == SubscriptionStatus::Paused);
        let Some(row) = paused else {
            return Err(BillingError::FlowNotAvailable("There is nothing to resume.".to_owned()));
        };
        let deadline = self.counted_deadline(user_id)?;
        let look = self.refresher.look_at_customer(&row.customer_id).await?;
        // However often the button is pressed, Stripe resumes only what is paused.
        let request = subscriptions::resume(&row.id)
            .expand("default_payment_method")
            .expand("latest_invoice")
            .fresh_idempotency_key();
        match self.stripe.send(&request, deadline).await {
            Ok(answer) => {
                self.refresher.write_answer(&look, &answer.value, answer.date, "resume").await?;
                Ok(())
            }
            Err(stripe::Error::Api(error)) if error.status == 400 => {
                Err(BillingError::FlowNotAvailable(error.message.clone().unwrap_or_default()))
            }
            Err(error) => Err(error.into()),
        }
    }
}
