//! Tokens: cards on their way to a payment method or a source, each good for one use.

use serde_json::json;

use super::{Outcome, Request, payment_methods, sources};
use crate::sandbox::{
    cards::{Card, billing_details},
    error::ApiError,
    object::{Kind, Object, random_word},
    store::Tx,
};

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let now = tx.now();
    let mut params = request.params;
    let card = params.hash("card", |card| {
        let name = card.clearable("name")?.flatten();
        Ok((payment_methods::take_number(card, now)?, name))
    })?;
    params.finish()?;
    let (card, name) = card.ok_or_else(|| ApiError::missing("card"))?;
    let mut method = card.payment_method(now, billing_details(name.as_deref(), None));
    method.id = format!("card_{}", random_word(24));
    let mut shown = sources::card(&method);
    // It is nobody's yet.
    shown.as_object_mut().map(|body| body.remove("customer"));
    let body = json!({ "card": shown, "client_ip": "127.0.0.1", "type": "card", "used": false });
    let token = Object::new(Kind::Token, now, body).with_private(json!({
        "number": card.number, "exp_month": card.exp_month, "exp_year": card.exp_year, "name": name,
    }));
    tx.insert(&token)?;
    Ok(token.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let token = tx.get(Kind::Token, request.id(), "token").map_err(ApiError::in_path)?;
    request.params.finish()?;
    Ok(token.body)
}

/// The card behind a token, and the name on it: one of Stripe's, such as `tok_visa`, or one that was made, which is used
/// up by this.
pub(super) fn redeem(
    tx: &mut Tx<'_>,
    id: &str,
    param: &str,
) -> Result<(Card, Option<String>), ApiError> {
    if let Some(card) = id.strip_prefix("tok_").and_then(|word| Card::of_word(word, tx.now())) {
        return Ok((card, None));
    }
    let mut token = tx.get(Kind::Token, id, param)?;
    if token.is("used") {
        return Err(ApiError::invalid_param(
            param,
            format!("You cannot use a Stripe token more than once: {id}."),
        )
        .code("token_already_used"));
    }
    token.body["used"] = json!(true);
    tx.save(&token)?;
    let part = |name: &str| token.private[name].as_i64().unwrap_or_default();
    let text = |name: &str| token.private[name].as_str().map(str::to_owned);
    let number = text("number").unwrap_or_default();
    let card = Card { number, exp_month: part("exp_month"), exp_year: part("exp_year") };
    Ok((card, text("name")))
}
