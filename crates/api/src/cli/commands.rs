//! What each command does: settings, then what it works with, then the feature that does it.

use std::sync::Arc;

use anyhow::{Context, bail};

use super::{
    AccountCommand, CatalogCommand, Command, EpisodeCommand, EventsCommand, FeedCommand,
    PortalCommand, With,
};
use crate::{
    app::{self, Application},
    billing::{self, Rules, refresh::Refresher},
    catalog::{self, Shop},
    clock::Clock,
    config::{Config, SecretSource, Settings, StripeSettings},
    db::{self, Db},
    doctor::{self, Severity},
    episodes, http,
    inbox::{self, Inbox},
    jobs, sandbox, status,
    stripe::Client,
};

/// Runs one command.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(settings) => {
            let config = config(&settings)?;
            let application = Application::build(config).await?;
            application.announce();
            application.run().await
        }
        Command::Migrate(settings) => {
            let db = app::open_database(&config(&settings)?).await?;
            println!("The schema of the {} database is up to date.", db.engine());
            Ok(())
        }
        Command::Catalog(command) => run_catalog(command).await,
        Command::Portal(command) => run_portal(command).await,
        Command::Reconcile { dry_run, settings } => {
            let config = config(&settings)?;
            let done = async {
                let db = app::open_database(&config).await?;
                let stripe = app::own_stripe(&config, &db).await?;
                let rules = rules(&config, &stripe).await?;
                let stopped = app::told_to_stop();
                jobs::cli::reconcile(db, stripe, rules, dry_run, stopped).await
            };
            done.await.with_context(|| which_stripe(&config))
        }
        Command::Explain { who, settings } => {
            let (db, _, rules) = onlooker(&config(&settings)?).await?;
            billing::cli::show(&db, rules, who).await
        }
        Command::Grant { email, plan, until, revoke: _, settings } => {
            let (db, _, rules) = operator(&config(&settings)?).await?;
            match plan {
                Some(plan) => billing::cli::grant(&db, rules, email, plan, until).await,
                None => billing::cli::revoke(&db, rules, email).await,
            }
        }
        Command::Account(AccountCommand::Delete { email, settings }) => {
            let config = config(&settings)?;
            let done = async {
                let db = app::open_database(&config).await?;
                let stripe = app::own_stripe(&config, &db).await?;
                let rules = rules(&config, &stripe).await?;
                let refresher = Refresher::new(db, stripe, rules);
                billing::leave::cli::delete(&refresher, app::keys(&config)?, &email).await
            };
            done.await.with_context(|| which_stripe(&config))
        }
        Command::Db(command) => {
            db::cli::run(command, SecretSource::environment().get("DATABASE_URL")?).await
        }
        Command::Status(settings) => {
            let (db, stripe, rules) = onlooker(&config(&settings)?).await?;
            status::cli::show(&db, &stripe, &rules.clock).await
        }
        Command::Doctor(settings) => run_doctor(&config(&settings)?).await,
        Command::Events(command) => run_events(command).await,
        Command::Sandbox(args) => sandbox::cli::run(args, app::told_to_stop()).await,
        Command::Feed(FeedCommand::Import(With { args, settings })) => {
            episodes::cli::import(args, &app::library(&config(&settings)?).await?).await
        }
        Command::Stats(With { args, settings }) => {
            episodes::stats_cli::show(&args, &app::library(&config(&settings)?).await?).await
        }
        Command::Openapi => {
            println!("{}", http::openapi::text());
            Ok(())
        }
        Command::Episode(command) => run_episode(command).await,
    }
}

async fn run_catalog(command: CatalogCommand) -> anyhow::Result<()> {
    let (CatalogCommand::Plan(settings) | CatalogCommand::Apply(settings)) = &command;
    let config = config(settings)?;
    let done = async {
        match command {
            CatalogCommand::Plan(_) => {
                let catalog = catalog::cli::load(config.catalog.as_deref())?;
                let site = app::public_url(&config, config.listen_addr)?;
                catalog::cli::show_changes(&catalog, &app::stripe_client(&config)?, &site).await
            }
            CatalogCommand::Apply(_) => {
                let db = app::open_database(&config).await?;
                let stripe = app::own_stripe(&config, &db).await?;
                let shop = shop(&config, db, stripe)?;
                catalog::cli::apply(&shop, Clock::default().wall()).await
            }
        }
    };
    done.await.with_context(|| which_stripe(&config))
}

async fn run_doctor(config: &Config) -> anyhow::Result<()> {
    let (db, stripe, rules) = onlooker(config).await?;
    let shop = shop(config, db, stripe)?;
    let bucket = app::bucket(config)?;
    let findings = doctor::examine(config, &shop, bucket.as_ref(), &rules.clock).await?;
    findings.iter().for_each(|finding| println!("{finding}"));
    let failed = findings.iter().filter(|finding| finding.severity == Severity::Failure).count();
    match failed {
        0 => Ok(()),
        failed => bail!("{failed} of {} checks fail", findings.len()),
    }
}

async fn run_events(command: EventsCommand) -> anyhow::Result<()> {
    match command {
        EventsCommand::List { state, limit, settings } => {
            let db = app::diagnosed_database(&config(&settings)?).await?;
            inbox::cli::list(&db, state, limit).await
        }
        EventsCommand::Show { id, settings } => {
            let db = app::diagnosed_database(&config(&settings)?).await?;
            inbox::cli::show(&db, id).await
        }
        EventsCommand::Replay { id, settings } => {
            let (db, _, rules) = operator(&config(&settings)?).await?;
            let inbox = Inbox::new(db, rules, Vec::new(), Arc::default());
            inbox::cli::replay(&inbox, id).await
        }
    }
}

async fn run_episode(command: EpisodeCommand) -> anyhow::Result<()> {
    let library = async |settings: &Settings| app::library(&config(settings)?).await;
    match command {
        EpisodeCommand::List(settings) => episodes::cli::list(&library(&settings).await?).await,
        EpisodeCommand::Add(With { args, settings }) => {
            episodes::cli::add(args, &library(&settings).await?).await
        }
        EpisodeCommand::Edit(With { args, settings }) => {
            episodes::cli::edit(args, &library(&settings).await?).await
        }
        EpisodeCommand::Remove(With { args, settings }) => {
            episodes::cli::remove(args, &library(&settings).await?).await
        }
    }
}

/// What the operator's commands work with: the database, Stripe, and the rules of a running server.
async fn operator(config: &Config) -> anyhow::Result<(Db, Client, Rules)> {
    let (db, stripe) = (app::open_database(config).await?, app::stripe_client(config)?);
    let rules = rules(config, &stripe).await?;
    Ok((db, stripe, rules))
}

/// The same for those that only look, and leave the database as it is.
async fn onlooker(config: &Config) -> anyhow::Result<(Db, Client, Rules)> {
    let (db, stripe) = (app::diagnosed_database(config).await?, app::stripe_client(config)?);
    let rules = rules(config, &stripe).await?;
    Ok((db, stripe, rules))
}

async fn rules(config: &Config, stripe: &Client) -> anyhow::Result<Rules> {
    let catalog = catalog::cli::load(config.catalog.as_deref())?;
    Ok(Rules {
        policy: Arc::new(app::policy(&catalog)),
        livemode: config.stripe.is_live(),
        clock: billing::cli::clock(stripe).await,
    })
}

async fn run_portal(PortalCommand::Show(settings): PortalCommand) -> anyhow::Result<()> {
    let config = config(&settings)?;
    let db = app::diagnosed_database(&config).await?;
    let shop = shop(&config, db, app::stripe_client(&config)?)?;
    catalog::cli::show_portal(&shop).await.with_context(|| which_stripe(&config))
}

/// The catalog, with all that it is compared with.
fn shop(config: &Config, db: Db, stripe: Client) -> anyhow::Result<Shop> {
    let catalog = Arc::new(catalog::cli::load(config.catalog.as_deref())?);
    Ok(Shop { catalog, stripe, db, site: app::public_url(config, config.listen_addr)? })
}

/// Tells apart "Stripe is down" and "the sandbox is not running", which fail alike.
fn which_stripe(config: &Config) -> String {
    match &config.stripe {
        StripeSettings::Account { api_base, .. } => format!("speaking to {api_base}"),
        StripeSettings::Sandbox { addr, .. } => {
            format!(
                "speaking to the sandbox of a running `circle serve` on {addr}, as no STRIPE_SECRET_KEY is set"
            )
        }
    }
}

fn config(settings: &Settings) -> anyhow::Result<Config> {
    Ok(Config::new(settings, &SecretSource::environment())?)
}
