//! An event and its effect in one statement, on PostgreSQL.

use diesel::{
    PgConnection, RunQueryDsl,
    pg::Pg,
    prelude::AsChangeset,
    query_builder::{AstPass, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text},
};

use super::{NewEvent, State};
use crate::{
    access::Derived,
    billing::{apply::at_once::Step, subscriptions::SubscriptionRow},
    db::DbError,
};

/// Keeps an event as applied and writes what it does; `false`, and nothing is written, when the event is there already
/// or one of the rows it was decided on is not what it was. The rows are locked first, the listener's before the
/// subscription's, so that of two who decided on the same rows one finds them changed.
pub(in crate::inbox) fn insert_with_effect(
    conn: &mut PgConnection,
    event: &NewEvent,
    step: &Step,
) -> Result<bool, DbError> {
    let (derived, row) = ((&step.derived).as_changeset(), (&step.row).as_changeset());
    Ok(InsertWithEffect { event, step, derived, row }.execute(conn)? == 1)
}

/// Counts the subscription that was written, or nothing.
struct InsertWithEffect<'a> {
    event: &'a NewEvent,
    step: &'a Step,
    derived: <&'a Derived as AsChangeset>::Changeset,
    row: <&'a SubscriptionRow as AsChangeset>::Changeset,
}

impl QueryFragment<Pg> for InsertWithEffect<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Self { event, step, derived, row } = self;
        out.push_sql(
            "WITH unchanged AS (SELECT 1 FROM users JOIN subscriptions ON subscriptions.user_id = users.id \
             WHERE users.id = ",
        );
        out.push_bind_param::<Text, _>(&step.user_id)?;
        out.push_sql(" AND users.xmin = ");
        out.push_bind_param::<Integer, _>(&step.user_version)?;
        out.push_sql(" AND subscriptions.id = ");
        out.push_bind_param::<Text, _>(&step.row.id)?;
        out.push_sql(" AND subscriptions.xmin = ");
        out.push_bind_param::<Integer, _>(&step.subscription_version)?;
        out.push_sql(
            " FOR NO KEY UPDATE), event AS (INSERT INTO events (id, kind, customer_id, object_id, api_version, \
             livemode, created, received_at, state, payload) SELECT ",
        );
        out.push_bind_param::<Text, _>(&event.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&event.kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&event.customer_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&event.object_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&event.api_version)?;
        out.push_sql(", ");
        out.push_bind_param::<Bool, _>(&event.livemode)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&event.created)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&event.received_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(State::Applied.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(&event.payload)?;
        out.push_sql(
            " FROM unchanged ON CONFLICT (id) DO NOTHING RETURNING id), listener AS (UPDATE users SET ",
        );
        derived.walk_ast(out.reborrow())?;
        out.push_sql(" FROM event WHERE users.id = ");
        out.push_bind_param::<Text, _>(&step.user_id)?;
        out.push_sql(") UPDATE subscriptions SET ");
        row.walk_ast(out.reborrow())?;
        out.push_sql(" FROM event WHERE subscriptions.id = ");
        out.push_bind_param::<Text, _>(&step.row.id)
    }
}

impl QueryId for InsertWithEffect<'_> {
    type QueryId = InsertWithEffect<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for InsertWithEffect<'_> {}
