//! Wanting to leave: the account shows only that from then on, until it is erased.
//!
//! What it pays for must end at Stripe first, which is not this module's; what is remembered of somebody who left is
//! here: that they had a trial, by a keyed hash of their address.

use super::{AccountError, Accounts, Email, SignedInUser, store};
use crate::{
    db::{self, Conn, Db, DbError},
    keys::{Keys, Purpose},
};

impl Accounts {
    /// Has the account deleted, once `current_password` is right. Once more changes nothing.
    pub async fn request_deletion(
        &self,
        who: SignedInUser,
        current_password: String,
    ) -> Result<(), AccountError> {
        let checked = self.confirm_password(&who.user.id, current_password).await?;
        let (keys, now) = (self.keys.clone(), self.clock.wall());
        self.db
            .write(move |conn| {
                // The password that was checked must still be the present one.
                let user = store::find_user_with_digest(conn, &who.user.id, &checked)?
                    .ok_or(AccountError::WrongCurrentPassword)?;
                Ok(mark_leaving(conn, &keys, &user.id, &user.email, now)?)
            })
            .await
    }
}

/// Has the account with this address deleted, as an operator asks; its id, or `None` without one.
pub async fn request_deletion_of(
    db: &Db,
    keys: Keys,
    email: &str,
    now: i64,
) -> Result<Option<String>, AccountError> {
    let email = Email::parse(email)?;
    db.write(move |conn| {
        let Some((user_id, _)) = store::find_credentials(conn, email.as_str())? else {
            return Ok(None);
        };
        mark_leaving(conn, &keys, &user_id, email.as_str(), now)?;
        Ok(Some(user_id))
    })
    .await
}

fn mark_leaving(
    conn: &mut Conn,
    keys: &Keys,
    user_id: &str,
    email: &str,
    now: i64,
) -> Result<(), DbError> {
    store::update_leaving(conn, user_id, &pseudonym(keys, email), now)?;
    db::notify(conn, user_id)
}

/// Removes the account and all that hangs on it. That a trial was used is remembered.
pub fn erase(conn: &mut Conn, user_id: &str, now: i64) -> Result<(), DbError> {
    if let Some(pseudonym) = store::find_pseudonym_with_trial(conn, user_id)? {
        store::remember_trial(conn, &pseudonym, now)?;
    }
    // The streams that are open see that their session has ended.
    db::notify(conn, user_id)?;
    store::delete_user(conn, user_id)
}

/// Notes on a user with a new address that they had a trial, if somebody with it had.
pub(super) fn recall_trial(
    conn: &mut Conn,
    keys: &Keys,
    user_id: &str,
    email: &str,
) -> Result<(), DbError> {
    let pseudonyms: Vec<_> =
        keys.signatures(Purpose::Pseudonym, &named(email)).map(hex::encode).collect();
    match store::is_trial_remembered(conn, &pseudonyms)? {
        true => store::update_had_trial(conn, user_id),
        false => Ok(()),
    }
}

/// Remembers the trial of somebody who gives an address up.
pub(super) fn remember_trial(
    conn: &mut Conn,
    keys: &Keys,
    email: &str,
    now: i64,
) -> Result<(), DbError> {
    store::remember_trial(conn, &pseudonym(keys, email), now)
}

fn pseudonym(keys: &Keys, email: &str) -> String {
    hex::encode(keys.sign(Purpose::Pseudonym, &named(email)))
}

/// Apart from what else is hashed with this key.
fn named(email: &str) -> Vec<u8> {
    format!("trial:{email}").into_bytes()
}
