//! Objects: point look-ups, lists with cursors, and what the clock has to look at next.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
};

use super::{Tx, schema};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    schedule,
};

/// Rows fetched at a time while a list's filter is looking for matches.
const CHUNK: i64 = 256;

#[derive(Queryable)]
struct Row {
    seq: i64,
    id: String,
    body: String,
    private: String,
}

impl Row {
    fn object(self, kind: Kind) -> Result<Object, ApiError> {
        let parse = |text: &str| {
            serde_json::from_str(text)
                .map_err(|error| ApiError::internal(format!("{} is damaged: {error}", self.id)))
        };
        Ok(Object { kind, body: parse(&self.body)?, private: parse(&self.private)?, id: self.id })
    }
}

/// Which objects of a kind to list. Newest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub(crate) customer: Option<String>,
    /// See [`Object::index`].
    pub(crate) parent: Option<String>,
    /// See [`Object::index`].
    pub(crate) lookup: Option<String>,
    pub(crate) status: Option<String>,
    /// Only objects older than this one.
    pub(crate) starting_after: Option<String>,
    /// Only objects newer than this one, the nearest of them.
    pub(crate) ending_before: Option<String>,
    /// At most this many; zero for all.
    pub(crate) limit: usize,
}

impl Listing {
    /// All objects whose `parent` is this one.
    pub(crate) fn of_parent(parent: &str) -> Listing {
        Listing { parent: Some(parent.to_owned()), ..Listing::default() }
    }

    /// All objects of a customer.
    pub(crate) fn of_customer(customer: &str) -> Listing {
        Listing { customer: Some(customer.to_owned()), ..Listing::default() }
    }

    /// All objects found under this look-up word.
    pub(crate) fn of_lookup(lookup: &str) -> Listing {
        Listing { lookup: Some(lookup.to_owned()), ..Listing::default() }
    }
}

impl Tx<'_> {
    /// The object, if there is one; deleted ones are not found, except customers.
    pub(crate) fn find(&mut self, kind: Kind, id: &str) -> Result<Option<Object>, ApiError> {
        use schema::objects as o;
        let row = o::table
            .filter(o::kind.eq(kind.name()))
            .filter(o::id.eq(id))
            .select((o::seq, o::id, o::body, o::private))
            .get_result::<Row>(self.connection)
            .optional()?;
        row.map(|row| row.object(kind)).transpose()
    }

    /// The object with this id, of whatever kind. Ids are unique within a kind alone; the first found counts.
    pub(crate) fn find_any(&mut self, id: &str) -> Result<Option<Object>, ApiError> {
        for kind in Kind::ALL {
            if let Some(object) = self.find(*kind, id)? {
                return Ok(Some(object));
            }
        }
        Ok(None)
    }

    /// The object a parameter names; 400 `resource_missing` when there is none.
    pub(crate) fn get(&mut self, kind: Kind, id: &str, param: &str) -> Result<Object, ApiError> {
        self.find(kind, id)?.ok_or_else(|| ApiError::no_such(kind, id, param))
    }

    /// The newest object under a look-up word.
    pub(crate) fn find_by_lookup(
        &mut self,
        kind: Kind,
        lookup: &str,
    ) -> Result<Option<Object>, ApiError> {
        let (mut found, _) =
            self.list(kind, &Listing { limit: 1, ..Listing::of_lookup(lookup) }, |_| true)?;
        Ok(found.pop())
    }

    pub(crate) fn insert(&mut self, object: &Object) -> Result<(), ApiError> {
        use schema::objects as o;
        let index = object.index();
        let inserted = diesel::insert_into(o::table)
            .values((
                o::kind.eq(object.kind.name()),
                o::id.eq(&object.id),
                o::customer.eq(index.customer),
                o::parent.eq(index.parent),
                o::lookup.eq(index.lookup),
                o::status.eq(index.status),
                o::due.eq(schedule::due_by_itself(object)),
                o::body.eq(object.body.to_string()),
                o::private.eq(object.private.to_string()),
            ))
            .execute(self.connection);
        match inserted {
            Err(diesel::result::Error::DatabaseError(
                diesel::result::DatabaseErrorKind::UniqueViolation,
                _,
            )) => {
                let noun = object.kind.noun();
                let noun = noun[..1].to_uppercase() + &noun[1..];
                Err(ApiError::invalid_param("id", format!("{noun} already exists."))
                    .code("resource_already_exists"))
            }
            other => Ok(other.map(drop)?),
        }
    }

    pub(crate) fn save(&mut self, object: &Object) -> Result<(), ApiError> {
        use schema::objects as o;
        let index = object.index();
        diesel::update(
            o::table.filter(o::kind.eq(object.kind.name())).filter(o::id.eq(&object.id)),
        )
        .set((
            o::customer.eq(index.customer),
            o::parent.eq(index.parent),
            o::lookup.eq(index.lookup),
            o::status.eq(index.status),
            o::due.eq(schedule::due_by_itself(object)),
            o::body.eq(object.body.to_string()),
            o::private.eq(object.private.to_string()),
        ))
        .execute(self.connection)?;
        Ok(())
    }

    pub(crate) fn delete(&mut self, object: &Object) -> Result<(), ApiError> {
        use schema::objects as o;
        diesel::delete(
            o::table.filter(o::kind.eq(object.kind.name())).filter(o::id.eq(&object.id)),
        )
        .execute(self.connection)?;
        Ok(())
    }

    /// Objects of a kind that pass `filter`, newest first, and whether there are more beyond the limit.
    pub(crate) fn list(
        &mut self,
        kind: Kind,
        listing: &Listing,
        mut filter: impl FnMut(&Object) -> bool,
    ) -> Result<(Vec<Object>, bool), ApiError> {
        let limit = if listing.limit == 0 { usize::MAX } else { listing.limit };
        let backwards = listing.ending_before.is_some();
        let mut cursor = match (&listing.starting_after, &listing.ending_before) {
            (Some(id), _) => Some(self.position(kind, id, "starting_after")?),
            (None, Some(id)) => Some(self.position(kind, id, "ending_before")?),
            (None, None) => None,
        };
        // As a rule everything passes, and one more than the limit is enough to know whether there are others.
        let mut chunk = CHUNK.min(i64::try_from(limit).unwrap_or(CHUNK).saturating_add(1));
        let mut found = Vec::new();
        loop {
            let rows = self.chunk(kind, listing, cursor, backwards, chunk)?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < chunk);
            cursor = rows.last().map(|row| row.seq);
            for row in rows {
                let object = row.object(kind)?;
                let is_of_status =
                    listing.status.is_none() || listing.status.as_deref() == object.text("status");
                if !is_of_status || !filter(&object) {
                    continue;
                }
                if found.len() == limit {
                    if backwards {
                        found.reverse();
                    }
                    return Ok((found, true));
                }
                found.push(object);
            }
            if is_last {
                if backwards {
                    found.reverse();
                }
                return Ok((found, false));
            }
            chunk = CHUNK;
        }
    }

    /// What the clock must look at first, no later than `until` (Unix seconds), and when that was due.
    pub(crate) fn next_due(
        &mut self,
        until: i64,
    ) -> Result<Option<(i64, String, String)>, ApiError> {
        use schema::objects as o;
        let next = o::table
            .filter(o::due.le(until))
            .order((o::due.asc(), o::seq.asc()))
            .limit(1)
            .select((o::due.assume_not_null(), o::kind, o::id))
            .get_result(self.connection)
            .optional()?;
        Ok(next)
    }

    fn position(&mut self, kind: Kind, id: &str, param: &str) -> Result<i64, ApiError> {
        use schema::objects as o;
        o::table
            .filter(o::kind.eq(kind.name()))
            .filter(o::id.eq(id))
            .select(o::seq)
            .get_result(self.connection)
            .optional()?
            .ok_or_else(|| ApiError::no_such(kind, id, param))
    }

    fn chunk(
        &mut self,
        kind: Kind,
        listing: &Listing,
        cursor: Option<i64>,
        backwards: bool,
        limit: i64,
    ) -> Result<Vec<Row>, ApiError> {
        Ok(chunk(kind, listing, cursor, backwards, limit).load(self.connection)?)
    }
}

/// What a [`Row`] is read from.
type Chunk<'a> = schema::objects::BoxedQuery<'a, Sqlite, (BigInt, Text, Text, Text)>;

/// The next rows of a list. Each of these queries has an index that holds its rows in their order, so that a page takes
/// the same time whatever there is besides.
fn chunk(
    kind: Kind,
    listing: &Listing,
    cursor: Option<i64>,
    backwards: bool,
    limit: i64,
) -> Chunk<'_> {
    use schema::objects as o;
    let mut query = o::table
        .select((o::seq, o::id, o::body, o::private))
        .filter(o::kind.eq(kind.name()))
        .limit(limit)
        .into_boxed();
    if let Some(customer) = &listing.customer {
        query = query.filter(o::customer.eq(customer));
    }
    if let Some(parent) = &listing.parent {
        query = query.filter(o::parent.eq(parent));
    }
    if let Some(lookup) = &listing.lookup {
        query = query.filter(o::lookup.eq(lookup));
    }
    // Beside a narrower column, SQLite could choose the index that holds half of all objects.
    let is_narrow =
        listing.customer.is_some() || listing.parent.is_some() || listing.lookup.is_some();
    if let Some(status) = listing.status.as_ref().filter(|_| !is_narrow) {
        query = query.filter(o::status.eq(status));
    }
    match (cursor, backwards) {
        (Some(seq), true) => query.filter(o::seq.gt(seq)).order(o::seq.asc()),
        (None, true) => query.order(o::seq.asc()),
        (Some(seq), false) => query.filter(o::seq.lt(seq)).order(o::seq.desc()),
        (None, false) => query.order(o::seq.desc()),
    }
}

#[cfg(test)]
mod tests {
    use diesel::{connection::SimpleConnection, debug_query, sql_query};

    use super::*;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[test]
    fn every_list_is_read_from_an_index_in_its_order() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.batch_execute(schema::CREATE).unwrap();
        let some = || Some("x".to_owned());
        for (listing, index) in [
            (Listing::default(), "objects_by_kind"),
            (Listing::of_customer("x"), "objects_by_customer"),
            (Listing::of_parent("x"), "objects_by_parent"),
            (Listing::of_lookup("x"), "objects_by_lookup"),
            (Listing { status: some(), ..Listing::default() }, "objects_by_status"),
            (Listing { status: some(), ..Listing::of_customer("x") }, "objects_by_customer"),
        ] {
            for (cursor, backwards) in [(None, false), (Some(5), false), (Some(5), true)] {
                let query = chunk(Kind::Invoice, &listing, cursor, backwards, 11);
                let query = debug_query::<Sqlite, _>(&query).to_string();
                let query = query.split(" -- binds").next().unwrap();
                let plan: Vec<Step> =
                    sql_query(format!("EXPLAIN QUERY PLAN {query}")).load(&mut connection).unwrap();
                let steps: Vec<&str> = plan.iter().map(|step| step.detail.as_str()).collect();
                let expected = format!("SEARCH objects USING INDEX {index} (kind=?");
                // One step: nothing is sorted afterwards.
                assert!(steps.len() == 1 && steps[0].starts_with(&expected), "{query}: {steps:?}");
            }
        }
    }
}
