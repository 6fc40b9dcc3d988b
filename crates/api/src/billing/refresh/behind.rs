//! The customer behind something that only names one by way of something else.

use super::{RefreshError, Refresher};
use crate::stripe::{
    Deadline, Error,
    event::{Subject, retrieve_subject},
};

/// What can be read by its id alone: the prefix of the id, Stripe's collection, and its word in errors.
const COLLECTIONS: [(&str, &str, &str); 10] = [
    ("in_", "invoices", "invoice"),
    ("inpay_", "invoice_payments", "invoice_payment"),
    ("pm_", "payment_methods", "payment_method"),
    ("pi_", "payment_intents", "payment_intent"),
    ("ch_", "charges", "charge"),
    ("py_", "charges", "charge"),
    ("re_", "refunds", "refund"),
    ("pyr_", "refunds", "refund"),
    ("du_", "disputes", "dispute"),
    ("dp_", "disputes", "dispute"),
];

/// Whether a mark can name this object: a subscription, a customer, or what leads to one.
pub fn can_read(id: &str) -> bool {
    id.starts_with("sub_") || id.starts_with("cus_") || collection(id).is_some()
}

fn collection(id: &str) -> Option<(&'static str, &'static str)> {
    let known = COLLECTIONS.iter().find(|(prefix, ..)| id.starts_with(prefix));
    known.map(|(_, collection, word)| (*collection, *word))
}

impl Refresher {
    /// The customer that an object belongs to, by way of its charge if need be; `None` when there is none.
    pub(super) async fn customer_behind(
        &self,
        id: &str,
        deadline: Deadline,
    ) -> Result<Option<String>, RefreshError> {
        let Some(object) = self.subject(id, deadline).await? else { return Ok(None) };
        if let Some(customer) = object.customer_id() {
            return Ok(Some(customer.to_owned()));
        }
        let Some(charge) = object.charge_id() else { return Ok(None) };
        let charge = self.subject(charge, deadline).await?;
        Ok(charge.and_then(|charge| charge.customer_id().map(str::to_owned)))
    }

    async fn subject(&self, id: &str, deadline: Deadline) -> Result<Option<Subject>, Error> {
        let Some((collection, word)) = collection(id) else { return Ok(None) };
        match self.stripe.send(&retrieve_subject(collection, id), deadline).await {
            Ok(answer) => Ok(Some(answer.value)),
            Err(error) if error.is_missing(word) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_where_they_are_read() {
        for (id, readable) in [
            ("sub_1", true),
            ("cus_1", true),
            ("in_1", true),
            ("dp_1", true),
            ("re_1", true),
            ("prod_1", false),
            ("mtr_1", false),
            ("", false),
        ] {
            assert_eq!(can_read(id), readable, "{id}");
        }
        assert_eq!(collection("py_1"), Some(("charges", "charge")));
    }
}
