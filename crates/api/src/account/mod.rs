//! Accounts: signing up, logging in, the sessions that follow, and what an account shows of itself.

mod change;
mod email;
mod leave;
mod limits;
mod log_in;
mod mailed;
mod password;
mod pruning;
mod recover;
mod sessions;
mod sign_up;
mod store;
mod token;
mod verify;
mod view;

use std::{net::IpAddr, sync::Arc};

use shared::account::Account;
use tokio::sync::broadcast;

pub use email::{Email, InvalidEmail};
pub use leave::{erase, request_deletion_of};
pub use limits::{Limit, LimitError, Limits};
pub use password::{HashError, WeakPassword};
pub use pruning::{prune_limits, prune_registrations, prune_sessions, prune_tokens};
pub use sessions::{LIFETIME as SESSION_LIFETIME, OpenedSession, RefreshToken};
pub use sign_up::SignedUp;
pub use store::User;

use crate::{
    access::{Policy, Standing},
    clock::Clock,
    db::{Change, Db, DbError},
    keys::Keys,
};
use password::Passwords;
use token::{Bearer, Tokens};

/// Everything about accounts, cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    db: Db,
    clock: Clock,
    policy: Arc<Policy>,
    tokens: Arc<Tokens>,
    passwords: Passwords,
    limits: Limits,
    keys: Keys,
    registration: Registration,
}

/// What registering may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// That an address has an account already.
    Open,
    /// Nothing: what came of it is mailed to the address.
    Closed,
}

/// Who knocks, before it is known whether they have an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Where they come from, past the proxies that are trusted.
    pub address: IpAddr,
    /// As the browser names itself.
    pub user_agent: String,
}

/// A user with the session that vouches for them.
#[derive(Clone, Debug)]
pub struct SignedInUser {
    /// The user, as of this request.
    pub user: User,
    /// The session's id.
    pub session_id: String,
}

/// Why something could not be done with an account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Not an e-mail address.
    #[error(transparent)]
    InvalidEmail(#[from] InvalidEmail),
    /// A password that may not be used.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// Another account has the address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// E-mail and password do not belong together.
    #[error("e-mail and password do not belong together")]
    InvalidCredentials,
    /// The present password, asked for again, is wrong.
    #[error("the current password is wrong")]
    WrongCurrentPassword,
    /// No session, or one that has ended or expired.
    #[error("the session has ended")]
    SessionEnded,
    /// The user has no such session.
    #[error("there is no such session")]
    UnknownSession,
    /// A mailed token that opens nothing.
    #[error("the token opens nothing")]
    InvalidToken,
    /// The account waits to be deleted.
    #[error("the account waits to be deleted")]
    DeletionPending,
    /// Too often.
    #[error("too many tries")]
    RateLimited {
        /// Seconds until the next try may come.
        retry_after: u64,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A token could not be made.
    #[error("cannot make a token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<LimitError> for AccountError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Exceeded { retry_after } => Self::RateLimited { retry_after },
            LimitError::Db(error) => Self::Db(error),
        }
    }
}

impl Accounts {
    /// Accounts in `db`, with tokens signed by `keys` and access decided by `policy`.
    pub fn new(
        db: Db,
        clock: Clock,
        keys: Keys,
        limits: Limits,
        policy: Arc<Policy>,
        registration: Registration,
    ) -> Result<Self, HashError> {
        Ok(Self {
            db,
            clock,
            policy,
            tokens: Arc::new(Tokens::new(&keys)),
            passwords: Passwords::new()?,
            limits,
            keys,
            registration,
        })
    }

    /// Changes of accounts, from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.db.changes()
    }

    /// Seconds until `time`, which is in billing time; none when it has come.
    pub fn billing_seconds_until(&self, time: i64) -> u64 {
        u64::try_from(time - self.clock.billing()).unwrap_or(0)
    }

    /// Who sent this bearer token: its signature, its session and its user, all as of now.
    pub async fn authenticate(&self, token: &str) -> Result<SignedInUser, AccountError> {
        let Bearer { user_id, session_id } = self.bearer(token)?;
        let now = self.clock.wall();
        self.db
            .read(move |conn| {
                let user = store::find_signed_in(conn, &session_id, &user_id, now)?;
                Ok(SignedInUser { user: user.ok_or(AccountError::SessionEnded)?, session_id })
            })
            .await
    }

    /// [`Accounts::authenticate`], and the value of a setting, read together.
    pub async fn authenticate_with_setting(
        &self,
        token: &str,
        setting: &'static str,
    ) -> Result<(SignedInUser, Option<String>), AccountError> {
        let Bearer { user_id, session_id } = self.bearer(token)?;
        let now = self.clock.wall();
        self.db
            .read(move |conn| {
                let found =
                    store::find_signed_in_with_setting(conn, &session_id, &user_id, now, setting)?;
                let (user, value) = found.ok_or(AccountError::SessionEnded)?;
                Ok((SignedInUser { user, session_id }, value))
            })
            .await
    }

    /// Whom a token was made for, as far as the token alone tells.
    fn bearer(&self, token: &str) -> Result<Bearer, AccountError> {
        self.tokens.check(token).ok_or(AccountError::SessionEnded)
    }

    /// What the account of `user_id` shows now.
    pub async fn account(&self, user_id: &str) -> Result<Account, AccountError> {
        let (user_id, policy, now) =
            (user_id.to_owned(), Arc::clone(&self.policy), self.clock.billing());
        self.db
            .read(move |conn| {
                let user = store::find_user(conn, &user_id)?.ok_or(AccountError::SessionEnded)?;
                Ok(view::account(conn, &policy, user, now)?)
            })
            .await
    }

    /// What the account of whoever sent this bearer token shows now.
    pub async fn account_of_bearer(&self, token: &str) -> Result<Account, AccountError> {
        let Bearer { user_id, session_id } = self.bearer(token)?;
        self.watch(&session_id, &user_id).await
    }

    /// What a signed-in account shows now; [`AccountError::SessionEnded`] once its session has ended.
    pub async fn watch(&self, session_id: &str, user_id: &str) -> Result<Account, AccountError> {
        let (session_id, user_id) = (session_id.to_owned(), user_id.to_owned());
        let (policy, wall, billing) =
            (Arc::clone(&self.policy), self.clock.wall(), self.clock.billing());
        self.db
            .read(move |conn| {
                let found = store::find_signed_in_with_facts(conn, &session_id, &user_id, wall)?;
                let (user, facts) = found.ok_or(AccountError::SessionEnded)?;
                Ok(view::shown(user, Standing::decide(&facts, &policy, billing)))
            })
            .await
    }
}
