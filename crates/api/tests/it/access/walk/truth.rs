//! What somebody may hear, reckoned from Stripe's objects alone and by other ways than the product's.

use api::db::{Db, DbError, schema::events};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use serde_json::Value;

use super::DAY;
use crate::harness::TestApp;

/// The plan that is open to whoever has this address; panics when they have two of anything.
pub async fn of(app: &TestApp, email: &str) -> Option<String> {
    let customers = list(app, &format!("/v1/customers?email={email}")).await;
    let mut all = Vec::new();
    for customer in &customers {
        let theirs = format!("/v1/subscriptions?customer={}&status=all", id(customer));
        all.extend(list(app, &theirs).await);
    }
    let trials = all.iter().filter(|one| !one["trial_start"].is_null()).count();
    assert!(trials <= 1, "{email} had {trials} trials");
    let live: Vec<_> = all
        .iter()
        .filter(|one| !matches!(text(one, "status"), "canceled" | "incomplete_expired"))
        .collect();
    assert!(live.len() <= 1, "{email} has {} live subscriptions", live.len());
    for customer in &customers {
        let open = format!("/v1/checkout/sessions?customer={}&status=open", id(customer));
        let open = list(app, &open).await.len();
        assert!(open <= 1, "{email} has {open} open sessions");
    }

    let subscription = *live.first()?;
    let product = &subscription["items"]["data"][0]["price"]["product"];
    let plan = product.as_str()?.strip_prefix("circle_").unwrap().to_owned();
    let invoices = format!("/v1/invoices?subscription={}", id(subscription));
    let invoices = list(app, &(invoices + "&expand[]=data.payments")).await;
    let is_open = match text(subscription, "status") {
        "active" | "trialing" => true,
        "past_due" => within_grace(app, &invoices, &plan).await,
        _ => false,
    };
    let is_open = is_open
        && !rests_unpaid(app, subscription, &invoices).await
        && !went_back(app, subscription, &invoices).await;
    is_open.then_some(plan)
}

async fn now(app: &TestApp) -> i64 {
    let clock = app.send(app.http.get(format!("{}/_sandbox/clock", app.sandbox))).await.expect(200);
    clock["now"].as_i64().unwrap()
}

async fn within_grace(app: &TestApp, invoices: &[Value], plan: &str) -> bool {
    let days = if plan == "enterprise" { 14 } else { 7 };
    let owed = invoices
        .iter()
        .filter(|invoice| text(invoice, "status") == "open" && invoice["attempted"] == true);
    let since = owed.map(|invoice| invoice["created"].as_i64().unwrap()).min();
    now(app).await < since.unwrap() + days * DAY
}

/// Whether its invoices are voided, and what was paid before is over.
async fn rests_unpaid(app: &TestApp, subscription: &Value, invoices: &[Value]) -> bool {
    if subscription["pause_collection"]["behavior"] != "void" {
        return false;
    }
    let paid = invoices.iter().filter(|invoice| text(invoice, "status") == "paid");
    let lines = paid.flat_map(|invoice| invoice["lines"]["data"].as_array().unwrap());
    let until = lines.map(|line| line["period"]["end"].as_i64().unwrap()).max();
    now(app).await >= until.unwrap()
}

/// Whether the latest invoice was refunded, or a payment is disputed, or the dispute about the latest was lost.
async fn went_back(app: &TestApp, subscription: &Value, invoices: &[Value]) -> bool {
    let disputes = list(app, "/v1/disputes?").await;
    for invoice in invoices {
        let is_latest = subscription["latest_invoice"] == invoice["id"];
        for payment in invoice["payments"]["data"].as_array().unwrap() {
            let Some(intent) = payment["payment"]["payment_intent"].as_str() else { continue };
            for charge in list(app, &format!("/v1/charges?payment_intent={intent}")).await {
                if is_latest && charge["refunded"] == true {
                    return true;
                }
                let about = disputes.iter().filter(|dispute| dispute["charge"] == charge["id"]);
                let counts = |dispute: &Value| match text(dispute, "status") {
                    "needs_response" | "under_review" => true,
                    "lost" => is_latest,
                    _ => false,
                };
                if about.into_iter().any(counts) {
                    return true;
                }
            }
        }
    }
    false
}

/// Everything of a list of Stripe's.
async fn list(app: &TestApp, path: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().map(|last| format!("&starting_after={}", id(last)));
        let page = format!("{path}&limit=100{}", after.unwrap_or_default());
        let page = app.stripe(&page).await;
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        if page["has_more"] == false {
            return all;
        }
    }
}

fn id(object: &Value) -> &str {
    text(object, "id")
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_else(|| panic!("no {name} in {object}"))
}

/// How many events the product knows, and how many of them are not dealt with.
pub async fn count_events(db: &Db) -> (usize, i64) {
    db.scan(|conn| {
        let waiting = events::table.filter(events::state.eq_any(["received", "failed"]));
        let came: i64 = events::table.count().get_result(conn)?;
        Ok::<_, DbError>((came.cast_unsigned() as usize, waiting.count().get_result(conn)?))
    })
    .await
    .unwrap()
}
