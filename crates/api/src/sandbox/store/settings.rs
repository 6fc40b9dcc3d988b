//! Small things kept beside the objects: settings, and answers kept for their idempotency key.

use diesel::prelude::*;

use super::{Tx, schema};
use crate::sandbox::error::ApiError;

/// A setting's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// `acct_…`, made at the first start.
    Account,
    /// What becomes of subscriptions whose payment is given up.
    AfterLastRetry,
    /// Seconds the clock is ahead.
    ClockOffset,
    /// How failed deliveries are repeated.
    WebhookRetries,
    /// Signing secret of the product's webhook endpoint.
    WebhookSecret,
}

impl Setting {
    fn name(self) -> &'static str {
        match self {
            Setting::Account => "account",
            Setting::AfterLastRetry => "after_last_retry",
            Setting::ClockOffset => "clock_offset",
            Setting::WebhookRetries => "webhook_retries",
            Setting::WebhookSecret => "webhook_secret",
        }
    }
}

/// An answer to a POST, kept for its `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Selectable)]
#[diesel(table_name = schema::replays)]
pub(crate) struct Replay {
    pub(crate) key: String,
    /// Hash of path and parameters.
    pub(crate) fingerprint: String,
    /// The request first answered, `req_…`.
    pub(crate) request: String,
    pub(crate) status: i64,
    pub(crate) body: String,
    /// Unix seconds.
    pub(crate) created: i64,
}

impl Tx<'_> {
    pub(crate) fn setting(&mut self, setting: Setting) -> Result<Option<String>, ApiError> {
        let found = schema::settings::table
            .find(setting.name())
            .select(schema::settings::value)
            .get_result(self.connection)
            .optional()?;
        Ok(found)
    }

    pub(crate) fn set_setting(&mut self, setting: Setting, value: &str) -> Result<(), ApiError> {
        diesel::replace_into(schema::settings::table)
            .values((schema::settings::name.eq(setting.name()), schema::settings::value.eq(value)))
            .execute(self.connection)?;
        Ok(())
    }

    pub(crate) fn find_replay(&mut self, key: &str) -> Result<Option<Replay>, ApiError> {
        Ok(schema::replays::table
            .find(key)
            .select(Replay::as_select())
            .get_result(self.connection)
            .optional()?)
    }

    /// Keeps an answer, and forgets those older than `forget_before` (Unix seconds).
    pub(crate) fn insert_replay(
        &mut self,
        replay: &Replay,
        forget_before: i64,
    ) -> Result<(), ApiError> {
        diesel::delete(schema::replays::table.filter(schema::replays::created.lt(forget_before)))
            .execute(self.connection)?;
        diesel::replace_into(schema::replays::table).values(replay).execute(self.connection)?;
        Ok(())
    }
}
