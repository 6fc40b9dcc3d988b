//! Whether a row is still what it was when it was read, as PostgreSQL keeps it: `xmin`, the transaction that wrote the
//! row's present version. Every write of the row makes another, locking it does not.
//! Source: <https://www.postgresql.org/docs/current/ddl-system-columns.html>.

use diesel::{
    AppearsOnTable, Expression, SelectableExpression,
    expression::{ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::{Integer, Nullable},
};

/// The version of a table's row, for the list of what is selected; `None` where an outer join found no row.
///
/// It is compared by `xmin = $1` with an integer, PostgreSQL's own operator for the two.
#[derive(Clone, Copy, Debug, QueryId)]
pub struct RowVersion<T>(pub T);

impl<T> Expression for RowVersion<T> {
    type SqlType = Nullable<Integer>;
}

impl<T, From> AppearsOnTable<From> for RowVersion<T> {}

impl<T, From> SelectableExpression<From> for RowVersion<T> {}

impl<T> ValidGrouping<()> for RowVersion<T> {
    type IsAggregate = is_aggregate::No;
}

impl<T: QueryFragment<Pg>> QueryFragment<Pg> for RowVersion<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(".xmin");
        Ok(())
    }
}
