//! Changing the address or the password of an account.
//!
//! A new address takes effect once it is confirmed, never before: a typing error locks nobody out, and an address that
//! nobody has shown to read opens no account. The old address is told at once, since who asks may have stolen the
//! session.

use shared::account::Account;

use super::{
    AccountError, Accounts, Email, Registration, SignedInUser, User,
    mailed::{self, Opens},
    password::NewPassword,
    store, view,
};
use crate::{
    db::{self, Conn},
    keys::Keys,
    mail::Mail,
};

impl Accounts {
    /// Changes what is given, once `current_password` is right. A new password ends every other session.
    pub async fn change(
        &self,
        who: SignedInUser,
        email: Option<String>,
        password: Option<String>,
        current_password: String,
    ) -> Result<Account, AccountError> {
        let email = email.as_deref().map(Email::parse).transpose()?;
        let password = password.map(NewPassword::parse).transpose()?;
        let checked = self.confirm_password(&who.user.id, current_password).await?;
        let digest = match password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };

        let (keys, registration, now) = (self.keys.clone(), self.registration, self.clock.wall());
        let (policy, billing_now) = (self.policy.clone(), self.clock.billing());
        self.db
            .write(move |conn| {
                // The password that was checked must still be the present one.
                let user = store::find_user_with_digest(conn, &who.user.id, &checked)?
                    .ok_or(AccountError::WrongCurrentPassword)?;
                if let Some(email) = email {
                    ask_for_address(conn, &keys, registration, &user, &email, now)?;
                }
                if let Some(digest) = digest {
                    store::update_password(conn, &user.id, &digest, now)?;
                    store::revoke_other_sessions(conn, &user.id, &who.session_id, now)?;
                    store::delete_tokens(conn, &user.id, Opens::ResetPassword)?;
                    let notice = Mail::PasswordChanged;
                    mailed::send_notice(conn, Some(&user.id), &user.email, &notice, now)?;
                }
                db::notify(conn, &user.id)?;
                let user = store::find_user(conn, &user.id)?.ok_or(AccountError::SessionEnded)?;
                Ok(view::account(conn, &policy, user, billing_now)?)
            })
            .await
    }
}

/// Has the address confirmed that the account is to have. Its own address takes an earlier wish back.
fn ask_for_address(
    conn: &mut Conn,
    keys: &Keys,
    registration: Registration,
    user: &User,
    email: &Email,
    now: i64,
) -> Result<(), AccountError> {
    let email = email.as_str();
    store::delete_tokens(conn, &user.id, Opens::ChangeEmail)?;
    if email == user.email {
        return Ok(store::update_pending_email(conn, &user.id, None, now)?);
    }
    match (store::find_credentials(conn, email)?, registration) {
        (None, _) => mailed::send_link(conn, keys, Opens::ChangeEmail, &user.id, email, now)?,
        (Some(_), Registration::Open) => return Err(AccountError::EmailTaken),
        (Some((owner, _)), Registration::Closed) => {
            mailed::send_notice(conn, Some(&owner), email, &Mail::AddressHasAccount, now)?;
        }
    }
    store::update_pending_email(conn, &user.id, Some(email), now)?;
    let notice = Mail::AddressChangeRequested { to: email.to_owned() };
    Ok(mailed::send_notice(conn, Some(&user.id), &user.email, &notice, now)?)
}
