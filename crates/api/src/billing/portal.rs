//! The way into the Customer Portal, to its home or straight to one thing.

use shared::{billing::OpenPortal, paths, plans::Interval};

use super::{Billing, BillingError, subscriptions::SubscriptionRow};
use crate::{
    catalog,
    stripe::{
        self, Deadline, Subscription, SubscriptionStatus,
        portal_sessions::{self, Flow},
    },
};

impl Billing {
    /// A fresh portal page for this listener's customer.
    ///
    /// # Errors
    /// [`BillingError::NoCustomer`] before the first Checkout, [`BillingError::UnknownFlow`],
    /// [`BillingError::FlowNotAvailable`] when the flow does not fit the subscription, and what Stripe answers.
    pub async fn open_portal(
        &self,
        user_id: &str,
        wanted: &OpenPortal,
    ) -> Result<String, BillingError> {
        let deadline = self.deadline();
        let id = user_id.to_owned();
        let (customer, configuration) = self
            .db
            .read(move |conn| {
                let customer = super::store::find_customer(conn, &id)?;
                Ok::<_, BillingError>((customer, catalog::store::find_portal_configuration(conn)?))
            })
            .await?;
        let customer = customer.ok_or(BillingError::NoCustomer)?;
        let flow = match wanted.flow.as_deref() {
            None => None,
            Some(word) => Some(self.flow(user_id, word, wanted, deadline).await?),
        };
        let (deep, lost) = (flow.is_some(), customer.clone());
        let return_url = self.page(paths::PORTAL_RETURN);
        let create = portal_sessions::Create { customer, configuration, return_url, flow };
        match self.stripe.send(&create.request(), deadline).await {
            Ok(session) => Ok(session.value.url),
            Err(error) if error.is_missing("customer") => {
                self.retire_customer(user_id, lost, "missing_at_stripe").await?;
                Err(BillingError::NoCustomer)
            }
            // Stripe knows best what a flow needs, and says so in words an operator and a listener understand.
            Err(stripe::Error::Api(error)) if deep && error.status == 400 => {
                Err(BillingError::FlowNotAvailable(error.message.clone().unwrap_or_default()))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn flow(
        &self,
        user_id: &str,
        word: &str,
        wanted: &OpenPortal,
        deadline: Deadline,
    ) -> Result<Flow, BillingError> {
        match word {
            "customer_update" => Ok(Flow::CustomerUpdate),
            "payment_method_update" => Ok(Flow::PaymentMethodUpdate),
            "subscription_cancel" => {
                let row = self.live_subscription(user_id).await?;
                if row.cancel_at.is_some() || row.cancel_at_period_end {
                    return Err(not_available("The subscription is already set to end."));
                }
                Ok(Flow::SubscriptionCancel { subscription: row.id })
            }
            "subscription_pause" => Ok(Flow::SubscriptionPause {
                subscription: self.live_subscription(user_id).await?.id,
            }),
            "subscription_update" => Ok(Flow::SubscriptionUpdate {
                subscription: self.live_subscription(user_id).await?.id,
            }),
            "subscription_update_confirm" => {
                let plan = wanted.plan.as_deref().ok_or(BillingError::MissingPlan)?;
                let interval = wanted.interval.unwrap_or_default();
                let change = self.plan_change(user_id, plan, interval, deadline).await?;
                Ok(Flow::SubscriptionUpdateConfirm {
                    subscription: change.subscription.id,
                    item: change.item,
                    price: change.price,
                })
            }
            _ => Err(BillingError::UnknownFlow),
        }
    }

    /// The subscription that counts, as long as it can be changed.
    pub(super) async fn live_subscription(
        &self,
        user_id: &str,
    ) -> Result<SubscriptionRow, BillingError> {
        let row = self.counting_subscription(user_id).await?;
        let row = row.ok_or_else(|| not_available("There is no subscription."))?;
        let status = SubscriptionStatus::from(row.status.as_str());
        if status.is_final() {
            return Err(not_available("The subscription has ended."));
        }
        if status == SubscriptionStatus::Incomplete {
            return Err(not_available("The first payment is still outstanding."));
        }
        Ok(row)
    }

    /// What changing to another plan means at Stripe.
    pub(super) async fn plan_change(
        &self,
        user_id: &str,
        plan: &str,
        interval: Interval,
        deadline: Deadline,
    ) -> Result<PlanChange, BillingError> {
        self.catalog.plan(plan).ok_or(BillingError::PlanNotFound)?;
        let plan = plan.to_owned();
        let offer = self
            .db
            .read(move |conn| catalog::store::find_offer(conn, &plan, interval))
            .await?
            .ok_or(BillingError::PlanNotFound)?;
        let row = self.live_subscription(user_id).await?;
        if row.price_id.as_deref() == Some(offer.price_id.as_str()) {
            return Err(not_available("That is the present plan."));
        }
        let subscription =
            self.stripe.send(&stripe::subscriptions::retrieve(&row.id), deadline).await?.value;
        let item = subscription.item_id().map(str::to_owned);
        let item = item.ok_or_else(|| not_available("The subscription has several items."))?;
        Ok(PlanChange {
            subscription,
            item,
            price: offer.price_id,
            amount: offer.amount,
            currency: offer.currency,
        })
    }
}

/// A change of plan, in Stripe's terms.
pub(super) struct PlanChange {
    pub(super) subscription: Subscription,
    /// `si_…`, its only item.
    pub(super) item: String,
    /// The price it shall have.
    pub(super) price: String,
    /// Minor units per interval.
    pub(super) amount: i64,
    pub(super) currency: String,
}

fn not_available(reason: &str) -> BillingError {
    BillingError::FlowNotAvailable(reason.to_owned())
}
