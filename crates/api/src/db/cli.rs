//! `circle db`: what an operator does with a database as a whole.

use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    DatabaseUrl,
    copy::{self, Progress},
};

/// What can be done with a database.
#[derive(clap::Subcommand)]
pub enum DbCommand {
    /// Move a SQLite database to PostgreSQL; stop the server first. Interrupted, it goes on when it is run again
    Copy {
        /// sqlite:///path/to/circle.db
        #[arg(long)]
        from: String,
        /// postgres://…; an empty database
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        to: String,
    },
}

/// Runs the command.
///
/// # Errors
/// When an address cannot be used, or the copy fails.
pub async fn run(command: DbCommand) -> anyhow::Result<()> {
    let DbCommand::Copy { from, to } = command;
    let from = DatabaseUrl::parse(&from).map_err(|error| anyhow!("--from: {error}"))?;
    let to = DatabaseUrl::parse(&to).map_err(|error| anyhow!("--to: {error}"))?;
    let (DatabaseUrl::Sqlite(from), DatabaseUrl::Postgres(to)) = (from, to) else {
        bail!("a database is copied from sqlite:///… to postgres://…");
    };
    tokio::task::spawn_blocking(move || {
        let bar = ProgressBar::no_length();
        bar.set_style(ProgressStyle::with_template(
            "{bar:30} {human_pos}/{human_len} rows, {eta} left, {msg}",
        )?);
        let (mut before, mut tables) = (0_u64, 0);
        let (mut current, mut moved_here) = (String::new(), 0_u64);
        copy::copy(&from, &to, |progress| match progress {
            Progress::Begun(rows) => bar.set_length(rows.unsigned_abs()),
            Progress::Moved(table, moved) => {
                if table != current {
                    before += moved_here;
                    current.clone_from(&table);
                }
                moved_here = moved.unsigned_abs();
                bar.set_position(before + moved_here);
                bar.set_message(table);
            }
            Progress::Verified(table) => {
                tables += 1;
                bar.set_message(format!("{table} is the same"));
            }
        })?;
        bar.finish_and_clear();
        println!("{} rows in {tables} tables were copied and compared.", before + moved_here);
        Ok(())
    })
    .await?
}
