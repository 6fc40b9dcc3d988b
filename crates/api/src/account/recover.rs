//! A forgotten password: a link to the account's address, which sets a new one.

use super::{
    AccountError, Accounts, Email, Limit, LimitError, Visitor, limits,
    mailed::{self, MAILS, Opens},
    password::NewPassword,
    sessions, store,
};
use crate::{db, mail::Mail, secret};

/// By network address, for what has a link mailed or uses one.
const RESET: Limit = Limit { name: "reset", max: 10, window: 3600 };

impl Accounts {
    /// Mails a link that sets a new password to `email`, if it has an account. Neither the answer nor its time tells
    /// whether it has one: looking it up comes after the answer.
    pub async fn forgot_password(
        &self,
        email: &str,
        visitor: &Visitor,
    ) -> Result<(), AccountError> {
        let network = limits::network(visitor.address);
        sessions::stop_flood(&self.limits, &network)?;
        self.limits.hit(&RESET, &network).await?;
        // Text that is no address has no account; that it is none is for the page to say.
        let Ok(email) = Email::parse(email) else { return Ok(()) };
        match self.limits.hit(&MAILS, email.as_str()).await {
            Err(LimitError::Exceeded { .. }) => return Ok(()),
            counted => counted?,
        }
        let accounts = self.clone();
        tokio::spawn(async move {
            if let Err(error) = accounts.mail_reset_link(email).await {
                tracing::error!(%error, "a link that sets a new password was not mailed");
            }
        });
        Ok(())
    }

    async fn mail_reset_link(&self, email: Email) -> Result<(), AccountError> {
        let (keys, now) = (self.keys.clone(), self.clock.wall());
        self.db
            .write(move |conn| {
                let email = email.as_str();
                if let Some((user_id, _)) = store::find_credentials(conn, email)? {
                    mailed::send_link(conn, &keys, Opens::ResetPassword, &user_id, email, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Sets a new password with a mailed token, and ends every session. Whoever reads the address's mail has
    /// confirmed it thereby. A change of address that was under way is stopped: somebody else may have begun it.
    ///
    /// # Errors
    /// [`AccountError::InvalidToken`] when it is none of ours, used, or older than half an hour.
    pub async fn reset_password(
        &self,
        token: &str,
        password: String,
        visitor: &Visitor,
    ) -> Result<(), AccountError> {
        let network = limits::network(visitor.address);
        sessions::stop_flood(&self.limits, &network)?;
        self.limits.hit(&RESET, &network).await?;
        let password = NewPassword::parse(password)?;
        let digest = secret::digest(token);
        let (looked_up, now) = (digest.clone(), self.clock.wall());
        let known = self.db.read(move |conn| store::find_token(conn, &looked_up, now)).await?;
        if known.is_none_or(|token| token.opens != Opens::ResetPassword) {
            return Err(AccountError::InvalidToken);
        }
        let hashed = self.passwords.hash(password).await?;
        self.db
            .write(move |conn| {
                let token = store::use_token(conn, &digest, Opens::ResetPassword, now)?
                    .ok_or(AccountError::InvalidToken)?;
                let user = store::find_user(conn, &token.user_id)?
                    .filter(|user| user.email == token.email)
                    .ok_or(AccountError::InvalidToken)?;
                store::update_password(conn, &user.id, &hashed, now)?;
                store::update_verified(conn, &user.id, now)?;
                store::update_pending_email(conn, &user.id, None, now)?;
                store::delete_tokens(conn, &user.id, Opens::ChangeEmail)?;
                store::delete_tokens(conn, &user.id, Opens::ResetPassword)?;
                store::revoke_sessions(conn, &user.id, now)?;
                let notice = Mail::PasswordChanged;
                mailed::send_notice(conn, Some(&user.id), &user.email, &notice, now)?;
                Ok(db::notify(conn, &user.id)?)
            })
            .await
    }
}
