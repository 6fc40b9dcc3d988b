//! What each type of event is about, as one table.

/// What is done about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It carries a subscription, which is written if it is news.
    Subscription,
    /// It carries a Checkout session.
    Checkout,
    /// A customer was made, perhaps by us.
    CustomerCreated,
    /// The customer is gone.
    CustomerDeleted,
    /// Something about a customer's money, means of payment or addresses: all its subscriptions are read again,
    /// because such events come before, after and without the subscription's own.
    Customer,
    /// A product or a price: what is on sale is read again.
    Catalog,
    /// Not known.
    Unknown,
}

impl Kind {
    pub(super) fn of(event: &str) -> Self {
        match event {
            "customer.subscription.created"
            | "customer.subscription.updated"
            | "customer.subscription.deleted"
            | "customer.subscription.paused"
            | "customer.subscription.resumed"
            | "customer.subscription.trial_will_end"
            | "customer.subscription.pending_update_applied"
            | "customer.subscription.pending_update_expired" => Self::Subscription,
            "checkout.session.completed"
            | "checkout.session.async_payment_succeeded"
            | "checkout.session.async_payment_failed"
            | "checkout.session.expired" => Self::Checkout,
            "customer.created" => Self::CustomerCreated,
            "customer.deleted" => Self::CustomerDeleted,
            "customer.updated"
            | "payment_method.attached"
            | "payment_method.detached"
            | "payment_method.updated"
            | "payment_method.automatically_updated"
            | "invoice.paid"
            | "invoice.payment_failed"
            | "invoice.payment_action_required"
            | "invoice.upcoming"
            | "invoice.finalization_failed"
            | "invoice.voided"
            | "invoice.marked_uncollectible"
            | "invoice.overdue"
            | "invoice_payment.paid"
            | "charge.refunded"
            | "charge.refund.updated"
            | "refund.created"
            | "refund.updated"
            | "refund.failed"
            | "charge.dispute.created"
            | "charge.dispute.updated"
            | "charge.dispute.closed"
            | "charge.dispute.funds_withdrawn"
            | "charge.dispute.funds_reinstated"
            // Entitlements follow from subscriptions, whose own events may have been lost.
            | "entitlements.active_entitlement_summary.updated" => Self::Customer,
            "product.created" | "product.updated" | "product.deleted" | "price.created"
            | "price.updated" | "price.deleted" => Self::Catalog,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_matters_has_its_place() {
        for (events, kind) in [
            (
                "customer.subscription.{created,updated,deleted,paused,resumed,trial_will_end}",
                Kind::Subscription,
            ),
            (
                "customer.subscription.{pending_update_applied,pending_update_expired}",
                Kind::Subscription,
            ),
            (
                "checkout.session.{completed,async_payment_succeeded,async_payment_failed,expired}",
                Kind::Checkout,
            ),
            ("customer.{created}", Kind::CustomerCreated),
            ("customer.{deleted}", Kind::CustomerDeleted),
            ("customer.{updated}", Kind::Customer),
            ("payment_method.{attached,detached,updated,automatically_updated}", Kind::Customer),
            ("invoice.{paid,payment_failed,payment_action_required,upcoming}", Kind::Customer),
            ("invoice.{finalization_failed,voided,marked_uncollectible,overdue}", Kind::Customer),
            ("invoice_payment.{paid}", Kind::Customer),
            (
                "charge.{refunded,dispute.created,dispute.closed,dispute.funds_reinstated}",
                Kind::Customer,
            ),
            ("refund.{created,updated,failed}", Kind::Customer),
            ("product.{created,updated,deleted}", Kind::Catalog),
            ("price.{created,updated,deleted}", Kind::Catalog),
            ("entitlements.{active_entitlement_summary.updated}", Kind::Customer),
            ("balance.{available}", Kind::Unknown),
            ("invoice.{created,finalized}", Kind::Unknown),
        ] {
            let (family, names) = events.trim_end_matches('}').split_once('{').unwrap();
            for name in names.split(',') {
                assert_eq!(Kind::of(&format!("{family}{name}")), kind, "{family}{name}");
            }
        }
    }
}
