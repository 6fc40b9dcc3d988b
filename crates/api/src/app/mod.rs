//! The composition root: everything is made here, once, and handed to those who need it.

mod foundation;
mod listen;
mod product;
mod proof;
mod sell;
mod stop;

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    sync::{Arc, atomic::AtomicI64},
};

use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::{Condition, from_fn},
};
use anyhow::Context;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use url::Url;

pub use foundation::{
    bucket, diagnosed_database, keys, library, open_database, own_stripe, policy, public_url,
    stripe_client,
};
pub use stop::{Stop, told_to_stop};

use self::{
    product::{Ground, Product},
    proof::Proof,
};
use crate::{
    billing::Rules,
    catalog::{self, Catalog, Shop},
    clock::Clock,
    config::{Config, StripeSettings},
    episodes::Library,
    http,
    jobs::{Courier, Jobs, Schedule},
    mail::Mailer,
    sandbox,
    stripe::{Client, SigningSecret},
};

/// The whole product, listening but not yet serving.
pub struct Application {
    server: Server,
    stop: Stop,
    background: Vec<JoinHandle<()>>,
    proof: Proof,
    sandbox: Option<sandbox::Running>,
    addr: SocketAddr,
    public_url: Url,
    site_is_built: bool,
    mails_to_sandbox: bool,
}

impl Application {
    /// Makes everything that `config` asks for and binds its ports.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        config.check_serving()?;
        for (variable, why) in &config.unused {
            tracing::warn!("{variable} is set and has no effect: {why}");
        }
        let catalog = Arc::new(catalog::cli::load(config.catalog.as_deref())?);
        let listener = listen::bind("LISTEN_ADDR", config.listen_addr)?;
        let addr = listener.local_addr()?;
        let (ground, proof, sandbox) = lay_ground(&config, catalog, addr).await?;
        let library = foundation::library_over(
            &config,
            ground.db.clone(),
            ground.clock.clone(),
            &ground.catalog,
        )?;
        if sandbox.is_some() {
            fill(&library).await;
        }
        let mailer = foundation::mailer(
            &config,
            sandbox.as_ref().map(sandbox::Running::smtp_addr),
            ground.keys.clone(),
            &ground.site,
            &ground.catalog,
        )?;

        let wake = Arc::new(Notify::new());
        let (closing, closed) = watch::channel(false);
        let product = Product::new(&config, &ground, &library, Arc::clone(&wake), closed.clone())?;
        let work = Work { mailer, wake, apply_catalog: sandbox.is_some() };
        let background = start_work(&config, &ground, &product, work, closed)?;
        let (public_url, site_is_built) = (ground.site, product.site_is_built());
        let server = serve(&config, listener, product)?;
        Ok(Self {
            stop: Stop::new(server.handle(), closing),
            server,
            background,
            proof,
            sandbox,
            addr,
            public_url,
            site_is_built,
            mails_to_sandbox: config.smtp_url.is_none(),
        })
    }

    /// Where the API listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where the sandbox listens, when there is one.
    pub fn sandbox_addr(&self) -> Option<SocketAddr> {
        self.sandbox.as_ref().map(sandbox::Running::addr)
    }

    /// Stops the server from elsewhere.
    pub fn handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Says where everything is, for the person who started it.
    pub fn announce(&self) {
        let mut text =
            format!("Inner Circle  {}\n", self.public_url.as_str().trim_end_matches('/'));
        if let Some(sandbox) = &self.sandbox {
            let url = sandbox.public_url();
            text +=
                &format!("Sandbox       {url}  (no real money: pay with 4242 4242 4242 4242)\n");
            if self.mails_to_sandbox {
                text += &format!("Mailbox       {url}/_sandbox/mailbox\n");
            }
        }
        if !self.site_is_built {
            text += "  (built without the site: scripts/run builds both)\n";
        }
        // Whoever started it may have stopped reading; that must not stop the server.
        let _ = io::stdout().write_all(text.as_bytes());
    }

    /// Serves until the process is told to stop; what is begun is finished.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { server, stop, background, proof, sandbox, .. } = self;
        let mut refused = None;
        let stopping = async {
            tokio::select! {
                told = told_to_stop() => told?,
                error = proof => refused = Some(error),
            }
            stop.stop(true).await;
            anyhow::Ok(())
        };
        tokio::select! {
            stopped = server => stopped?,
            stopped = stopping => stopped?,
        }
        stop.stop(true).await;
        for task in background {
            // It ends by the same word; a panic in it has been reported already.
            let _ = task.await;
        }
        if let Some(sandbox) = sandbox {
            sandbox.stop().await;
        }
        refused.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// Opens the database and the way to Stripe, with the proof that they go together, and starts the sandbox where that is
/// the Stripe.
async fn lay_ground(
    config: &Config,
    catalog: Arc<Catalog>,
    addr: SocketAddr,
) -> anyhow::Result<(Ground, Proof, Option<sandbox::Running>)> {
    let site = public_url(config, addr)?;
    let db = open_database(config).await?;
    let keys = keys(config)?;
    let offset = Arc::new(AtomicI64::new(0));
    let clock = Clock::with_offset(Arc::clone(&offset));
    let Counterpart { stripe, webhook_secrets, sandbox } =
        counterpart(config, addr, offset).await?;
    let livemode = config.stripe.is_live();
    let proof = proof::prove(&db, &stripe, livemode).await?;
    let rules = Rules { policy: Arc::new(policy(&catalog)), livemode, clock: clock.clone() };
    let ground = Ground { catalog, db, keys, clock, rules, stripe, webhook_secrets, site };
    Ok((ground, proof, sandbox))
}

/// What the work behind the requests needs besides what they use.
struct Work {
    mailer: Mailer,
    wake: Arc<Notify>,
    /// Whether a start makes Stripe sell what the catalog says.
    apply_catalog: bool,
}

/// Starts what goes on behind the requests until everything closes.
fn start_work(
    config: &Config,
    ground: &Ground,
    product: &Product,
    work: Work,
    closed: watch::Receiver<bool>,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let Ground { catalog, db, clock, stripe, site, .. } = ground;
    let shop = Shop {
        catalog: Arc::clone(catalog),
        stripe: stripe.clone(),
        db: db.clone(),
        site: site.clone(),
    };
    let schedule = Schedule {
        reconcile_every: config.reconcile_every,
        event_retention: config.event_retention,
    };
    let jobs = Jobs::new(
        db.clone(),
        product.inbox(),
        product.refresher(),
        shop.clone(),
        work.wake,
        schedule,
    );
    let courier = Courier::new(db.clone(), work.mailer, clock.clone());
    let selling = sell::sell(shop, clock.clone(), work.apply_catalog);
    let mut background = vec![
        jobs.spawn(closed.clone()),
        courier.spawn(closed.clone()),
        tokio::spawn(until(closed.clone(), selling)),
    ];
    if let Some(addr) = config.metrics_addr {
        let shown = listen::serve_metrics(addr, product.metrics())?;
        background.push(tokio::spawn(until(closed, shown)));
    }
    Ok(background)
}

/// Serves the product on `listener` as soon as the server is polled.
fn serve(config: &Config, listener: TcpListener, product: Product) -> anyhow::Result<Server> {
    let origins = config.cors_origins.clone();
    let server = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(http::log_failures))
            .wrap(from_fn(http::measure))
            .wrap(http::security(product.edge()))
            .wrap(Condition::new(!origins.is_empty(), listen::cors(&origins)))
            .configure(|service| product.mount(service))
    });
    let server = server.workers(config.workers).shutdown_timeout(10).disable_signals();
    Ok(server.listen(listener)?.run())
}

/// The Stripe that the settings name.
struct Counterpart {
    stripe: Client,
    webhook_secrets: Vec<SigningSecret>,
    sandbox: Option<sandbox::Running>,
}

/// Makes the client, and starts the sandbox for it to speak to when there is no account.
async fn counterpart(
    config: &Config,
    addr: SocketAddr,
    clock_offset: Arc<AtomicI64>,
) -> anyhow::Result<Counterpart> {
    let (sandbox_addr, public_url, record, given) = match &config.stripe {
        StripeSettings::Account { webhook_secrets, .. } => {
            let webhook_secrets = webhook_secrets.clone();
            return Ok(Counterpart {
                stripe: stripe_client(config)?,
                webhook_secrets,
                sandbox: None,
            });
        }
        StripeSettings::Sandbox { addr, public_url, record, webhook_secrets, .. } => {
            (addr, public_url, record, webhook_secrets)
        }
    };
    let running = sandbox::start(sandbox::Config {
        addr: *sandbox_addr,
        business: "Inner Circle".to_owned(),
        public_url: public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
        database: config.data_dir.join("sandbox.db"),
        webhook: Some(sandbox::Webhook {
            url: Some(format!("http://{addr}/webhooks")),
            secret: None,
        }),
        clock_offset,
        faults: sandbox::FaultPlan::default(),
        protocol: sandbox::ProtocolSettings::default(),
        record: record.clone(),
    })
    .await
    .context("SANDBOX_ADDR")?;
    let mut webhook_secrets = vec![SigningSecret::parse(running.webhook_secret())?];
    webhook_secrets.extend(given.iter().cloned());
    Ok(Counterpart {
        stripe: foundation::sandbox_client(running.addr())?,
        webhook_secrets,
        sandbox: Some(running),
    })
}

/// Does `work`, which may be dropped at any point, until everything closes.
async fn until(mut closed: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = closed.wait_for(|closed| *closed) => {}
    }
}

/// A new installation whose Stripe is made here is made to be tried, and starts with something to hear.
async fn fill(library: &Library) {
    match library.seed().await {
        Ok(Some(_)) => tracing::info!("the episodes that come with the program are in place"),
        Ok(None) => {}
        Err(error) => {
            tracing::error!(%error, "the episodes that come with the program could not be put in place")
        }
    }
}
