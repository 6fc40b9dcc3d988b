//! Payment intents and setup intents.

mod update;

use serde_json::{Value, json};

pub(super) use self::update::{update_payment_intent, update_setup_intent};

use super::{Outcome, Page, Request, customers, subscriptions::usable_payment_method};
use crate::sandbox::{
    billing::amounts::check_least,
    checkout::challenge,
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    payment::{NewIntent, Presence, Verdict},
    store::{Listing, Tx},
};

/// Parameters that decide nothing in the sandbox.
const IGNORED: &[&str] = &[
    "automatic_payment_methods",
    "confirmation_method",
    "mandate_data",
    "payment_method_options",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "use_stripe_sdk",
];

fn ignore(params: &mut Params, is_endive: bool) -> Result<(), ApiError> {
    params.ignore(IGNORED)?;
    if !is_endive {
        params.strings("payment_method_types")?;
    }
    Ok(())
}

pub(super) fn create_payment_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let is_endive = request.is_endive();
    let mut params = request.params;
    let amount = params.integer_from("amount", 1)?.ok_or_else(|| ApiError::missing("amount"))?;
    let currency = params.currency("currency")?.ok_or_else(|| ApiError::missing("currency"))?;
    let customer = params.string("customer")?;
    let payment_method = params.string("payment_method")?;
    let confirm = params.boolean("confirm")?.unwrap_or(false);
    let off_session = params.boolean("off_session")?.unwrap_or(false);
    let new = NewIntent {
        amount,
        currency,
        customer: customer.clone(),
        description: params.string("description")?,
        metadata: Metadata::new_value(params.metadata()?),
        setup_future_usage: params.choice("setup_future_usage", &["off_session", "on_session"])?,
        shipping: params.kept("shipping")?.unwrap_or_default(),
        is_captured_by_hand: take_capture_method(&mut params)?,
    };
    let return_url = params.string("return_url")?;
    ignore(&mut params, is_endive)?;
    params.finish()?;
    check_least(new.amount, &new.currency)?;
    if let Some(customer) = &customer {
        customers::live(tx, customer, "customer")?;
    }
    let method = payment_method
        .map(|id| super::payment_methods::given(tx, &id, "payment_method"))
        .transpose()?;
    let mut intent = tx.create_payment_intent(new)?;
    match method {
        Some(method) if confirm => {
            let presence = if off_session { Presence::OffSession } else { Presence::OnSession };
            confirm_payment(tx, intent, method, presence, return_url)
        }
        Some(method) => {
            intent.body["payment_method"] = json!(method.id);
            intent.body["status"] = json!("requires_confirmation");
            tx.save(&intent)?;
            Ok(intent.body)
        }
        None if confirm => Err(missing_method("PaymentIntent")),
        None => Ok(intent.body),
    }
}

fn missing_method(noun: &str) -> ApiError {
    ApiError::invalid(format!(
        "You cannot confirm this {noun} because it's missing a payment method. You can either update the {noun} with a \
         payment method and then confirm it again, or confirm it again directly with a payment method."
    ))
    .code(if noun == "PaymentIntent" { "payment_intent_unexpected_state" } else { "setup_intent_unexpected_state" })
}

fn confirm_payment(
    tx: &mut Tx<'_>,
    mut intent: Object,
    mut method: Object,
    presence: Presence,
    return_url: Option<String>,
) -> Outcome {
    match tx.confirm(&mut intent, &mut method, presence)? {
        Verdict::Declined(decline) => {
            let failed = &intent.body["last_payment_error"];
            Err(decline
                .error()
                .detail("charge", failed["charge"].clone())
                .detail("payment_method", failed["payment_method"].clone())
                .detail("payment_intent", intent.body))
        }
        Verdict::ActionRequired => {
            if let Some(return_url) = return_url {
                challenge::redirect(tx, &mut intent, &method, &return_url)?;
            }
            Ok(intent.body)
        }
        Verdict::Accepted | Verdict::Processing => {
            if let (Some(customer), false) =
                (intent.text("customer"), intent.body["setup_future_usage"].is_null())
            {
                let customer = customer.to_owned();
                tx.attach(&mut method, &customer)?;
            }
            Ok(intent.body)
        }
    }
}

pub(super) fn confirm_payment_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let intent = tx.get(Kind::PaymentIntent, request.id(), "intent").map_err(ApiError::in_path)?;
    let is_endive = request.is_endive();
    let mut params = request.params;
    let payment_method = params.string("payment_method")?;
    let off_session = params.boolean("off_session")?.unwrap_or(false);
    let return_url = params.string("return_url")?;
    params.string("capture_method")?;
    params.string("client_secret")?;
    ignore(&mut params, is_endive)?;
    params.finish()?;
    if is_settled(&intent) {
        return Err(unexpected_state(&intent, "confirm"));
    }
    let id = payment_method.or(intent.text("payment_method").map(str::to_owned));
    let id = id.ok_or_else(|| missing_method("PaymentIntent"))?;
    let method = super::payment_methods::given(tx, &id, "payment_method")?;
    let presence = if off_session { Presence::OffSession } else { Presence::OnSession };
    confirm_payment(tx, intent, method, presence, return_url)
}

/// Whether nothing can be confirmed any more: it is paid, held, on its way or over.
fn is_settled(intent: &Object) -> bool {
    matches!(
        intent.text("status"),
        Some("succeeded" | "canceled" | "processing" | "requires_capture")
    )
}

fn take_capture_method(params: &mut Params) -> Result<bool, ApiError> {
    let method = params.choice("capture_method", &["automatic", "automatic_async", "manual"])?;
    Ok(method.as_deref() == Some("manual"))
}

pub(super) fn capture_payment_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut intent =
        tx.get(Kind::PaymentIntent, request.id(), "intent").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let amount = params.integer_from("amount_to_capture", 1)?;
    let metadata = params.metadata()?;
    for ignored in ["final_capture", "statement_descriptor", "statement_descriptor_suffix"] {
        params.kept(ignored)?;
    }
    params.finish()?;
    if intent.text("status") != Some("requires_capture") {
        return Err(unexpected_state(&intent, "capture"));
    }
    let held = intent.integer("amount_capturable").unwrap_or(0);
    let amount = amount.unwrap_or(held);
    if amount > held {
        let message = "The payment could not be captured because the requested capture amount is greater than the \
                       amount you can capture for this charge.";
        return Err(ApiError::invalid_param("amount_to_capture", message).code("amount_too_large"));
    }
    Metadata::apply(metadata, &mut intent.body);
    tx.capture(&mut intent, amount)?;
    Ok(intent.body)
}

fn unexpected_state(intent: &Object, verb: &str) -> ApiError {
    let (noun, code) = match intent.kind {
        Kind::SetupIntent => ("SetupIntent", "setup_intent_unexpected_state"),
        _ => ("PaymentIntent", "payment_intent_unexpected_state"),
    };
    let status = intent.text("status").unwrap_or_default();
    ApiError::invalid(format!("You cannot {verb} this {noun} because it has a status of {status}."))
        .code(code)
}

fn cancel(tx: &mut Tx<'_>, mut intent: Object, mut params: Params, event: &str) -> Outcome {
    let reason = params.choice(
        "cancellation_reason",
        &["abandoned", "duplicate", "fraudulent", "requested_by_customer"],
    )?;
    params.finish()?;
    if matches!(intent.text("status"), Some("succeeded" | "canceled" | "processing")) {
        return Err(unexpected_state(&intent, "cancel"));
    }
    if intent.text("status") == Some("requires_capture") {
        tx.release_held(&mut intent)?;
    }
    intent.body["status"] = json!("canceled");
    intent.body["cancellation_reason"] = json!(reason);
    if intent.kind == Kind::PaymentIntent {
        intent.body["canceled_at"] = json!(tx.now());
    }
    tx.save(&intent)?;
    tx.emit(event, &intent, None)?;
    Ok(intent.body)
}

pub(super) fn cancel_payment_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let intent = tx.get(Kind::PaymentIntent, request.id(), "intent").map_err(ApiError::in_path)?;
    cancel(tx, intent, request.params, "payment_intent.canceled")
}

pub(super) fn cancel_setup_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let intent = tx.get(Kind::SetupIntent, request.id(), "intent").map_err(ApiError::in_path)?;
    cancel(tx, intent, request.params, "setup_intent.canceled")
}

pub(super) fn retrieve_payment_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    retrieve(tx, request, Kind::PaymentIntent, "intent")
}

pub(super) fn retrieve_setup_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    retrieve(tx, request, Kind::SetupIntent, "intent")
}

fn retrieve(tx: &mut Tx<'_>, request: Request, kind: Kind, param: &str) -> Outcome {
    let found = tx.get(kind, request.id(), param).map_err(ApiError::in_path)?;
    let mut params = request.params;
    params.string("client_secret")?;
    params.finish()?;
    Ok(found.body)
}

pub(super) fn list_payment_intents(tx: &mut Tx<'_>, request: Request) -> Outcome {
    list(tx, request, Kind::PaymentIntent, "/v1/payment_intents")
}

pub(super) fn list_setup_intents(tx: &mut Tx<'_>, request: Request) -> Outcome {
    list(tx, request, Kind::SetupIntent, "/v1/setup_intents")
}

fn list(tx: &mut Tx<'_>, request: Request, kind: Kind, url: &str) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let listing = Listing { customer: params.string("customer")?, ..Listing::default() };
    let created = params.time_range("created")?;
    let payment_method = params.string("payment_method")?;
    if kind == Kind::SetupIntent {
        params.boolean("attach_to_self")?;
    }
    params.finish()?;
    page.answer(tx, url, kind, listing, |intent| {
        created.contains(intent.integer("created").unwrap_or(0))
            && payment_method
                .as_deref()
                .is_none_or(|method| intent.text("payment_method") == Some(method))
    })
}

pub(super) fn create_setup_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let is_endive = request.is_endive();
    let mut params = request.params;
    let customer = params.string("customer")?;
    let payment_method = params.string("payment_method")?;
    let confirm = params.boolean("confirm")?.unwrap_or(false);
    let usage = params
        .choice("usage", &["off_session", "on_session"])?
        .unwrap_or_else(|| "off_session".to_owned());
    let description = params.string("description")?;
    let metadata = Metadata::new_value(params.metadata()?);
    params.kept("attach_to_self")?;
    params.string("return_url")?;
    ignore(&mut params, is_endive)?;
    params.finish()?;
    if let Some(customer) = &customer {
        customers::live(tx, customer, "customer")?;
    }
    let method = payment_method
        .map(|id| super::payment_methods::given(tx, &id, "payment_method"))
        .transpose()?;
    let mut intent = tx.create_setup_intent(customer.as_deref(), &usage, description, metadata)?;
    match method {
        Some(method) if confirm => confirm_setup(tx, intent, method),
        Some(method) => {
            intent.body["payment_method"] = json!(method.id);
            intent.body["status"] = json!("requires_confirmation");
            tx.save(&intent)?;
            Ok(intent.body)
        }
        None if confirm => Err(missing_method("SetupIntent")),
        None => Ok(intent.body),
    }
}

pub(super) fn confirm_setup_intent(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let intent = tx.get(Kind::SetupIntent, request.id(), "intent").map_err(ApiError::in_path)?;
    let is_endive = request.is_endive();
    let mut params = request.params;
    let payment_method = params.string("payment_method")?;
    params.string("return_url")?;
    params.string("client_secret")?;
    ignore(&mut params, is_endive)?;
    params.finish()?;
    if matches!(intent.text("status"), Some("succeeded" | "canceled")) {
        return Err(unexpected_state(&intent, "confirm"));
    }
    let id = payment_method.or(intent.text("payment_method").map(str::to_owned));
    let id = id.ok_or_else(|| missing_method("SetupIntent"))?;
    let customer = intent.text("customer").unwrap_or_default().to_owned();
    let method = usable_payment_method(tx, &id, &customer)?;
    confirm_setup(tx, intent, method)
}

fn confirm_setup(tx: &mut Tx<'_>, mut intent: Object, mut method: Object) -> Outcome {
    match tx.confirm_setup_intent(&mut intent, &method, Presence::OnSession)? {
        Verdict::Declined(decline) => Err(decline
            .error()
            .detail("setup_intent", std::mem::replace(&mut intent.body, Value::Null))),
        Verdict::ActionRequired => Ok(intent.body),
        Verdict::Accepted | Verdict::Processing => {
            if let Some(customer) = intent.text("customer").map(str::to_owned) {
                tx.attach(&mut method, &customer)?;
            }
            Ok(intent.body)
        }
    }
}
