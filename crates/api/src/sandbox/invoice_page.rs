//! The hosted invoice page, `/invoice/{secret}`: the receipt, and paying an open invoice.

use serde_json::Value;

use super::{
    Sandbox,
    billing::{collect::Collected, offer::in_words, tax},
    cards::{AUTHENTICATION_REQUIRED, Card, billing_details},
    checkout::{
        CardInput, Outcome,
        challenge::{self, Purpose},
    },
    error::ApiError,
    object::{Kind, Object},
    payment::{Presence, Verdict, charge_verdict},
    portal::{Address, view::address},
    store::{Origin, Tx},
};

/// What the page shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InvoicePage {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    /// `open`, `paid`, `void` or `uncollectible`.
    pub(crate) status: String,
    pub(crate) merchant: String,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_address: Option<Address>,
    pub(crate) currency: String,
    pub(crate) lines: Vec<InvoicePageLine>,
    /// Minor units.
    pub(crate) subtotal: i64,
    /// Discounts of the whole invoice: the coupon in words and what it took off.
    pub(crate) discounts: Vec<(String, i64)>,
    /// Taxes in words and what each comes to. Those that are included say so.
    pub(crate) taxes: Vec<(String, i64)>,
    /// The customer's tax ids.
    pub(crate) tax_ids: Vec<String>,
    pub(crate) total: i64,
    /// Credit taken from the customer's balance, as a number not below zero.
    pub(crate) credit_applied: i64,
    pub(crate) amount_due: i64,
    pub(crate) amount_paid: i64,
    /// Unix seconds.
    pub(crate) created: i64,
    pub(crate) paid_at: Option<i64>,
    /// `visa 4242` of the card that paid: brand and last four digits.
    pub(crate) paid_with: Option<(String, String)>,
}

/// A line of the invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvoicePageLine {
    pub(crate) description: String,
    pub(crate) quantity: i64,
    pub(crate) amount: i64,
    /// Discounts of its own: the coupon in words and what it took off.
    pub(crate) discounts: Vec<(String, i64)>,
    /// Unix seconds.
    pub(crate) period_start: i64,
    pub(crate) period_end: i64,
}

/// Loads the invoice whose page this is. An unknown secret is a 404 error.
pub(crate) async fn load(sandbox: &Sandbox, secret: &str) -> Result<InvoicePage, ApiError> {
    sandbox.store.read(|tx| {
        let invoice = by_secret(tx, secret)?;
        page(tx, &invoice)
    })
}

/// Pays an open invoice with a card. `redirect_url` leads back to this page.
pub(crate) async fn pay(
    sandbox: &Sandbox,
    secret: &str,
    card: CardInput,
) -> Result<Outcome, ApiError> {
    let secret = secret.to_owned();
    let work = move |tx: &mut Tx<'_>| {
        let invoice = by_secret(tx, &secret)?;
        let card = match Card::parse(&card, tx.now()) {
            Ok(parsed) => parsed
                .payment_method(tx.now(), billing_details(Some(&card.name), card.email.as_deref())),
            Err(refusal) => return Ok(Outcome::Declined(refusal)),
        };
        if charge_verdict(&card, Presence::OnSession) == Verdict::ActionRequired {
            let back = invoice.text("hosted_invoice_url").unwrap_or_default().to_owned();
            let purpose = Purpose::Invoice { invoice: invoice.id.clone() };
            let due = invoice.integer("amount_remaining");
            return challenge::start(tx, &card, due, invoice.text("currency"), back, &purpose);
        }
        pay_with(tx, &invoice.id, card, Presence::OnSession)
    };
    sandbox.store.write(Origin::default(), work).await
}

/// Pays an open invoice with a card that is not stored yet.
pub(super) fn pay_with(
    tx: &mut Tx<'_>,
    invoice: &str,
    mut method: Object,
    presence: Presence,
) -> Result<Outcome, ApiError> {
    let mut invoice = tx.get(Kind::Invoice, invoice, "invoice")?;
    tx.follow_clock_of(&invoice)?;
    if invoice.text("status") != Some("open") {
        return Err(ApiError::invalid("This invoice is not open."));
    }
    let page = invoice.text("hosted_invoice_url").unwrap_or_default().to_owned();
    let collected = match charge_verdict(&method, presence) {
        Verdict::Accepted | Verdict::Processing => {
            method.private["is_set_up"] = serde_json::json!(presence == Presence::Authenticated);
            tx.insert(&method)?;
            let customer = invoice.text("customer").unwrap_or_default().to_owned();
            tx.attach(&mut method, &customer)?;
            tx.collect_invoice(&mut invoice, Some(&method), presence)?
        }
        // A page is no automatic attempt: dunning goes on as it was.
        Verdict::Declined(decline) => Collected::Declined(decline),
        Verdict::ActionRequired => Collected::ActionRequired,
    };
    match collected {
        Collected::Paid | Collected::Processing => Ok(Outcome::Completed { redirect_url: page }),
        Collected::Declined(decline) => Ok(Outcome::Declined(decline.refusal())),
        Collected::ActionRequired | Collected::NoPaymentMethod => {
            Ok(Outcome::Declined(AUTHENTICATION_REQUIRED.refusal()))
        }
    }
}

fn by_secret(tx: &mut Tx<'_>, secret: &str) -> Result<Object, ApiError> {
    let found = tx.find_by_lookup(Kind::Invoice, secret)?;
    let invoice =
        found.ok_or_else(|| ApiError::no_such(Kind::Invoice, secret, "invoice").in_path())?;
    tx.follow_clock_of(&invoice)?;
    Ok(invoice)
}

fn page(tx: &mut Tx<'_>, invoice: &Object) -> Result<InvoicePage, ApiError> {
    let text = |name: &str| invoice.text(name).map(str::to_owned);
    let number = |name: &str| invoice.integer(name).unwrap_or(0);
    let mut lines = Vec::new();
    for line in invoice.body["lines"]["data"].as_array().into_iter().flatten() {
        lines.push(InvoicePageLine {
            description: line["description"].as_str().unwrap_or_default().to_owned(),
            quantity: line["quantity"].as_i64().unwrap_or(1),
            amount: line["amount"].as_i64().unwrap_or(0),
            discounts: discounts(tx, &line["discount_amounts"], &line["discounts"])?,
            period_start: line["period"]["start"].as_i64().unwrap_or(0),
            period_end: line["period"]["end"].as_i64().unwrap_or(0),
        });
    }
    let total = number("total");
    Ok(InvoicePage {
        id: invoice.id.clone(),
        number: text("number"),
        status: text("status").unwrap_or_default(),
        merchant: tx.business().to_owned(),
        customer_name: text("customer_name"),
        customer_email: text("customer_email"),
        customer_address: address(&invoice.body["customer_address"]),
        currency: text("currency").unwrap_or_default(),
        lines,
        subtotal: number("subtotal"),
        discounts: discounts(
            tx,
            &invoice.body["total_discount_amounts"],
            &invoice.body["discounts"],
        )?,
        taxes: tax::shown(tx, &invoice.body["total_taxes"])?,
        tax_ids: tax_ids(&invoice.body["customer_tax_ids"]),
        total,
        credit_applied: (total - number("amount_due")).clamp(0, total.max(0)),
        amount_due: number("amount_due"),
        amount_paid: number("amount_paid"),
        created: number("created"),
        paid_at: invoice.body["status_transitions"]["paid_at"].as_i64(),
        paid_with: paid_with(tx, invoice)?,
    })
}

/// Those of the amounts taken off that are of these discounts, in words.
fn discounts(
    tx: &mut Tx<'_>,
    amounts: &Value,
    ids: &Value,
) -> Result<Vec<(String, i64)>, ApiError> {
    let ids = ids.as_array().map_or(&[] as &[Value], Vec::as_slice);
    let mut discounts = Vec::new();
    for total in amounts.as_array().into_iter().flatten() {
        if !ids.contains(&total["discount"]) {
            continue;
        }
        let id = total["discount"].as_str().unwrap_or_default();
        if let Some(discount) = tx.find(Kind::Discount, id)? {
            let amount = total["amount"].as_i64().unwrap_or(0);
            discounts.push((in_words(&discount.private["coupon"]), amount));
        }
    }
    Ok(discounts)
}

fn tax_ids(shown: &Value) -> Vec<String> {
    let texts = shown.as_array().into_iter().flatten();
    texts.filter_map(|tax_id| tax_id["value"].as_str().map(str::to_owned)).collect()
}

fn paid_with(tx: &mut Tx<'_>, invoice: &Object) -> Result<Option<(String, String)>, ApiError> {
    let Some(intent) = invoice.private["payment_intent"]
        .as_str()
        .filter(|_| invoice.text("status") == Some("paid"))
    else {
        return Ok(None);
    };
    let intent = tx.get(Kind::PaymentIntent, intent, "payment_intent")?;
    let Some(charge) = intent.text("latest_charge") else { return Ok(None) };
    let charge = tx.get(Kind::Charge, charge, "charge")?;
    let card = &charge.body["payment_method_details"]["card"];
    let text = |name: &str| card[name].as_str().map(str::to_owned);
    Ok(text("brand").zip(text("last4")))
}
