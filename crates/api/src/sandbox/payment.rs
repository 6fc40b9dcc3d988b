//! Payments: payment intents, setup intents and the charges behind them.

mod balance;
mod charge;
pub(crate) mod delayed;
pub(crate) mod dispute;
pub(crate) mod refund;

use serde_json::{Value, json};

use self::charge::Taken;
use super::{
    cards::{
        AUTHENTICATION_FAILED, AUTHENTICATION_REQUIRED, Behaviour, Decline, behaviour,
        client_secret,
    },
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// Whether somebody is there to pass a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The customer is there and can be asked.
    OnSession,
    /// The customer has just passed the challenge.
    Authenticated,
    /// Nobody is there: a renewal.
    OffSession,
}

/// How a card takes a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    /// It is on its way: whether it comes, time tells.
    Processing,
    /// Only once a challenge is passed.
    ActionRequired,
    Declined(Decline),
}

/// How the card takes a charge.
pub(crate) fn charge_verdict(payment_method: &Object, presence: Presence) -> Verdict {
    if delayed::is_debit(payment_method) {
        return Verdict::Processing;
    }
    let is_set_up = payment_method.private["is_set_up"] == true;
    match (behaviour_of(payment_method), presence) {
        (Behaviour::Declines(decline) | Behaviour::DeclinesCharges(decline), _) => {
            Verdict::Declined(decline)
        }
        (Behaviour::AuthenticatesOnce, _) if is_set_up => Verdict::Accepted,
        (Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesAlways, Presence::OnSession) => {
            Verdict::ActionRequired
        }
        (Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesAlways, Presence::OffSession) => {
            Verdict::Declined(AUTHENTICATION_REQUIRED)
        }
        (Behaviour::AuthenticatesThenDeclines(_), Presence::OnSession) => Verdict::ActionRequired,
        (Behaviour::AuthenticatesThenDeclines(decline), _) => Verdict::Declined(decline),
        (
            Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesAlways,
            Presence::Authenticated,
        )
        | (
            Behaviour::Pays
            | Behaviour::IsDisputed(_)
            | Behaviour::RefundsLater
            | Behaviour::FailsRefunds,
            _,
        ) => Verdict::Accepted,
    }
}

/// How the card takes being saved for later.
pub(crate) fn save_verdict(payment_method: &Object, presence: Presence) -> Verdict {
    match behaviour_of(payment_method) {
        _ if delayed::is_debit(payment_method) => Verdict::Accepted,
        Behaviour::DeclinesCharges(_) => Verdict::Accepted,
        // It authenticates, and only money is refused.
        Behaviour::AuthenticatesThenDeclines(_) if presence == Presence::Authenticated => {
            Verdict::Accepted
        }
        _ => charge_verdict(payment_method, presence),
    }
}

/// Whether the card can be attached to a customer without anything being charged.
pub(crate) fn attach_decline(payment_method: &Object) -> Option<Decline> {
    match behaviour_of(payment_method) {
        Behaviour::Declines(decline) => Some(decline),
        _ => None,
    }
}

/// What is not a card pays.
fn behaviour_of(payment_method: &Object) -> Behaviour {
    payment_method.private["number"].as_str().map_or(Behaviour::Pays, behaviour)
}

/// What a new payment intent is for.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewIntent {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) customer: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Value,
    pub(crate) setup_future_usage: Option<String>,
    pub(crate) shipping: Value,
    /// `capture_method=manual`: the money is held until it is captured.
    pub(crate) is_captured_by_hand: bool,
}

impl Tx<'_> {
    /// Makes a payment intent that waits for a payment method.
    pub(crate) fn create_payment_intent(&mut self, new: NewIntent) -> Result<Object, ApiError> {
        let id = Kind::PaymentIntent.new_id();
        let metadata = if new.metadata.is_object() { new.metadata } else { json!({}) };
        let body = json!({
            "allowed_payment_method_types": null,
            "amount": new.amount,
            "amount_capturable": 0,
            "amount_details": { "tip": {} },
            "amount_received": 0,
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": null,
            "canceled_at": null,
            "cancellation_reason": null,
            "capture_method": if new.is_captured_by_hand { "manual" } else { "automatic_async" },
            "client_secret": client_secret(&id),
            "confirmation_method": "automatic",
            "currency": new.currency,
            "customer": new.customer,
            "customer_account": null,
            "description": new.description,
            "excluded_payment_method_types": null,
            "last_payment_error": null,
            "latest_charge": null,
            "managed_payments": null,
            "metadata": metadata,
            "next_action": null,
            "on_behalf_of": null,
            "payment_method": null,
            "payment_method_configuration_details": null,
            "payment_method_options": { "card": {
                "installments": null, "mandate_options": null, "network": null, "request_three_d_secure": "automatic",
            } },
            "payment_method_types": ["card"],
            "processing": null,
            "receipt_email": null,
            "review": null,
            "setup_future_usage": new.setup_future_usage,
            "shipping": new.shipping,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": "requires_payment_method",
            "transfer_data": null,
            "transfer_group": null,
        });
        let intent = Object::with_id(Kind::PaymentIntent, id, self.now(), body);
        self.create(&intent)?;
        Ok(intent)
    }

    /// Tries to pay an intent. Its state, the charge and their events are written whatever comes out.
    pub(crate) fn confirm_payment_intent(
        &mut self,
        intent: &mut Object,
        payment_method: &Object,
        presence: Presence,
    ) -> Result<Verdict, ApiError> {
        let verdict = charge_verdict(payment_method, presence);
        intent.body["payment_method"] = json!(payment_method.id);
        intent.body["next_action"] = Value::Null;
        match verdict {
            Verdict::Accepted if intent.text("capture_method") == Some("manual") => {
                self.hold_charge(intent, payment_method)?;
            }
            Verdict::Processing => {
                let charge = self.charge(intent, payment_method, Taken::Pending)?;
                intent.body["status"] = json!("processing");
                intent.body["latest_charge"] = json!(charge.id);
                intent.body["last_payment_error"] = Value::Null;
                self.settle_debit_later(intent, payment_method)?;
                self.save(intent)?;
                self.emit("payment_intent.processing", intent, None)?;
            }
            Verdict::Accepted => {
                let charge = self.charge(intent, payment_method, Taken::Captured)?;
                intent.body["status"] = json!("succeeded");
                intent.body["amount_received"] = intent.body["amount"].clone();
                intent.body["latest_charge"] = json!(charge.id);
                intent.body["last_payment_error"] = Value::Null;
                self.save(intent)?;
                self.emit("payment_intent.succeeded", intent, None)?;
                if let Behaviour::IsDisputed(ground) = behaviour_of(payment_method) {
                    self.open_dispute(charge, ground)?;
                }
            }
            Verdict::ActionRequired => {
                intent.body["status"] = json!("requires_action");
                intent.body["next_action"] = json!({
                    "type": "use_stripe_sdk",
                    "use_stripe_sdk": { "type": "three_d_secure_redirect" },
                });
                self.save(intent)?;
                self.emit("payment_intent.requires_action", intent, None)?;
            }
            Verdict::Declined(decline) => {
                let charge = self.charge(intent, payment_method, Taken::Not(decline))?;
                self.fail_intent(intent, payment_method, &charge, decline)?;
            }
        }
        Ok(verdict)
    }

    /// Has an intent wait for another payment method, since this one was refused.
    fn fail_intent(
        &mut self,
        intent: &mut Object,
        payment_method: &Object,
        charge: &Object,
        decline: Decline,
    ) -> Result<(), ApiError> {
        let mut error = decline.error().body()["error"].take();
        error["charge"] = json!(charge.id);
        error["payment_method"] = payment_method.body.clone();
        intent.body["latest_charge"] = json!(charge.id);
        intent.body["last_payment_error"] = error;
        intent.body["payment_method"] = Value::Null;
        intent.body["status"] = json!("requires_payment_method");
        self.save(intent)?;
        self.emit("payment_intent.payment_failed", intent, None)
    }

    /// A challenge was failed: the intent waits for another payment method.
    pub(crate) fn fail_authentication(
        &mut self,
        intent: &mut Object,
        payment_method: &Object,
    ) -> Result<(), ApiError> {
        let mut error = AUTHENTICATION_FAILED.error().body()["error"].take();
        error["payment_method"] = payment_method.body.clone();
        intent.body["next_action"] = Value::Null;
        intent.body["last_payment_error"] = error;
        intent.body["payment_method"] = Value::Null;
        intent.body["status"] = json!("requires_payment_method");
        self.save(intent)?;
        self.emit("payment_intent.payment_failed", intent, None)
    }

    /// Makes a setup intent that waits for a payment method.
    pub(crate) fn create_setup_intent(
        &mut self,
        customer: Option<&str>,
        usage: &str,
        description: Option<String>,
        metadata: Value,
    ) -> Result<Object, ApiError> {
        let id = Kind::SetupIntent.new_id();
        let body = json!({
            "allowed_payment_method_types": null,
            "application": null,
            "automatic_payment_methods": null,
            "cancellation_reason": null,
            "client_secret": client_secret(&id),
            "customer": customer,
            "customer_account": null,
            "description": description,
            "excluded_payment_method_types": null,
            "flow_directions": null,
            "last_setup_error": null,
            "latest_attempt": null,
            "managed_payments": null,
            "mandate": null,
            "metadata": if metadata.is_object() { metadata } else { json!({}) },
            "next_action": null,
            "on_behalf_of": null,
            "payment_method": null,
            "payment_method_configuration_details": null,
            "payment_method_options": { "card": {
                "mandate_options": null, "network": null, "request_three_d_secure": "automatic",
            } },
            "payment_method_types": ["card"],
            "single_use_mandate": null,
            "status": "requires_payment_method",
            "usage": usage,
        });
        let intent = Object::with_id(Kind::SetupIntent, id, self.now(), body);
        self.create(&intent)?;
        Ok(intent)
    }

    /// Tries to save a payment method through a setup intent. The intent and its events are written whatever
    /// comes out; attaching is the caller's.
    pub(crate) fn confirm_setup_intent(
        &mut self,
        intent: &mut Object,
        payment_method: &Object,
        presence: Presence,
    ) -> Result<Verdict, ApiError> {
        let verdict = save_verdict(payment_method, presence);
        intent.body["payment_method"] = json!(payment_method.id);
        intent.body["next_action"] = Value::Null;
        match verdict {
            Verdict::Accepted | Verdict::Processing => {
                intent.body["status"] = json!("succeeded");
                intent.body["last_setup_error"] = Value::Null;
                self.save(intent)?;
                self.emit("setup_intent.succeeded", intent, None)?;
            }
            Verdict::ActionRequired => {
                intent.body["status"] = json!("requires_action");
                intent.body["next_action"] = json!({
                    "type": "use_stripe_sdk",
                    "use_stripe_sdk": { "type": "three_d_secure_redirect" },
                });
                self.save(intent)?;
                self.emit("setup_intent.requires_action", intent, None)?;
            }
            Verdict::Declined(decline) => {
                let mut error = decline.error().body()["error"].take();
                error["payment_method"] = payment_method.body.clone();
                intent.body["last_setup_error"] = error;
                intent.body["payment_method"] = Value::Null;
                intent.body["status"] = json!("requires_payment_method");
                self.save(intent)?;
                self.emit("setup_intent.setup_failed", intent, None)?;
            }
        }
        Ok(verdict)
    }

    /// Attaches a payment method to a customer. It must be in the store.
    pub(crate) fn attach(
        &mut self,
        payment_method: &mut Object,
        customer: &str,
    ) -> Result<(), ApiError> {
        if payment_method.text("customer") == Some(customer) {
            return Ok(());
        }
        payment_method.body["customer"] = json!(customer);
        self.save(payment_method)?;
        self.emit("payment_method.attached", payment_method, None)
    }
}
