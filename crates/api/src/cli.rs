//! The command line: one binary, a subcommand for each thing an operator does.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};

use crate::{
    app::{self, Application},
    billing::{self, Rules, refresh::Refresher},
    catalog::{self, Shop},
    clock::Clock,
    config::{Config, SecretSource, Settings, StripeSettings},
    db::{self, Db, cli::DbCommand},
    doctor::{self, Severity},
    episodes::{
        self,
        cli::{AddArgs, EditArgs, ImportArgs, RemoveArgs},
        stats_cli::StatsArgs,
    },
    http,
    inbox::{self, Inbox},
    jobs, sandbox, status,
    stripe::Client,
    telemetry,
};

/// A private podcast with paid plans, billed through Stripe.
#[derive(Parser)]
#[command(name = "circle", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and the site; without STRIPE_SECRET_KEY with the embedded sandbox beside it
    #[command(after_long_help = SECRETS_HELP, after_help = SECRETS_HELP)]
    Serve(Settings),
    /// Create the database or bring its schema up to date, and stop
    Migrate(Settings),
    /// Compare what Stripe sells with the catalog
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Look at the Customer Portal's configuration
    #[command(subcommand)]
    Portal(PortalCommand),
    /// Compare every subscription with Stripe's, and repair what differs
    Reconcile {
        /// Show the differences and leave them
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Say why a listener has access or has none, and how that came about
    Explain {
        /// An e-mail address or a customer id
        who: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Give a listener a plan without Stripe
    Grant {
        /// The listener's e-mail address
        email: String,
        /// The plan's id
        #[arg(long, required_unless_present = "revoke")]
        plan: Option<String>,
        /// The last day of it, YYYY-MM-DD in UTC; without one it is for good
        #[arg(long)]
        until: Option<String>,
        /// Take back all that was given
        #[arg(long, conflicts_with_all = ["plan", "until"])]
        revoke: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Look after listeners' accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Move a database
    #[command(subcommand)]
    Db(DbCommand),
    /// Show how everything stands, on one screen
    Status(Settings),
    /// Look at everything that has to be right and say what is not; the exit code says whether anything fails
    Doctor(Settings),
    /// Look at what Stripe sent, and apply it again
    #[command(subcommand)]
    Events(EventsCommand),
    /// Run a Stripe of your own alone, or move the clock of one that runs
    Sandbox(sandbox::cli::SandboxArgs),
    /// Bring episodes in from elsewhere
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Show how often the episodes were downloaded
    Stats(With<StatsArgs>),
    /// Print the description of the API (OpenAPI 3.1)
    Openapi,
    /// Publish and change episodes by hand
    #[command(subcommand)]
    Episode(EpisodeCommand),
}

#[derive(Subcommand)]
enum EventsCommand {
    /// List the newest events
    List {
        /// Of this state only: received, applied, ignored or failed
        #[arg(long)]
        state: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: i64,
        #[command(flatten)]
        settings: Settings,
    },
    /// Show one event with its payload
    Show {
        /// evt_…
        id: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Apply one event again, from its kept payload
    Replay {
        /// evt_…
        id: String,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Subcommand)]
enum AccountCommand {
    /// End a listener's subscriptions at once, and then erase the account
    Delete {
        /// The listener's e-mail address
        email: String,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Subcommand)]
enum CatalogCommand {
    /// Show what applying the catalog would change at Stripe
    Plan(Settings),
    /// Make Stripe sell what the catalog says; the second time it changes nothing
    Apply(Settings),
}

#[derive(Subcommand)]
enum PortalCommand {
    /// Show the configuration in use, and whether it says what the catalog says
    Show(Settings),
}

#[derive(Subcommand)]
enum FeedCommand {
    /// Import an RSS 2.0 feed; known episodes are updated, none is ever doubled
    Import(With<ImportArgs>),
}

#[derive(Subcommand)]
enum EpisodeCommand {
    /// Show all episodes, newest first, also those that are hidden still
    List(Settings),
    /// Publish an audio file
    Add(With<AddArgs>),
    /// Change an episode; what is not named stays
    Edit(With<EditArgs>),
    /// Take an episode and its audio away
    Remove(With<RemoveArgs>),
}

/// Arguments of a command, beside the settings that all have.
#[derive(clap::Args)]
struct With<T: clap::Args> {
    #[command(flatten)]
    args: T,
    #[command(flatten, next_help_heading = "Settings")]
    settings: Settings,
}

const SECRETS_HELP: &str = "\
Secrets come by environment, or by a file named in NAME_FILE, never by flag:
  STRIPE_SECRET_KEY      sk_… or rk_…; unset: the embedded sandbox
  STRIPE_WEBHOOK_SECRET  whsec_…, comma-separated, each is tried; unset: the sandbox's own
  SECRET_KEYS            keys for tokens, feeds and media, comma-separated: the first makes, all check;
                         unset: generated into DATA_DIR. Required with PostgreSQL and with a live key
  SMTP_URL               smtps://user:password@host; unset: the sandbox's mailbox, or with a key no mail goes out
  OPERATOR_TOKEN         opens GET /metrics; unset: metrics need METRICS_ADDR
  DATABASE_URL           sqlite:///path or postgres://…; unset: a SQLite file in DATA_DIR
  DATABASE_READ_URL      postgres://… of a replica, for plans and episodes; unset: none
  DATABASE_LISTEN_URL    postgres://… where LISTEN works, when DATABASE_URL leads to a pooler
  S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY
                         for the bucket that S3_BUCKET names
A file .env in the working directory is read. Logs: RUST_LOG (levels), LOG_FORMAT=json.";

/// Runs the command line; errors go to standard error in one line.
pub fn main() -> ExitCode {
    if let Err(error) = read_dotenv() {
        eprintln!("circle: .env: {error}");
        return ExitCode::from(2);
    }
    let cli = Cli::parse();
    telemetry::start();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(cli.command)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("circle: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn read_dotenv() -> Result<(), dotenvy::Error> {
    match dotenvy::dotenv() {
        Err(error) if error.not_found() => Ok(()),
        outcome => outcome.map(drop),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
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
            let (db, stripe, rules) = operator(&config).await?;
            let done = jobs::cli::reconcile(db, stripe, rules, dry_run).await;
            done.with_context(|| which_stripe(&config))
        }
        Command::Explain { who, settings } => {
            let (db, _, rules) = operator(&config(&settings)?).await?;
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
            let (db, stripe, rules) = operator(&config).await?;
            let refresher = Refresher::new(db, stripe, rules);
            let done = billing::leave::cli::delete(&refresher, app::keys(&config)?, &email).await;
            done.with_context(|| which_stripe(&config))
        }
        Command::Db(command) => db::cli::run(command).await,
        Command::Status(settings) => {
            let (db, stripe, rules) = operator(&config(&settings)?).await?;
            status::cli::show(&db, &stripe, &rules.clock).await
        }
        Command::Doctor(settings) => run_doctor(&config(&settings)?).await,
        Command::Events(command) => run_events(command).await,
        Command::Sandbox(args) => sandbox::cli::run(args).await,
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
    let catalog = catalog::cli::load(config.catalog.as_deref())?;
    let (stripe, site) =
        (app::stripe_client(&config)?, app::public_url(&config, config.listen_addr)?);
    let done = match command {
        CatalogCommand::Plan(_) => catalog::cli::show_changes(&catalog, &stripe, &site).await,
        CatalogCommand::Apply(_) => {
            let db = app::open_database(&config).await?;
            catalog::cli::apply(&catalog, &stripe, &db, &site, Clock::default().wall()).await
        }
    };
    done.with_context(|| which_stripe(&config))
}

async fn run_doctor(config: &Config) -> anyhow::Result<()> {
    let (db, stripe, rules) = operator(config).await?;
    let catalog = Arc::new(catalog::cli::load(config.catalog.as_deref())?);
    let site = app::public_url(config, config.listen_addr)?;
    let shop = Shop { catalog, stripe, db, site };
    let findings = doctor::examine(config, &shop, &rules.clock).await?;
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
            let db = app::open_database(&config(&settings)?).await?;
            inbox::cli::list(&db, state, limit).await
        }
        EventsCommand::Show { id, settings } => {
            let db = app::open_database(&config(&settings)?).await?;
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
    let catalog = catalog::cli::load(config.catalog.as_deref())?;
    let (db, stripe) = (app::open_database(config).await?, app::stripe_client(config)?);
    let rules = Rules {
        policy: Arc::new(app::policy(&catalog)),
        livemode: config.stripe.is_live(),
        clock: billing::cli::clock(&stripe).await,
    };
    Ok((db, stripe, rules))
}

async fn run_portal(PortalCommand::Show(settings): PortalCommand) -> anyhow::Result<()> {
    let config = config(&settings)?;
    let catalog = catalog::cli::load(config.catalog.as_deref())?;
    let (stripe, site) =
        (app::stripe_client(&config)?, app::public_url(&config, config.listen_addr)?);
    let db = app::open_database(&config).await?;
    let shown = catalog::cli::show_portal(&catalog, &stripe, &db, &site).await;
    shown.with_context(|| which_stripe(&config))
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
