//! Money that takes days: bank debits that settle or fail later, and refunds that do.

use serde_json::{Value, json};

use super::balance::Booking;
use crate::sandbox::{
    cards::{Decline, billing_details, payment_method},
    error::ApiError,
    object::{Kind, Object, random_word},
    store::{Listing, Tx},
};

/// Seconds until a debit or a refund is settled, as a rule.
const SETTLES_IN: i64 = 4 * 86_400;

/// Types of payment method whose payments settle later.
pub(crate) const DEBITS: &[&str] = &["sepa_debit", "us_bank_account"];

const CLOSED: Decline = Decline { code: "account_closed", decline_code: None };
const NO_FUNDS: Decline = Decline { code: "insufficient_funds", decline_code: None };

/// Stripe's test accounts that fail, by their number; all others pay.
fn failure(account: &str) -> Option<Decline> {
    match account {
        "000111111113"
        | "AT051904300235473205"
        | "AT861904300235473202"
        | "DE62370400440532013001"
        | "IT60X0542811101000000123456" => Some(CLOSED),
        "000222222227" | "AT902219800000000000" => Some(NO_FUNDS),
        _ => None,
    }
}

/// Seconds until a payment from the account is settled: at once from those of Stripe's test IBANs that do not wait,
/// after three minutes from those that do. See <https://docs.stripe.com/payments/sepa-debit/accept-a-payment>.
fn settles_in(account: &str) -> i64 {
    match account {
        "AT321904300235473204" | "AT051904300235473205" => 180,
        "AT611904300234573201"
        | "AT861904300235473202"
        | "AT902219800000000000"
        | "DE89370400440532013000"
        | "DE62370400440532013001"
        | "IT40S0542811101000000123456"
        | "IT60X0542811101000000123456" => 0,
        _ => SETTLES_IN,
    }
}

/// An account to try, and what it does.
pub(crate) const TEST_ACCOUNTS: &[(&str, &str, &str)] = &[
    ("us_bank_account", "000123456789", "pays"),
    ("us_bank_account", "000111111113", "fails: account closed"),
    ("us_bank_account", "000222222227", "fails: insufficient funds"),
    ("sepa_debit", "AT611904300234573201", "pays"),
    ("sepa_debit", "AT861904300235473202", "fails: account closed"),
];

/// Whether payments with the method settle later.
pub(crate) fn is_debit(method: &Object) -> bool {
    method.text("type").is_some_and(|kind| DEBITS.contains(&kind))
}

/// A bank account as a payment method, attached to nobody. `account` is its number or IBAN.
pub(crate) fn bank_account(kind: &str, account: &str, now: i64, details: Value) -> Object {
    let last4 = &account[account.len().saturating_sub(4)..];
    let bank = if kind == "sepa_debit" {
        json!({
            "bank_code": account.get(4..9), "branch_code": "", "country": account.get(..2),
            "fingerprint": random_word(16),
            "generated_from": { "charge": null, "setup_attempt": null }, "last4": last4,
        })
    } else {
        json!({
            "account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": null, "fingerprint": random_word(16), "last4": last4,
            "networks": { "preferred": "ach", "supported": ["ach"] }, "routing_number": "110000000",
            "status_details": {},
        })
    };
    let details = if details.is_null() { billing_details(None, None) } else { details };
    payment_method(kind, bank, now, details).with_private(json!({ "account": account }))
}

/// When a debit, or a refund, is settled.
pub(crate) fn settles_at(object: &Object) -> Option<i64> {
    object.private["settles_at"].as_i64()
}

impl Tx<'_> {
    /// Has a payment from a bank account settle when the account does.
    pub(super) fn settle_debit_later(
        &mut self,
        intent: &mut Object,
        method: &Object,
    ) -> Result<(), ApiError> {
        let account = method.private["account"].as_str().unwrap_or_default();
        self.settle_in(intent, settles_in(account))
    }

    /// Has a refund settle some days later.
    pub(super) fn settle_later(&mut self, refund: &mut Object) -> Result<(), ApiError> {
        self.settle_in(refund, SETTLES_IN)
    }

    /// Has the clock that the customer lives by look at the object in so many seconds.
    fn settle_in(&mut self, object: &mut Object, seconds: i64) -> Result<(), ApiError> {
        let customer = object.text("customer").map(str::to_owned);
        let customer = match customer {
            Some(id) => self.find(Kind::Customer, &id)?,
            None => None,
        };
        object.private["settles_at"] = json!(self.now() + seconds);
        object.private["test_clock"] =
            customer.map(|customer| customer.body["test_clock"].clone()).unwrap_or_default();
        Ok(())
    }

    /// Settles a debit: the money is there, or the bank has refused it.
    pub(crate) fn settle_debit(&mut self, mut intent: Object) -> Result<(), ApiError> {
        intent.private["settles_at"] = Value::Null;
        let method = intent.text("payment_method").unwrap_or_default().to_owned();
        let method = self.get(Kind::PaymentMethod, &method, "payment_method")?;
        let failure = failure(method.private["account"].as_str().unwrap_or_default());
        let charge = intent.text("latest_charge").unwrap_or_default().to_owned();
        let mut charge = self.get(Kind::Charge, &charge, "charge")?;
        match failure {
            None => {
                let booked = self.book(Booking::charge(&charge))?;
                charge.body["status"] = json!("succeeded");
                charge.body["paid"] = json!(true);
                charge.body["balance_transaction"] = json!(booked.id);
                self.save(&charge)?;
                self.emit("charge.succeeded", &charge, None)?;
                intent.body["status"] = json!("succeeded");
                intent.body["amount_received"] = intent.body["amount"].clone();
                self.save(&intent)?;
                self.emit("payment_intent.succeeded", &intent, None)?;
            }
            Some(decline) => {
                charge.body["status"] = json!("failed");
                charge.body["failure_code"] = json!(decline.code);
                charge.body["failure_message"] = json!(decline.message());
                self.save(&charge)?;
                self.emit("charge.failed", &charge, None)?;
                self.fail_intent(&mut intent, &method, &charge, decline)?;
            }
        }
        let (payments, _) =
            self.list(Kind::InvoicePayment, &Listing::of_lookup(&intent.id), |_| true)?;
        if let Some(id) = payments.first().and_then(|payment| payment.text("invoice")) {
            let mut invoice = self.get(Kind::Invoice, id, "invoice")?;
            if invoice.text("status") == Some("open") {
                self.settle_invoice(&mut invoice, failure)?;
            }
        }
        if let Some(id) = intent.private["checkout_session"].as_str().map(str::to_owned) {
            let mut session = self.get(Kind::CheckoutSession, &id, "session")?;
            if failure.is_some() {
                return self.emit("checkout.session.async_payment_failed", &session, None);
            }
            session.body["payment_status"] = json!("paid");
            self.save(&session)?;
            self.emit("checkout.session.async_payment_succeeded", &session, None)?;
        }
        Ok(())
    }
}
