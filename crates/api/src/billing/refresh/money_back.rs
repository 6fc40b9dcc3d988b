//! What of a subscription's money went back: refunds, and disputes, by way of the invoices that were paid.

use super::{RefreshError, Refresher};
use crate::{
    access::{Dispute, MoneyBack},
    stripe::{
        self, Deadline, Subscription,
        charges::{self, Charge},
        disputes::{self, DisputeStatus},
        invoice_payments, invoices,
    },
};

/// Charges looked at, newest first; a dispute comes within months.
const CHARGES: u32 = 100;

impl Refresher {
    /// Nearly always one call: only charges that went back are looked into.
    pub(super) async fn money_back(
        &self,
        subscription: &Subscription,
        deadline: Deadline,
    ) -> Result<MoneyBack, RefreshError> {
        let mut returned = MoneyBack::default();
        if !self.rules.policy.suspends() {
            return Ok(returned);
        }
        let Some(customer) = subscription.customer_id() else { return Ok(returned) };
        let list = charges::List { customer: Some(customer.to_owned()), limit: Some(CHARGES) };
        let charges = match self.stripe.send(&list.request(), deadline).await {
            Ok(page) => page.value.data,
            Err(error) if error.is_missing("customer") => return Ok(returned),
            // A restricted key that may not read charges: what was paid still opens.
            Err(stripe::Error::Api(error)) if error.kind == stripe::ErrorKind::Permission => {
                tracing::warn!(%error, "refunds and disputes cannot be seen with this key");
                return Ok(returned);
            }
            Err(error) => return Err(error.into()),
        };
        let mut disputes = Vec::new();
        for charge in charges.iter().filter(|charge| charge.refunded || charge.disputed) {
            let Some(invoice) = self.invoice_of(charge, deadline).await? else { continue };
            let is_latest = subscription.latest_invoice_id() == Some(invoice.as_str());
            if charge.refunded && is_latest {
                returned.refunded_invoice = Some(invoice.clone());
            }
            if charge.disputed
                && (is_latest || self.is_of(&invoice, subscription, deadline).await?)
            {
                disputes.extend(self.disputes_of(charge, &invoice, deadline).await?);
            }
        }
        returned.dispute = gravest(disputes, subscription.latest_invoice_id());
        Ok(returned)
    }

    /// The invoice that a charge paid, as this version of Stripe tells it.
    async fn invoice_of(
        &self,
        charge: &Charge,
        deadline: Deadline,
    ) -> Result<Option<String>, RefreshError> {
        if let Some(invoice) = &charge.invoice {
            return Ok(Some(invoice.id().to_owned()));
        }
        let Some(intent) = &charge.payment_intent else { return Ok(None) };
        let paid = invoice_payments::of_payment_intent(intent.id());
        let paid = self.stripe.send(&paid, deadline).await?.value.data;
        Ok(paid.iter().find_map(|paid| paid.invoice.as_ref()).map(|id| id.id().to_owned()))
    }

    async fn is_of(
        &self,
        invoice: &str,
        subscription: &Subscription,
        deadline: Deadline,
    ) -> Result<bool, RefreshError> {
        match self.stripe.send(&invoices::retrieve(invoice), deadline).await {
            Ok(invoice) => Ok(invoice.value.subscription_id() == Some(&subscription.id)),
            Err(error) if error.is_missing("invoice") => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn disputes_of(
        &self,
        charge: &Charge,
        invoice: &str,
        deadline: Deadline,
    ) -> Result<Vec<Dispute>, RefreshError> {
        let about = disputes::List { charge: Some(charge.id.clone()) };
        let disputes = self.stripe.send(&about.request(), deadline).await?.value.data;
        let about = |found: disputes::Dispute| Dispute {
            invoice: invoice.to_owned(),
            status: found.status.as_str().to_owned(),
        };
        Ok(disputes.into_iter().map(about).collect())
    }
}

/// An open dispute before a lost one, that about the latest invoice before others, and those before what is over.
fn gravest(disputes: Vec<Dispute>, latest_invoice: Option<&str>) -> Option<Dispute> {
    disputes.into_iter().max_by_key(|dispute| {
        let gravity = match DisputeStatus::from(dispute.status.as_str()) {
            DisputeStatus::NeedsResponse | DisputeStatus::UnderReview => 2,
            DisputeStatus::Lost => 1,
            _ => 0,
        };
        (gravity, Some(dispute.invoice.as_str()) == latest_invoice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dispute_that_counts_is_the_gravest() {
        let dispute = |(invoice, status): &(&str, &str)| Dispute {
            invoice: (*invoice).to_owned(),
            status: (*status).to_owned(),
        };
        for (disputes, counts) in [
            (&[("in_1", "won"), ("in_2", "lost"), ("in_1", "under_review")][..], 2),
            (&[("in_1", "lost"), ("in_2", "lost")], 1),
            (&[("in_2", "lost"), ("in_1", "lost")], 0),
            (&[("in_2", "won"), ("in_1", "needs_response")], 1),
        ] {
            let all = disputes.iter().map(dispute).collect();
            assert_eq!(gravest(all, Some("in_2")), Some(dispute(&disputes[counts])));
        }
        assert_eq!(gravest(Vec::new(), None), None);
    }
}
