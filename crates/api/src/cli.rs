//! The command line: one binary, a subcommand for each thing an operator does.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::{
    app::{self, Application},
    catalog,
    clock::Clock,
    config::{Config, SecretSource, Settings, StripeSettings},
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

const SECRETS_HELP: &str = "\
Secrets come by environment, or by a file named in NAME_FILE, never by flag:
  STRIPE_SECRET_KEY      sk_… or rk_…; unset: the embedded sandbox
  STRIPE_WEBHOOK_SECRET  whsec_…, comma-separated, each is tried; unset: the sandbox's own
  SECRET_KEYS            keys for tokens, feeds and media, comma-separated: the first makes, all check;
                         unset: generated into DATA_DIR. Required with PostgreSQL and with a live key
  DATABASE_URL           sqlite:///path or postgres://…; unset: a SQLite file in DATA_DIR
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
