//! Events and their effects in one statement, on PostgreSQL.

use std::{collections::HashSet, sync::LazyLock};

use diesel::{
    PgConnection, QueryDsl, RunQueryDsl, Table, debug_query,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::{Error, QueryResult},
    sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text},
};
use serde::Serialize;

use super::NewEvent;
use crate::{
    access::Derived,
    billing::{apply::at_once::Step, subscriptions::SubscriptionRow},
    db::{DbError, schema::subscriptions},
};

/// Keeps events as applied and writes what each does, of different listeners; gives the ids of those that were. Nothing
/// is written for one that is there already, or when a row it was decided on is not what it was. The rows are locked
/// first, in the order of the listeners, so that of two who decided on the same rows one finds them changed.
pub(in crate::inbox) fn insert_with_effects(
    conn: &mut PgConnection,
    decided: &[(&NewEvent, &Step)],
) -> Result<HashSet<String>, DbError> {
    if decided.is_empty() {
        return Ok(HashSet::new());
    }
    let written: Vec<String> = InsertWithEffects::of(decided)?.load(conn)?;
    Ok(written.into_iter().collect())
}

/// What a listener's row keeps, with its id.
#[derive(Serialize)]
struct Kept<'a> {
    id: &'a str,
    #[serde(flatten)]
    derived: &'a Derived,
}

/// The columns of the events, each an array; and the rows as PostgreSQL reads them from JSON.
struct InsertWithEffects<'a> {
    ids: Vec<&'a str>,
    kinds: Vec<&'a str>,
    customer_ids: Vec<Option<&'a str>>,
    object_ids: Vec<Option<&'a str>>,
    api_versions: Vec<Option<&'a str>>,
    livemodes: Vec<bool>,
    createds: Vec<i64>,
    received_ats: Vec<i64>,
    payloads: Vec<&'a [u8]>,
    user_ids: Vec<&'a str>,
    user_versions: Vec<i32>,
    subscription_ids: Vec<&'a str>,
    subscription_versions: Vec<i32>,
    listeners: String,
    subscriptions: String,
}

impl<'a> InsertWithEffects<'a> {
    fn of(decided: &[(&'a NewEvent, &'a Step)]) -> Result<Self, DbError> {
        fn each<'a, T>(
            decided: &[(&'a NewEvent, &'a Step)],
            field: impl Fn(&'a NewEvent, &'a Step) -> T,
        ) -> Vec<T> {
            decided.iter().map(|(event, step)| field(event, step)).collect()
        }
        let listeners: Vec<Kept<'_>> =
            each(decided, |_, step| Kept { id: &step.user_id, derived: &step.derived });
        let rows: Vec<&SubscriptionRow> = each(decided, |_, step| &step.row);
        Ok(Self {
            ids: each(decided, |event, _| &*event.id),
            kinds: each(decided, |event, _| &*event.kind),
            customer_ids: each(decided, |event, _| event.customer_id.as_deref()),
            object_ids: each(decided, |event, _| event.object_id.as_deref()),
            api_versions: each(decided, |event, _| event.api_version.as_deref()),
            livemodes: each(decided, |event, _| event.livemode),
            createds: each(decided, |event, _| event.created),
            received_ats: each(decided, |event, _| event.received_at),
            payloads: each(decided, |event, _| &*event.payload),
            user_ids: each(decided, |_, step| &*step.user_id),
            user_versions: each(decided, |_, step| step.user_version),
            subscription_ids: each(decided, |_, step| &*step.row.id),
            subscription_versions: each(decided, |_, step| step.subscription_version),
            listeners: to_json(&listeners)?,
            subscriptions: to_json(&rows)?,
        })
    }
}

fn to_json(rows: &impl Serialize) -> Result<String, DbError> {
    Ok(serde_json::to_string(rows).map_err(|error| Error::SerializationError(error.into()))?)
}

/// `column = said.column` for every column of a subscription but its id.
static SET_SUBSCRIPTION: LazyLock<String> = LazyLock::new(|| {
    let all = subscriptions::table.select(subscriptions::table::all_columns());
    let sql = debug_query::<Pg, _>(&all).to_string();
    let columns =
        sql.split("\"subscriptions\".\"").skip(1).filter_map(|rest| rest.split('"').next());
    let others = columns.filter(|column| *column != "id");
    let set: Vec<_> = others.map(|column| format!("\"{column}\" = said.\"{column}\"")).collect();
    set.join(", ")
});

impl QueryFragment<Pg> for InsertWithEffects<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH step AS (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.customer_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.object_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.api_versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bool>, _>(&self.livemodes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.createds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.received_ats)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.payloads)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.user_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.user_versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.subscription_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.subscription_versions)?;
        out.push_sql(
            ") AS step (id, kind, customer_id, object_id, api_version, livemode, created, received_at, payload, \
             user_id, user_version, subscription_id, subscription_version)), \
             unchanged AS (SELECT step.* FROM step JOIN users ON users.id = step.user_id \
             JOIN subscriptions ON subscriptions.id = step.subscription_id \
             WHERE users.xmin = step.user_version AND subscriptions.user_id = users.id \
             AND subscriptions.xmin = step.subscription_version \
             ORDER BY users.id FOR NO KEY UPDATE OF users, subscriptions), \
             event AS (INSERT INTO events (id, kind, customer_id, object_id, api_version, livemode, created, \
             received_at, state, payload) SELECT id, kind, customer_id, object_id, api_version, livemode, created, \
             received_at, 'applied', payload FROM unchanged ON CONFLICT (id) DO NOTHING RETURNING id), \
             written AS (SELECT step.* FROM step JOIN event ON event.id = step.id), \
             listener AS (UPDATE users SET plan = kept.plan, subscription_status = kept.subscription_status, \
             subscription_id = kept.subscription_id, access_until = kept.access_until, updated_at = kept.updated_at \
             FROM written JOIN json_populate_recordset(NULL::users, ",
        );
        out.push_bind_param::<Text, _>(&self.listeners)?;
        out.push_sql(
            "::json) AS kept ON kept.id = written.user_id WHERE users.id = written.user_id) \
             UPDATE subscriptions SET ",
        );
        out.push_sql(&SET_SUBSCRIPTION);
        out.push_sql(" FROM written JOIN json_populate_recordset(NULL::subscriptions, ");
        out.push_bind_param::<Text, _>(&self.subscriptions)?;
        out.push_sql(
            "::json) AS said ON said.id = written.subscription_id \
             WHERE subscriptions.id = written.subscription_id RETURNING written.id",
        );
        Ok(())
    }
}

impl Query for InsertWithEffects<'_> {
    type SqlType = Text;
}

impl QueryId for InsertWithEffects<'_> {
    type QueryId = InsertWithEffects<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for InsertWithEffects<'_> {}
