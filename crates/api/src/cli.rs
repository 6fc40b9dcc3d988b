//! The command line: one binary, a subcommand for each thing an operator does.

mod commands;
mod help;

use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, value_parser};

use crate::{
    config::Settings,
    db::cli::DbCommand,
    episodes::{
        cli::{AddArgs, EditArgs, ImportArgs, RemoveArgs},
        stats_cli::StatsArgs,
    },
    inbox::EventState,
    sandbox, telemetry,
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
        /// Of this state only
        #[arg(long)]
        state: Option<EventState>,
        /// How many
        #[arg(long, default_value_t = 50, value_parser = value_parser!(i64).range(1..))]
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
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command line. Errors go to standard error in one line, and exit with 1; only what is no command at all
/// exits with 2.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("circle: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    // First, since flags come by environment too.
    read_dotenv().context(".env")?;
    let matches = help::in_order(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    telemetry::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(commands::run(cli.command))
}

/// Of the working directory alone: one further up was written for something else.
fn read_dotenv() -> Result<(), dotenvy::Error> {
    match dotenvy::from_path(".env") {
        Err(error) if error.not_found() => Ok(()),
        outcome => outcome.map(drop),
    }
}
