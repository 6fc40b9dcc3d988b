//! Sessions: opened by a log-in, kept alive by a refresh token that is used once, ended by either side.
//!
//! A refresh token that comes again after its successor was given out is in two hands. Within
//! [`REPEAT_WITHIN`] that is two tabs, or an answer that was lost; later it is a theft, and nobody can tell
//! which hand is the listener's, so the whole session ends.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use shared::account::{Account, SessionInfo};
use uuid::Uuid;

use super::{
    AccountError, Accounts, Limit, LimitError, Limits, SignedInUser, Visitor, limits, store,
    token::{self, Bearer},
    view,
};
use crate::{
    db::{self, DbError},
    secret::digest,
};

/// Seconds that a session lasts after its last refresh.
pub const LIFETIME: i64 = 30 * 24 * 3600;

/// Seconds in which the previous refresh token is still answered.
const REPEAT_WITHIN: i64 = 30;

/// Characters of a browser's name that are kept.
const USER_AGENT_LENGTH: usize = 256;

/// By network address, for everything that opens or refreshes a session.
const FLOOD: Limit = Limit { name: "flood", max: 120, window: 60 };

/// Stops a flood before it costs a hash or a write.
pub(super) fn stop_flood(limits: &Limits, network: &str) -> Result<(), LimitError> {
    limits.hit_in_memory(&FLOOD, network)
}

/// What keeps a session alive: 256 random bits, of which the database holds the hash alone.
#[derive(Clone)]
pub struct RefreshToken(String);

impl RefreshToken {
    fn random() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// The token, for the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn digest(&self) -> String {
        digest(&self.0)
    }
}

/// A session that was opened or refreshed.
pub struct OpenedSession {
    /// The bearer token.
    pub token: String,
    /// Seconds until the bearer token expires.
    pub expires_in: u64,
    /// Whose session it is.
    pub account: Account,
    /// The refresh token from now on; `None` when the present one stays.
    pub refresh_token: Option<RefreshToken>,
}

/// A session about to be stored.
pub(super) struct NewSession {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) refresh_digest: String,
    pub(super) user_agent: String,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
    refresh_token: RefreshToken,
}

impl NewSession {
    pub(super) fn new(user_id: String, user_agent: String, now: i64) -> Self {
        let refresh_token = RefreshToken::random();
        Self {
            id: format!("ses_{}", Uuid::now_v7().simple()),
            user_id,
            refresh_digest: refresh_token.digest(),
            user_agent: user_agent.chars().take(USER_AGENT_LENGTH).collect(),
            created_at: now,
            expires_at: now + LIFETIME,
            refresh_token,
        }
    }
}

/// A stored session, as far as refreshing it needs.
pub(super) struct Refreshable {
    pub(super) session_id: String,
    pub(super) user_id: String,
    pub(super) current: bool,
    pub(super) rotated_at: i64,
    pub(super) expires_at: i64,
    pub(super) revoked_at: Option<i64>,
}

/// What a refresh token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// A new one in exchange.
    Successor,
    /// An access token; its successor was given out a moment ago.
    Repeat,
    /// Nothing, and the session must end.
    Theft,
    /// Nothing.
    Nothing,
}

impl Refreshable {
    fn worth(&self, now: i64) -> Worth {
        if self.revoked_at.is_some() || now >= self.expires_at {
            Worth::Nothing
        } else if self.current {
            Worth::Successor
        } else if now <= self.rotated_at + REPEAT_WITHIN {
            Worth::Repeat
        } else {
            Worth::Theft
        }
    }
}

impl Accounts {
    /// Trades a refresh token for an access token and, usually, its successor.
    pub async fn refresh(
        &self,
        refresh_token: &str,
        visitor: &Visitor,
    ) -> Result<OpenedSession, AccountError> {
        stop_flood(&self.limits, &limits::network(visitor.address))?;
        let presented = digest(refresh_token);
        let successor = RefreshToken::random();
        let next = successor.digest();
        let (now, billing_now, policy) =
            (self.clock.wall(), self.clock.billing(), self.policy.clone());
        let refreshed = self
            .db
            .write(move |conn| {
                let Some(found) = store::find_refreshable(conn, &presented)? else {
                    return Ok(None);
                };
                let rotated = match found.worth(now) {
                    // Not rotated: another request did so in between, and this one is the repeat.
                    Worth::Successor => store::rotate(
                        conn,
                        &found.session_id,
                        &presented,
                        &next,
                        now,
                        now + LIFETIME,
                    )?,
                    Worth::Repeat => false,
                    Worth::Theft => {
                        // Committed, so not an error of this closure.
                        store::revoke_session(conn, &found.user_id, &found.session_id, now)?;
                        db::notify(conn, &found.user_id)?;
                        return Ok(None);
                    }
                    Worth::Nothing => return Ok(None),
                };
                let Some(user) = store::find_user(conn, &found.user_id)? else { return Ok(None) };
                let account = view::account(conn, &policy, user, billing_now)?;
                Ok::<_, DbError>(Some((found.session_id, account, rotated)))
            })
            .await?;
        let (session_id, account, rotated) = refreshed.ok_or(AccountError::SessionEnded)?;
        self.answer(session_id, account, rotated.then_some(successor))
    }

    /// Ends the session; its tokens stop working at once.
    pub async fn log_out(&self, who: &SignedInUser) -> Result<(), AccountError> {
        match self.end_session(&who.user.id, &who.session_id).await {
            // Another request ended it meanwhile.
            Err(AccountError::UnknownSession) => Ok(()),
            done => done,
        }
    }

    /// Ends one of the user's sessions.
    pub async fn end_session(&self, user_id: &str, session_id: &str) -> Result<(), AccountError> {
        let (user_id, session_id, now) =
            (user_id.to_owned(), session_id.to_owned(), self.clock.wall());
        self.db
            .write(move |conn| {
                if !store::revoke_session(conn, &user_id, &session_id, now)? {
                    return Err(AccountError::UnknownSession);
                }
                Ok(db::notify(conn, &user_id)?)
            })
            .await
    }

    /// The user's sessions that have not ended, newest first.
    pub async fn sessions(&self, who: &SignedInUser) -> Result<Vec<SessionInfo>, AccountError> {
        let (user_id, session_id, now) =
            (who.user.id.clone(), who.session_id.clone(), self.clock.wall());
        let mut sessions =
            self.db.read(move |conn| store::list_sessions(conn, &user_id, now)).await?;
        for session in &mut sessions {
            session.current = session.id == session_id;
        }
        Ok(sessions)
    }

    pub(super) fn opened(
        &self,
        session: NewSession,
        account: Account,
    ) -> Result<OpenedSession, AccountError> {
        self.answer(session.id, account, Some(session.refresh_token))
    }

    fn answer(
        &self,
        session_id: String,
        account: Account,
        refresh_token: Option<RefreshToken>,
    ) -> Result<OpenedSession, AccountError> {
        let bearer = Bearer { user_id: account.id.clone(), session_id };
        let token = self.tokens.make(&bearer, self.clock.wall())?;
        Ok(OpenedSession {
            token,
            expires_in: token::LIFETIME.unsigned_abs(),
            account,
            refresh_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_previous_token_works_for_thirty_seconds_and_then_ends_the_session() {
        let found = |current, rotated_at| Refreshable {
            session_id: "ses_1".to_owned(),
            user_id: "usr_1".to_owned(),
            current,
            rotated_at,
            expires_at: 2000,
            revoked_at: None,
        };
        for (session, now, expected) in [
            (found(true, 1000), 1000, Worth::Successor),
            (found(true, 1000), 1999, Worth::Successor),
            (found(true, 1000), 2000, Worth::Nothing),
            (found(false, 1000), 1030, Worth::Repeat),
            (found(false, 1000), 1031, Worth::Theft),
            (found(false, 1990), 2000, Worth::Nothing),
            (Refreshable { revoked_at: Some(1001), ..found(true, 1000) }, 1002, Worth::Nothing),
            (Refreshable { revoked_at: Some(1001), ..found(false, 1000) }, 1500, Worth::Nothing),
        ] {
            assert_eq!(session.worth(now), expected, "current {} at {now}", session.current);
        }
    }
}
