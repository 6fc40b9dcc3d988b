//! Signing up: a new account, and its first session.

use uuid::Uuid;

use super::{
    AccountError, Accounts, Email, Limit, OpenedSession, Visitor, limits,
    password::NewPassword,
    sessions::{self, NewSession},
    store, view,
};

/// By network address: it tells whether an e-mail address has an account, and hashes a password.
const REGISTER: Limit = Limit { name: "register", max: 10, window: 3600 };

impl Accounts {
    /// Makes an account and opens its first session.
    pub async fn sign_up(
        &self,
        email: &str,
        password: String,
        visitor: Visitor,
    ) -> Result<OpenedSession, AccountError> {
        let email = Email::parse(email)?;
        let password = NewPassword::parse(password)?;
        let network = limits::network(visitor.address);
        sessions::stop_flood(&self.limits, &network)?;
        self.limits.hit(&REGISTER, &network).await?;
        let digest = self.passwords.hash(password).await?;

        let now = self.clock.wall();
        let user_id = format!("usr_{}", Uuid::now_v7().simple());
        let session = NewSession::new(user_id, visitor.user_agent, now);
        let (policy, billing_now) = (self.policy.clone(), self.clock.billing());
        let (session, account) = self
            .db
            .write(move |conn| {
                let user =
                    store::insert_user(conn, &session.user_id, email.as_str(), &digest, now)?
                        .ok_or(AccountError::EmailTaken)?;
                store::insert_session(conn, &session)?;
                let account = view::account(conn, &policy, user, billing_now)?;
                Ok::<_, AccountError>((session, account))
            })
            .await?;
        self.opened(session, account)
    }
}
