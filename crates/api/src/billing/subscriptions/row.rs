//! What a subscription's row says, made of what Stripe says and of what was known before.

use super::{Offer, Stamp, store::SubscriptionRow};
use crate::{
    access::{MoneyBack, SubscriptionFacts},
    stripe::{PaymentMethod, Reference, Subscription, SubscriptionStatus, invoices::InvoiceStatus},
};

/// What a subscription's own object does not tell; a refresh asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// When the oldest unpaid invoice was made, while the status is past_due.
    pub past_due_since: Option<i64>,
    /// End of what was paid: of the last paid period while invoices are voided, and its beginning while the first
    /// payment has not come.
    pub paid_until: Option<i64>,
    /// What the next charge goes to.
    pub card: Option<Card>,
    /// Money that went back.
    pub money_back: MoneyBack,
}

/// A card, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// `visa`, …
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// 1 to 12.
    pub exp_month: Option<i64>,
    /// Four digits.
    pub exp_year: Option<i64>,
}

impl Card {
    /// The card of a payment method; `None` when it is something else.
    pub fn of(method: &PaymentMethod) -> Option<Self> {
        let card = method.card.as_ref()?;
        Some(Self {
            brand: card.brand.clone(),
            last4: card.last4.clone(),
            exp_month: card.exp_month,
            exp_year: card.exp_year,
        })
    }
}

impl Details {
    /// What of the details known before still holds for `subscription`; the rest is to be asked for.
    pub fn carried(subscription: &Subscription, before: Option<&SubscriptionRow>) -> Self {
        let Some(before) = before else { return Self::default() };
        Self {
            past_due_since: before.past_due_since.filter(|_| is_past_due(subscription)),
            paid_until: match awaits_first_payment(subscription) {
                _ if voids_invoices(subscription) => before.paid_until,
                Some(true) => Some(subscription.created),
                Some(false) => None,
                // What was the end of what was paid, while invoices were voided, says nothing of a first payment.
                None => before.paid_until.filter(|_| {
                    before.pause_behavior.as_deref() != Some("void")
                        && before.latest_invoice.as_deref() == subscription.latest_invoice_id()
                }),
            },
            card: before.card(),
            money_back: MoneyBack::from_text(before.money_back.as_deref()),
        }
    }
}

/// Whether its renewal failed and Stripe still tries.
pub fn is_past_due(subscription: &Subscription) -> bool {
    subscription.status == SubscriptionStatus::PastDue
}

/// Whether its invoices are voided at present, so that its period says nothing about what was paid.
pub fn voids_invoices(subscription: &Subscription) -> bool {
    let behavior =
        subscription.pause_collection.as_ref().and_then(|pause| pause.behavior.as_deref());
    behavior == Some("void")
}

/// Whether its first payment has not come although it is said to be active or past due: a bank debit takes days.
/// `None` when the subscription came without its latest invoice.
pub fn awaits_first_payment(subscription: &Subscription) -> Option<bool> {
    let is_charged = subscription.collection_method.as_deref() != Some("send_invoice");
    let may_be_paid =
        matches!(subscription.status, SubscriptionStatus::Active | SubscriptionStatus::PastDue);
    if !(is_charged && may_be_paid) {
        return Some(false);
    }
    let invoice = subscription.latest_invoice.as_ref()?.object()?;
    let is_first = invoice.billing_reason.as_deref() == Some("subscription_create");
    Some(is_first && invoice.status == Some(InvoiceStatus::Open))
}

/// Whether Stripe should be asked for what the object does not tell.
pub fn lacks_details(row: &SubscriptionRow, before: Option<&SubscriptionRow>) -> bool {
    let status = row.status();
    if status.is_final() {
        return false;
    }
    let voided = row.pause_behavior.as_deref() == Some("void");
    // Its first payment may still be on its way.
    let begins = status == SubscriptionStatus::Active
        && before.is_none_or(|before| before.status() == SubscriptionStatus::Incomplete);
    let same_method =
        before.is_some_and(|before| before.default_payment_method == row.default_payment_method);
    (status == SubscriptionStatus::PastDue && row.past_due_since.is_none())
        || voided == row.paid_until.is_none()
        || begins
        || !same_method
}

/// Whose a subscription is, and for what.
pub(super) struct Context<'a> {
    /// The listener.
    pub user_id: &'a str,
    /// The plan, with the offer that is it.
    pub plan: Option<(String, Offer<'a>)>,
    /// How new this is.
    pub stamp: Stamp,
    /// Now, for `updated_at`.
    pub now: i64,
}

/// The row that says what `subscription` says.
pub(super) fn row(
    subscription: &Subscription,
    details: Details,
    context: Context<'_>,
) -> SubscriptionRow {
    let offers = Offer::all(subscription);
    let (plan, offer) = match context.plan {
        Some((plan, offer)) => (Some(plan), offer),
        None => (None, offers.into_iter().next().unwrap_or_default()),
    };
    let item = subscription.items.data.iter().find(|item| item.price_id() == offer.price);
    let amount = match item {
        Some(item) => {
            item.unit_amount().and_then(|unit| unit.checked_mul(item.quantity.unwrap_or(1)))
        }
        None => subscription.amount(),
    };
    let interval = item.map_or_else(|| subscription.interval(), |item| item.interval());
    let pause = subscription.pause_collection.as_ref();
    let card = details.card.as_ref();
    SubscriptionRow {
        id: subscription.id.clone(),
        customer_id: subscription.customer_id().unwrap_or_default().to_owned(),
        user_id: Some(context.user_id.to_owned()),
        status: subscription.status.as_str().to_owned(),
        product_id: offer.product.map(str::to_owned),
        price_id: offer.price.map(str::to_owned),
        plan,
        interval: interval.map(str::to_owned),
        amount,
        currency: subscription.currency().unwrap_or_default().to_owned(),
        current_period_end: subscription.period_end(),
        cancel_at: subscription.cancel_at,
        cancel_at_period_end: subscription.cancel_at_period_end,
        ended_at: subscription.ended_at,
        trial_end: subscription.trial_end,
        pause_behavior: pause.map(|pause| pause.behavior.clone().unwrap_or_default()),
        pause_resumes_at: pause.and_then(|pause| pause.resumes_at),
        past_due_since: details.past_due_since,
        paid_until: details.paid_until,
        default_payment_method: subscription
            .default_payment_method
            .as_ref()
            .map(Reference::id)
            .map(str::to_owned),
        card_brand: card.and_then(|card| card.brand.clone()),
        card_last4: card.and_then(|card| card.last4.clone()),
        card_exp_month: card.and_then(|card| card.exp_month),
        card_exp_year: card.and_then(|card| card.exp_year),
        end_reason: end_reason(subscription),
        version: context.stamp.version,
        settled_before: context.stamp.settled_before,
        refresh_no: context.stamp.refresh_no,
        created_at: subscription.created,
        updated_at: context.now,
        latest_invoice: subscription.latest_invoice_id().map(str::to_owned),
        money_back: details.money_back.to_text(),
    }
}

fn end_reason(subscription: &Subscription) -> Option<String> {
    let details =
        subscription.cancellation_details.as_ref().filter(|_| subscription.status.is_final());
    details.and_then(|details| details.reason.clone())
}

/// Why a subscription is kept as ended that Stripe does not know.
pub(super) const UNKNOWN_AT_STRIPE: &str = "unknown_at_stripe";

impl SubscriptionRow {
    /// Whether Stripe said that it has ended, after which nothing about it changes.
    pub fn has_ended(&self) -> bool {
        self.status().is_final() && !self.was_missing()
    }

    /// Whether it is kept as ended because Stripe did not know it. Should Stripe show it again, that is believed.
    pub fn was_missing(&self) -> bool {
        self.end_reason.as_deref() == Some(UNKNOWN_AT_STRIPE)
    }

    /// Where it stands.
    pub fn status(&self) -> SubscriptionStatus {
        SubscriptionStatus::from(self.status.as_str())
    }

    /// How new it is.
    pub fn stamp(&self) -> Stamp {
        Stamp {
            version: self.version,
            settled_before: self.settled_before,
            refresh_no: self.refresh_no,
        }
    }

    /// What the next charge goes to.
    pub fn card(&self) -> Option<Card> {
        let Self { card_brand, card_last4, .. } = self;
        (card_brand.is_some() || card_last4.is_some()).then(|| Card {
            brand: card_brand.clone(),
            last4: card_last4.clone(),
            exp_month: self.card_exp_month,
            exp_year: self.card_exp_year,
        })
    }

    /// Whether it is one of those of which a listener should have one alone: live, begun, and to a plan of ours.
    pub(super) fn is_paying(&self) -> bool {
        let status = self.status();
        self.plan.is_some() && !status.is_final() && status != SubscriptionStatus::Incomplete
    }

    /// Whether money may still move: neither ended nor never begun.
    pub fn is_live(&self) -> bool {
        let status = self.status();
        !status.is_final() && status != SubscriptionStatus::Incomplete
    }

    /// What this row and another say otherwise, by name, of what is not told with every difference anyway.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let card = |row: &Self| (row.card(), row.default_payment_method.clone());
        let pause = |row: &Self| (row.pause_behavior.clone(), row.pause_resumes_at);
        let price = |row: &Self| (row.price_id.clone(), row.amount, row.interval.clone());
        [
            ("its listener", self.user_id != other.user_id),
            ("price", price(self) != price(other)),
            ("period", self.current_period_end != other.current_period_end),
            ("trial", self.trial_end != other.trial_end),
            ("end", self.ended_at != other.ended_at),
            ("pause", pause(self) != pause(other)),
            ("payment method", card(self) != card(other)),
            ("latest invoice", self.latest_invoice != other.latest_invoice),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }

    /// Whether this row and another say the same about the subscription, however they came to know it.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let content = |row: &Self| Self {
            version: 0,
            settled_before: 0,
            refresh_no: 0,
            updated_at: 0,
            ..row.clone()
        };
        content(self) == content(other)
    }
}

impl From<&SubscriptionRow> for SubscriptionFacts {
    fn from(row: &SubscriptionRow) -> Self {
        Self {
            id: row.id.clone(),
            status: row.status(),
            plan: row.plan.clone(),
            current_period_end: row.current_period_end,
            cancel_at: row.cancel_at,
            cancel_at_period_end: row.cancel_at_period_end,
            ended_at: row.ended_at,
            trial_end: row.trial_end,
            pause_behavior: row.pause_behavior.clone(),
            pause_resumes_at: row.pause_resumes_at,
            paid_until: row.paid_until,
            past_due_since: row.past_due_since,
            created: row.created_at,
            latest_invoice: row.latest_invoice.clone(),
            money_back: MoneyBack::from_text(row.money_back.as_deref()),
            as_of: row.version,
        }
    }
}

/// A row of which nothing is known, for tests.
#[cfg(test)]
pub(in crate::billing) fn blank() -> SubscriptionRow {
    let subscription: Subscription =
        serde_json::from_str(r#"{"id":"sub_1","status":"active"}"#).expect("reads");
    let stamp = Stamp { version: 0, settled_before: 0, refresh_no: 0 };
    let context = Context { user_id: "user_1", plan: None, stamp, now: 0 };
    row(&subscription, Details::default(), context)
}
