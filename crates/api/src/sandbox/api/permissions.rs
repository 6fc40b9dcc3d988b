//! What a restricted key needs for a request, in the words of the dashboard: `rak_customer_read`.

use crate::sandbox::error::ApiError;

/// The permission for a method and a path. Writing a resource implies reading it.
fn needed(method: &str, path: &str) -> (&'static str, String) {
    let mut segments = path.trim_start_matches("/v1/").split('/');
    let (first, third) = (segments.next().unwrap_or_default(), segments.nth(1));
    let resource = match (first, third) {
        ("account" | "accounts", _) => "accounts_kyc_basic",
        ("balance_transactions", _) => "balance",
        ("billing_portal", _) => "customer_portal",
        ("checkout" | "payment_pages", _) => "checkout_session",
        ("customers", Some("sources")) => "source",
        ("customers", Some("payment_methods")) => "payment_method",
        ("invoiceitems" | "invoice_payments", _) => "invoice",
        ("prices", _) => "plan",
        ("subscription_items" | "subscription_schedules", _) => "subscription",
        ("test_helpers", _) => "test_clock",
        ("webhook_endpoints", _) => "webhook",
        (plural, _) => plural.strip_suffix('s').unwrap_or(plural),
    };
    let action = if method == "GET" { "read" } else { "write" };
    (action, format!("rak_{resource}_"))
}

/// Refuses a request that a restricted key's permissions do not cover: 403.
pub(super) fn check(
    key: &str,
    granted: &[String],
    method: &str,
    path: &str,
    account: &str,
) -> Result<(), ApiError> {
    let (action, resource) = needed(method, path);
    let wanted = format!("{resource}{action}");
    if granted.iter().any(|held| *held == wanted || *held == format!("{resource}write")) {
        return Ok(());
    }
    Err(ApiError::forbidden(format!(
        "The provided key '{}' does not have the required permissions for this endpoint on account '{account}'. \
         Having the '{wanted}' permission would allow this request to continue.",
        masked(key),
    )))
}

/// The kind of key and its last six characters.
fn masked(key: &str) -> String {
    let word = key.trim_start_matches("rk_test_");
    let hidden = word.len().saturating_sub(6);
    format!("rk_test_{}{}", "*".repeat(hidden), &word[hidden..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_and_writing_need_the_resources_permission() {
        for (granted, method, path, allowed) in [
            ("rak_customer_read", "GET", "/v1/customers/cus_1", true),
            ("rak_customer_read", "POST", "/v1/customers/cus_1", false),
            ("rak_customer_write", "GET", "/v1/customers", true),
            ("rak_customer_write", "DELETE", "/v1/customers/cus_1", true),
            ("rak_customer_write", "GET", "/v1/customers/cus_1/sources", false),
            ("rak_source_read", "GET", "/v1/customers/cus_1/sources", true),
            ("rak_checkout_session_write", "POST", "/v1/checkout/sessions", true),
            ("rak_subscription_read", "GET", "/v1/subscription_items/si_1", true),
            ("rak_plan_read", "GET", "/v1/prices", true),
        ] {
            let told = check("rk_test_abcdefghij", &[granted.to_owned()], method, path, "acct_1");
            assert_eq!(told.is_ok(), allowed, "{granted}: {method} {path}");
        }
    }

    #[test]
    fn a_refusal_names_what_is_missing_and_hides_the_key() {
        let told = check("rk_test_abcdefghij", &[], "GET", "/v1/subscriptions", "acct_1");
        let told = told.unwrap_err();
        assert_eq!(told.status, 403);
        assert_eq!(
            told.message,
            "The provided key 'rk_test_****efghij' does not have the required permissions for this endpoint on \
             account 'acct_1'. Having the 'rak_subscription_read' permission would allow this request to continue."
        );
    }
}
