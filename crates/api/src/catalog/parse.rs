//! Reads the catalog's file: pure, and with errors that name the key at fault.

use url::Url;

use super::{
    CancelSettings, Catalog, CheckoutSettings, Plan, PortalSettings, Suspension, UpdateSettings,
    file::{Cancel, Checkout, File, PlanEntry, Portal, Update},
    podcast,
};

/// A catalog that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Not TOML, a key that is unknown or missing, or a value of the wrong type.
    #[error("{0}")]
    Syntax(String),
    /// A value that cannot be.
    #[error("{key}: {problem}")]
    Value {
        /// Such as `plans.pro.monthly`.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

pub(super) fn wrong<T>(
    key: impl Into<String>,
    problem: impl Into<String>,
) -> Result<T, CatalogError> {
    Err(CatalogError::Value { key: key.into(), problem: problem.into() })
}

pub(super) fn parse(text: &str) -> Result<Catalog, CatalogError> {
    let file: File = toml::from_str(text)
        .map_err(|error| CatalogError::Syntax(error.to_string().trim().to_owned()))?;
    let plans = plans(file.plans, &file.currency)?;
    let default_required_plan = file.episodes.required_plan;
    if !plans.iter().any(|plan| plan.id == default_required_plan) {
        return wrong(
            "episodes.required_plan",
            format!("there is no plan {default_required_plan:?}"),
        );
    }
    Ok(Catalog {
        plans,
        default_required_plan,
        suspension: Suspension {
            on_refund: file.access.suspend_on_refund,
            on_dispute: file.access.suspend_on_dispute,
        },
        checkout: checkout(file.checkout)?,
        portal: portal(file.portal)?,
        podcast: podcast::parse(file.podcast)?,
    })
}

fn plans(entries: Vec<PlanEntry>, currency: &str) -> Result<Vec<Plan>, CatalogError> {
    // The portal lists at most ten products.
    if entries.is_empty() || entries.len() > 10 {
        return wrong(
            "plans",
            format!("1 to 10 plans can be sold, and here are {}", entries.len()),
        );
    }
    let mut plans: Vec<Plan> = Vec::with_capacity(entries.len());
    for entry in entries {
        check_id(&entry.id)?;
        if plans.iter().any(|plan| plan.id == entry.id) {
            return wrong("plans.id", format!("{:?} stands there twice", entry.id));
        }
        plans.push(plan(entry, currency)?);
    }
    if !plans.iter().any(|plan| plan.on_sale) {
        return wrong("plans.on_sale", "no plan can be bought");
    }
    Ok(plans)
}

fn check_id(id: &str) -> Result<(), CatalogError> {
    let mut characters = id.chars();
    let starts_well = characters.next().is_some_and(|first| first.is_ascii_lowercase());
    let goes_on_well = characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !starts_well || !goes_on_well || id.len() > 40 {
        return wrong(
            "plans.id",
            format!("{id:?} is not made of a letter and up to 39 of a-z, 0-9 and _"),
        );
    }
    // Otherwise the keys of this plan could be those of another.
    if id.ends_with("_yearly") || id.ends_with("_setup") {
        return wrong(
            "plans.id",
            format!("{id:?} ends like the lookup key of another plan's price"),
        );
    }
    Ok(())
}

fn plan(entry: PlanEntry, default_currency: &str) -> Result<Plan, CatalogError> {
    let key = |name: &str| format!("plans.{}.{name}", entry.id);
    let currency = entry.currency.as_deref().unwrap_or(default_currency);
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return wrong(
            key("currency"),
            format!("{currency:?} is no currency in lower case, such as \"usd\""),
        );
    }
    check_text(&key("name"), &entry.name, 1..=250)?;
    check_text(&key("description"), &entry.description, 0..=1000)?;
    if entry.features.len() > 15 {
        return wrong(key("features"), "Stripe takes 15 lines");
    }
    for feature in &entry.features {
        check_text(&key("features"), feature, 1..=80)?;
    }
    if entry.images.len() > 8 {
        return wrong(key("images"), "Stripe takes 8 pictures");
    }
    entry.images.iter().try_for_each(|image| check_url(&key("images"), image))?;
    if !entry.url.is_empty() {
        check_url(&key("url"), &entry.url)?;
    }
    for (name, days) in [("trial_days", entry.trial_days), ("grace_days", entry.grace_days)] {
        if days > 730 {
            return wrong(key(name), "730 days are the most");
        }
    }
    let price = |name: &str, text: &str| {
        amount(text, currency).or_else(|problem| wrong(key(name), problem))
    };
    let optional = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| price(name, text)).transpose()
    };
    Ok(Plan {
        monthly: price("monthly", &entry.monthly)?,
        yearly: optional("yearly", &entry.yearly)?,
        setup_fee: optional("setup_fee", &entry.setup_fee)?,
        currency: currency.to_owned(),
        id: entry.id,
        name: entry.name,
        description: entry.description,
        features: entry.features,
        images: entry.images,
        url: entry.url,
        trial_days: entry.trial_days,
        grace_days: entry.grace_days,
        on_sale: entry.on_sale,
    })
}

/// Reads `"9.99"` as minor units of `currency`, exactly.
fn amount(text: &str, currency: &str) -> Result<i64, String> {
    let exponent = shared::money::exponent(currency) as usize;
    let (major, minor) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let has_wrong_decimals = text.contains('.') && minor.len() != exponent;
    if major.is_empty() || !digits(major) || !digits(minor) || has_wrong_decimals {
        let example = shared::money::Money::new(1_500, currency).decimal();
        return Err(format!("{text:?} is no amount of {currency}; write it like {example:?}"));
    }
    let minor_units = format!("{major}{minor:0<exponent$}").parse::<i64>().ok();
    // Stripe's largest amount has eight digits.
    minor_units
        .filter(|amount| (1..=99_999_999).contains(amount))
        .ok_or_else(|| format!("{text:?} is not within what Stripe charges"))
}

fn checkout(checkout: Checkout) -> Result<CheckoutSettings, CatalogError> {
    let Checkout { promotion_codes, automatic_tax, tax_ids, terms_of_service, payment_methods } =
        checkout;
    // Stripe adds to its list of methods, so only what can be none is refused.
    let is_word = |word: &&String| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    match payment_methods.iter().find(|word| !is_word(word)) {
        Some(word) => {
            wrong("checkout.payment_methods", format!("{word:?} is none, such as \"card\""))
        }
        None => Ok(CheckoutSettings {
            promotion_codes,
            automatic_tax,
            tax_ids,
            terms_of_service,
            payment_methods,
        }),
    }
}

fn portal(portal: Portal) -> Result<PortalSettings, CatalogError> {
    check_text("portal.headline", &portal.headline, 0..=60)?;
    for (key, url) in
        [("portal.privacy_url", &portal.privacy_url), ("portal.terms_url", &portal.terms_url)]
    {
        let on_our_site = url.starts_with('/') && !url.starts_with("//");
        if !url.is_empty() && !on_our_site {
            check_url(key, url)?;
        }
    }
    let updates = ["address", "email", "name", "phone", "shipping", "tax_id"];
    portal
        .customer_update
        .iter()
        .try_for_each(|word| check_word("portal.customer_update", word, &updates))?;
    if portal.update.is_some() && !portal.payment_method_update {
        return wrong("portal.update", "plans can change only where payment_method_update is true");
    }
    Ok(PortalSettings {
        cancel: portal.cancel.map(cancel).transpose()?,
        update: portal.update.map(update).transpose()?,
        pause: portal.pause,
        headline: portal.headline,
        privacy_url: portal.privacy_url,
        terms_url: portal.terms_url,
        invoice_history: portal.invoice_history,
        payment_method_update: portal.payment_method_update,
        customer_update: portal.customer_update,
    })
}

const PRORATIONS: [&str; 3] = ["none", "create_prorations", "always_invoice"];

fn cancel(cancel: Cancel) -> Result<CancelSettings, CatalogError> {
    let Cancel { mode, proration, reasons, retention_coupon } = cancel;
    check_word("portal.cancel.mode", &mode, &["at_period_end", "immediately"])?;
    check_word("portal.cancel.proration", &proration, &PRORATIONS)?;
    if mode == "at_period_end" && proration != "none" {
        return wrong(
            "portal.cancel.proration",
            "at the period's end there is nothing to prorate: write \"none\"",
        );
    }
    let known = [
        "customer_service",
        "low_quality",
        "missing_features",
        "other",
        "switched_service",
        "too_complex",
        "too_expensive",
        "unused",
    ];
    reasons.iter().try_for_each(|word| check_word("portal.cancel.reasons", word, &known))?;
    if let Some(coupon) = &retention_coupon {
        check_text("portal.cancel.retention_coupon", coupon, 1..=200)?;
    }
    Ok(CancelSettings { mode, proration, reasons, retention_coupon })
}

fn update(update: Update) -> Result<UpdateSettings, CatalogError> {
    let Update { proration, promotion_codes, schedule_at_period_end } = update;
    check_word("portal.update.proration", &proration, &PRORATIONS)?;
    let conditions = ["decreasing_item_amount", "shortening_interval"];
    let key = "portal.update.schedule_at_period_end";
    schedule_at_period_end.iter().try_for_each(|word| check_word(key, word, &conditions))?;
    Ok(UpdateSettings { proration, promotion_codes, schedule_at_period_end })
}

pub(super) fn check_text(
    key: &str,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
) -> Result<(), CatalogError> {
    if lengths.contains(&text.trim().chars().count()) {
        return Ok(());
    }
    wrong(key, format!("{text:?} is not {} to {} characters long", lengths.start(), lengths.end()))
}

pub(super) fn check_url(key: &str, url: &str) -> Result<(), CatalogError> {
    match Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => Ok(()),
        _ => wrong(key, format!("{url:?} is no address that starts with https://")),
    }
}

fn check_word(key: &str, word: &str, known: &[&str]) -> Result<(), CatalogError> {
    if known.contains(&word) {
        return Ok(());
    }
    wrong(key, format!("{word:?} is none of {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::BUILT_IN;

    /// What the built-in catalog says after one change to its text.
    fn changed(from: &str, to: &str) -> Result<Catalog, CatalogError> {
        assert!(BUILT_IN.contains(from), "{from}");
        parse(&BUILT_IN.replacen(from, to, 1))
    }

    #[test]
    fn errors_name_the_key() {
        for (from, to, named) in [
            ("monthly = \"5.00\"", "monthly = \"5.0\"", "plans.starter.monthly"),
            ("monthly = \"5.00\"", "monthly = \"-5.00\"", "plans.starter.monthly"),
            ("monthly = \"5.00\"", "monthly = \"0.00\"", "plans.starter.monthly"),
            ("monthly = \"5.00\"", "monthly = 500", "monthly"),
            ("monthly = \"5.00\"", "", "monthly"),
            ("currency = \"usd\"", "currency = \"jpy\"", "plans.starter.monthly"),
            ("currency = \"usd\"", "currency = \"USD\"", "plans.starter.currency"),
            ("id = \"pro\"", "id = \"starter\"", "plans.id"),
            ("id = \"pro\"", "id = \"Pro\"", "plans.id"),
            ("id = \"pro\"", "id = \"starter_yearly\"", "plans.id"),
            ("required_plan = \"starter\"", "required_plan = \"gold\"", "episodes.required_plan"),
            ("name = \"Pro\"", "name = \" \"", "plans.pro.name"),
            ("grace_days = 7", "grace_days = -1", "grace_days"),
            ("grace_days = 7", "grace_day = 7", "grace_day"),
            ("mode = \"at_period_end\"", "mode = \"later\"", "portal.cancel.mode"),
            ("proration = \"none\"", "proration = \"always_invoice\"", "portal.cancel.proration"),
            ("payment_method_update = true", "payment_method_update = false", "portal.update"),
            ("privacy_url = \"/privacy\"", "privacy_url = \"//evil\"", "portal.privacy_url"),
            ("\"tax_id\"]", "\"age\"]", "portal.customer_update"),
            (
                "# schedule_at_period_end = [\"decreasing_item_amount\"",
                "schedule_at_period_end = [\"later\"",
                "portal.update.schedule_at_period_end",
            ),
            (
                "# retention_coupon = \"stay\"",
                "retention_coupon = \"\"",
                "portal.cancel.retention_coupon",
            ),
            ("payment_methods = []", "payment_methods = [\"Card\"]", "checkout.payment_methods"),
            ("currency = \"usd\"", "currency = ", "currency"),
        ] {
            let error = changed(from, to).unwrap_err().to_string();
            assert!(error.contains(named), "{to}: {error}");
        }
    }

    #[test]
    fn amounts_are_read_exactly() {
        for (text, currency, amount_read) in [
            ("5", "usd", Some(500)),
            ("5.00", "usd", Some(500)),
            ("19.99", "eur", Some(1_999)),
            ("900", "jpy", Some(900)),
            ("900.00", "jpy", None),
            ("1.234", "kwd", Some(1_234)),
            ("1.23", "kwd", None),
            ("5.", "usd", None),
            (".50", "usd", None),
            ("5,00", "usd", None),
            ("1e3", "usd", None),
            ("+5", "usd", None),
            ("1000000.00", "usd", None),
            ("99999999999999999999", "usd", None),
            ("", "usd", None),
        ] {
            assert_eq!(amount(text, currency).ok(), amount_read, "{text} {currency}");
        }
    }

    #[test]
    fn sections_of_the_portal_may_be_left_out() {
        let without = BUILT_IN.split("# Leave this section out").next().unwrap();
        let portal = parse(without).unwrap().portal;
        assert_eq!((portal.cancel, portal.update), (None, None));
    }
}
