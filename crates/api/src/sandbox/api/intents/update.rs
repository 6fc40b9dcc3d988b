//! Changing intents that are not done.

use serde_json::{Value, json};

use super::{ignore, unexpected_state};
use crate::sandbox::{
    api::{Outcome, Request, customers, payment_methods},
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    store::Tx,
};

/// What payment and setup intents have in common.
struct Change {
    customer: Option<String>,
    payment_method: Option<String>,
    description: Option<Option<String>>,
    metadata: Option<Metadata>,
}

impl Change {
    fn take(params: &mut Params) -> Result<Change, ApiError> {
        Ok(Change {
            customer: params.string("customer")?,
            payment_method: params.string("payment_method")?,
            description: params.clearable("description")?,
            metadata: params.metadata()?,
        })
    }

    /// Whether it changes what the intent is about, and not only what is said of it.
    fn is_of_substance(&self) -> bool {
        self.customer.is_some() || self.payment_method.is_some()
    }

    fn apply(self, tx: &mut Tx<'_>, intent: &mut Object) -> Result<(), ApiError> {
        if let Some(customer) = self.customer {
            intent.body["customer"] = json!(customers::live(tx, &customer, "customer")?.id);
        }
        if let Some(id) = self.payment_method {
            let method = payment_methods::given(tx, &id, "payment_method")?;
            intent.body["payment_method"] = json!(method.id);
            intent.body["status"] = json!("requires_confirmation");
        }
        if let Some(description) = self.description {
            intent.body["description"] = json!(description);
        }
        Metadata::apply(self.metadata, &mut intent.body);
        Ok(())
    }
}

fn find(tx: &mut Tx<'_>, kind: Kind, id: &str) -> Result<Object, ApiError> {
    tx.get(kind, id, "intent").map_err(ApiError::in_path)
}

fn is_open(intent: &Object) -> bool {
    matches!(
        intent.text("status"),
        Some("requires_payment_method" | "requires_confirmation" | "requires_action")
    )
}

pub(in crate::sandbox::api) fn update_payment_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut intent = find(tx, Kind::PaymentIntent, request.id())?;
    let is_endive = request.is_endive();
    let mut params = request.params;
    let change = Change::take(&mut params)?;
    let amount = params.integer_from("amount", 1)?;
    let currency = params.string("currency")?.map(|currency| currency.to_ascii_lowercase());
    let usage = params.choice("setup_future_usage", &["off_session", "on_session"])?;
    let shipping = params.kept("shipping")?;
    let capture = params.choice("capture_method", &["automatic", "automatic_async", "manual"])?;
    ignore(&mut params, is_endive)?;
    params.finish()?;
    let is_of_substance =
        change.is_of_substance() || amount.is_some() || currency.is_some() || capture.is_some();
    if is_of_substance && !is_open(&intent) {
        return Err(unexpected_state(&intent, "update"));
    }
    change.apply(tx, &mut intent)?;
    let changes = [
        ("amount", amount.map(Value::from)),
        ("capture_method", capture.map(Value::from)),
        ("currency", currency.map(Value::from)),
        ("setup_future_usage", usage.map(Value::from)),
        ("shipping", shipping),
    ];
    for (name, value) in changes {
        if let Some(value) = value {
            intent.body[name] = value;
        }
    }
    // Stripe tells no event of it.
    tx.save(&intent)?;
    Ok(intent.body)
}

pub(in crate::sandbox::api) fn update_setup_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut intent = find(tx, Kind::SetupIntent, request.id())?;
    let is_endive = request.is_endive();
    let mut params = request.params;
    let change = Change::take(&mut params)?;
    params.boolean("attach_to_self")?;
    ignore(&mut params, is_endive)?;
    params.finish()?;
    if change.is_of_substance() && !is_open(&intent) {
        return Err(unexpected_state(&intent, "update"));
    }
    change.apply(tx, &mut intent)?;
    tx.save(&intent)?;
    Ok(intent.body)
}
