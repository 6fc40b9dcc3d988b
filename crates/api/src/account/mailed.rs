//! Links in mails: each opens one thing, for a while, to whoever reads the address it was sent to.

use uuid::Uuid;

use super::{Limit, store};
use crate::{
    db::{Conn, DbError},
    keys::Keys,
    mail::{self, Mail, MailedToken, NewMail},
};

/// By e-mail address, for what anybody can have mailed to anybody.
pub(super) const MAILS: Limit = Limit { name: "mails", max: 10, window: 3600 };

/// Seconds in which a mail that carries no link is still of use.
const NOTICE_LIFETIME: i64 = 3 * 86_400;

/// What a mailed link opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// Confirms the address of an account.
    VerifyEmail,
    /// Gives an account another address.
    ChangeEmail,
    /// Sets a new password.
    ResetPassword,
}

impl Opens {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::ResetPassword => "reset_password",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::VerifyEmail, Self::ChangeEmail, Self::ResetPassword]
            .into_iter()
            .find(|opens| opens.as_str() == word)
    }

    /// Seconds that the link works.
    const fn lifetime(self) -> i64 {
        match self {
            Self::VerifyEmail | Self::ChangeEmail => LINK_LIFETIME,
            Self::ResetPassword => 30 * 60,
        }
    }

    fn mail(self, token: MailedToken) -> Mail {
        match self {
            Self::VerifyEmail => Mail::VerifyEmail { token },
            Self::ChangeEmail => Mail::ConfirmNewAddress { token },
            Self::ResetPassword => Mail::ResetPassword { token },
        }
    }
}

/// Seconds that a link works which confirms an address.
pub(super) const LINK_LIFETIME: i64 = 86_400;

/// Mails a link about the account of `user_id` to `email`.
pub(super) fn send_link(
    conn: &mut Conn,
    keys: &Keys,
    opens: Opens,
    user_id: &str,
    email: &str,
    now: i64,
) -> Result<(), DbError> {
    let token = MailedToken::random(keys);
    let expires_at = now + opens.lifetime();
    store::insert_token(conn, token.digest(), user_id, opens, email, expires_at)?;
    let cause = format!("{}:{}", opens.as_str(), token.digest());
    let mail = opens.mail(token);
    let new = NewMail {
        cause: &cause,
        user_id: Some(user_id),
        recipient: email,
        mail: &mail,
        useless_at: expires_at,
        now,
    };
    mail::enqueue(conn, &new)?;
    Ok(())
}

/// Mails a notice that carries no token. Each call is a cause of its own.
pub(super) fn send_notice(
    conn: &mut Conn,
    user_id: Option<&str>,
    email: &str,
    mail: &Mail,
    now: i64,
) -> Result<(), DbError> {
    let cause = format!("notice:{}", Uuid::now_v7().simple());
    let useless_at = now + NOTICE_LIFETIME;
    let new = NewMail { cause: &cause, user_id, recipient: email, mail, useless_at, now };
    mail::enqueue(conn, &new)?;
    Ok(())
}
