//! Prices, and the lookup keys that move between them.

mod lookup_keys;
mod tiers;

use serde_json::{Value, json};

use self::lookup_keys::{check_lookup_key, free_lookup_key};
use super::{Outcome, Page, Request, products};
use crate::sandbox::{
    billing::pricing,
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    store::{Listing, Tx},
};

const INTERVALS: &[&str] = &["day", "week", "month", "year"];

/// A price to be made.
#[derive(Debug, Clone)]
pub(super) struct NewPrice {
    /// One is made up unless it is given.
    id: Option<String>,
    currency: String,
    /// Minor units when they are whole, and their decimal form.
    amount: Option<(Option<i64>, String)>,
    recurring: Option<Value>,
    tax_behavior: String,
    billing_scheme: String,
    lookup_key: Option<String>,
    transfers_lookup_key: bool,
    nickname: Option<String>,
    active: bool,
    metadata: Option<Metadata>,
    tiers: Option<Value>,
    tiers_mode: Option<String>,
    transform_quantity: Option<Value>,
    custom_unit_amount: Option<Value>,
    /// Kept as it came.
    currency_options: Option<Value>,
}

impl NewPrice {
    fn take(params: &mut Params) -> Result<NewPrice, ApiError> {
        let mut new = NewPrice::take_for_product(params)?;
        new.lookup_key = params.string("lookup_key")?;
        new.transfers_lookup_key = params.boolean("transfer_lookup_key")?.unwrap_or(false);
        new.nickname = params.string("nickname")?;
        new.active = params.boolean("active")?.unwrap_or(true);
        new.billing_scheme = params
            .choice("billing_scheme", &["per_unit", "tiered"])?
            .unwrap_or_else(|| new.billing_scheme.clone());
        new.tiers = tiers::take_tiers(params)?;
        new.tiers_mode = params.choice("tiers_mode", &["graduated", "volume"])?;
        new.transform_quantity = tiers::take_transform_quantity(params)?;
        check_lookup_key(new.lookup_key.as_deref())?;
        let is_tiered = new.billing_scheme == "tiered";
        if is_tiered != new.tiers.is_some() {
            return Err(ApiError::invalid_param(
                "tiers",
                "Tiers are given when `billing_scheme=tiered`, and only then.",
            ));
        }
        if is_tiered && new.tiers_mode.is_none() {
            return Err(ApiError::missing("tiers_mode"));
        }
        if new.amount.is_none() && !is_tiered && new.custom_unit_amount.is_none() {
            return Err(ApiError::invalid(
                "You must pass either `unit_amount`, `unit_amount_decimal`, or `custom_unit_amount` when \
                 `billing_scheme=per_unit`.",
            )
            .code("parameter_missing")
            .param("unit_amount"));
        }
        Ok(new)
    }

    /// `price_data` and `default_price_data`: a price given together with something else.
    pub(super) fn take_for_product(params: &mut Params) -> Result<NewPrice, ApiError> {
        let currency = params.currency("currency")?;
        let currency = currency.ok_or_else(|| ApiError::missing(params.name("currency")))?;
        let amount = take_amount(params)?;
        let recurring = params.hash("recurring", take_recurring)?;
        let tax_behavior =
            params.choice("tax_behavior", &["exclusive", "inclusive", "unspecified"])?;
        let metadata = params.metadata()?;
        let custom_unit_amount = tiers::take_custom_unit_amount(params)?;
        let currency_options = params.kept("currency_options")?;
        Ok(NewPrice {
            id: None,
            currency,
            amount,
            recurring,
            tax_behavior: tax_behavior.unwrap_or_else(|| "unspecified".to_owned()),
            billing_scheme: "per_unit".to_owned(),
            lookup_key: None,
            transfers_lookup_key: false,
            nickname: None,
            active: true,
            metadata,
            tiers: None,
            tiers_mode: None,
            transform_quantity: None,
            custom_unit_amount,
            currency_options,
        })
    }

    /// Makes the price.
    pub(super) fn create(self, tx: &mut Tx<'_>, product: &str) -> Result<Object, ApiError> {
        let (amount, decimal) =
            self.amount.map_or((None, None), |(amount, text)| (amount, Some(text)));
        let mut body = json!({
            "active": self.active,
            "billing_scheme": self.billing_scheme,
            "currency": self.currency,
            "custom_unit_amount": self.custom_unit_amount,
            "lookup_key": null,
            "metadata": Metadata::new_value(self.metadata),
            "nickname": self.nickname,
            "product": product,
            "recurring": self.recurring,
            "tax_behavior": self.tax_behavior,
            "tiers_mode": self.tiers_mode,
            "transform_quantity": self.transform_quantity,
            "type": if self.recurring.is_some() { "recurring" } else { "one_time" },
            "unit_amount": amount,
            "unit_amount_decimal": decimal,
        });
        if let Some(key) = &self.lookup_key {
            free_lookup_key(tx, key, self.transfers_lookup_key, None)?;
            body["lookup_key"] = json!(key);
        }
        // Shown only when asked for.
        let private = json!({ "currency_options": self.currency_options, "tiers": self.tiers });
        let id = self.id.unwrap_or_else(|| Kind::Price.new_id());
        let price = Object::with_id(Kind::Price, id, tx.now(), body).with_private(private);
        tx.create(&price)?;
        Ok(price)
    }
}

/// `price` or `price_data` of a line item: an existing price, or a new one.
#[derive(Debug, Clone)]
pub(super) enum GivenPrice {
    Existing { id: String, param: String },
    New { price: Box<NewPrice>, product: Result<String, String> },
}

impl GivenPrice {
    pub(super) fn take(params: &mut Params) -> Result<GivenPrice, ApiError> {
        if let Some(id) = params.string("price")? {
            return Ok(GivenPrice::Existing { id, param: params.name("price") });
        }
        let given = params.hash("price_data", |data| {
            let product = data.string("product")?;
            let name = data.hash("product_data", |product| {
                product.ignore(&["description", "images", "metadata", "tax_code", "unit_label"])?;
                product.required("name")
            })?;
            let product = match (product, name) {
                (Some(id), _) => Ok(id),
                (None, Some(name)) => Err(name),
                (None, None) => return Err(ApiError::missing(data.name("product"))),
            };
            Ok(GivenPrice::New { price: Box::new(NewPrice::take_for_product(data)?), product })
        })?;
        given.ok_or_else(|| ApiError::missing(params.name("price")))
    }

    pub(super) fn resolve(self, tx: &mut Tx<'_>) -> Result<Object, ApiError> {
        match self {
            GivenPrice::Existing { id, param } => {
                let price = tx.get(Kind::Price, &id, &param)?;
                if !price.is("active") {
                    return Err(ApiError::invalid_param(
                        param,
                        "The price specified is inactive. This field only accepts active prices.",
                    ));
                }
                Ok(price)
            }
            GivenPrice::New { price, product: Ok(product) } => {
                tx.get(Kind::Product, &product, "product")?;
                price.create(tx, &product)
            }
            GivenPrice::New { price, product: Err(name) } => {
                let product =
                    Object::new(Kind::Product, tx.now(), products::blank(&name, tx.now()));
                tx.create(&product)?;
                price.create(tx, &product.id)
            }
        }
    }
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    create_with_id(tx, request, None)
}

/// As [`create`], with an id that the caller chose, as plans may.
pub(super) fn create_with_id(tx: &mut Tx<'_>, request: Request, id: Option<String>) -> Outcome {
    let mut params = request.params;
    let product = params.string("product")?;
    let product_data = params.hash("product_data", |data| {
        let mut body = products::blank(&data.required("name")?, 0);
        for name in ["active", "statement_descriptor", "tax_code", "unit_label"] {
            if let Some(value) = data.kept(name)? {
                body[name] = value;
            }
        }
        let id = data.string("id")?;
        Metadata::apply(data.metadata()?, &mut body);
        Ok((id, body))
    })?;
    let mut new = NewPrice::take(&mut params)?;
    new.id = id;
    params.finish()?;

    let product = match (product, product_data) {
        (Some(id), None) => tx.get(Kind::Product, &id, "product")?,
        (None, Some((id, mut body))) => {
            body["updated"] = json!(tx.now());
            let id = id.unwrap_or_else(|| Kind::Product.new_id());
            let product = Object::with_id(Kind::Product, id, tx.now(), body);
            tx.create(&product)?;
            product
        }
        (None, None) => return Err(ApiError::missing("product")),
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid_param(
                "product",
                "You may only specify one of these parameters: product, product_data.",
            ));
        }
    };
    Ok(new.create(tx, &product.id)?.body)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let price = tx.get(Kind::Price, request.id(), "price").map_err(ApiError::in_path)?;
    request.params.finish()?;
    Ok(price.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = tx.get(Kind::Price, request.id(), "price").map_err(ApiError::in_path)?;
    let mut params = request.params;
    let active = params.boolean("active")?;
    let nickname = params.clearable("nickname")?;
    let tax_behavior = params.choice("tax_behavior", &["exclusive", "inclusive", "unspecified"])?;
    let lookup_key = params.clearable("lookup_key")?;
    let transfers = params.boolean("transfer_lookup_key")?.unwrap_or(false);
    let metadata = params.metadata()?;
    params.kept("currency_options")?;
    params.finish()?;

    let mut price = before.clone();
    if let Some(active) = active {
        price.body["active"] = json!(active);
    }
    if let Some(nickname) = nickname {
        price.body["nickname"] = json!(nickname);
    }
    if let Some(tax_behavior) = tax_behavior {
        price.body["tax_behavior"] = json!(tax_behavior);
    }
    if let Some(lookup_key) = lookup_key {
        check_lookup_key(lookup_key.as_deref())?;
        if let Some(key) = &lookup_key {
            free_lookup_key(tx, key, transfers, Some(&price.id))?;
        }
        price.body["lookup_key"] = json!(lookup_key);
    }
    Metadata::apply(metadata, &mut price.body);
    tx.update(&before, &price)?;
    Ok(price.body)
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let active = params.boolean("active")?;
    let currency = params.string("currency")?;
    let lookup_keys = params.strings("lookup_keys")?;
    let product = params.string("product")?;
    let kind = params.choice("type", &["one_time", "recurring"])?;
    let created = params.time_range("created")?;
    let recurring = params.hash("recurring", |recurring| {
        recurring.string("meter")?;
        Ok((
            recurring.choice("interval", INTERVALS)?,
            recurring.choice("usage_type", &["licensed", "metered"])?,
        ))
    })?;
    params.finish()?;
    let (interval, usage_type) = recurring.unwrap_or_default();
    let is = |price: &Object, pointer: &str, wanted: &Option<String>| {
        wanted
            .as_deref()
            .is_none_or(|wanted| price.body.pointer(pointer).is_some_and(|value| value == wanted))
    };
    let lookup =
        lookup_keys.as_ref().filter(|keys| keys.len() == 1).and_then(|keys| keys.first().cloned());
    let listing = Listing { parent: product, lookup, ..Listing::default() };
    page.answer(tx, "/v1/prices", Kind::Price, listing, |price| {
        active.is_none_or(|active| price.is("active") == active)
            && lookup_keys.as_ref().is_none_or(|keys| {
                price.text("lookup_key").is_some_and(|key| keys.iter().any(|wanted| wanted == key))
            })
            && created.contains(price.integer("created").unwrap_or(0))
            && is(price, "/currency", &currency)
            && is(price, "/type", &kind)
            && is(price, "/recurring/interval", &interval)
            && is(price, "/recurring/usage_type", &usage_type)
    })
}

/// `unit_amount`, which a fraction of a minor unit leaves null, and its decimal form.
fn take_amount(params: &mut Params) -> Result<Option<(Option<i64>, String)>, ApiError> {
    if let Some(amount) = params.integer_from("unit_amount", 0)? {
        return Ok(Some((Some(amount), amount.to_string())));
    }
    let Some(decimal) = params.string("unit_amount_decimal")? else { return Ok(None) };
    pricing::shown(&decimal).map(Some).ok_or_else(|| {
        ApiError::invalid_param(
            params.name("unit_amount_decimal"),
            format!("Invalid decimal: {decimal}"),
        )
    })
}

fn take_recurring(params: &mut Params) -> Result<Value, ApiError> {
    let interval = params
        .choice("interval", INTERVALS)?
        .ok_or_else(|| ApiError::missing(params.name("interval")))?;
    let count = params.integer_from("interval_count", 1)?.unwrap_or(1);
    let longest = match interval.as_str() {
        "year" => 3,
        "month" => 36,
        "week" => 156,
        _ => 1095,
    };
    if count > longest {
        return Err(ApiError::invalid_param(
            params.name("interval_count"),
            "Invalid interval: the maximum interval is three years (3 years, 36 months, 156 weeks or 1095 days).",
        ));
    }
    Ok(json!({
        "interval": interval,
        "interval_count": count,
        "meter": params.string("meter")?,
        "trial_period_days": params.integer("trial_period_days")?,
        "usage_type": params.choice("usage_type", &["licensed", "metered"])?.unwrap_or_else(|| "licensed".to_owned()),
    }))
}
