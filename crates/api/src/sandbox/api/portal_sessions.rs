//! Portal sessions: the only resource that a page of its own follows at once.

use serde_json::{Value, json};

use super::{Outcome, Request, checkout_sessions::check_url, customers, portal_configurations};
use crate::sandbox::{
    billing::items,
    error::ApiError,
    object::{Kind, Object, random_word},
    params::Params,
    store::Tx,
};

const FLOWS: &[&str] = &[
    "customer_update",
    "payment_method_update",
    "subscription_cancel",
    "subscription_pause",
    "subscription_update",
    "subscription_update_confirm",
];

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let customer = params.required("customer")?;
    let configuration = params.string("configuration")?;
    let return_url = params.string("return_url")?;
    let locale = params.string("locale")?;
    let on_behalf_of = params.string("on_behalf_of")?;
    let after_expiration = params.kept("after_expiration")?;
    let flow = params.hash("flow_data", take_flow)?;
    params.finish()?;
    if let Some(url) = &return_url {
        check_url("return_url", url)?;
    }
    let customer = customers::live(tx, &customer, "customer")?;
    let configuration = match configuration {
        Some(id) => tx.get(Kind::BillingPortalConfiguration, &id, "configuration")?,
        None => portal_configurations::default(tx)?,
    };
    if !configuration.is("active") {
        return Err(ApiError::invalid_param(
            "configuration",
            format!(
                "The configuration {} is inactive. Please provide an active configuration.",
                configuration.id
            ),
        ));
    }
    if let Some(flow) = &flow {
        check_flow(tx, flow, &configuration, &customer)?;
    }
    let secret = random_word(48);
    let mut body = json!({
        "configuration": configuration.id,
        "customer": customer.id,
        "customer_account": null,
        "flow": flow,
        "locale": locale,
        "on_behalf_of": on_behalf_of,
        "return_url": return_url.map(Value::from).unwrap_or_else(|| configuration.body["default_return_url"].clone()),
        "url": tx.page_url(&format!("/portal/{secret}")),
    });
    if let Some(after_expiration) = after_expiration {
        body["after_expiration"] = after_expiration;
    }
    let session = Object::new(Kind::BillingPortalSession, tx.sandbox_now(), body)
        .with_private(json!({ "secret": secret }));
    tx.insert(&session)?;
    tx.emit("billing_portal.session.created", &session, None)?;
    Ok(session.body)
}

/// Reads `flow_data` into the session's `flow`.
fn take_flow(params: &mut Params) -> Result<Value, ApiError> {
    let kind = params.choice("type", FLOWS)?.ok_or_else(|| ApiError::missing("flow_data[type]"))?;
    let after = params.hash("after_completion", take_after_completion)?;
    let mut flow = json!({
        "after_completion": after.unwrap_or_else(|| {
            json!({ "hosted_confirmation": null, "redirect": null, "type": "portal_homepage" })
        }),
        "subscription_cancel": null,
        "subscription_pause": null,
        "subscription_update": null,
        "subscription_update_confirm": null,
        "type": kind,
    });
    let cancel = params.hash("subscription_cancel", |cancel| {
        let retention = cancel.hash("retention", |retention| {
            let kind = retention.choice("type", &["coupon_offer"])?;
            let coupon = retention.hash("coupon_offer", |offer| offer.required("coupon"))?;
            let coupon = coupon.ok_or_else(|| ApiError::missing(retention.name("coupon_offer")))?;
            Ok(json!({ "coupon_offer": { "coupon": coupon }, "type": kind.unwrap_or_else(|| "coupon_offer".to_owned()) }))
        })?;
        Ok(json!({ "retention": retention, "subscription": cancel.required("subscription")? }))
    })?;
    let pause = params.hash("subscription_pause", |pause| {
        Ok(json!({ "subscription": pause.required("subscription")? }))
    })?;
    let update = params.hash("subscription_update", |update| {
        Ok(json!({ "subscription": update.required("subscription")? }))
    })?;
    let confirm = params.hash("subscription_update_confirm", |confirm| {
        let items = confirm.hashes("items", |item| {
            let mut change = json!({ "id": item.required("id")?, "price": item.string("price")? });
            if let Some(quantity) = item.integer_from("quantity", 1)? {
                change["quantity"] = json!(quantity);
            }
            Ok(change)
        })?;
        Ok(json!({
            "discounts": confirm.kept("discounts")?,
            "items": items.ok_or_else(|| ApiError::missing(confirm.name("items")))?,
            "subscription": confirm.required("subscription")?,
        }))
    })?;
    let given = [
        ("subscription_cancel", cancel),
        ("subscription_pause", pause),
        ("subscription_update", update),
        ("subscription_update_confirm", confirm),
    ];
    for (name, value) in given {
        match (name == kind, value) {
            (true, Some(value)) => flow[name] = value,
            (true, None) => return Err(ApiError::missing(format!("flow_data[{name}]"))),
            (false, Some(_)) => {
                return Err(ApiError::invalid_param(
                    format!("flow_data[{name}]"),
                    format!(
                        "`flow_data[{name}]` can only be set if `flow_data[type]` is `{name}`."
                    ),
                ));
            }
            (false, None) => {}
        }
    }
    Ok(flow)
}

fn take_after_completion(params: &mut Params) -> Result<Value, ApiError> {
    let kind = params.choice("type", &["hosted_confirmation", "portal_homepage", "redirect"])?;
    let kind = kind.ok_or_else(|| ApiError::missing(params.name("type")))?;
    let redirect = params.hash("redirect", |redirect| {
        let url = redirect.required("return_url")?;
        check_url(&redirect.name("return_url"), &url)?;
        Ok(json!({ "return_url": url }))
    })?;
    if kind == "redirect" && redirect.is_none() {
        return Err(ApiError::missing(params.name("redirect")));
    }
    let confirmation = params.hash("hosted_confirmation", |text| {
        Ok(json!({ "custom_message": text.string("custom_message")? }))
    })?;
    Ok(json!({ "hosted_confirmation": confirmation, "redirect": redirect, "type": kind }))
}

/// Refuses a flow that the configuration, or the subscription, does not allow.
fn check_flow(
    tx: &mut Tx<'_>,
    flow: &Value,
    configuration: &Object,
    customer: &Object,
) -> Result<(), ApiError> {
    let kind = flow["type"].as_str().unwrap_or_default();
    let feature = if kind == "subscription_update_confirm" { "subscription_update" } else { kind };
    let wanted = flow[kind]["subscription"].as_str();
    if configuration.body["features"][feature]["enabled"] != true {
        let name = feature.replace('_', " ");
        let subject = match feature {
            "subscription_update" => "This subscription cannot be updated",
            "subscription_cancel" => "This subscription cannot be canceled",
            "subscription_pause" => "This subscription cannot be paused",
            "payment_method_update" => "This customer's payment method cannot be updated",
            _ => "This customer cannot be updated",
        };
        return Err(ApiError::invalid_param(
            "flow_data[type]",
            format!(
                "{subject} because the {name} feature in the portal configuration is disabled."
            ),
        ));
    }
    let Some(id) = wanted else { return Ok(()) };
    let param = format!("flow_data[{kind}][subscription]");
    let subscription = tx.get(Kind::Subscription, id, &param)?;
    if subscription.text("customer") != Some(&customer.id) {
        return Err(ApiError::no_such(Kind::Subscription, id, param));
    }
    let status = subscription.text("status").unwrap_or_default();
    if matches!(status, "canceled" | "incomplete_expired" | "incomplete") {
        return Err(ApiError::invalid_param(
            param,
            format!(
                "The subscription {id} cannot be used in this flow because its status is `{status}`."
            ),
        ));
    }
    if let Some(coupon) = flow[kind]["retention"]["coupon_offer"]["coupon"].as_str() {
        let param = "flow_data[subscription_cancel][retention][coupon_offer][coupon]";
        let offer = tx.offer_of_coupon(coupon, param)?;
        tx.check_offer(&offer, Some(&customer.id), None, param)?;
    }
    match kind {
        "subscription_cancel" if !subscription.body["cancel_at"].is_null() => {
            Err(ApiError::invalid_param(
                param,
                format!("The subscription {id} is already set to be canceled at period end."),
            ))
        }
        "subscription_update" | "subscription_update_confirm" => {
            check_updatable(&subscription, &param)?;
            if kind == "subscription_update" {
                Ok(())
            } else {
                check_confirm(tx, flow, configuration, &subscription)
            }
        }
        _ => Ok(()),
    }
}

fn check_updatable(subscription: &Object, param: &str) -> Result<(), ApiError> {
    let because = if items::of(subscription).len() != 1 {
        "it contains multiple subscription items"
    } else if !subscription.body["schedule"].is_null() {
        "it is managed by a subscription schedule"
    } else if subscription.text("collection_method") == Some("send_invoice") {
        "its collection method is `send_invoice`"
    } else if !subscription.body["cancel_at"].is_null() {
        "it is set to be canceled"
    } else {
        return Ok(());
    };
    Err(ApiError::invalid_param(
        param,
        format!("This subscription cannot be updated because {because}."),
    ))
}

fn check_confirm(
    tx: &mut Tx<'_>,
    flow: &Value,
    configuration: &Object,
    subscription: &Object,
) -> Result<(), ApiError> {
    let name = "flow_data[subscription_update_confirm][items]";
    let given = flow["subscription_update_confirm"]["items"]
        .as_array()
        .map_or(&[] as &[Value], Vec::as_slice);
    let [wanted] = given else {
        return Err(ApiError::invalid_param(name, "Exactly one item must be specified."));
    };
    let item = items::of(subscription).iter().find(|item| item["id"] == wanted["id"]);
    let Some(item) = item else {
        let id = wanted["id"].as_str().unwrap_or_default();
        return Err(ApiError::no_such(Kind::SubscriptionItem, id, format!("{name}[0][id]")));
    };
    if let Some(id) = wanted["price"].as_str() {
        let param = format!("{name}[0][price]");
        tx.get(Kind::Price, id, &param)?;
        let products = &configuration.body["features"]["subscription_update"]["products"];
        let is_offered = products.as_array().into_iter().flatten().any(|product| {
            product["prices"]
                .as_array()
                .is_some_and(|prices| prices.iter().any(|price| price == id))
        });
        if !is_offered {
            return Err(ApiError::invalid_param(
                param,
                format!(
                    "The price {id} is not part of the portal configuration's `subscription_update` products."
                ),
            ));
        }
    }
    let same_price = wanted["price"].is_null() || wanted["price"] == item["price"]["id"];
    let same_quantity = wanted["quantity"].is_null() || wanted["quantity"] == item["quantity"];
    if same_price && same_quantity {
        return Err(ApiError::invalid_param(
            name,
            "The subscription update doesn't change anything: the items are the same as the subscription's.",
        ));
    }
    Ok(())
}
