//! Confirming addresses: that of a new account, another one for an account, and one that gets an account by it.

use uuid::Uuid;

use super::{
    AccountError, Accounts, Limit, SignedInUser, User, Visitor, leave, limits,
    mailed::{self, Opens},
    sessions,
    store::{self, StoredToken},
};
use crate::{
    db::{self, Conn, DbError},
    keys::Keys,
    mail::Mail,
    secret,
};

/// By user.
const RESEND: Limit = Limit { name: "resend", max: 10, window: 3600 };

impl Accounts {
    /// Confirms an address with a mailed token. Once more changes nothing and is no error: pages are reloaded.
    ///
    /// # Errors
    /// [`AccountError::InvalidToken`] when it is none of ours, older than a day, or for an address that is no longer wanted;
    /// [`AccountError::EmailTaken`] when the address got another account meanwhile.
    pub async fn verify_email(&self, token: &str, visitor: &Visitor) -> Result<(), AccountError> {
        sessions::stop_flood(&self.limits, &limits::network(visitor.address))?;
        let (digest, keys, now) = (secret::digest(token), self.keys.clone(), self.clock.wall());
        self.db
            .write(move |conn| {
                let Some(token) = store::find_token(conn, &digest, now)? else {
                    return finish_registration(conn, &keys, &digest, now);
                };
                let user = store::find_user(conn, &token.user_id)?;
                let user = user.ok_or(AccountError::InvalidToken)?;
                match token.opens {
                    Opens::VerifyEmail if user.email == token.email => {
                        store::update_verified(conn, &user.id, now)?;
                        Ok(db::notify(conn, &user.id)?)
                    }
                    Opens::ChangeEmail => change_email(conn, &keys, &user, &token, now),
                    Opens::VerifyEmail | Opens::ResetPassword => Err(AccountError::InvalidToken),
                }
            })
            .await
    }

    /// Whether a mailed token still works, so that nobody thinks of a password for a link that is dead. It is not used
    /// up by this.
    ///
    /// # Errors
    /// [`AccountError::InvalidToken`] when it is none of ours, used, or too old.
    pub async fn check_link(&self, token: &str, visitor: &Visitor) -> Result<(), AccountError> {
        sessions::stop_flood(&self.limits, &limits::network(visitor.address))?;
        let (digest, now) = (secret::digest(token), self.clock.wall());
        let works = self
            .db
            .read(move |conn| {
                Ok::<_, DbError>(
                    store::find_token(conn, &digest, now)?.is_some()
                        || store::has_registration(conn, &digest, now)?,
                )
            })
            .await?;
        if works { Ok(()) } else { Err(AccountError::InvalidToken) }
    }

    /// Mails the link again that confirms the address, or the new one; nothing when neither waits for it.
    pub async fn resend_verification(&self, who: SignedInUser) -> Result<(), AccountError> {
        self.limits.hit(&RESEND, &who.user.id).await?;
        let (keys, now, user) = (self.keys.clone(), self.clock.wall(), who.user);
        self.db
            .write(move |conn| {
                if !user.email_verified {
                    let opens = Opens::VerifyEmail;
                    mailed::send_link(conn, &keys, opens, &user.id, &user.email, now)?;
                }
                // An address that somebody else has is told so, not asked.
                if let Some(email) = &user.pending_email
                    && store::find_credentials(conn, email)?.is_none()
                {
                    mailed::send_link(conn, &keys, Opens::ChangeEmail, &user.id, email, now)?;
                }
                Ok::<_, DbError>(())
            })
            .await?;
        Ok(())
    }
}

/// Makes the account that was asked for, now that its address is confirmed.
fn finish_registration(
    conn: &mut Conn,
    keys: &Keys,
    digest: &str,
    now: i64,
) -> Result<(), AccountError> {
    let (email, password_digest) =
        store::take_registration(conn, digest, now)?.ok_or(AccountError::InvalidToken)?;
    let user_id = format!("usr_{}", Uuid::now_v7().simple());
    let user = store::insert_user(conn, &user_id, &email, &password_digest, now)?;
    let user = user.ok_or(AccountError::EmailTaken)?;
    store::update_verified(conn, &user.id, now)?;
    leave::recall_trial(conn, keys, &user.id, &email)?;
    // The same link once more confirms what is confirmed.
    let expires_at = now + mailed::LINK_LIFETIME;
    store::insert_token(conn, digest, &user.id, Opens::VerifyEmail, &email, expires_at)?;
    Ok(())
}

fn change_email(
    conn: &mut Conn,
    keys: &Keys,
    user: &User,
    token: &StoredToken,
    now: i64,
) -> Result<(), AccountError> {
    if user.email == token.email {
        return Ok(());
    }
    if user.pending_email.as_ref() != Some(&token.email) {
        return Err(AccountError::InvalidToken);
    }
    if !store::update_email(conn, &user.id, &token.email, now)? {
        return Err(AccountError::EmailTaken);
    }
    if user.had_trial {
        leave::remember_trial(conn, keys, &user.email, now)?;
    }
    leave::recall_trial(conn, keys, &user.id, &token.email)?;
    store::delete_tokens(conn, &user.id, Opens::ResetPassword)?;
    let notice = Mail::AddressChanged { to: token.email.clone() };
    mailed::send_notice(conn, Some(&user.id), &user.email, &notice, now)?;
    Ok(db::notify(conn, &user.id)?)
}
