//! Registering, logging in and out.

use shared::{account::Credentials, paths};

use super::{ApiError, Call, decode, text};
use crate::session::Client;

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registered {
    /// There is a session.
    SignedIn,
    /// The way on is in a mail.
    CheckEmail,
}

fn fields(credentials: &Credentials) -> [(&'static str, Option<&str>); 2] {
    [("email", Some(&credentials.email)), ("password", Some(&credentials.password))]
}

impl Client {
    /// Makes an account and signs it in.
    pub(crate) async fn register(&self, credentials: Credentials) -> Result<Registered, ApiError> {
        let response = Call::post_json(paths::REGISTER, &fields(&credentials)).send(None).await?;
        // The operator chose not to tell whether an address has an account: the mail tells.
        if response.status() == 202 {
            return Ok(Registered::CheckEmail);
        }
        self.adopt(decode(&text(response).await?)?);
        Ok(Registered::SignedIn)
    }

    /// Signs an account in.
    pub(crate) async fn log_in(&self, credentials: Credentials) -> Result<(), ApiError> {
        let response = Call::post_json(paths::LOGIN, &fields(&credentials)).send(None).await?;
        self.adopt(decode(&text(response).await?)?);
        Ok(())
    }

    /// Ends the session here at once; the server is told, and if it cannot be, the token soon expires by itself.
    pub(crate) async fn log_out(&self) -> Result<(), ApiError> {
        let told = self.send(Call::post(paths::LOGOUT)).await.map(drop);
        self.sign_out();
        told
    }
}
