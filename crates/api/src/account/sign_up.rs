//! Signing up: a new account, and its first session.

use uuid::Uuid;

use super::{
    AccountError, Accounts, Email, Limit, LimitError, OpenedSession, Registration, Visitor, leave,
    limits,
    mailed::{self, MAILS, Opens},
    password::NewPassword,
    sessions::{self, NewSession},
    store, view,
};
use crate::{
    db::DbError,
    mail::{self, Mail, MailedToken, NewMail},
};

/// By network address: it tells whether an e-mail address has an account, and hashes a password.
const REGISTER: Limit = Limit { name: "register", max: 10, window: 3600 };

/// What signing up came to.
pub enum SignedUp {
    /// There is an account, and its first session.
    Opened(Box<OpenedSession>),
    /// The mail that was sent says how to go on.
    CheckEmail,
}

impl Accounts {
    /// Makes an account, opens its first session and mails a link that confirms the address. Where registration is
    /// closed the account waits for that link, and the answer is the same whether or not there is one already.
    pub async fn sign_up(
        &self,
        email: &str,
        password: String,
        visitor: Visitor,
    ) -> Result<SignedUp, AccountError> {
        let email = Email::parse(email)?;
        let password = NewPassword::parse(password)?;
        let network = limits::network(visitor.address);
        sessions::stop_flood(&self.limits, &network)?;
        self.limits.hit(&REGISTER, &network).await?;
        let digest = self.passwords.hash(password).await?;
        match self.registration {
            Registration::Open => {
                let opened = self.make_account(email, digest, visitor).await?;
                Ok(SignedUp::Opened(Box::new(opened)))
            }
            Registration::Closed => {
                self.mail_what_came_of_it(email, digest).await?;
                Ok(SignedUp::CheckEmail)
            }
        }
    }

    async fn make_account(
        &self,
        email: Email,
        digest: String,
        visitor: Visitor,
    ) -> Result<OpenedSession, AccountError> {
        let now = self.clock.wall();
        let user_id = format!("usr_{}", Uuid::now_v7().simple());
        let session = NewSession::new(user_id, visitor.user_agent, now);
        let (policy, billing_now, keys) =
            (self.policy.clone(), self.clock.billing(), self.keys.clone());
        let (session, account) = self
            .db
            .write(move |conn| {
                let user =
                    store::insert_user(conn, &session.user_id, email.as_str(), &digest, now)?
                        .ok_or(AccountError::EmailTaken)?;
                leave::recall_trial(conn, &keys, &user.id, email.as_str())?;
                store::insert_session(conn, &session)?;
                let opens = Opens::VerifyEmail;
                mailed::send_link(conn, &keys, opens, &user.id, email.as_str(), now)?;
                let account = view::account(conn, &policy, user, billing_now)?;
                Ok::<_, AccountError>((session, account))
            })
            .await?;
        self.opened(session, account)
    }

    async fn mail_what_came_of_it(&self, email: Email, digest: String) -> Result<(), AccountError> {
        match self.limits.hit(&MAILS, email.as_str()).await {
            Err(LimitError::Exceeded { .. }) => return Ok(()),
            counted => counted?,
        }
        let (keys, now) = (self.keys.clone(), self.clock.wall());
        self.db
            .write(move |conn| {
                let email = email.as_str();
                if let Some((user_id, _)) = store::find_credentials(conn, email)? {
                    let notice = Mail::AddressHasAccount;
                    return mailed::send_notice(conn, Some(&user_id), email, &notice, now);
                }
                let token = MailedToken::random(&keys);
                let expires_at = now + mailed::LINK_LIFETIME;
                store::insert_registration(conn, token.digest(), email, &digest, expires_at)?;
                let cause = format!("registration:{}", token.digest());
                let mail = Mail::ConfirmRegistration { token };
                let new = NewMail {
                    cause: &cause,
                    user_id: None,
                    recipient: email,
                    mail: &mail,
                    useless_at: expires_at,
                    now,
                };
                mail::enqueue(conn, &new)?;
                Ok::<_, DbError>(())
            })
            .await?;
        Ok(())
    }
}
