//! What a form can refuse before the API has to. The words are the ones the page shows.

use crate::api::ApiError;

/// The API takes no shorter one.
const PASSWORD_CHARACTERS: usize = 12;

/// What is wrong with each field of the account form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccountErrors {
    /// Beside the e-mail field.
    pub(crate) email: Option<String>,
    /// Beside the password field.
    pub(crate) password: Option<String>,
    /// Above the button: not about a field.
    pub(crate) form: Option<String>,
}

impl AccountErrors {
    /// What is wrong with a new account's e-mail and password.
    pub(crate) fn of_new(email: &str, password: &str) -> Self {
        let password = match password.chars().count() {
            0..PASSWORD_CHARACTERS => Some("Use at least 12 characters.".to_owned()),
            _ => None,
        };
        Self { email: email_problem(email), password, form: None }
    }

    /// What is missing to log in; the API alone knows whether it is right.
    pub(crate) fn of_log_in(email: &str, password: &str) -> Self {
        let password = password.is_empty().then(|| "Enter your password.".to_owned());
        Self { email: email_problem(email), password, form: None }
    }

    /// The API's refusal, beside the field it is about.
    pub(crate) fn from_api(error: &ApiError) -> Self {
        let message = Some(error.message.clone());
        match error.field.as_deref() {
            Some("email") => Self { email: message, ..Self::default() },
            Some("password") => Self { password: message, ..Self::default() },
            _ => Self { form: message, ..Self::default() },
        }
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn email_problem(email: &str) -> Option<String> {
    let email = email.trim();
    if email.is_empty() {
        return Some("Enter your e-mail address.".to_owned());
    }
    let plausible =
        email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            && !email.contains(char::is_whitespace);
    (!plausible).then(|| "Enter an address like name@example.com.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_account_needs_a_plausible_address_and_twelve_characters() {
        for (email, password, email_ok, password_ok) in [
            ("ada@example.com", "correct horse", true, true),
            (" ada@example.com ", "äöüäöüäöüäöü", true, true),
            ("ada", "elevenchars", false, false),
            ("@example.com", "twelve chars", false, true),
            ("ada@", "", false, false),
            ("a da@example.com", "twelve chars", false, true),
            ("", "twelve chars", false, true),
        ] {
            let errors = AccountErrors::of_new(email, password);
            assert_eq!(
                (errors.email.is_none(), errors.password.is_none()),
                (email_ok, password_ok),
                "{email}"
            );
        }
    }

    #[test]
    fn logging_in_asks_only_for_something() {
        assert!(AccountErrors::of_log_in("ada@example.com", "x").is_empty());
        assert!(AccountErrors::of_log_in("ada@example.com", "").password.is_some());
    }

    #[test]
    fn the_apis_refusal_stands_beside_its_field() {
        let refusal = |field: Option<&str>| {
            AccountErrors::from_api(&ApiError {
                code: "email_taken".to_owned(),
                message: "Taken.".to_owned(),
                field: field.map(str::to_owned),
                status: 409,
            })
        };
        assert_eq!(refusal(Some("email")).email.as_deref(), Some("Taken."));
        assert_eq!(refusal(Some("password")).password.as_deref(), Some("Taken."));
        assert_eq!(refusal(Some("other")).form.as_deref(), Some("Taken."));
        assert_eq!(refusal(None).form.as_deref(), Some("Taken."));
    }
}
