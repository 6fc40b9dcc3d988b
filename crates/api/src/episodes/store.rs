//! Episodes, feed sources and feed addresses in the database.

use std::collections::HashSet;

use diesel::{
    BoolExpressionMethods, Connection, EscapeExpressionMethods, ExpressionMethods, Insertable,
    OptionalExtension, QueryDsl, Queryable, RunQueryDsl, SelectableHelper, TextExpressionMethods,
    dsl::{count_star, max},
    result::{DatabaseErrorKind, Error as QueryError},
};

use crate::{
    access::{Facts, JoinedFacts},
    db::{
        Conn, DbError,
        schema::{
            downloads, episodes, feed_sources, feeds, grants, library_version, subscriptions, users,
        },
    },
};

type Result<T> = std::result::Result<T, DbError>;

/// An episode as it is kept. Its fields stand in the order of the table's columns.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = episodes)]
pub struct Episode {
    /// `ep_…`.
    pub id: String,
    /// Counts up from 1.
    pub number: i64,
    /// What feeds know it by.
    pub guid: String,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub summary: String,
    /// Sanitised.
    pub description_html: String,
    /// Unix seconds; hidden before.
    pub published_at: i64,
    /// Seconds.
    pub duration: i64,
    /// The lowest plan that opens it; `None` when it is free.
    pub required_plan: Option<String>,
    /// A file in the media folder, or an http(s) address.
    pub audio: String,
    /// Its media type.
    pub audio_type: String,
    /// Bytes; 0 when unknown.
    pub audio_size: i64,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
    /// Title, summary and notes as plain text in lower case.
    pub search_text: String,
    /// JSON, as [`super::chapters`] writes it.
    pub chapters: String,
}

/// A place in the order of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Unix seconds.
    pub published_at: i64,
    /// Tells apart what was published in the same second.
    pub number: i64,
}

impl Cursor {
    /// Where a page goes on that ended before the episode `number`, of which `nearest` is the nearest that is there:
    /// itself, or one that belongs to the page in place of one that is gone.
    pub(super) fn before(nearest: &Episode, number: i64) -> Self {
        let found = nearest.number;
        let number = if found == number { number } else { found + 1 };
        Self { published_at: nearest.published_at, number }
    }
}

/// A feed that was imported, with what a conditional request needs.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = feed_sources)]
pub struct FeedSource {
    /// Its address, or its path as a file.
    pub url: String,
    /// As the server sent it.
    pub etag: Option<String>,
    /// As the server sent it.
    pub last_modified: Option<String>,
    /// Unix seconds.
    pub imported_at: i64,
}

/// A private feed's address.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = feeds)]
pub struct FeedRow {
    /// SHA-256 of the token, hexadecimal.
    pub token_digest: String,
    /// Whose feed it is.
    pub user_id: String,
    /// The user's `feed_version` that the token was made with.
    pub version: i64,
    /// Unix seconds.
    pub created_at: i64,
    /// When another address took its place.
    pub replaced_at: Option<i64>,
}

/// That a listener had an episode on a day.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = downloads)]
pub struct Download {
    /// Which episode.
    pub episode_id: String,
    /// Days since 1970-01-01 in UTC.
    pub day: i64,
    /// A hash that is another one every day.
    pub listener: String,
    /// Through a private feed, and not the site's player.
    pub by_feed: bool,
}

/// What a request for episodes needs to know besides them.
pub(super) struct Heard {
    /// What decides of the listener's access.
    pub(super) facts: Facts,
    /// See [`get_version`].
    pub(super) version: i64,
}

/// One episode by id, published or not.
pub fn find_episode(conn: &mut Conn, id: &str) -> Result<Option<Episode>> {
    Ok(episodes::table.filter(episodes::id.eq(id)).get_result(conn).optional()?)
}

/// One episode by number, published or not.
pub fn find_episode_by_number(conn: &mut Conn, number: i64) -> Result<Option<Episode>> {
    Ok(episodes::table.filter(episodes::number.eq(number)).get_result(conn).optional()?)
}

/// Where a page that ended before the episode `number` goes on; that episode may be gone by now.
pub fn find_cursor(conn: &mut Conn, number: i64) -> Result<Option<Cursor>> {
    let nearest: Option<(i64, i64)> = episodes::table
        .filter(episodes::number.le(number))
        .order(episodes::number.desc())
        .limit(1)
        .select((episodes::published_at, episodes::number))
        .get_result(conn)
        .optional()?;
    // In place of one that is gone, the nearest belongs to the page.
    Ok(nearest.map(|(published_at, found)| Cursor {
        published_at,
        number: if found == number { number } else { found + 1 },
    }))
}

/// Every episode, newest first, published or not.
pub fn list_episodes(conn: &mut Conn) -> Result<Vec<Episode>> {
    Ok(episodes::table
        .order((episodes::published_at.desc(), episodes::number.desc()))
        .load(conn)?)
}

/// At most `limit` episodes published by `now`, newest first, all older than `before`.
pub fn list_published(
    conn: &mut Conn,
    now: i64,
    before: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Episode>> {
    search_published(conn, now, &[], before, limit)
}

/// As [`list_published`], only those that hold every one of `words`, which are in lower case.
pub fn search_published(
    conn: &mut Conn,
    now: i64,
    words: &[String],
    before: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Episode>> {
    let newest_first = (episodes::published_at.desc(), episodes::number.desc());
    let published =
        episodes::table.filter(episodes::published_at.le(now)).order(newest_first).limit(limit);
    let mut found = published.into_boxed();
    for word in words {
        found = found.filter(episodes::search_text.like(containing(word)).escape('\\'));
    }
    if let Some(Cursor { published_at: at, number }) = before {
        let older = episodes::published_at.lt(at);
        let same_second = episodes::published_at.eq(at).and(episodes::number.lt(number));
        found = found.filter(older.or(same_second));
    }
    Ok(found.load(conn)?)
}

/// A pattern for `LIKE` that takes `word` to the letter.
fn containing(word: &str) -> String {
    let mut pattern = String::from("%");
    for character in word.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern + "%"
}

/// What feeds know those episodes by that have chapters.
pub fn list_guids_with_chapters(conn: &mut Conn) -> Result<HashSet<String>> {
    let guids: Vec<String> =
        episodes::table.filter(episodes::chapters.ne("[]")).select(episodes::guid).load(conn)?;
    Ok(guids.into_iter().collect())
}

/// The highest number in use; 0 without episodes.
pub fn last_number(conn: &mut Conn) -> Result<i64> {
    let last: Option<i64> = episodes::table.select(max(episodes::number)).get_result(conn)?;
    Ok(last.unwrap_or(0))
}

/// Adds an episode.
pub fn insert_episode(conn: &mut Conn, episode: Episode) -> Result<()> {
    diesel::insert_into(episodes::table).values(episode).execute(conn)?;
    Ok(())
}

/// Writes everything but id, number, GUID and the time of creation.
pub fn update_episode(conn: &mut Conn, episode: Episode) -> Result<()> {
    diesel::update(episodes::table.filter(episodes::id.eq(episode.id)))
        .set((
            episodes::title.eq(episode.title),
            episodes::summary.eq(episode.summary),
            episodes::description_html.eq(episode.description_html),
            episodes::published_at.eq(episode.published_at),
            episodes::duration.eq(episode.duration),
            episodes::required_plan.eq(episode.required_plan),
            episodes::audio.eq(episode.audio),
            episodes::audio_type.eq(episode.audio_type),
            episodes::audio_size.eq(episode.audio_size),
            episodes::updated_at.eq(episode.updated_at),
            episodes::search_text.eq(episode.search_text),
            episodes::chapters.eq(episode.chapters),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes an episode.
pub fn delete_episode(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::delete(episodes::table.filter(episodes::id.eq(id))).execute(conn)?;
    Ok(())
}

/// Whether any episode's audio is this file.
pub fn is_audio_in_use(conn: &mut Conn, file: &str) -> Result<bool> {
    let uses: i64 = episodes::table.filter(episodes::audio.eq(file)).count().get_result(conn)?;
    Ok(uses > 0)
}

/// Whether nothing was ever imported or added here.
pub fn is_untouched(conn: &mut Conn) -> Result<bool> {
    let sources: i64 = feed_sources::table.count().get_result(conn)?;
    let added: i64 = episodes::table.count().get_result(conn)?;
    Ok(sources == 0 && added == 0)
}

/// What is known of a feed that was imported before.
pub fn find_source(conn: &mut Conn, url: &str) -> Result<Option<FeedSource>> {
    Ok(feed_sources::table.filter(feed_sources::url.eq(url)).get_result(conn).optional()?)
}

/// Keeps what is known of a feed, in place of what was.
pub fn replace_source(conn: &mut Conn, source: FeedSource) -> Result<()> {
    diesel::delete(feed_sources::table.filter(feed_sources::url.eq(source.url.clone())))
        .execute(conn)?;
    diesel::insert_into(feed_sources::table).values(source).execute(conn)?;
    Ok(())
}

/// A feed by the digest of its token.
pub fn find_feed(conn: &mut Conn, token_digest: &str) -> Result<Option<FeedRow>> {
    Ok(feeds::table.filter(feeds::token_digest.eq(token_digest)).get_result(conn).optional()?)
}

/// A feed by the digest of its token, what decides of its listener's access, and the library's version: all of it in
/// one statement.
pub(super) fn find_heard_feed(
    conn: &mut Conn,
    token_digest: &str,
) -> Result<Option<(FeedRow, Heard)>> {
    let rows: Vec<(FeedRow, JoinedFacts, Option<i64>)> = feeds::table
        .inner_join(users::table.left_join(subscriptions::table).left_join(grants::table))
        .filter(feeds::token_digest.eq(token_digest))
        .select((
            feeds::all_columns,
            JoinedFacts::as_select(),
            library_version::table.select(library_version::version).single_value(),
        ))
        .load(conn)?;
    let (mut feed, mut version) = (None, 0);
    let facts = rows.into_iter().map(|(found, facts, counted)| {
        feed.get_or_insert(found);
        version = counted.unwrap_or_default();
        facts
    });
    let facts = facts.collect();
    Ok(feed.map(|feed| (feed, Heard { facts, version })))
}

/// What decides of a listener's access, and the library's version, in one statement.
pub(super) fn find_heard(conn: &mut Conn, user_id: &str) -> Result<Heard> {
    let rows: Vec<(JoinedFacts, Option<i64>)> = users::table
        .left_join(subscriptions::table)
        .left_join(grants::table)
        .filter(users::id.eq(user_id))
        .select((
            JoinedFacts::as_select(),
            library_version::table.select(library_version::version).single_value(),
        ))
        .load(conn)?;
    let version = rows.first().and_then(|(_, version)| *version).unwrap_or_default();
    Ok(Heard { facts: rows.into_iter().map(|(facts, _)| facts).collect(), version })
}

/// Counts up with every change of the episodes.
pub(super) fn get_version(conn: &mut Conn) -> Result<i64> {
    Ok(library_version::table.select(library_version::version).get_result(conn)?)
}

/// Adds a feed's address, unless it is there.
pub fn insert_feed(conn: &mut Conn, feed: FeedRow) -> Result<()> {
    // In a savepoint, since PostgreSQL gives a whole transaction up for a statement that failed.
    let inserted =
        conn.transaction(|conn| diesel::insert_into(feeds::table).values(feed).execute(conn));
    match inserted {
        Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(()),
        inserted => Ok(inserted.map(drop)?),
    }
}

/// Makes every present address of a user an old one.
pub fn replace_feeds(conn: &mut Conn, user_id: &str, now: i64) -> Result<()> {
    let present =
        feeds::table.filter(feeds::user_id.eq(user_id)).filter(feeds::replaced_at.is_null());
    diesel::update(present).set(feeds::replaced_at.eq(now)).execute(conn)?;
    Ok(())
}

/// The version of a user's present feed address.
pub fn get_feed_version(conn: &mut Conn, user_id: &str) -> Result<i64> {
    Ok(users::table.filter(users::id.eq(user_id)).select(users::feed_version).get_result(conn)?)
}

/// Moves a user on to the next version and returns it.
pub fn advance_feed_version(conn: &mut Conn, user_id: &str) -> Result<i64> {
    let user = diesel::update(users::table.filter(users::id.eq(user_id)));
    let advanced = user.set(users::feed_version.eq(users::feed_version + 1));
    Ok(advanced.returning(users::feed_version).get_result(conn)?)
}

/// Whether this download is counted already.
pub fn is_download_known(conn: &mut Conn, download: &Download) -> Result<bool> {
    let key = (&download.episode_id, download.day, &download.listener);
    let known: Option<i64> =
        downloads::table.find(key).select(downloads::day).get_result(conn).optional()?;
    Ok(known.is_some())
}

/// Counts a download, unless it is counted already.
pub fn insert_download(conn: &mut Conn, download: Download) -> Result<()> {
    let inserted = conn
        .transaction(|conn| diesel::insert_into(downloads::table).values(download).execute(conn));
    match inserted {
        Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(()),
        inserted => Ok(inserted.map(drop)?),
    }
}

/// Downloads of each episode since a day.
pub fn count_by_episode(conn: &mut Conn, since: i64) -> Result<Vec<(String, i64)>> {
    let counted = downloads::table.filter(downloads::day.ge(since)).group_by(downloads::episode_id);
    Ok(counted.select((downloads::episode_id, count_star())).load(conn)?)
}

/// Downloads of each day since one.
pub fn count_by_day(conn: &mut Conn, since: i64) -> Result<Vec<(i64, i64)>> {
    let counted = downloads::table.filter(downloads::day.ge(since)).group_by(downloads::day);
    Ok(counted.select((downloads::day, count_star())).load(conn)?)
}

/// Downloads through private feeds since a day.
pub fn count_by_feed(conn: &mut Conn, since: i64) -> Result<i64> {
    let by_feed =
        downloads::table.filter(downloads::day.ge(since)).filter(downloads::by_feed.eq(true));
    Ok(by_feed.count().get_result(conn)?)
}
