//! Every operation of the API.

use super::{
    Outcome, Request, absent, account, balance, charges, checkout_sessions, country_specs, coupons,
    customer_balance, customers, discounts, disputes, events, intents, invoice_items, invoices,
    payment_methods, payment_pages, plans, portal_configurations, portal_sessions, prices,
    products, promotion_codes, refunds, search, sources, stripecli, subscription_items,
    subscription_schedules, subscriptions, tax_codes, tax_ids, tax_rates, test_clocks, tokens,
    webhook_endpoints,
};
use crate::sandbox::{error::ApiError, store::Tx};

/// The invoice to come, before it was a preview.
const UPCOMING: &str = "invoices/upcoming";

/// What an operation does with its request, inside one transaction.
type Handler = fn(&mut Tx<'_>, Request) -> Outcome;

/// An operation: method, path with `{}` for ids, and what carries it out.
pub(super) struct Operation(&'static str, &'static str, Handler);

impl Operation {
    pub(super) fn run(&self, tx: &mut Tx<'_>, request: Request) -> Outcome {
        self.2(tx, request)
    }

    /// Whether it writes nothing, not even to take it back.
    pub(super) fn only_reads(&self) -> bool {
        self.0 == "GET" && !self.1.starts_with(UPCOMING)
    }
}

static OPERATIONS: &[Operation] = &[
    Operation("GET", "account", account::retrieve),
    Operation("GET", "accounts/{}", account::retrieve_by_id),
    Operation("GET", "balance", balance::retrieve),
    Operation("GET", "balance/history", balance::list_transactions),
    Operation("GET", "balance/history/{}", balance::retrieve_transaction),
    Operation("GET", "balance_transactions", balance::list_transactions),
    Operation("GET", "balance_transactions/{}", balance::retrieve_transaction),
    Operation("GET", "billing_portal/configurations", portal_configurations::list),
    Operation("POST", "billing_portal/configurations", portal_configurations::create),
    Operation("GET", "billing_portal/configurations/{}", portal_configurations::retrieve),
    Operation("POST", "billing_portal/configurations/{}", portal_configurations::update),
    Operation("POST", "billing_portal/sessions", portal_sessions::create),
    Operation("GET", "charges", charges::list),
    Operation("POST", "charges", charges::create),
    Operation("GET", "charges/search", search::charges),
    Operation("GET", "charges/{}", charges::retrieve),
    Operation("POST", "charges/{}", charges::update),
    Operation("POST", "charges/{}/capture", charges::capture),
    Operation("GET", "charges/{}/refunds", refunds::list_of_charge),
    Operation("POST", "charges/{}/refunds", refunds::create_of_charge),
    Operation("GET", "charges/{}/refunds/{}", refunds::retrieve_of_charge),
    Operation("GET", "checkout/sessions", checkout_sessions::list),
    Operation("POST", "checkout/sessions", checkout_sessions::create),
    Operation("GET", "checkout/sessions/{}", checkout_sessions::retrieve),
    Operation("POST", "checkout/sessions/{}", checkout_sessions::update),
    Operation("POST", "checkout/sessions/{}/expire", checkout_sessions::expire),
    Operation("GET", "checkout/sessions/{}/line_items", checkout_sessions::line_items),
    Operation("GET", "country_specs", country_specs::list),
    Operation("GET", "country_specs/{}", country_specs::retrieve),
    Operation("GET", "coupons", coupons::list),
    Operation("POST", "coupons", coupons::create),
    Operation("GET", "coupons/{}", coupons::retrieve),
    Operation("POST", "coupons/{}", coupons::update),
    Operation("DELETE", "coupons/{}", coupons::delete),
    Operation("GET", "customers", customers::list),
    Operation("POST", "customers", customers::create),
    Operation("GET", "customers/search", search::customers),
    Operation("GET", "customers/{}", customers::retrieve),
    Operation("POST", "customers/{}", customers::update),
    Operation("DELETE", "customers/{}", customers::delete),
    Operation("GET", "customers/{}/balance_transactions", customer_balance::list),
    Operation("POST", "customers/{}/balance_transactions", customer_balance::create),
    Operation("GET", "customers/{}/balance_transactions/{}", customer_balance::retrieve),
    Operation("POST", "customers/{}/balance_transactions/{}", customer_balance::update),
    Operation("GET", "customers/{}/discount", discounts::retrieve_of_customer),
    Operation("DELETE", "customers/{}/discount", discounts::delete_of_customer),
    Operation("GET", "customers/{}/subscriptions", subscriptions::list_of_customer),
    Operation("GET", "customers/{}/payment_methods", payment_methods::list_of_customer),
    Operation("GET", "customers/{}/payment_methods/{}", payment_methods::retrieve_of_customer),
    Operation("GET", "customers/{}/sources", sources::list),
    Operation("POST", "customers/{}/sources", sources::create),
    Operation("GET", "customers/{}/sources/{}", sources::retrieve),
    Operation("POST", "customers/{}/sources/{}", sources::update),
    Operation("DELETE", "customers/{}/sources/{}", sources::delete),
    Operation("GET", "customers/{}/tax_ids", tax_ids::list_of_customer),
    Operation("POST", "customers/{}/tax_ids", tax_ids::create_of_customer),
    Operation("GET", "customers/{}/tax_ids/{}", tax_ids::retrieve_of_customer),
    Operation("DELETE", "customers/{}/tax_ids/{}", tax_ids::delete_of_customer),
    Operation("GET", "disputes", disputes::list),
    Operation("GET", "disputes/{}", disputes::retrieve),
    Operation("POST", "disputes/{}", disputes::update),
    Operation("POST", "disputes/{}/close", disputes::close),
    Operation("GET", "events", events::list),
    Operation("GET", "events/{}", events::retrieve),
    Operation("POST", "events/{}/retry", events::retry),
    Operation("GET", "invoiceitems", invoice_items::list),
    Operation("POST", "invoiceitems", invoice_items::create),
    Operation("GET", "invoiceitems/{}", invoice_items::retrieve),
    Operation("POST", "invoiceitems/{}", invoice_items::update),
    Operation("DELETE", "invoiceitems/{}", invoice_items::delete),
    Operation("GET", "invoice_payments", invoices::list_payments),
    Operation("GET", "invoice_payments/{}", invoices::retrieve_payment),
    Operation("GET", "invoices", invoices::list),
    Operation("POST", "invoices", invoices::create),
    Operation("POST", "invoices/create_preview", invoices::create_preview),
    Operation("GET", "invoices/search", search::invoices),
    Operation("GET", UPCOMING, invoices::upcoming),
    Operation("GET", "invoices/upcoming/lines", invoices::upcoming_lines),
    Operation("GET", "invoices/{}", invoices::retrieve),
    Operation("POST", "invoices/{}", invoices::update),
    Operation("DELETE", "invoices/{}", invoices::delete),
    Operation("GET", "invoices/{}/lines", invoices::lines),
    Operation("POST", "invoices/{}/finalize", invoices::finalize),
    Operation("POST", "invoices/{}/mark_uncollectible", invoices::mark_uncollectible),
    Operation("POST", "invoices/{}/pay", invoices::pay),
    Operation("POST", "invoices/{}/send", invoices::send),
    Operation("POST", "invoices/{}/void", invoices::void),
    Operation("GET", "payment_intents", intents::list_payment_intents),
    Operation("POST", "payment_intents", intents::create_payment_intent),
    Operation("GET", "payment_intents/search", search::payment_intents),
    Operation("GET", "payment_intents/{}", intents::retrieve_payment_intent),
    Operation("POST", "payment_intents/{}", intents::update_payment_intent),
    Operation("POST", "payment_intents/{}/cancel", intents::cancel_payment_intent),
    Operation("POST", "payment_intents/{}/capture", intents::capture_payment_intent),
    Operation("POST", "payment_intents/{}/confirm", intents::confirm_payment_intent),
    Operation("GET", "payment_methods", payment_methods::list),
    Operation("POST", "payment_methods", payment_methods::create),
    Operation("GET", "payment_methods/{}", payment_methods::retrieve),
    Operation("POST", "payment_methods/{}", payment_methods::update),
    Operation("POST", "payment_methods/{}/attach", payment_methods::attach),
    Operation("POST", "payment_methods/{}/detach", payment_methods::detach),
    Operation("GET", "payment_pages/{}", payment_pages::retrieve),
    Operation("POST", "payment_pages/{}/confirm", payment_pages::confirm),
    Operation("GET", "plans", plans::list),
    Operation("POST", "plans", plans::create),
    Operation("GET", "plans/{}", plans::retrieve),
    Operation("POST", "plans/{}", plans::update),
    Operation("DELETE", "plans/{}", plans::delete),
    Operation("GET", "prices", prices::list),
    Operation("POST", "prices", prices::create),
    Operation("GET", "prices/search", search::prices),
    Operation("GET", "prices/{}", prices::retrieve),
    Operation("POST", "prices/{}", prices::update),
    Operation("GET", "products", products::list),
    Operation("POST", "products", products::create),
    Operation("GET", "products/search", search::products),
    Operation("GET", "products/{}", products::retrieve),
    Operation("POST", "products/{}", products::update),
    Operation("DELETE", "products/{}", products::delete),
    Operation("GET", "promotion_codes", promotion_codes::list),
    Operation("POST", "promotion_codes", promotion_codes::create),
    Operation("GET", "promotion_codes/{}", promotion_codes::retrieve),
    Operation("POST", "promotion_codes/{}", promotion_codes::update),
    Operation("GET", "refunds", refunds::list),
    Operation("POST", "refunds", refunds::create),
    Operation("GET", "refunds/{}", refunds::retrieve),
    Operation("POST", "refunds/{}", refunds::update),
    Operation("GET", "setup_intents", intents::list_setup_intents),
    Operation("POST", "setup_intents", intents::create_setup_intent),
    Operation("GET", "setup_intents/{}", intents::retrieve_setup_intent),
    Operation("POST", "setup_intents/{}", intents::update_setup_intent),
    Operation("POST", "setup_intents/{}/cancel", intents::cancel_setup_intent),
    Operation("POST", "setup_intents/{}/confirm", intents::confirm_setup_intent),
    Operation("POST", "stripecli/sessions", stripecli::open_session),
    Operation("GET", "subscription_items", subscription_items::list),
    Operation("POST", "subscription_items", subscription_items::create),
    Operation("GET", "subscription_items/{}", subscription_items::retrieve),
    Operation("POST", "subscription_items/{}", subscription_items::update),
    Operation("DELETE", "subscription_items/{}", subscription_items::delete),
    Operation("GET", "subscription_schedules", subscription_schedules::list),
    Operation("POST", "subscription_schedules", subscription_schedules::create),
    Operation("GET", "subscription_schedules/{}", subscription_schedules::retrieve),
    Operation("POST", "subscription_schedules/{}", subscription_schedules::update),
    Operation("POST", "subscription_schedules/{}/cancel", subscription_schedules::cancel),
    Operation("POST", "subscription_schedules/{}/release", subscription_schedules::release),
    Operation("GET", "subscriptions", subscriptions::list),
    Operation("POST", "subscriptions", subscriptions::create),
    Operation("GET", "subscriptions/search", search::subscriptions),
    Operation("GET", "subscriptions/{}", subscriptions::retrieve),
    Operation("POST", "subscriptions/{}", subscriptions::update),
    Operation("DELETE", "subscriptions/{}", subscriptions::cancel),
    Operation("DELETE", "subscriptions/{}/discount", discounts::delete_of_subscription),
    Operation("POST", "subscriptions/{}/pause", subscriptions::pause),
    Operation("POST", "subscriptions/{}/resume", subscriptions::resume),
    Operation("GET", "tax_codes", tax_codes::list),
    Operation("GET", "tax_codes/{}", tax_codes::retrieve),
    Operation("GET", "tax_ids", tax_ids::list),
    Operation("POST", "tax_ids", tax_ids::create),
    Operation("GET", "tax_ids/{}", tax_ids::retrieve),
    Operation("DELETE", "tax_ids/{}", tax_ids::delete),
    Operation("GET", "tax_rates", tax_rates::list),
    Operation("POST", "tax_rates", tax_rates::create),
    Operation("GET", "tax_rates/{}", tax_rates::retrieve),
    Operation("POST", "tax_rates/{}", tax_rates::update),
    Operation("GET", "test_helpers/test_clocks", test_clocks::list),
    Operation("POST", "test_helpers/test_clocks", test_clocks::create),
    Operation("GET", "test_helpers/test_clocks/{}", test_clocks::retrieve),
    Operation("DELETE", "test_helpers/test_clocks/{}", test_clocks::delete),
    Operation("POST", "test_helpers/test_clocks/{}/advance", test_clocks::advance),
    Operation("POST", "tokens", tokens::create),
    Operation("GET", "tokens/{}", tokens::retrieve),
    Operation("GET", "webhook_endpoints", webhook_endpoints::list),
    Operation("POST", "webhook_endpoints", webhook_endpoints::create),
    Operation("GET", "webhook_endpoints/{}", webhook_endpoints::retrieve),
    Operation("POST", "webhook_endpoints/{}", webhook_endpoints::update),
    Operation("DELETE", "webhook_endpoints/{}", webhook_endpoints::delete),
];

/// What answers for collections that this account has nothing of. Its ids are the segments of the path.
static ABSENT: Operation = Operation("GET", "", absent::answer);

/// The operation at a path, and the ids in the path.
pub(super) fn find(
    method: &str,
    path: &str,
) -> Result<(&'static Operation, Vec<String>), ApiError> {
    let wanted: Vec<&str> =
        path.trim_start_matches("/v1/").trim_end_matches('/').split('/').collect();
    for operation in OPERATIONS.iter().filter(|operation| operation.0 == method) {
        if let Some(ids) = ids(operation.1, &wanted) {
            return Ok((operation, ids));
        }
    }
    if method == "GET" && absent::holds(&wanted) {
        return Ok((&ABSENT, wanted.into_iter().map(str::to_owned).collect()));
    }
    let mut error = ApiError::invalid(format!(
        "Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at \
         https://support.stripe.com/."
    ));
    error.status = 404;
    Err(error)
}

/// The ids in a path of this pattern; `None` when it is not.
pub(super) fn ids(pattern: &str, wanted: &[&str]) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    let mut segments = pattern.split('/');
    for word in wanted {
        match segments.next()? {
            "{}" if !word.is_empty() => ids.push((*word).to_owned()),
            segment if segment == *word => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_operation_and_ids() {
        let (operation, ids) = find("GET", "/v1/customers/cus_1/payment_methods/pm_1").unwrap();
        assert_eq!(operation.1, "customers/{}/payment_methods/{}");
        assert_eq!(ids, ["cus_1", "pm_1"]);
        assert_eq!(find("GET", "/v1/customers/search").unwrap().0.1, "customers/search");
        for (method, path) in [("PUT", "/v1/customers"), ("GET", "/v1/nothing")] {
            assert_eq!(
                find(method, path).err().map(|error| error.status),
                Some(404),
                "{method} {path}"
            );
        }
    }
}
