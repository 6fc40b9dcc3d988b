//! `circle db`: what an operator does with a database as a whole.

use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    DatabaseUrl,
    copy::{self, Progress},
};
use crate::secret::Secret;

/// What can be done with a database.
#[derive(clap::Subcommand)]
pub enum DbCommand {
    /// Move a SQLite database to the PostgreSQL that DATABASE_URL or DATABASE_URL_FILE names; stop the server first.
    /// Interrupted, it goes on when it is run again
    Copy {
        /// sqlite:///path/to/circle.db
        #[arg(long)]
        from: String,
    },
}

/// Runs the command; `target` is what `DATABASE_URL` says, which may hold a password and so is no flag.
///
/// # Errors
/// When an address cannot be used, or the copy fails.
pub async fn run(command: DbCommand, target: Option<Secret>) -> anyhow::Result<()> {
    let DbCommand::Copy { from } = command;
    let from = DatabaseUrl::parse(&from).map_err(|error| anyhow!("--from: {error}"))?;
    let DatabaseUrl::Sqlite(from) = from else {
        bail!("--from: expected sqlite:///…, which is copied to the postgres://… of DATABASE_URL");
    };
    let to = target.map(|target| DatabaseUrl::parse(target.expose())).transpose();
    let Some(DatabaseUrl::Postgres(to)) = to.map_err(|error| anyhow!("DATABASE_URL: {error}"))?
    else {
        bail!("DATABASE_URL: set it to the postgres://… of an empty database to copy to");
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
