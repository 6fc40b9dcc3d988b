//! The invoice a listener owes, and whether its payment waits for them: asked of Stripe, because a bank's question comes
//! and goes between two events.

use shared::billing::{OpenInvoice, OpenInvoiceAnswer};

use super::{Billing, BillingError};
use crate::stripe::{
    Deadline, Invoice, SubscriptionStatus,
    invoice_payments::{self, InvoicePayment},
    invoices::{self, InvoiceStatus},
};

impl Billing {
    /// The newest open invoice of the subscription that counts, while a payment is outstanding. Stripe is not asked
    /// in any other state.
    pub async fn open_invoice(&self, user_id: &str) -> Result<OpenInvoiceAnswer, BillingError> {
        let row = self.counting_subscription(user_id).await?;
        let Some(row) = row.filter(|row| owes(&row.status())) else {
            return Ok(OpenInvoiceAnswer { invoice: None });
        };
        let deadline = self.counted_deadline(user_id)?;
        let open = invoices::List {
            subscription: Some(row.id),
            status: Some(InvoiceStatus::Open),
            limit: Some(1),
            ..Default::default()
        };
        let newest =
            self.stripe.send(&open.request(), deadline).await?.value.data.into_iter().next();
        let invoice = match newest {
            Some(invoice) => self.view_open(invoice, deadline).await?,
            None => None,
        };
        Ok(OpenInvoiceAnswer { invoice })
    }

    async fn view_open(
        &self,
        invoice: Invoice,
        deadline: Deadline,
    ) -> Result<Option<OpenInvoice>, BillingError> {
        let Some(hosted_invoice_url) = invoice.hosted_invoice_url else { return Ok(None) };
        let payments = invoice_payments::open_of_invoice(&invoice.id);
        let payments = self.stripe.send(&payments, deadline).await?.value.data;
        Ok(Some(OpenInvoice {
            id: invoice.id,
            amount_due: invoice.amount_due.saturating_sub(invoice.amount_paid),
            currency: invoice.currency,
            hosted_invoice_url,
            requires_action: payments.iter().any(InvoicePayment::requires_action),
        }))
    }
}

fn owes(status: &SubscriptionStatus) -> bool {
    matches!(
        status,
        SubscriptionStatus::Incomplete | SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid
    )
}
