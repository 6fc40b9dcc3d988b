//! What a listener is told about their money: the subscription, its invoices, the cost of a change.

use shared::{
    billing::{Card, ChangePreview, Invoice, Invoices, Subscription, SubscriptionAnswer},
    plans::Interval,
};

use super::{
    Billing, BillingError,
    portal::PlanChange,
    store,
    subscriptions::{self, SubscriptionRow},
};
use crate::{
    access::{self, Standing},
    stripe::{self, Deadline, invoices},
};

/// Invoices on a page when nothing is said.
const PAGE: u32 = 10;

impl Billing {
    /// The subscription that counts for access, from our own rows.
    pub async fn subscription(&self, user_id: &str) -> Result<SubscriptionAnswer, BillingError> {
        let id = user_id.to_owned();
        let (policy, now) = (self.rules.policy.clone(), self.clock().billing());
        let standing = self.db.read(move |conn| access::standing(conn, &policy, &id, now)).await?;
        let row = self.counting_subscription(user_id).await?;
        Ok(SubscriptionAnswer { subscription: row.map(|row| view(row, &standing)) })
    }

    /// The customer's invoices, newest first, asked of Stripe.
    ///
    /// # Errors
    /// [`BillingError::UnknownInvoice`] when `starting_after` is none of Stripe's.
    pub async fn invoices(
        &self,
        user_id: &str,
        limit: Option<u32>,
        starting_after: Option<String>,
    ) -> Result<Invoices, BillingError> {
        if starting_after.as_deref().is_some_and(|id| !may_be_invoice(id)) {
            return Err(BillingError::UnknownInvoice);
        }
        let id = user_id.to_owned();
        let customer = self.db.read(move |conn| store::find_customer(conn, &id)).await?;
        let customer = match (customer, &starting_after) {
            (Some(customer), _) => customer,
            (None, None) => return Ok(Invoices { invoices: Vec::new(), has_more: false }),
            (None, Some(_)) => return Err(BillingError::UnknownInvoice),
        };
        let deadline = self.counted_deadline(user_id)?;
        let list = invoices::List {
            customer: Some(customer),
            limit: Some(limit.unwrap_or(PAGE).clamp(1, 100)),
            starting_after,
            ..Default::default()
        };
        let page =
            self.stripe.send(&list.request(), deadline).await.map_err(unknown_invoice)?.value;
        Ok(Invoices {
            invoices: page.data.into_iter().map(invoice).collect(),
            has_more: page.has_more,
        })
    }

    /// What changing to `plan` would cost now and at the next renewal.
    pub async fn change_preview(
        &self,
        user_id: &str,
        plan: &str,
        interval: Interval,
    ) -> Result<ChangePreview, BillingError> {
        let deadline = self.counted_deadline(user_id)?;
        let change = self.plan_change(user_id, plan, interval, deadline).await?;
        if change.waits {
            return Ok(ChangePreview {
                due_now: 0,
                due_at_renewal: change.amount,
                currency: change.currency,
                renews_at: change.subscription.period_end(),
            });
        }
        let proration = self.catalog.portal.update.as_ref().map(|update| update.proration.clone());
        // Another interval begins a new period, which is charged now whatever is said of prorations.
        let begins_anew = change.subscription.interval() != Some(interval.as_str());
        let at_once = begins_anew || proration.as_deref() == Some("always_invoice");
        let next = self.preview_invoice(&change, proration, deadline).await?;
        if !at_once {
            return Ok(ChangePreview {
                due_now: 0,
                due_at_renewal: next.amount_due,
                currency: change.currency,
                renews_at: change.subscription.period_end(),
            });
        }
        // What is charged time and again: less the discounts that last, and without what is settled now.
        let renewal = self.preview_invoice(&change, Some("none".to_owned()), deadline).await?;
        let begun = next.lines.data.iter().filter(|line| !line.is_proration());
        let new_end = begun.filter_map(|line| line.period?.end).max().filter(|_| begins_anew);
        // Less than nothing is never due: it is credited, and pays at the next renewals.
        let credit = next.total.min(0);
        Ok(ChangePreview {
            due_now: if credit < 0 { credit } else { next.amount_due },
            due_at_renewal: renewal.total.saturating_add(credit).max(0),
            currency: change.currency,
            renews_at: new_end.or(change.subscription.period_end()),
        })
    }

    /// The invoice that would come next if the plan were changed now.
    async fn preview_invoice(
        &self,
        change: &PlanChange,
        proration_behavior: Option<String>,
        deadline: Deadline,
    ) -> Result<stripe::Invoice, BillingError> {
        let preview = invoices::Preview {
            customer: change.subscription.customer_id().map(str::to_owned),
            subscription: Some(change.subscription.id.clone()),
            items: vec![stripe::subscriptions::ItemChange {
                id: Some(change.item.clone()),
                price: Some(change.price.clone()),
                ..Default::default()
            }],
            proration_behavior,
            proration_date: None,
        };
        Ok(self.stripe.send(&preview.request(), deadline).await?.value)
    }

    pub(super) async fn counting_subscription(
        &self,
        user_id: &str,
    ) -> Result<Option<SubscriptionRow>, BillingError> {
        let id = user_id.to_owned();
        let found = self.db.read(move |conn| match store::find_counting_subscription(conn, &id)? {
            Some(subscription) => subscriptions::find(conn, &subscription),
            None => Ok(None),
        });
        Ok(found.await?)
    }
}

/// Whether it has the shape of an invoice's id, as Stripe makes them.
fn may_be_invoice(id: &str) -> bool {
    id.starts_with("in_")
        && id.len() <= 255
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The only parameter that is the listener's own, so that what Stripe says of it is about their request.
fn unknown_invoice(error: stripe::Error) -> BillingError {
    match error.api().and_then(|refusal| refusal.param.as_deref()) {
        Some("starting_after") => BillingError::UnknownInvoice,
        _ => error.into(),
    }
}

fn view(row: SubscriptionRow, standing: &Standing) -> Subscription {
    let card = match (row.card_brand, row.card_last4, row.card_exp_month, row.card_exp_year) {
        (Some(brand), Some(last4), Some(exp_month), Some(exp_year)) => {
            Some(Card { brand, last4, exp_month, exp_year })
        }
        _ => None,
    };
    Subscription {
        id: row.id,
        status: row.status,
        plan: row.plan,
        interval: row.interval.as_deref().and_then(Interval::parse),
        amount: row.amount,
        currency: row.currency,
        current_period_end: row.current_period_end,
        ends_at: standing.ends_at,
        trial_end: row.trial_end,
        payment_method: card,
    }
}

fn invoice(invoice: stripe::Invoice) -> Invoice {
    Invoice {
        id: invoice.id,
        number: invoice.number,
        status: invoice.status.map(|status| status.as_str().to_owned()),
        total: invoice.total,
        currency: invoice.currency,
        created: invoice.created,
        hosted_invoice_url: invoice.hosted_invoice_url,
        invoice_pdf: invoice.invoice_pdf,
    }
}
