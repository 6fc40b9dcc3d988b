//! Changing the address or the password of an account.

use shared::account::Account;

use super::{AccountError, Accounts, Email, SignedInUser, password::NewPassword, store, view};
use crate::db;

impl Accounts {
    /// Changes what is given, once `current_password` is right. A new password ends every other session.
    pub async fn change(
        &self,
        who: SignedInUser,
        email: Option<String>,
        password: Option<String>,
        current_password: String,
    ) -> Result<Account, AccountError> {
        let email = email
            .as_deref()
            .map(Email::parse)
            .transpose()?
            .filter(|email| email.as_str() != who.user.email);
        let password = password.map(NewPassword::parse).transpose()?;
        let checked = self.confirm_password(&who.user.id, current_password).await?;
        let digest = match password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };

        let now = self.clock.wall();
        let (policy, billing_now) = (self.policy.clone(), self.clock.billing());
        self.db
            .write(move |conn| {
                let user_id = &who.user.id;
                // The password that was checked must still be the present one.
                store::find_user_with_digest(conn, user_id, &checked)?
                    .ok_or(AccountError::WrongCurrentPassword)?;
                if let Some(email) = email
                    && !store::update_email(conn, user_id, email.as_str(), now)?
                {
                    return Err(AccountError::EmailTaken);
                }
                if let Some(digest) = digest {
                    store::update_password(conn, user_id, &digest, now)?;
                    store::revoke_other_sessions(conn, user_id, &who.session_id, now)?;
                }
                db::notify(conn, user_id)?;
                let user = store::find_user(conn, user_id)?.ok_or(AccountError::SessionEnded)?;
                Ok(view::account(conn, &policy, user, billing_now)?)
            })
            .await
    }
}
