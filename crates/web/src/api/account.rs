//! Registering, logging in and out, and changing the account itself.

use shared::{
    account::{Credentials, Sessions},
    paths,
};

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

    /// Has a link mailed with which to choose a new password, if the address has an account.
    pub(crate) async fn forgot_password(&self, email: &str) -> Result<(), ApiError> {
        let call = Call::post_json(paths::FORGOT_PASSWORD, &[("email", Some(email))]);
        call.send(None).await.map(drop)
    }

    /// Whether what a mailed link carries still works; it is not used up by this.
    pub(crate) async fn check_link(&self, token: &str) -> Result<(), ApiError> {
        let call = Call::post_json(paths::CHECK_LINK, &[("token", Some(token))]);
        call.send(None).await.map(drop)
    }

    /// Chooses a new password with what the mailed link carries. Every session ends by it.
    pub(crate) async fn reset_password(&self, token: &str, password: &str) -> Result<(), ApiError> {
        let fields = [("token", Some(token)), ("password", Some(password))];
        Call::post_json(paths::RESET_PASSWORD, &fields).send(None).await.map(drop)
    }

    /// Confirms an address with what the mailed link carries.
    pub(crate) async fn verify_email(&self, token: &str) -> Result<(), ApiError> {
        let call = Call::post_json(paths::VERIFY_EMAIL, &[("token", Some(token))]);
        call.send(None).await?;
        self.read_account().await
    }

    /// Has the link mailed again that confirms the address.
    pub(crate) async fn resend_verification(&self) -> Result<(), ApiError> {
        self.send(Call::post(paths::RESEND_VERIFICATION)).await.map(drop)
    }

    /// Changes the address, which waits to be confirmed, or the password.
    pub(crate) async fn change_account(
        &self,
        email: Option<&str>,
        password: Option<&str>,
        current_password: &str,
    ) -> Result<(), ApiError> {
        let fields = [
            ("email", email),
            ("password", password),
            ("current_password", Some(current_password)),
        ];
        let call = Call { method: "PATCH", ..Call::post_json(paths::ME, &fields) };
        self.account_changed(self.fetch(call).await?);
        Ok(())
    }

    /// Asks for the account to be deleted. It may be gone at once, or wait for Stripe to confirm.
    pub(crate) async fn delete_account(&self, current_password: &str) -> Result<(), ApiError> {
        let fields = [("current_password", Some(current_password))];
        let call = Call { method: "DELETE", ..Call::post_json(paths::ME, &fields) };
        self.send(call).await?;
        self.read_account().await
    }

    /// The sessions of the account.
    pub(crate) async fn sessions(&self) -> Result<Sessions, ApiError> {
        self.fetch(Call::get(paths::SESSIONS)).await
    }

    /// Ends another session.
    pub(crate) async fn end_session(&self, id: &str) -> Result<(), ApiError> {
        let path = format!("{}/{id}", paths::SESSIONS);
        self.send(Call { method: "DELETE", ..Call::get(&path) }).await.map(drop)
    }

    /// Shows the account as it is now. Without one any more, the session has ended, which is shown too.
    async fn read_account(&self) -> Result<(), ApiError> {
        if !self.is_signed_in() {
            return Ok(());
        }
        match self.fetch(Call::get(paths::ME)).await {
            Ok(account) => self.account_changed(account),
            Err(error) if error.status == 401 => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
