//! Mail: an outbox row in the commit that causes it, sent after, and never twice for one cause.
//!
//! [`enqueue`] takes the connection of that commit and a cause that is unique: a second row for the same cause is not
//! made, whichever process or delivery asks. The row holds what the mail is about, not its words; [`Mailer::send`]
//! composes and sends it. What was sent or given up keeps its cause, so that it stays unique, and nothing personal.
//!
//! A crash between the mail server's answer and our commit sends a mail again, since losing it would be worse; it
//! carries the same `Message-ID`, by which mail servers and readers know it for the same mail.

mod compose;
mod letter;
mod store;
mod token;
mod transport;

use std::collections::HashMap;

use lettre::{
    Message,
    message::{Mailbox, MultiPart},
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::keys::Keys;

pub use store::{
    LeasedMail, NewMail, delete_unsent, enqueue, finish, lease, next_due, postpone, prune, release,
};
pub use token::MailedToken;
pub use transport::{SendError, Sender, SmtpUrl, Transport, UnusableSender, UnusableSmtpUrl};

/// The name on every mail.
const NAME: &str = "Inner Circle";

/// What a mail is about. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mail {
    /// A new account's address is to be confirmed.
    VerifyEmail {
        /// Confirms it.
        token: MailedToken,
    },
    /// Somebody wants an account with this address; it is made once the address is confirmed.
    ConfirmRegistration {
        /// Makes the account.
        token: MailedToken,
    },
    /// Somebody wants an account with this address, which has one.
    AddressHasAccount,
    /// An account is to have this address from now on.
    ConfirmNewAddress {
        /// Changes it.
        token: MailedToken,
    },
    /// Somebody who is logged in wants the account to have another address.
    AddressChangeRequested {
        /// The address it would have.
        to: String,
    },
    /// The account has another address now.
    AddressChanged {
        /// The address it has.
        to: String,
    },
    /// Somebody forgot the password.
    ResetPassword {
        /// Sets a new one.
        token: MailedToken,
    },
    /// The account has another password now.
    PasswordChanged,
    /// A subscription began.
    Joined(Purchase),
    /// A trial is about to end, and money to be taken.
    TrialEnding(Purchase),
    /// A renewal was not paid.
    PaymentFailed {
        /// What was to be paid.
        purchase: Purchase,
        /// When access ends.
        deadline: i64,
    },
    /// A subscription was cancelled and ends later.
    Ending {
        /// What ends.
        plan: Option<String>,
        /// When.
        ends_at: i64,
    },
    /// A subscription ended.
    Ended {
        /// What ended.
        plan: Option<String>,
        /// When.
        ended_at: i64,
    },
    /// The account is gone, and with it what was stored.
    AccountDeleted,
}

/// What was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The plan's id.
    pub plan: Option<String>,
    /// What is paid per interval, in minor units.
    pub amount: Option<i64>,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// `month` or `year`.
    pub interval: Option<String>,
    /// When the next payment is due.
    pub next_payment_at: Option<i64>,
    /// When the trial ends.
    pub trial_end: Option<i64>,
}

/// Composes mails and sends them.
#[derive(Clone)]
pub struct Mailer {
    transport: Transport,
    sender: Sender,
    keys: Keys,
    site: Url,
    /// The plans' names, by id.
    plans: HashMap<String, String>,
}

impl Mailer {
    /// One that sends by `transport`, with links to `site`.
    pub fn new(
        transport: Transport,
        sender: Sender,
        keys: Keys,
        site: Url,
        plans: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self { transport, sender, keys, site, plans: plans.into_iter().collect() }
    }

    /// Sends a mail that this process holds. `Ok` means that the mail server took it.
    ///
    /// # Errors
    /// [`SendError`]: whether the mail, the server or nobody is at fault.
    pub async fn send(&self, leased: &LeasedMail) -> Result<(), SendError> {
        let mail: Mail = serde_json::from_str(&leased.data)
            .map_err(|error| SendError::Refused(error.to_string()))?;
        let message = self.message(&mail, leased)?;
        self.transport.send(message).await
    }

    fn message(&self, mail: &Mail, leased: &LeasedMail) -> Result<Message, SendError> {
        let letter = compose::compose(mail, &self.keys, &self.site, &self.plans);
        let refused = |error: &dyn std::fmt::Display| SendError::Refused(error.to_string());
        let address = leased.recipient.parse().map_err(|error| refused(&error))?;
        let host = self.sender.host();
        Message::builder()
            .from(self.sender.mailbox().clone())
            .to(Mailbox::new(None, address))
            .subject(&letter.subject)
            .message_id(Some(format!("<{}@{host}>", leased.id)))
            // Automatic answers to it would go nowhere (RFC 3834, section 5).
            .header(transport::AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(
                letter.text(&self.site),
                letter.html(&self.site),
            ))
            .map_err(|error| refused(&error))
    }
}
