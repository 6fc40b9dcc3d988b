//! Collections of which this account has nothing: their lists are empty, and no id is found in them.
//!
//! Programs that copy an account read them all and stop at the first that is refused.

use super::{Outcome, Page, Request, routes::ids};
use crate::sandbox::{error::ApiError, store::Tx};

/// Path, and the filters its list takes.
static COLLECTIONS: &[(&str, &[&str])] = &[
    ("accounts", &["created"]),
    ("apple_pay/domains", &["domain_name"]),
    ("application_fees", &["charge", "created"]),
    ("billing/alerts", &["alert_type", "meter"]),
    ("billing/credit_grants", &["customer", "customer_account"]),
    ("billing/meters", &["status"]),
    ("climate/orders", &[]),
    ("credit_notes", &["created", "customer", "customer_account", "invoice"]),
    ("customers/{}/cash_balance_transactions", &[]),
    ("entitlements/active_entitlements", &["customer"]),
    ("entitlements/features", &["archived", "lookup_key"]),
    ("file_links", &["created", "expired", "file"]),
    ("files", &["created", "purpose"]),
    ("forwarding/requests", &["created"]),
    (
        "identity/verification_reports",
        &["client_reference_id", "created", "type", "verification_session"],
    ),
    (
        "identity/verification_sessions",
        &["client_reference_id", "created", "related_customer", "status"],
    ),
    ("invoice_rendering_templates", &["status"]),
    ("issuing/authorizations", &["card", "cardholder", "created", "status"]),
    ("issuing/cardholders", &["created", "email", "phone_number", "status", "type"]),
    (
        "issuing/cards",
        &["cardholder", "created", "exp_month", "exp_year", "last4", "status", "type"],
    ),
    ("issuing/disputes", &["created", "status", "transaction"]),
    ("issuing/transactions", &["card", "cardholder", "created", "type"]),
    ("payment_links", &["active"]),
    ("payment_method_domains", &["domain_name", "enabled"]),
    ("payouts", &["arrival_date", "created", "destination", "status"]),
    ("products/{}/features", &[]),
    ("quotes", &["customer", "customer_account", "status", "test_clock"]),
    ("radar/early_fraud_warnings", &["charge", "created", "payment_intent"]),
    ("radar/value_lists", &["alias", "contains", "created"]),
    ("reporting/report_runs", &["created"]),
    ("reviews", &["created"]),
    ("shipping_rates", &["active", "created", "currency"]),
    ("sigma/scheduled_query_runs", &[]),
    ("tax/registrations", &["status"]),
    ("terminal/configurations", &["is_account_default"]),
    ("terminal/locations", &[]),
    ("terminal/readers", &["device_type", "location", "serial_number", "status"]),
    ("topups", &["amount", "created", "status"]),
    ("transfers", &["created", "destination", "transfer_group"]),
];

/// Whether the segments of a path name such a collection, or something in one.
pub(super) fn holds(path: &[&str]) -> bool {
    filters(path).is_some() || collection_of(path).is_some()
}

fn filters(path: &[&str]) -> Option<&'static [&'static str]> {
    COLLECTIONS.iter().find(|(pattern, _)| ids(pattern, path).is_some()).map(|(_, names)| *names)
}

/// The collection that the last segment of the path would be in.
fn collection_of<'a>(path: &[&'a str]) -> Option<&'a str> {
    let (_, collection) = path.split_last()?;
    filters(collection).and(collection.last().copied())
}

/// Answers a list or a look-up.
pub(super) fn answer(_: &mut Tx<'_>, request: Request) -> Outcome {
    let path: Vec<&str> = request.ids.iter().map(String::as_str).collect();
    let mut params = request.params;
    if let Some(names) = filters(&path) {
        let page = Page::take(&mut params)?;
        params.ignore(names)?;
        params.finish()?;
        return page.slice(&format!("/v1/{}", path.join("/")), &[]);
    }
    params.finish()?;
    let (collection, id) = (collection_of(&path).unwrap_or_default(), path.last().unwrap_or(&""));
    let noun = collection.trim_end_matches('s').replace('_', " ");
    Err(ApiError::invalid(format!("No such {noun}: '{id}'"))
        .code("resource_missing")
        .param("id")
        .in_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collections_and_what_would_be_in_them_are_known() {
        for (path, known) in [
            ("payouts", true),
            ("payouts/po_1", true),
            ("products/prod_1/features", true),
            ("payouts/po_1/cancel", false),
            ("nothing", false),
            ("", false),
        ] {
            assert_eq!(holds(&path.split('/').collect::<Vec<_>>()), known, "{path}");
        }
    }
}
