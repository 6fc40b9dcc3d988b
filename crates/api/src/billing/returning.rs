//! Back from Checkout: the page may be faster than the webhook, so Stripe is asked, once, for this very session.

use super::{Billing, BillingError, checkout, store};
use crate::stripe::{Reference, checkout_sessions};

/// Where a Checkout stands when its listener comes back.
pub struct Returned {
    /// Stripe's word: `open`, `complete`, `expired`.
    pub status: String,
    /// Stripe's word: `paid`, `unpaid`, `no_payment_required`.
    pub payment_status: String,
}

impl Billing {
    /// Asks Stripe where the session stands, and applies the subscription that came of it.
    ///
    /// # Errors
    /// [`BillingError::UnknownSession`] when it was not made for this listener.
    pub async fn finish_checkout(
        &self,
        user_id: &str,
        session_id: &str,
    ) -> Result<Returned, BillingError> {
        let (user, session) = (user_id.to_owned(), session_id.to_owned());
        let customer = self
            .db
            .read(move |conn| match checkout::owns_session(conn, &user, &session)? {
                true => Ok::<_, BillingError>(store::find_customer(conn, &user)?),
                false => Err(BillingError::UnknownSession),
            })
            .await?
            .ok_or(BillingError::UnknownSession)?;
        let deadline = self.counted_deadline(user_id)?;
        let look = self.refresher.look_at_customer(&customer).await?;
        let request = checkout_sessions::retrieve(session_id)
            .expand("subscription.default_payment_method")
            .expand("subscription.latest_invoice");
        let answer = self.stripe.send(&request, deadline).await?;
        let session = answer.value;
        if let Some(subscription) = session.subscription.as_ref().and_then(Reference::object)
            && session.customer_id() == Some(&customer)
        {
            self.refresher
                .write_answer(&look, subscription, answer.date, "checkout_return")
                .await?;
        }
        let word = |word: Option<&str>| word.unwrap_or("unknown").to_owned();
        Ok(Returned {
            status: word(session.status.as_ref().map(checkout_sessions::CheckoutStatus::as_str)),
            payment_status: word(
                session.payment_status.as_ref().map(checkout_sessions::PaymentStatus::as_str),
            ),
        })
    }
}
