//! The way into the Customer Portal, to its home or straight to one thing.

mod available;

use shared::{billing::OpenPortal, paths, plans::Interval};

use self::available::{Wanted, waits_for_period_end};
use super::{Billing, BillingError, subscriptions::SubscriptionRow};
use crate::{
    account::User,
    catalog,
    stripe::{
        self, Deadline, Subscription,
        portal_sessions::{self, Flow},
    },
};

impl Billing {
    /// A fresh portal page for this listener's customer, by the present portal configuration, `bpc_…`.
    ///
    /// # Errors
    /// [`BillingError::NoCustomer`] before the first Checkout, [`BillingError::UnknownFlow`],
    /// [`BillingError::FlowNotAvailable`] when the flow does not fit the subscription, [`BillingError::RateLimited`],
    /// and what Stripe answers.
    pub async fn open_portal(
        &self,
        user: &User,
        configuration: Option<String>,
        wanted: &OpenPortal,
    ) -> Result<String, BillingError> {
        let user_id = user.id.as_str();
        let deadline = self.counted_deadline(user_id)?;
        let customer = user.stripe_customer_id.clone().ok_or(BillingError::NoCustomer)?;
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
        let flow = Wanted::parse(word).ok_or(BillingError::UnknownFlow)?;
        if let Some(reason) = flow.not_offered(&self.catalog.portal) {
            return Err(not_available(reason));
        }
        if flow == Wanted::UpdateConfirm {
            let plan = wanted.plan.as_deref().ok_or(BillingError::MissingPlan)?;
            let interval = wanted.interval.unwrap_or_default();
            let change = self.plan_change(user_id, plan, interval, deadline).await?;
            return Ok(Flow::SubscriptionUpdateConfirm {
                subscription: change.subscription.id,
                item: change.item,
                price: change.price,
            });
        }
        let subscription = match flow.needs_subscription() {
            true => self.subscription_for(user_id, flow).await?.id,
            false => String::new(),
        };
        let cancel = self.catalog.portal.cancel.as_ref();
        Ok(match flow {
            Wanted::CustomerUpdate => Flow::CustomerUpdate,
            Wanted::PaymentMethodUpdate => Flow::PaymentMethodUpdate,
            Wanted::Cancel => Flow::SubscriptionCancel {
                subscription,
                retention_coupon: cancel.and_then(|cancel| cancel.retention_coupon.clone()),
            },
            Wanted::Pause => Flow::SubscriptionPause { subscription },
            Wanted::Update | Wanted::UpdateConfirm => Flow::SubscriptionUpdate { subscription },
        })
    }

    /// The subscription that counts, when the flow fits it.
    async fn subscription_for(
        &self,
        user_id: &str,
        flow: Wanted,
    ) -> Result<SubscriptionRow, BillingError> {
        let row = self.counting_subscription(user_id).await?;
        let row = row.ok_or_else(|| not_available("There is no subscription."))?;
        match flow.does_not_fit(&row) {
            Some(reason) => Err(not_available(reason)),
            None => Ok(row),
        }
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
        let row = self.subscription_for(user_id, Wanted::UpdateConfirm).await?;
        if row.price_id.as_deref() == Some(offer.price_id.as_str()) {
            return Err(not_available("That is the present plan."));
        }
        let subscription =
            self.stripe.send(&stripe::subscriptions::retrieve(&row.id), deadline).await?.value;
        if subscription.items.data.len() > 1 {
            return Err(not_available("The subscription has several items."));
        }
        let item = subscription.item_id().map(str::to_owned);
        let item = item.ok_or_else(|| not_available("The subscription has no items."))?;
        let before = row.interval.as_deref().and_then(Interval::parse);
        Ok(PlanChange {
            waits: self.catalog.portal.update.as_ref().is_some_and(|update| {
                let amounts = (row.amount, offer.amount);
                waits_for_period_end(&update.schedule_at_period_end, amounts, (before, interval))
            }),
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
    /// Whether the portal makes the change only when the period ends.
    pub(super) waits: bool,
    /// Minor units per interval.
    pub(super) amount: i64,
    pub(super) currency: String,
}

fn not_available(reason: &str) -> BillingError {
    BillingError::FlowNotAvailable(reason.to_owned())
}
