//! What the portal shows, read from the objects.

use serde_json::{Value, json};

use super::{
    Address, AfterFlow, Business, CancelFeature, CancelWhen, Features, Flow, Offer, PauseFeature,
    PortalCustomer, PortalInvoice, PortalPage, PortalPaymentMethod, PortalSubscription, Retention,
    Task, actions::Visit,
};
use crate::sandbox::{
    billing::{items, offer, pricing::unit},
    checkout::Cadence,
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Tx},
};

/// Most invoices shown.
const INVOICES: usize = 24;

pub(super) fn page(tx: &mut Tx<'_>, visit: &Visit) -> Result<PortalPage, ApiError> {
    let profile = &visit.configuration.body["business_profile"];
    let text = |name: &str| profile[name].as_str().map(str::to_owned);
    let mut subscriptions = Vec::new();
    for subscription in live_subscriptions(tx, &visit.customer.id)? {
        if let Some(shown) = portal_subscription(tx, visit, &subscription)? {
            subscriptions.push(shown);
        }
    }
    Ok(PortalPage {
        id: visit.session.id.clone(),
        merchant: tx.business().to_owned(),
        business: Business {
            headline: text("headline"),
            privacy_policy_url: text("privacy_policy_url"),
            terms_of_service_url: text("terms_of_service_url"),
        },
        features: features(visit),
        flow: flow(tx, &visit.session.body["flow"])?,
        return_url: visit.session.text("return_url").map(str::to_owned),
        customer: portal_customer(&visit.customer),
        subscriptions,
        payment_methods: payment_methods(tx, &visit.customer)?,
        invoices: invoices(tx, &visit.customer.id)?,
        offers: offers(tx, &visit.configuration)?,
    })
}

/// A customer's subscriptions that have not ended, newest first.
pub(super) fn live_subscriptions(tx: &mut Tx<'_>, customer: &str) -> Result<Vec<Object>, ApiError> {
    let is_live = |subscription: &Object| {
        !matches!(subscription.text("status"), Some("canceled" | "incomplete_expired"))
    };
    Ok(tx.list(Kind::Subscription, &Listing::of_customer(customer), is_live)?.0)
}

fn features(visit: &Visit) -> Features {
    let is_on = |name: &str| visit.feature(name)["enabled"] == true;
    let cancel = visit.feature("subscription_cancel");
    let reasons = &cancel["cancellation_reason"];
    Features {
        customer_update: if is_on("customer_update") {
            words(&visit.feature("customer_update")["allowed_updates"])
        } else {
            Vec::new()
        },
        invoice_history: is_on("invoice_history"),
        payment_method_update: is_on("payment_method_update"),
        subscription_cancel: is_on("subscription_cancel").then(|| CancelFeature {
            when: cancel_when(cancel),
            reasons: if reasons["enabled"] == true {
                words(&reasons["options"])
            } else {
                Vec::new()
            },
        }),
        subscription_pause: is_on("subscription_pause")
            .then(|| PauseFeature { options: pause_options(visit.feature("subscription_pause")) }),
        subscription_update: is_on("subscription_update"),
        promotion_codes: words(&visit.feature("subscription_update")["default_allowed_updates"])
            .iter()
            .any(|word| word == "promotion_code"),
    }
}

/// The lengths that a subscription may be paused for; none for an indefinite pause.
pub(super) fn pause_options(feature: &Value) -> Vec<(i64, String)> {
    let duration = &feature["duration"];
    let options = duration["interval_options"].as_array().into_iter().flatten();
    options
        .filter(|_| duration["type"] == "interval_options")
        .filter_map(|option| {
            let unit = option["interval"].as_str()?.to_owned();
            Some((option["interval_count"].as_i64().unwrap_or(1), unit))
        })
        .collect()
}

/// The least and the most of a product that the configuration lets customers choose.
pub(super) fn quantity_bounds(configuration: &Object, product: &str) -> Option<(i64, i64)> {
    let update = &configuration.body["features"]["subscription_update"];
    if !words(&update["default_allowed_updates"]).iter().any(|word| word == "quantity") {
        return None;
    }
    let products = update["products"].as_array().into_iter().flatten();
    let adjustable = products
        .filter(|offered| offered["product"] == product)
        .map(|offered| &offered["adjustable_quantity"])
        .next()?;
    let least = adjustable["minimum"].as_i64().unwrap_or(1);
    (adjustable["enabled"] == true)
        .then(|| (least, adjustable["maximum"].as_i64().unwrap_or(i64::from(u16::MAX))))
}

pub(super) fn cancel_when(feature: &Value) -> CancelWhen {
    if feature["mode"] == "immediately" { CancelWhen::Immediately } else { CancelWhen::AtPeriodEnd }
}

/// The strings of an array.
pub(super) fn words(array: &Value) -> Vec<String> {
    array
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

fn retention(tx: &mut Tx<'_>, retention: &Value) -> Result<Option<Retention>, ApiError> {
    let Some(id) = retention["coupon_offer"]["coupon"].as_str() else { return Ok(None) };
    let now = tx.now();
    let coupon = tx.find(Kind::Coupon, id)?.filter(|coupon| offer::is_valid(&coupon.body, now));
    Ok(coupon.map(|coupon| Retention { coupon: coupon.id, text: offer::in_words(&coupon.body) }))
}

fn flow(tx: &mut Tx<'_>, flow: &Value) -> Result<Option<Flow>, ApiError> {
    let Some(kind) = flow["type"].as_str() else { return Ok(None) };
    let subscription = flow[kind]["subscription"].as_str().unwrap_or_default().to_owned();
    let task = match kind {
        "payment_method_update" => Task::PaymentMethodUpdate,
        "subscription_cancel" => Task::SubscriptionCancel {
            subscription,
            retention: retention(tx, &flow[kind]["retention"])?,
        },
        "subscription_pause" => Task::SubscriptionPause { subscription },
        "subscription_update" => Task::SubscriptionUpdate { subscription },
        "subscription_update_confirm" => {
            let item = &flow[kind]["items"][0];
            Task::SubscriptionUpdateConfirm {
                subscription,
                price: item["price"].as_str().unwrap_or_default().to_owned(),
                quantity: item["quantity"].as_i64(),
            }
        }
        _ => Task::CustomerUpdate,
    };
    let after = &flow["after_completion"];
    let after = match after["type"].as_str() {
        Some("redirect") => AfterFlow::Redirect {
            url: after["redirect"]["return_url"].as_str().unwrap_or_default().to_owned(),
        },
        Some("hosted_confirmation") => AfterFlow::HostedConfirmation {
            message: after["hosted_confirmation"]["custom_message"].as_str().map(str::to_owned),
        },
        _ => AfterFlow::PortalHomepage,
    };
    Ok(Some(Flow { task, after }))
}

fn portal_customer(customer: &Object) -> PortalCustomer {
    let text = |name: &str| customer.text(name).map(str::to_owned);
    PortalCustomer {
        id: customer.id.clone(),
        email: text("email"),
        name: text("name"),
        phone: text("phone"),
        address: address(&customer.body["address"]),
        balance: customer.integer("balance").unwrap_or(0),
    }
}

/// An address as the pages show it; `None` for null.
pub(crate) fn address(value: &Value) -> Option<Address> {
    value.as_object()?;
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Some(Address {
        line1: text("line1"),
        line2: text("line2"),
        city: text("city"),
        state: text("state"),
        postal_code: text("postal_code"),
        country: text("country"),
    })
}

/// An address as the API shows it; empty texts are null.
pub(super) fn address_value(address: &Address) -> Value {
    let text = |value: &Option<String>| {
        json!(value.as_deref().map(str::trim).filter(|value| !value.is_empty()))
    };
    json!({
        "city": text(&address.city),
        "country": text(&address.country),
        "line1": text(&address.line1),
        "line2": text(&address.line2),
        "postal_code": text(&address.postal_code),
        "state": text(&address.state),
    })
}

/// Whether the portal may change this subscription's plan.
pub(super) fn is_changeable(subscription: &Object) -> bool {
    items::of(subscription).len() == 1
        && subscription.body["cancel_at"].is_null()
        && subscription.body["schedule"].is_null()
        && matches!(subscription.text("status"), Some("active" | "trialing"))
        && subscription.text("collection_method") == Some("charge_automatically")
}

fn portal_subscription(
    tx: &mut Tx<'_>,
    visit: &Visit,
    subscription: &Object,
) -> Result<Option<PortalSubscription>, ApiError> {
    let Some(item) = items::of(subscription).first() else { return Ok(None) };
    let price = &item["price"];
    let Some(cadence) = Cadence::of_price(price) else { return Ok(None) };
    let product = tx.find(Kind::Product, price["product"].as_str().unwrap_or_default())?;
    let method = tx.payment_method_for(&visit.customer.id, Some(subscription))?;
    Ok(Some(PortalSubscription {
        id: subscription.id.clone(),
        status: subscription.text("status").unwrap_or_default().to_owned(),
        price: price["id"].as_str().unwrap_or_default().to_owned(),
        product_name: tx.product_name(price)?,
        product_image: product
            .and_then(|product| product.body["images"][0].as_str().map(str::to_owned)),
        quantity: item["quantity"].as_i64().unwrap_or(1),
        unit_amount: unit(price).map(str::to_owned),
        amount: tx.item_cost(item)?,
        currency: subscription.text("currency").unwrap_or_default().to_owned(),
        cadence,
        current_period_end: items::period(item).end,
        trial_end: subscription.integer("trial_end").filter(|end| *end > tx.now()),
        ends_at: subscription.integer("cancel_at"),
        resumes_at: subscription.private["resumes_at"].as_i64(),
        quantity_bounds: quantity_bounds(
            &visit.configuration,
            price["product"].as_str().unwrap_or_default(),
        ),
        is_changeable: is_changeable(subscription)
            && visit.feature("subscription_update")["enabled"] == true,
        payment_method: method.map(|method| method.id),
    }))
}

fn payment_methods(
    tx: &mut Tx<'_>,
    customer: &Object,
) -> Result<Vec<PortalPaymentMethod>, ApiError> {
    let (methods, _) =
        tx.list(Kind::PaymentMethod, &Listing::of_customer(&customer.id), |_| true)?;
    let default = default_payment_method(tx, customer)?;
    let mut shown = Vec::new();
    for method in methods {
        let card = &method.body["card"];
        let text = |name: &str| card[name].as_str().unwrap_or_default().to_owned();
        shown.push(PortalPaymentMethod {
            brand: text("brand"),
            last4: text("last4"),
            exp_month: card["exp_month"].as_i64().unwrap_or(0),
            exp_year: card["exp_year"].as_i64().unwrap_or(0),
            is_default: default.as_deref() == Some(&method.id),
            is_removable: is_removable(tx, customer, &method.id)?,
            id: method.id,
        });
    }
    Ok(shown)
}

/// What the next invoice is charged to: the newest subscription's card, else the customer's default.
fn default_payment_method(tx: &mut Tx<'_>, customer: &Object) -> Result<Option<String>, ApiError> {
    let newest = live_subscriptions(tx, &customer.id)?.into_iter().next();
    Ok(tx.payment_method_for(&customer.id, newest.as_ref())?.map(|method| method.id))
}

/// Whether no subscription that goes on is charged to this payment method.
pub(super) fn is_removable(
    tx: &mut Tx<'_>,
    customer: &Object,
    method: &str,
) -> Result<bool, ApiError> {
    for subscription in live_subscriptions(tx, &customer.id)? {
        let charged = tx.payment_method_for(&customer.id, Some(&subscription))?;
        if subscription.body["cancel_at"].is_null()
            && charged.is_some_and(|charged| charged.id == method)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn invoices(tx: &mut Tx<'_>, customer: &str) -> Result<Vec<PortalInvoice>, ApiError> {
    let listing = Listing { limit: INVOICES, ..Listing::of_customer(customer) };
    let (invoices, _) =
        tx.list(Kind::Invoice, &listing, |invoice| invoice.text("status") != Some("draft"))?;
    Ok(invoices.iter().map(portal_invoice).collect())
}

fn portal_invoice(invoice: &Object) -> PortalInvoice {
    let text = |name: &str| invoice.text(name).map(str::to_owned);
    // Of a change of plan, what is paid for tells more than the credit before it.
    let lines = invoice.body["lines"]["data"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let line = lines.iter().find(|line| line["amount"].as_i64() > Some(0)).or(lines.first());
    PortalInvoice {
        id: invoice.id.clone(),
        number: text("number"),
        status: text("status").unwrap_or_default(),
        total: invoice.integer("total").unwrap_or(0),
        currency: text("currency").unwrap_or_default(),
        created: invoice.integer("created").unwrap_or(0),
        description: line
            .and_then(|line| line["description"].as_str())
            .unwrap_or_default()
            .to_owned(),
        hosted_invoice_url: text("hosted_invoice_url"),
    }
}

/// The prices that `subscription_update` offers.
pub(super) fn offered_prices(configuration: &Object) -> impl Iterator<Item = &str> {
    let products = configuration.body["features"]["subscription_update"]["products"].as_array();
    let prices = products.into_iter().flatten().filter_map(|product| product["prices"].as_array());
    prices.flatten().filter_map(Value::as_str)
}

fn offers(tx: &mut Tx<'_>, configuration: &Object) -> Result<Vec<Offer>, ApiError> {
    if configuration.body["features"]["subscription_update"]["enabled"] != true {
        return Ok(Vec::new());
    }
    let mut offers = Vec::new();
    for id in offered_prices(configuration) {
        let Some(price) = tx.find(Kind::Price, id)?.filter(|price| price.is("active")) else {
            continue;
        };
        let product = tx.find(Kind::Product, price.text("product").unwrap_or_default())?;
        let (Some(product), Some(cadence)) = (product, Cadence::of_price(&price.body)) else {
            continue;
        };
        let features = product.body["marketing_features"].as_array();
        offers.push(Offer {
            price: price.id.clone(),
            product_name: product.text("name").unwrap_or_default().to_owned(),
            product_description: product.text("description").map(str::to_owned),
            product_image: product.body["images"][0].as_str().map(str::to_owned),
            features: features
                .into_iter()
                .flatten()
                .filter_map(|feature| feature["name"].as_str().map(str::to_owned))
                .collect(),
            unit_amount: unit(&price.body).map(str::to_owned),
            amount: tx.cost(&price.body, 1)?,
            currency: price.text("currency").unwrap_or_default().to_owned(),
            cadence,
        });
    }
    Ok(offers)
}
