//! Statements that are prepared once and kept, although Diesel cannot know that their text is always the same.
//!
//! Diesel prepares every UPDATE and all raw SQL anew: a round trip more on PostgreSQL, and on SQLite more time than the
//! statement itself takes.

use diesel::{
    RunQueryDsl,
    backend::Backend,
    query_builder::{AstPass, QueryFragment, QueryId},
    result::QueryResult,
};

/// A statement whose text depends on nothing but where it stands in the program; see [`prepared`].
#[must_use]
pub struct Prepared<Q>(Q);

/// Has a statement kept once it is prepared, found again by its text. For statements alone whose text is always the
/// same: one text for each number of elements in a list, say, would fill the memory of the database.
pub fn prepared<Q>(statement: Q) -> Prepared<Q> {
    Prepared(statement)
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, Conn> RunQueryDsl<Conn> for Prepared<Q> {}
