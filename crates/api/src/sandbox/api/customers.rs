//! Customers.

use serde_json::{Value, json};

use super::{
    Outcome, Page, Request,
    discounts::{self, GivenDiscount},
    payment_methods, sources, tax_ids,
};
use crate::sandbox::{
    billing::{
        cancel::{self, Ending},
        credit::BalanceChange,
        offer::Offer,
    },
    error::ApiError,
    object::{Kind, Object, random_word},
    params::{Metadata, Params},
    payment,
    store::{Listing, Tx},
};

/// Parameters that create and update share.
struct Fields {
    texts: Vec<(&'static str, Option<Option<String>>)>,
    address: Option<Option<Value>>,
    shipping: Option<Value>,
    balance: Option<i64>,
    tax_exempt: Option<String>,
    preferred_locales: Option<Vec<String>>,
    invoice_prefix: Option<String>,
    next_invoice_sequence: Option<i64>,
    invoice_settings: Option<InvoiceSettings>,
    metadata: Option<Metadata>,
}

struct InvoiceSettings {
    default_payment_method: Option<Option<String>>,
    kept: Vec<(&'static str, Option<Value>)>,
}

impl Fields {
    fn take(params: &mut Params) -> Result<Fields, ApiError> {
        let mut texts = Vec::new();
        for name in ["description", "email", "name", "phone", "individual_name", "business_name"] {
            texts.push((name, params.clearable(name)?));
        }
        for (name, value) in &texts {
            if let ("email", Some(Some(email))) = (*name, value)
                && !email.contains('@')
            {
                return Err(ApiError::invalid_param(
                    "email",
                    format!("Invalid email address: {email}"),
                )
                .code("email_invalid"));
            }
        }
        params.kept("tax")?;
        Ok(Fields {
            texts,
            address: params.clearable_hash("address", take_address)?,
            shipping: params.kept("shipping")?,
            balance: params.integer("balance")?,
            tax_exempt: params.choice("tax_exempt", &["exempt", "none", "reverse"])?,
            preferred_locales: params.strings("preferred_locales")?,
            invoice_prefix: params.string("invoice_prefix")?,
            next_invoice_sequence: params.integer_from("next_invoice_sequence", 1)?,
            invoice_settings: params.hash("invoice_settings", |settings| {
                Ok(InvoiceSettings {
                    default_payment_method: settings.clearable("default_payment_method")?,
                    kept: ["custom_fields", "footer", "rendering_options"]
                        .into_iter()
                        .map(|name| Ok((name, settings.kept(name)?)))
                        .collect::<Result<_, ApiError>>()?,
                })
            })?,
            metadata: params.metadata()?,
        })
    }

    /// All but the default payment method, which has to be attached first.
    fn apply(self, body: &mut Value) -> Option<Option<String>> {
        for (name, value) in self.texts {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let changes = [
            ("address", self.address.map(Value::from)),
            ("shipping", self.shipping),
            ("balance", self.balance.map(Value::from)),
            ("tax_exempt", self.tax_exempt.map(Value::from)),
            ("preferred_locales", self.preferred_locales.map(Value::from)),
            ("invoice_prefix", self.invoice_prefix.map(Value::from)),
            ("next_invoice_sequence", self.next_invoice_sequence.map(Value::from)),
        ];
        for (name, change) in changes {
            if let Some(value) = change {
                body[name] = value;
            }
        }
        Metadata::apply(self.metadata, body);
        let settings = self.invoice_settings?;
        for (name, value) in settings.kept {
            if let Some(value) = value {
                body["invoice_settings"][name] = value;
            }
        }
        settings.default_payment_method
    }
}

/// An address, every member present.
pub(super) fn take_address(params: &mut Params) -> Result<Value, ApiError> {
    let mut address = json!({});
    for name in ["city", "country", "line1", "line2", "postal_code", "state"] {
        address[name] = json!(params.clearable(name)?.flatten());
    }
    Ok(address)
}

/// A customer with nothing but an e-mail and a name, not stored yet.
pub(crate) fn blank(now: i64, email: Option<&str>, name: Option<&str>) -> Object {
    Object::new(
        Kind::Customer,
        now,
        json!({
            "address": null,
            "balance": 0,
            "currency": null,
            "customer_account": null,
            "default_source": null,
            "delinquent": false,
            "description": null,
            "discount": null,
            "email": email,
            "invoice_prefix": random_word(8).to_uppercase(),
            "invoice_settings": {
                "custom_fields": null, "default_payment_method": null, "footer": null, "rendering_options": null,
            },
            "metadata": {},
            "name": name,
            "next_invoice_sequence": 1,
            "phone": null,
            "preferred_locales": [],
            "shipping": null,
            "tax_exempt": "none",
            "test_clock": null,
        }),
    )
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let takes_discount = request.is_before("2025-03-31");
    let mut params = request.params;
    let payment_method = params.string("payment_method")?;
    let source = params.string("source")?;
    let discount = if takes_discount { discounts::take_one(&mut params)? } else { None };
    let fields = Fields::take(&mut params)?;
    let test_clock = params.string("test_clock")?;
    let tax_id_data = tax_ids::take_data(&mut params)?;
    params.finish()?;

    let mut customer = blank(tx.now(), None, None);
    if let Some(clock) = test_clock {
        tx.get(Kind::TestClock, &clock, "test_clock")?;
        customer.body["test_clock"] = json!(clock);
    }
    let default = fields.apply(&mut customer.body);
    let attached = match &payment_method {
        Some(id) => Some(payment_methods::given(tx, id, "payment_method")?),
        None => None,
    };
    if let Some(method) = &attached
        && let Some(decline) = payment::attach_decline(method)
    {
        // Refused before the customer exists: nothing of it is kept.
        let mut error = decline.error();
        error.keeps_changes = false;
        return Err(error);
    }
    if let (Some(Some(default)), Some(method)) = (&default, &attached) {
        // A magic id such as pm_card_visa stands for the method made from it.
        let is_same = *default == method.id || Some(default.as_str()) == payment_method.as_deref();
        if is_same {
            customer.body["invoice_settings"]["default_payment_method"] = json!(method.id);
        }
    }
    let source = match source {
        Some(token) => Some(sources::add(tx, &mut customer, &token, None)?),
        None => None,
    };
    let offer = offer(tx, discount.flatten(), None)?;
    tx.create(&customer)?;
    let balance = customer.integer("balance").unwrap_or(0);
    tx.note_balance(&customer, BalanceChange::plain("initial", balance))?;
    if let Some(offer) = offer {
        discounts::give(tx, &mut customer, &offer)?;
        tx.save(&customer)?;
    }
    if let Some(mut method) = attached {
        tx.attach(&mut method, &customer.id)?;
    }
    if let Some(method) = source {
        sources::attach(tx, &customer, method)?;
    }
    for new in &tax_id_data {
        tx.add_tax_id(Some(&customer), new)?;
    }
    Ok(customer.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let customer = tx.get(Kind::Customer, request.id(), "id").map_err(ApiError::in_path)?;
    request.params.finish()?;
    Ok(customer.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find_live(tx, request.id())?;
    let takes_discount = request.is_before("2025-03-31");
    let mut params = request.params;
    let discount = if takes_discount { discounts::take_one(&mut params)? } else { None };
    let source = params.string("source")?;
    let default_source = params.string("default_source")?;
    let fields = Fields::take(&mut params)?;
    params.finish()?;
    let mut customer = before.clone();
    if let Some(token) = source {
        // The new source takes the place of the default one.
        customer.body["default_source"] = Value::Null;
        let method = sources::add(tx, &mut customer, &token, None)?;
        sources::attach(tx, &customer, method)?;
    }
    if let Some(id) = default_source {
        owned_payment_method(tx, &id, &customer.id, "default_source")?;
        customer.body["default_source"] = json!(id);
    }
    if let Some(default) = fields.apply(&mut customer.body) {
        if let Some(id) = &default {
            owned_payment_method(tx, id, &customer.id, "invoice_settings[default_payment_method]")?;
        }
        customer.body["invoice_settings"]["default_payment_method"] = json!(default);
    }
    match discount {
        Some(None) => discounts::take_away(tx, &mut customer)?,
        Some(given) => {
            if let Some(offer) = offer(tx, given, Some(&before.id))? {
                discounts::give(tx, &mut customer, &offer)?;
            }
        }
        None => {}
    }
    tx.update(&before, &customer)?;
    let balance = |customer: &Object| customer.integer("balance").unwrap_or(0);
    let change = balance(&customer) - balance(&before);
    tx.note_balance(&customer, BalanceChange::plain("adjustment", change))?;
    Ok(customer.body)
}

/// What `coupon` or `promotion_code` stands for.
fn offer(
    tx: &mut Tx<'_>,
    given: Option<(GivenDiscount, String)>,
    customer: Option<&str>,
) -> Result<Option<Offer>, ApiError> {
    let wanted = discounts::resolve(tx, given.into_iter().collect(), customer, None)?;
    Ok(discounts::offers(wanted).into_iter().next())
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let customer = find_live(tx, request.id())?;
    request.params.finish()?;
    remove(tx, customer)
}

/// Deletes the customer: its subscriptions end at once, its payment methods are detached.
pub(super) fn remove(tx: &mut Tx<'_>, mut customer: Object) -> Outcome {
    let is_live = |subscription: &Object| {
        !matches!(subscription.text("status"), Some("canceled" | "incomplete_expired"))
    };
    let (subscriptions, _) =
        tx.list(Kind::Subscription, &Listing::of_customer(&customer.id), is_live)?;
    for mut subscription in subscriptions {
        cancel::end(tx, &mut subscription, Ending::Requested)?;
    }
    let (methods, _) =
        tx.list(Kind::PaymentMethod, &Listing::of_customer(&customer.id), |_| true)?;
    for method in methods {
        payment_methods::detach_from(tx, method)?;
    }
    tx.emit("customer.deleted", &customer, None)?;
    customer.body = json!({ "id": customer.id, "object": "customer", "deleted": true });
    tx.save(&customer)?;
    Ok(customer.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let email = params.string("email")?;
    let created = params.time_range("created")?;
    let test_clock = params.string("test_clock")?;
    params.finish()?;
    let listing = Listing { lookup: email, parent: test_clock.clone(), ..Listing::default() };
    page.answer(tx, "/v1/customers", Kind::Customer, listing, |customer| {
        // Those on a test clock are left out unless asked for.
        customer.body["deleted"] != true
            && (test_clock.is_some() || customer.body["test_clock"].is_null())
            && created.contains(customer.integer("created").unwrap_or(0))
    })
}

/// A customer that is not deleted, by the id in the path.
fn find_live(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    live(tx, id, "id").map_err(ApiError::in_path)
}

/// A customer that is not deleted, by a parameter.
pub(super) fn live(tx: &mut Tx<'_>, id: &str, param: &str) -> Result<Object, ApiError> {
    let customer = tx.get(Kind::Customer, id, param)?;
    if customer.body["deleted"] == true {
        Err(ApiError::no_such(Kind::Customer, id, param))
    } else {
        Ok(customer)
    }
}

/// A payment method attached to this customer.
pub(super) fn owned_payment_method(
    tx: &mut Tx<'_>,
    id: &str,
    customer: &str,
    param: &str,
) -> Result<Object, ApiError> {
    let method = tx.get(Kind::PaymentMethod, id, param)?;
    if method.text("customer") != Some(customer) {
        return Err(ApiError::invalid_param(
            param,
            "The customer does not have a payment method with the ID {id}. The payment method must be attached to \
             the customer."
                .replace("{id}", id),
        )
        .code("resource_missing"));
    }
    Ok(method)
}
