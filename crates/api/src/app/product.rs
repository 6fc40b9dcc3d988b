//! What handlers work with, made once and mounted on every worker.

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use tokio::sync::{Notify, watch};
use url::Url;

use crate::{
    account::{Accounts, Limits, Registration},
    billing::{Billing, Rules, refresh::Refresher},
    catalog::Catalog,
    clock::Clock,
    config::Config,
    db::Db,
    episodes::{Library, Listening},
    http::{self, Closing, Edge, Metrics, Site},
    inbox::Inbox,
    keys::Keys,
    stripe::{Client, SigningSecret},
};

/// What everything else is made of.
pub(super) struct Ground {
    pub(super) catalog: Arc<Catalog>,
    pub(super) db: Db,
    pub(super) keys: Keys,
    pub(super) clock: Clock,
    pub(super) rules: Rules,
    pub(super) stripe: Client,
    pub(super) webhook_secrets: Vec<SigningSecret>,
    /// Where browsers reach the site.
    pub(super) site: Url,
}

/// Every part of the product that requests reach.
#[derive(Clone)]
pub(super) struct Product {
    db: web::Data<Db>,
    catalog: web::Data<Catalog>,
    accounts: web::Data<Accounts>,
    billing: web::Data<Billing>,
    inbox: web::Data<Inbox>,
    listening: web::Data<Listening>,
    edge: web::Data<Edge>,
    site: web::Data<Site>,
    closing: web::Data<Closing>,
    metrics: web::Data<Metrics>,
}

impl Product {
    /// Makes all of it. `library` is what listeners hear of; `closed` says when streams must end.
    pub(super) fn new(
        config: &Config,
        ground: &Ground,
        library: &Library,
        wake: Arc<Notify>,
        closed: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let Ground { catalog, db, keys, clock, rules, stripe, webhook_secrets, site } = ground;
        let limits = match config.rate_limits {
            true => Limits::on(db.clone(), clock.clone(), keys.clone()),
            false => Limits::off(),
        };
        let registration = match config.open_registration_errors {
            true => Registration::Open,
            false => Registration::Closed,
        };
        let accounts = Accounts::new(
            db.clone(),
            clock.clone(),
            keys.clone(),
            limits.clone(),
            Arc::clone(&rules.policy),
            registration,
        )?;
        let billing = Billing {
            db: db.clone(),
            stripe: stripe.clone(),
            catalog: Arc::clone(catalog),
            rules: rules.clone(),
            refresher: Refresher::new(db.clone(), stripe.clone(), rules.clone()),
            limits,
            public_url: site.clone(),
        };
        let inbox = Inbox::new(db.clone(), rules.clone(), webhook_secrets.clone(), wake);
        let listening = Listening::new(library, keys.clone(), rules.policy.as_ref().clone(), site);
        let edge = Edge {
            public_url: site.clone(),
            cors_origins: config.cors_origins.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
        };
        // With an address of their own, metrics are nowhere else.
        let token = config.operator_token.clone().filter(|_| config.metrics_addr.is_none());
        let metrics = Metrics::new(db.clone(), stripe.clone(), clock.clone(), token)?;
        Ok(Self {
            db: web::Data::new(db.clone()),
            catalog: web::Data::from(Arc::clone(catalog)),
            accounts: web::Data::new(accounts),
            billing: web::Data::new(billing),
            inbox: web::Data::new(inbox),
            listening: web::Data::new(listening),
            edge: web::Data::new(edge),
            site: web::Data::from(Site::load()),
            closing: web::Data::new(Closing(closed)),
            metrics: web::Data::new(metrics),
        })
    }

    /// Hands everything to the routes.
    pub(super) fn mount(&self, service: &mut ServiceConfig) {
        service
            .app_data(self.db.clone())
            .app_data(self.catalog.clone())
            .app_data(self.accounts.clone())
            .app_data(self.billing.clone())
            .app_data(self.inbox.clone())
            .app_data(self.listening.clone())
            .app_data(self.edge.clone())
            .app_data(self.site.clone())
            .app_data(self.closing.clone())
            .app_data(self.metrics.clone())
            .configure(http::routes);
    }

    /// The inbox, for the work behind it.
    pub(super) fn inbox(&self) -> Inbox {
        self.inbox.get_ref().clone()
    }

    /// What reads back from Stripe, for the work behind the requests.
    pub(super) fn refresher(&self) -> Refresher {
        self.billing.refresher.clone()
    }

    /// The way between browsers and here.
    pub(super) fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Whether the site was built into this program.
    pub(super) fn site_is_built(&self) -> bool {
        self.site.is_built()
    }

    /// What is shown to who operates.
    pub(super) fn metrics(&self) -> web::Data<Metrics> {
        self.metrics.clone()
    }
}
