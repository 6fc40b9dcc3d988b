//! Brings the catalog to Stripe, and what Stripe has into our database.

use std::time::Duration;

use url::Url;

use super::{
    Catalog, Shop,
    changes::{AtStripe, Change, KeyTaken, PLAN_METADATA, changes},
    offers::{Offer, Term},
    portal::{PortalChange, portal_change},
    store::{self, PriceRow},
};
use crate::{
    db::DbError,
    stripe::{
        Client, Deadline, Error, Object, PortalConfiguration, Price, Product, Request,
        portal_configurations, prices, products,
    },
};

/// How long one call may take, tries included; nobody waits for a page here.
const BUDGET: Duration = Duration::from_secs(30);

/// How often what others change meanwhile is looked at again.
const ROUNDS: u32 = 4;

/// How far those who change something at the same time step apart before they look again, times the round.
const APART: Duration = Duration::from_millis(200);

/// Stripe takes no more lookup keys in one call.
const LOOKUP_KEYS: usize = 10;

/// Why the catalog could not be brought to Stripe. What was done before stays, and the next try goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Stripe could not be read.
    #[error("cannot read products and prices from Stripe")]
    Read(#[source] Error),
    /// Stripe refused a change.
    #[error("Stripe did not take the change `{change}`")]
    Change {
        /// What was to change.
        change: String,
        /// What Stripe said.
        #[source]
        source: Error,
    },
    /// Something else at Stripe uses one of our lookup keys.
    #[error(transparent)]
    KeyTaken(#[from] KeyTaken),
    /// After all changes Stripe still differs, and would each time.
    #[error("Stripe does not keep what it is told: `{0}` is still to be done")]
    Unsettled(String),
    /// The result could not be kept.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// A line for each change, in the order they were made.
    pub changes: Vec<String>,
    /// The prices on offer.
    pub offers: Vec<Offer>,
    /// `bpc_…`; `None` only after [`Shop::refresh`] found none.
    pub portal_configuration: Option<String>,
}

/// What would be done.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    /// Changes of products and prices.
    pub(super) changes: Vec<Change>,
    /// What would happen to the portal configuration, as far as the prices stand now.
    pub(super) portal: PortalChange,
}

impl Shop {
    /// Makes Stripe sell what the catalog says, and keeps the outcome. Applying twice changes nothing.
    ///
    /// Several processes may do it at once: each goes on until nothing is left to change.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn apply(&self, now: i64) -> Result<Applied, ApplyError> {
        let mut applied = Applied::default();
        for round in 1.. {
            if round > 2 {
                // Somebody else changes it, too: in step, each would undo what the other did.
                tokio::time::sleep(APART.mul_f64(f64::from(round) * rand::random::<f64>())).await;
            }
            let at_stripe = read(&self.catalog, &self.stripe).await?;
            let pending = changes(&self.catalog, &at_stripe)?;
            if pending.is_empty() {
                applied.offers = self.keep_prices(&at_stripe, now).await?;
                break;
            }
            if round == ROUNDS {
                return Err(ApplyError::Unsettled(pending[0].to_string()));
            }
            for change in &pending {
                match make(change, &self.stripe).await {
                    Ok(()) => applied.changes.push(change.to_string()),
                    // Another process was faster: look again.
                    Err(error) if made_meanwhile(&error) => break,
                    Err(source) => {
                        return Err(ApplyError::Change { change: change.to_string(), source });
                    }
                }
            }
        }
        let configurations = read_portal(&self.stripe).await?;
        let change = portal_change(&self.catalog, &applied.offers, &self.site, &configurations);
        let id = match &change {
            PortalChange::Keep { id } => id.clone(),
            PortalChange::Create(details) => {
                applied.changes.push(change.to_string());
                self.write_portal(&change, details.clone().create()).await?
            }
            PortalChange::Update { id, details, .. } => {
                applied.changes.push(change.to_string());
                self.write_portal(&change, details.clone().overwrite(id)).await?
            }
        };
        self.keep_portal(&id).await?;
        applied.portal_configuration = Some(id);
        Ok(applied)
    }

    /// Reads what Stripe sells into our database and changes nothing there. What the catalog says beyond it is in the
    /// log.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn refresh(&self, now: i64) -> Result<Applied, ApplyError> {
        let at_stripe = read(&self.catalog, &self.stripe).await?;
        for change in changes(&self.catalog, &at_stripe)? {
            tracing::warn!(%change, "the catalog says something else than Stripe: see `circle catalog plan`");
        }
        let offers = self.keep_prices(&at_stripe, now).await?;
        let configurations = read_portal(&self.stripe).await?;
        let change = portal_change(&self.catalog, &offers, &self.site, &configurations);
        let portal_configuration = change.present().map(str::to_owned);
        match &portal_configuration {
            Some(id) => self.keep_portal(id).await?,
            None => {
                tracing::warn!("there is no portal configuration yet: see `circle catalog plan`")
            }
        }
        Ok(Applied { changes: Vec::new(), offers, portal_configuration })
    }

    async fn write_portal(
        &self,
        change: &PortalChange,
        request: Request<PortalConfiguration>,
    ) -> Result<String, ApplyError> {
        let request = request.fresh_idempotency_key();
        let sent = self.stripe.send(&request, Deadline::within(BUDGET)).await;
        let failed = |source| ApplyError::Change { change: change.to_string(), source };
        Ok(sent.map_err(failed)?.value.id)
    }

    async fn keep_prices(&self, at_stripe: &AtStripe, now: i64) -> Result<Vec<Offer>, DbError> {
        let rows = rows(&self.catalog, at_stripe, now);
        self.db
            .write(move |conn| {
                store::update_prices(conn, &rows)?;
                store::list_offers(conn)
            })
            .await
    }

    async fn keep_portal(&self, id: &str) -> Result<(), DbError> {
        let id = id.to_owned();
        self.db.write(move |conn| store::update_portal_configuration(conn, &id)).await
    }
}

/// What [`Shop::apply`] would do.
///
/// # Errors
/// [`ApplyError`].
pub(super) async fn pending(
    catalog: &Catalog,
    stripe: &Client,
    site: &Url,
) -> Result<Pending, ApplyError> {
    let at_stripe = read(catalog, stripe).await?;
    let offers: Vec<Offer> =
        rows(catalog, &at_stripe, 0).into_iter().filter_map(store::offer).collect();
    let portal = portal_change(catalog, &offers, site, &read_portal(stripe).await?);
    Ok(Pending { changes: changes(catalog, &at_stripe)?, portal })
}

async fn read(catalog: &Catalog, stripe: &Client) -> Result<AtStripe, ApplyError> {
    let ids = catalog.plans.iter().flat_map(|plan| [plan.product_id(), plan.setup_product_id()]);
    let named = products::List { ids: ids.collect(), limit: Some(100), ..Default::default() };
    let on_sale = products::List { active: Some(true), limit: Some(100), ..Default::default() };
    let mut products: Vec<Product> = Vec::new();
    for request in [named.request(), on_sale.request()] {
        let found = stripe
            .list_all(request, Deadline::within(BUDGET))
            .await
            .map_err(ApplyError::Read)?
            .value;
        extend(&mut products, found);
    }
    let is_ours = |product: &Product| {
        let id = product.id.strip_suffix("_setup").unwrap_or(&product.id);
        product.metadata.contains_key(PLAN_METADATA) || catalog.plan_of_product(id).is_some()
    };
    products.retain(is_ours);

    let mut prices: Vec<Price> = Vec::new();
    for product in &products {
        let all = prices::List {
            product: Some(product.id.clone()),
            limit: Some(100),
            ..Default::default()
        };
        let found = stripe
            .list_all(all.request(), Deadline::within(BUDGET))
            .await
            .map_err(ApplyError::Read)?
            .value;
        extend(&mut prices, found);
    }
    let keys: Vec<String> =
        catalog.plans.iter().flat_map(|plan| Term::ALL.map(|term| plan.lookup_key(term))).collect();
    for keys in keys.chunks(LOOKUP_KEYS) {
        let keyed =
            prices::List { lookup_keys: keys.to_vec(), limit: Some(100), ..Default::default() };
        let found = stripe
            .list_all(keyed.request(), Deadline::within(BUDGET))
            .await
            .map_err(ApplyError::Read)?
            .value;
        extend(&mut prices, found);
    }
    Ok(AtStripe { products, prices })
}

async fn read_portal(stripe: &Client) -> Result<Vec<PortalConfiguration>, ApplyError> {
    let active = portal_configurations::List { active: Some(true), limit: Some(100) };
    let found = stripe.list_all(active.request(), Deadline::within(BUDGET)).await;
    Ok(found.map_err(ApplyError::Read)?.value)
}

fn extend<T: Object>(all: &mut Vec<T>, found: Vec<T>) {
    for object in found {
        if !all.iter().any(|known| known.id() == object.id()) {
            all.push(object);
        }
    }
}

async fn make(change: &Change, stripe: &Client) -> Result<(), Error> {
    let deadline = Deadline::within(BUDGET);
    match change.clone() {
        Change::CreateProduct { id, details } => {
            stripe.send(&details.create(&id).fresh_idempotency_key(), deadline).await.map(drop)
        }
        Change::UpdateProduct { id, details } => {
            stripe.send(&details.overwrite(&id).fresh_idempotency_key(), deadline).await.map(drop)
        }
        Change::ArchiveProduct { id } => {
            stripe.send(&products::archive(&id).fresh_idempotency_key(), deadline).await.map(drop)
        }
        Change::CreatePrice(create) => {
            stripe.send(&create.request().fresh_idempotency_key(), deadline).await.map(drop)
        }
        Change::OfferPrice { id, lookup_key } => {
            let update = prices::Update { active: Some(true), lookup_key: Some(lookup_key) };
            stripe.send(&update.request(&id).fresh_idempotency_key(), deadline).await.map(drop)
        }
        Change::ArchivePrice { id, .. } => {
            let update = prices::Update { active: Some(false), lookup_key: None };
            stripe.send(&update.request(&id).fresh_idempotency_key(), deadline).await.map(drop)
        }
    }
}

fn made_meanwhile(error: &Error) -> bool {
    error.api().is_some_and(|error| error.code.as_deref() == Some("resource_already_exists"))
}

/// The rows of all prices of our plans, those on offer and those that were.
fn rows(catalog: &Catalog, at_stripe: &AtStripe, now: i64) -> Vec<PriceRow> {
    let plan_of = |product: &str| {
        let product = at_stripe.products.iter().find(|known| known.id == product)?;
        let of_id =
            catalog.plan_of_product(product.id.strip_suffix("_setup").unwrap_or(&product.id));
        product.metadata.get(PLAN_METADATA).cloned().or_else(|| of_id.map(|plan| plan.id.clone()))
    };
    let row = |price: &Price| {
        let product_id = price.product_id()?.to_owned();
        let plan = plan_of(&product_id)?;
        let term = Term::ALL.into_iter().find(|term| term.interval() == price.interval())?;
        let key_on_offer = catalog.plan(&plan).map(|plan| plan.lookup_key(term));
        let lookup_key = price
            .lookup_key
            .clone()
            .filter(|key| price.active && Some(key) == key_on_offer.as_ref());
        Some(PriceRow {
            id: price.id.clone(),
            plan,
            product_id,
            interval: term.as_str().to_owned(),
            lookup_key,
            amount: price.unit_amount?,
            currency: price.currency.clone()?,
            active: price.active,
            updated_at: now,
        })
    };
    at_stripe.prices.iter().filter_map(row).collect()
}
