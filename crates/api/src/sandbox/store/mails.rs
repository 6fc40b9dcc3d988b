//! What came to the mailbox.

use diesel::prelude::*;

use super::{Tx, schema};
use crate::sandbox::error::ApiError;

/// Mails kept at the most; older ones are forgotten.
const KEPT: i64 = 1_000;

/// A mail as it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NewMail {
    /// Without its angle brackets; empty when there is none.
    pub(crate) message_id: String,
    pub(crate) sender: String,
    /// Those of the envelope, comma-separated.
    pub(crate) recipient: String,
    pub(crate) reply_to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
}

/// A mail that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = schema::mails)]
pub(crate) struct Mail {
    pub(crate) id: i64,
    pub(crate) message_id: String,
    #[serde(rename = "from")]
    pub(crate) sender: String,
    #[serde(rename = "to")]
    pub(crate) recipient: String,
    pub(crate) reply_to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    /// Unix seconds, by the sandbox's clock.
    pub(crate) created: i64,
}

impl Tx<'_> {
    pub(crate) fn insert_mail(&mut self, mail: NewMail) -> Result<(), ApiError> {
        let now = self.now();
        diesel::insert_into(schema::mails::table)
            .values((
                schema::mails::message_id.eq(mail.message_id),
                schema::mails::sender.eq(mail.sender),
                schema::mails::recipient.eq(mail.recipient),
                schema::mails::reply_to.eq(mail.reply_to),
                schema::mails::subject.eq(mail.subject),
                schema::mails::text.eq(mail.text),
                schema::mails::html.eq(mail.html),
                schema::mails::created.eq(now),
            ))
            .execute(self.connection)?;
        let newest: Option<i64> = schema::mails::table
            .select(diesel::dsl::max(schema::mails::id))
            .get_result(self.connection)?;
        let old = schema::mails::id.le(newest.unwrap_or_default() - KEPT);
        diesel::delete(schema::mails::table.filter(old)).execute(self.connection)?;
        Ok(())
    }

    /// Newest first; of one recipient or of all.
    pub(crate) fn list_mails(
        &mut self,
        recipient: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Mail>, ApiError> {
        let mut mails = schema::mails::table
            .order(schema::mails::id.desc())
            .limit(limit)
            .select(Mail::as_select())
            .into_boxed();
        if let Some(recipient) = recipient {
            mails = mails.filter(schema::mails::recipient.eq(recipient));
        }
        Ok(mails.load(self.connection)?)
    }

    pub(crate) fn find_mail(&mut self, id: i64) -> Result<Option<Mail>, ApiError> {
        let mail = schema::mails::table.find(id).select(Mail::as_select());
        Ok(mail.get_result(self.connection).optional()?)
    }
}
