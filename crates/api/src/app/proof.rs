//! The proof that the database goes with this Stripe: before the start, or while Stripe is out of reach, later.

use std::{pin::Pin, time::Duration};

use crate::{
    billing::identity::{self, IdentityError},
    db::Db,
    stripe::Client,
};

/// How often a Stripe that is out of reach is asked again.
const AGAIN: Duration = Duration::from_secs(2);

/// Ends only when the proof fails.
pub(super) type Proof = Pin<Box<dyn Future<Output = IdentityError> + Send>>;

/// Checks whose Stripe it is. A start must not depend on Stripe: while it is out of reach, `stripe` refuses every call,
/// as in any outage, until what is given back has made up for the check.
///
/// # Errors
/// [`IdentityError`], but for outages.
pub(super) async fn prove(
    db: &Db,
    stripe: &Client,
    livemode: bool,
) -> Result<Proof, IdentityError> {
    match identity::check(db, stripe, livemode).await {
        Ok(()) => Ok(Box::pin(std::future::pending())),
        Err(error) if error.is_outage() => {
            let error = anyhow::Error::from(error);
            tracing::warn!("{error:#}; until it does, nothing is asked of it");
            let asking = stripe.hold();
            let (db, stripe) = (db.clone(), stripe.clone());
            Ok(Box::pin(async move {
                loop {
                    tokio::time::sleep(AGAIN).await;
                    match identity::check(&db, &asking, livemode).await {
                        Ok(()) => break,
                        Err(error) if error.is_final() => return error,
                        Err(_) => {}
                    }
                }
                tracing::info!("Stripe answers, and the database goes with it");
                stripe.release();
                std::future::pending().await
            }))
        }
        Err(error) => Err(error),
    }
}
