//! Moving a SQLite database to PostgreSQL: every table, in order, resumable, and compared afterwards.
//!
//! Rows travel as JSON, which both engines write and PostgreSQL reads back by its own column types, so that a new
//! column or table is moved without a word here. How far a table has come is committed with its rows.

use std::{collections::BTreeMap, path::Path};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    pg::PgRowByRowLoadingMode,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{MigrateError, migrate, url::with_defaults};

/// Rows in one commit.
const BATCH: i64 = 500;

/// Why nothing, or not all, was moved.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two cannot be reached.
    #[error("cannot open {0}: {1}")]
    Connect(&'static str, String),
    /// There is no such file.
    #[error("there is no database at {0}")]
    NoSource(String),
    /// The target is in use already.
    #[error(
        "the target holds data of its own ({table} has {rows} rows); copy into an empty database"
    )]
    NotEmpty {
        /// A table that is not empty.
        table: String,
        /// Its rows.
        rows: i64,
    },
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A statement failed.
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    /// A row that is no JSON object; none of ours.
    #[error("a row cannot be read")]
    Row(#[from] serde_json::Error),
    /// The copy is not what the source is. It was written to meanwhile, or somebody else wrote to the target.
    #[error(
        "{table} differs: {source_rows} rows in the source, {target_rows} in the target; is a server running?"
    )]
    Differs {
        /// The table.
        table: String,
        /// Its rows in the source.
        source_rows: i64,
        /// And in the target.
        target_rows: i64,
    },
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many rows are to be moved in all.
    Begun(i64),
    /// So many rows of this table were moved, now or by an earlier run.
    Moved(String, i64),
    /// This table is the same on both sides.
    Verified(String),
}

/// Moves everything from the SQLite file to the PostgreSQL database at `to`. Interrupted, it goes on where it was when
/// it is run again. Nothing may write to either meanwhile.
///
/// # Errors
/// [`CopyError`]; what was moved until then stays, for the next run.
pub fn copy(from: &Path, to: &str, mut progress: impl FnMut(Progress)) -> Result<(), CopyError> {
    if !from.exists() {
        return Err(CopyError::NoSource(from.display().to_string()));
    }
    let mut source = SqliteConnection::establish(&from.to_string_lossy())
        .map_err(|error| CopyError::Connect("the source", error.to_string()))?;
    source.batch_execute("PRAGMA busy_timeout = 5000")?;
    let mut target = PgConnection::establish(&with_defaults(to, true))
        .map_err(|error| CopyError::Connect("the target", error.to_string()))?;
    migrate::sqlite(&mut source)?;
    migrate::postgres(&mut target)?;

    let tables = tables(&mut source)?;
    begin(&mut target, &tables)?;
    let mut total = 0;
    for table in &tables {
        total += count_sqlite(&mut source, &table.name)?;
    }
    progress(Progress::Begun(total));
    for table in &tables {
        move_table(&mut source, &mut target, table, &mut progress)?;
    }
    for table in &tables {
        compare(&mut source, &mut target, table)?;
        progress(Progress::Verified(table.name.clone()));
    }
    target.batch_execute("DROP TABLE circle_copy")?;
    Ok(())
}

/// A table of the source, with the expression that makes a row of it JSON.
struct Table {
    name: String,
    row: String,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

/// All tables of ours, those that others refer to first. Each database counts its library's changes for itself.
fn tables(source: &mut SqliteConnection) -> Result<Vec<Table>, CopyError> {
    let names: Vec<Name> = sql_query(
        "SELECT name FROM sqlite_schema AS one WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' \
         AND name NOT IN ('__diesel_schema_migrations', 'library_version') \
         ORDER BY EXISTS (SELECT 1 FROM pragma_foreign_key_list(one.name)), name",
    )
    .load(source)?;
    let described = names.into_iter().map(|Name { name }| {
        let columns: Vec<Column> =
            sql_query("SELECT name, type AS kind FROM pragma_table_info($1) ORDER BY cid")
                .bind::<Text, _>(&name)
                .load(source)?;
        let pairs: Vec<_> = columns.iter().map(json_pair).collect();
        Ok(Table { name, row: format!("json_object({})", pairs.join(", ")) })
    });
    described.collect()
}

/// A column's name and value; bytes as PostgreSQL writes and reads them, `\x` and hexadecimal digits.
fn json_pair(Column { name, kind }: &Column) -> String {
    match kind.as_str() {
        "BLOB" => format!(
            "'{name}', CASE WHEN \"{name}\" IS NULL THEN NULL ELSE '\\x' || lower(hex(\"{name}\")) END"
        ),
        _ => format!("'{name}', \"{name}\""),
    }
}

/// Makes the target ready, unless an earlier run has: then nothing but that run's rows is in it.
fn begin(target: &mut PgConnection, tables: &[Table]) -> Result<(), CopyError> {
    let begun: Number = sql_query(
        "SELECT count(*) AS number FROM pg_tables \
         WHERE tablename = 'circle_copy' AND schemaname = current_schema()",
    )
    .get_result(target)?;
    if begun.number > 0 {
        return Ok(());
    }
    for Table { name, .. } in tables {
        let counted = format!("SELECT count(*) AS number FROM \"{name}\"");
        let Number { number: rows } = sql_query(counted).get_result(target)?;
        if rows > 0 {
            return Err(CopyError::NotEmpty { table: name.clone(), rows });
        }
    }
    target.batch_execute(
        "CREATE TABLE circle_copy (name TEXT NOT NULL PRIMARY KEY, last_rowid BIGINT NOT NULL, moved BIGINT NOT NULL)",
    )?;
    Ok(())
}

fn count_sqlite(source: &mut SqliteConnection, table: &str) -> Result<i64, CopyError> {
    let counted = sql_query(format!("SELECT count(*) AS number FROM \"{table}\""));
    Ok(counted.get_result::<Number>(source)?.number)
}

#[derive(QueryableByName)]
struct Mark {
    #[diesel(sql_type = BigInt)]
    last_rowid: i64,
    #[diesel(sql_type = BigInt)]
    moved: i64,
}

#[derive(QueryableByName)]
struct Batch {
    #[diesel(sql_type = Nullable<BigInt>)]
    last_rowid: Option<i64>,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Text)]
    rows: String,
}

fn move_table(
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    Table { name, row }: &Table,
    progress: &mut impl FnMut(Progress),
) -> Result<(), CopyError> {
    let marks: Vec<Mark> = sql_query("SELECT last_rowid, moved FROM circle_copy WHERE name = $1")
        .bind::<Text, _>(name)
        .load(target)?;
    let Mark { mut last_rowid, mut moved } =
        marks.into_iter().next().unwrap_or(Mark { last_rowid: i64::MIN, moved: 0 });
    progress(Progress::Moved(name.clone(), moved));
    let next = format!(
        "SELECT max(rowid) AS last_rowid, count(*) AS count, json_group_array(json({row})) AS rows \
         FROM (SELECT rowid, * FROM \"{name}\" WHERE rowid > $1 ORDER BY rowid LIMIT $2)"
    );
    let insert = format!(
        "INSERT INTO \"{name}\" SELECT * FROM json_populate_recordset(NULL::\"{name}\", $1::json)"
    );
    loop {
        let batch: Batch = sql_query(&next)
            .bind::<BigInt, _>(last_rowid)
            .bind::<BigInt, _>(BATCH)
            .get_result(source)?;
        let Some(reached) = batch.last_rowid else { return Ok(()) };
        (last_rowid, moved) = (reached, moved + batch.count);
        target.transaction(|target| {
            sql_query(&insert).bind::<Text, _>(&batch.rows).execute(target)?;
            sql_query(
                "INSERT INTO circle_copy (name, last_rowid, moved) VALUES ($1, $2, $3) ON CONFLICT (name) \
                 DO UPDATE SET last_rowid = excluded.last_rowid, moved = excluded.moved",
            )
            .bind::<Text, _>(name)
            .bind::<BigInt, _>(last_rowid)
            .bind::<BigInt, _>(moved)
            .execute(target)
        })?;
        progress(Progress::Moved(name.clone(), moved));
    }
}

/// How many rows there are, and a sum over them that does not depend on their order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Checksum {
    rows: i64,
    sum: u64,
}

impl Checksum {
    fn add(&mut self, row: &str) -> Result<(), CopyError> {
        let columns: BTreeMap<String, Value> = serde_json::from_str(row)?;
        // SQLite has no booleans of its own.
        let plain = columns.into_iter().map(|(name, value)| match value {
            Value::Bool(set) => (name, Value::from(i64::from(set))),
            value => (name, value),
        });
        let canonical = serde_json::to_vec(&plain.collect::<BTreeMap<_, _>>())?;
        let digest = Sha256::digest(canonical);
        let word = digest.iter().take(8).fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        self.sum = self.sum.wrapping_add(word);
        self.rows += 1;
        Ok(())
    }
}

fn compare(
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    Table { name, row }: &Table,
) -> Result<(), CopyError> {
    let mut here = Checksum::default();
    let rows = sql_query(format!("SELECT {row} AS row FROM \"{name}\""));
    for found in rows.load_iter::<Row, _>(source)? {
        here.add(&found?.row)?;
    }
    let mut there = Checksum::default();
    let rows = sql_query(format!("SELECT row_to_json(one)::text AS row FROM \"{name}\" AS one"));
    for found in rows.load_iter::<Row, PgRowByRowLoadingMode>(target)? {
        there.add(&found?.row)?;
    }
    match here == there {
        true => Ok(()),
        false => Err(CopyError::Differs {
            table: name.clone(),
            source_rows: here.rows,
            target_rows: there.rows,
        }),
    }
}
