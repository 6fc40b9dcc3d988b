//! Logging in: one answer, after one duration, for a wrong password and for an unknown address.

use super::{
    AccountError, Accounts, Email, Limit, OpenedSession, Visitor, limits,
    sessions::{self, NewSession},
    store, view,
};

/// By e-mail address, whether or not it has an account: it is what a password is guessed for.
const LOG_IN: Limit = Limit { name: "login", max: 10, window: 15 * 60 };

impl Accounts {
    /// Opens a session for whoever knows the password.
    pub async fn log_in(
        &self,
        email: &str,
        password: String,
        visitor: Visitor,
    ) -> Result<OpenedSession, AccountError> {
        sessions::stop_flood(&self.limits, &limits::network(visitor.address))?;
        // Text that is no address takes the same way: it is counted, hashed and refused. PostgreSQL takes no NUL.
        let email =
            Email::parse(email).map_or_else(|_| email.replace('\0', ""), |email| email.to_string());
        self.limits.hit(&LOG_IN, &email).await?;
        let found = self.db.read(move |conn| store::find_credentials(conn, &email)).await?;
        let (user_id, digest) = found.unzip();
        let known = self.passwords.verify(password, digest.clone()).await?;
        let (Some(user_id), Some(digest), true) = (user_id, digest, known) else {
            return Err(AccountError::InvalidCredentials);
        };

        let now = self.clock.wall();
        let session = NewSession::new(user_id, visitor.user_agent, now);
        let (policy, billing_now) = (self.policy.clone(), self.clock.billing());
        let (session, account) = self
            .db
            .write(move |conn| {
                // A password changed in the meantime ended every session, and must not get this one.
                let user = store::find_user_with_digest(conn, &session.user_id, &digest)?
                    .ok_or(AccountError::InvalidCredentials)?;
                store::insert_session(conn, &session)?;
                let account = view::account(conn, &policy, user, billing_now)?;
                Ok::<_, AccountError>((session, account))
            })
            .await?;
        self.opened(session, account)
    }

    /// Asks a signed-in user for the password again, before something that a borrowed session must not do.
    /// Gives the digest it was checked against.
    pub async fn confirm_password(
        &self,
        user_id: &str,
        password: String,
    ) -> Result<String, AccountError> {
        let id = user_id.to_owned();
        let (email, digest) = self
            .db
            .read(move |conn| store::find_email_and_digest(conn, &id))
            .await?
            .ok_or(AccountError::SessionEnded)?;
        self.limits.hit(&LOG_IN, &email).await?;
        match self.passwords.verify(password, Some(digest.clone())).await? {
            true => Ok(digest),
            false => Err(AccountError::WrongCurrentPassword),
        }
    }
}
