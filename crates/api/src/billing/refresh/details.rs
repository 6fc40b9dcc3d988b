//! What a subscription's own object does not tell: since when it is owed, until when it was paid, and its card.

use super::{RefreshError, Refresher};
use crate::{
    billing::{
        customers::{self, Owner},
        subscriptions::{Card, Details, awaits_first_payment, is_past_due, voids_invoices},
    },
    stripe::{
        self, Deadline, Invoice, PaymentMethod, Reference, Subscription,
        invoices::{self, InvoiceStatus},
    },
};

impl Refresher {
    pub(super) async fn details(
        &self,
        subscription: &Subscription,
        deadline: Deadline,
    ) -> Result<Details, RefreshError> {
        if subscription.status.is_final() {
            return Ok(Details::default());
        }
        let mut details =
            Details { card: self.card(subscription, deadline).await?, ..Details::default() };
        details.money_back = self.money_back(subscription, deadline).await?;
        if is_past_due(subscription) {
            let open = self.invoices(subscription, InvoiceStatus::Open, deadline).await?;
            details.past_due_since = owed_since(&open);
        }
        if voids_invoices(subscription) {
            let paid = self.invoices(subscription, InvoiceStatus::Paid, deadline).await?;
            details.paid_until = paid_until(&paid);
        } else if awaits_first_payment(subscription) == Some(true) {
            details.paid_until = Some(subscription.created);
        }
        Ok(details)
    }

    /// Its own payment method, else the customer's default.
    async fn card(
        &self,
        subscription: &Subscription,
        deadline: Deadline,
    ) -> Result<Option<Card>, RefreshError> {
        if let Some(method) = &subscription.default_payment_method {
            return self.card_of(method, deadline).await;
        }
        let Some(customer_id) = subscription.customer_id() else { return Ok(None) };
        let request = stripe::customers::retrieve(customer_id)
            .expand("invoice_settings.default_payment_method");
        let customer = match self.stripe.send(&request, deadline).await {
            Ok(answer) => answer.value,
            Err(error) if error.is_missing("customer") => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match customer.default_payment_method() {
            Some(method) => self.card_of(method, deadline).await,
            None => Ok(None),
        }
    }

    async fn card_of(
        &self,
        method: &Reference<PaymentMethod>,
        deadline: Deadline,
    ) -> Result<Option<Card>, RefreshError> {
        if let Some(method) = method.object() {
            return Ok(Card::of(method));
        }
        match self.stripe.send(&stripe::payment_methods::retrieve(method.id()), deadline).await {
            Ok(answer) => Ok(Card::of(&answer.value)),
            Err(error) if error.is_missing("payment_method") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn invoices(
        &self,
        subscription: &Subscription,
        status: InvoiceStatus,
        deadline: Deadline,
    ) -> Result<Vec<Invoice>, RefreshError> {
        let list = invoices::List {
            subscription: Some(subscription.id.clone()),
            status: Some(status),
            limit: Some(100),
            ..invoices::List::default()
        };
        Ok(self.stripe.list_all(list.request(), deadline).await?.value)
    }

    /// Keeps the billing address, and takes a customer that Stripe deleted from its listener.
    pub(super) async fn refresh_customer_row(
        &self,
        customer_id: &str,
        owner: &Owner,
        deadline: Deadline,
    ) -> Result<(), RefreshError> {
        let Owner::User(user_id) = owner else { return Ok(()) };
        let (gone, email) =
            match self.stripe.send(&stripe::customers::retrieve(customer_id), deadline).await {
                Ok(answer) => (answer.value.deleted, answer.value.email),
                Err(error) if error.is_missing("customer") => (true, None),
                Err(error) => return Err(error.into()),
            };
        let (user_id, customer_id, clock) =
            (user_id.clone(), customer_id.to_owned(), self.rules.clock.clone());
        let written = self.db.write(move |conn| {
            if gone {
                return customers::retire(
                    conn,
                    &user_id,
                    &customer_id,
                    "deleted_at_stripe",
                    &clock,
                );
            }
            customers::update_billing_email(conn, &user_id, email.as_deref())
        });
        written.await?;
        Ok(())
    }
}

/// When the oldest invoice was made that is open and was tried; its age is the age of the debt.
fn owed_since(open: &[Invoice]) -> Option<i64> {
    open.iter().filter(|invoice| invoice.is_in_collection()).map(|invoice| invoice.created).min()
}

/// The latest end of a period that a paid invoice pays for.
fn paid_until(paid: &[Invoice]) -> Option<i64> {
    let lines = paid.iter().flat_map(|invoice| &invoice.lines.data);
    lines.filter_map(|line| line.period?.end).max()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn invoice(fields: Value) -> Invoice {
        serde_json::from_str(&fields.to_string()).unwrap()
    }

    #[test]
    fn debts_are_as_old_as_the_oldest_invoice_that_was_tried() {
        let open = [
            invoice(json!({ "id": "in_1", "status": "open", "created": 30, "attempted": true })),
            invoice(json!({ "id": "in_2", "status": "open", "created": 20, "attempt_count": 2 })),
            invoice(json!({ "id": "in_3", "status": "open", "created": 10, "attempted": false })),
        ];
        assert_eq!(owed_since(&open), Some(20));
        assert_eq!(owed_since(&open[2..]), None);
    }

    #[test]
    fn paid_periods_are_read_off_the_lines() {
        let paid = [
            invoice(json!({ "id": "in_1", "status": "paid", "period_end": 99,
                "lines": { "data": [{ "id": "il_1", "period": { "start": 1, "end": 30 } }] } })),
            invoice(json!({ "id": "in_2", "status": "paid",
                "lines": { "data": [{ "id": "il_2", "period": { "start": 1, "end": 20 } }, { "id": "il_3" }] } })),
        ];
        assert_eq!(paid_until(&paid), Some(30));
        assert_eq!(paid_until(&[]), None);
    }
}
