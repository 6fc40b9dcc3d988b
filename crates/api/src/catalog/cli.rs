//! `circle catalog` and `circle portal`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use url::Url;

use super::{
    BUILT_IN, Catalog, Shop,
    apply::pending,
    portal::{self, PortalChange},
    setting::settings,
    store,
};
use crate::stripe::{Client, Deadline, portal_configurations};

/// For one call.
const BUDGET: Duration = Duration::from_secs(30);

/// Reads the catalog: the file that is named, else `catalog.toml` when it exists, else the built-in one.
///
/// # Errors
/// When the file cannot be read or used; the error names file and key.
pub fn load(file: Option<&Path>) -> anyhow::Result<Catalog> {
    let path = file.map_or_else(|| PathBuf::from("catalog.toml"), Path::to_owned);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            BUILT_IN.to_owned()
        }
        Err(error) => {
            return Err(error).with_context(|| format!("CATALOG: cannot read {}", path.display()));
        }
    };
    Catalog::parse(&text).with_context(|| format!("CATALOG: {}", path.display()))
}

/// `circle catalog plan`: shows what applying would change at Stripe.
///
/// # Errors
/// When Stripe cannot be read.
pub async fn show_changes(catalog: &Catalog, stripe: &Client, site: &Url) -> anyhow::Result<()> {
    print_changes(&differences(catalog, stripe, site).await?);
    Ok(())
}

/// `circle catalog apply`: makes Stripe sell what the catalog says.
///
/// # Errors
/// When Stripe or the database fails.
pub async fn apply(shop: &Shop, now: i64) -> anyhow::Result<()> {
    print_changes(&shop.apply(now).await?.changes);
    Ok(())
}

fn print_changes(lines: &[String]) {
    if lines.is_empty() {
        println!("Stripe has what the catalog says: nothing to change.");
    }
    lines.iter().for_each(|line| println!("{line}"));
}

/// What applying the catalog would change at Stripe, a line each.
///
/// # Errors
/// When Stripe cannot be read.
pub async fn differences(
    catalog: &Catalog,
    stripe: &Client,
    site: &Url,
) -> anyhow::Result<Vec<String>> {
    let pending = pending(catalog, stripe, site).await?;
    let mut lines: Vec<String> = pending.changes.iter().map(ToString::to_string).collect();
    match pending.portal {
        PortalChange::Keep { .. } if lines.is_empty() => {}
        // Made of the prices as they stand now, it says too little about those that are still to come.
        PortalChange::Keep { id } => {
            lines.push(format!("~ portal configuration {id} follows new prices"))
        }
        change => lines.push(change.to_string()),
    }
    Ok(lines)
}

/// `circle portal show`: the portal configuration in use, setting by setting, and where Stripe has something else.
///
/// # Errors
/// When Stripe or the database fails.
pub async fn show_portal(shop: &Shop) -> anyhow::Result<()> {
    let Shop { catalog, stripe, db, site } = shop;
    let in_use = db.read(store::find_portal_configuration).await?;
    println!("In use: {}", in_use.as_deref().unwrap_or("none yet; run `circle catalog apply`"));
    let change = pending(catalog, stripe, site).await?.portal;
    match &change {
        PortalChange::Keep { id } => println!("{id} was made of this catalog."),
        change => println!("{change}; `circle catalog apply` writes what the catalog says"),
    }
    let whole = match in_use.as_deref().or(change.present()) {
        Some(id) => {
            let request = portal_configurations::retrieve(id);
            let configuration = stripe.send(&request, Deadline::within(BUDGET)).await?.value;
            serde_json::Value::Object(configuration.settings)
        }
        None => serde_json::Value::Null,
    };
    let offers = db.read(store::list_offers).await?;
    let settings = settings(&portal::details(catalog, &offers, site).create().form(), &whole);
    settings.iter().for_each(|setting| println!("  {setting}"));
    if let Some(coupon) = catalog.portal.cancel.as_ref().and_then(|it| it.retention_coupon.as_ref())
    {
        println!("Who comes to cancel is offered the coupon {coupon}.");
    }
    match settings.iter().filter(|setting| setting.differs()).count() {
        0 => println!("Stripe has nothing else."),
        1 => println!("Stripe has something else in one setting, marked with !."),
        n => println!("Stripe has something else in {n} settings, marked with !."),
    }
    Ok(())
}
