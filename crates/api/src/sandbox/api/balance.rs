//! The account's balance, and the transactions it is the sum of.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Outcome, Page, Request};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Tx},
};

/// As the API shows it: the money becomes available by itself.
pub(super) fn shown(now: i64, mut transaction: Value) -> Value {
    if transaction["available_on"].as_i64().is_some_and(|time| time <= now) {
        transaction["status"] = json!("available");
    }
    transaction
}

/// What is available and what is on its way, by currency.
pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    request.params.finish()?;
    let now = tx.now();
    // Available and pending, in minor units.
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let (transactions, _) = tx.list(Kind::BalanceTransaction, &Listing::default(), |_| true)?;
    for transaction in &transactions {
        let currency = transaction.text("currency").unwrap_or_default().to_owned();
        let sum = sums.entry(currency).or_default();
        let is_available = transaction.integer("available_on").is_some_and(|time| time <= now);
        let part = if is_available { &mut sum.0 } else { &mut sum.1 };
        *part = part.saturating_add(transaction.integer("net").unwrap_or(0));
    }
    if sums.is_empty() {
        sums.insert("usd".to_owned(), (0, 0));
    }
    let amounts = |part: fn(&(i64, i64)) -> i64| -> Vec<Value> {
        let amount = |(currency, sum): (&String, &(i64, i64))| json!({ "amount": part(sum), "currency": currency, "source_types": { "card": part(sum) } });
        sums.iter().map(amount).collect()
    };
    Ok(json!({
        "object": "balance",
        "available": amounts(|sum| sum.0),
        "livemode": false,
        "pending": amounts(|sum| sum.1),
    }))
}

pub(super) fn retrieve_transaction(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let found = tx.get(Kind::BalanceTransaction, request.id(), "id").map_err(ApiError::in_path)?;
    request.params.finish()?;
    Ok(shown(tx.now(), found.body))
}

pub(super) fn list_transactions(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let created = params.time_range("created")?;
    let wanted = [
        ("currency", params.string("currency")?.map(|currency| currency.to_ascii_lowercase())),
        ("payout", params.string("payout")?),
        ("source", params.string("source")?),
        ("type", params.string("type")?),
    ];
    params.finish()?;
    let passes = |transaction: &Object| {
        created.contains(transaction.integer("created").unwrap_or(0))
            && wanted.iter().all(|(name, value)| {
                value.as_deref().is_none_or(|value| transaction.text(name) == Some(value))
            })
    };
    let url = "/v1/balance_transactions";
    let mut answer = page.answer(tx, url, Kind::BalanceTransaction, Listing::default(), passes)?;
    for transaction in answer["data"].as_array_mut().into_iter().flatten() {
        *transaction = shown(tx.now(), transaction.take());
    }
    Ok(answer)
}
