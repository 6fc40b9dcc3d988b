//! What a form can refuse before the API has to, and where the API's refusal stands. The words are the ones the page
//! shows. Pure.

use shared::error::ErrorCode;

use crate::api::ApiError;

/// The API takes no shorter one.
const PASSWORD_CHARACTERS: usize = 12;

/// What a field must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Something like an address.
    Email,
    /// A password that the API will take.
    NewPassword,
    /// Something; the API alone knows whether it is right.
    Password,
}

/// A field of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// The API's name for it, and its id on the page.
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    /// What the browser may fill in.
    pub(crate) autocomplete: &'static str,
    pub(crate) hint: Option<&'static str>,
    pub(crate) check: Check,
}

/// The login address of an account.
pub(crate) const EMAIL: FieldSpec = FieldSpec {
    name: "email",
    label: "E-mail",
    autocomplete: "username",
    hint: None,
    check: Check::Email,
};
/// The password of an account to log in to.
pub(crate) const PASSWORD: FieldSpec = FieldSpec {
    name: "password",
    label: "Password",
    autocomplete: "current-password",
    hint: None,
    check: Check::Password,
};
/// A password that is chosen.
pub(crate) const NEW_PASSWORD: FieldSpec = FieldSpec {
    autocomplete: "new-password",
    hint: Some("At least 12 characters."),
    check: Check::NewPassword,
    ..PASSWORD
};
/// The password that proves who asks.
pub(crate) const CURRENT_PASSWORD: FieldSpec =
    FieldSpec { name: "current_password", label: "Current password", ..PASSWORD };

impl FieldSpec {
    /// The input's type.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.check {
            Check::Email => "email",
            Check::NewPassword | Check::Password => "password",
        }
    }

    /// Whether what was typed may be kept for another visit of the form: no password is.
    pub(crate) const fn is_kept(&self) -> bool {
        matches!(self.check, Check::Email)
    }

    fn problem(&self, value: &str) -> Option<&'static str> {
        match self.check {
            Check::Email if value.trim().is_empty() => Some("Enter your e-mail address."),
            Check::Email => {
                (!is_plausible(value.trim())).then_some("Enter an address like name@example.com.")
            }
            Check::NewPassword => (value.chars().count() < PASSWORD_CHARACTERS)
                .then_some("Use at least 12 characters."),
            Check::Password => value.is_empty().then_some("Enter your password."),
        }
    }
}

/// What is wrong with a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    /// By the field's name.
    fields: Vec<(&'static str, String)>,
    /// Above the button: not about a field.
    pub(crate) form: Option<String>,
}

impl Problems {
    /// What can be seen without asking the API.
    pub(crate) fn of(specs: &[FieldSpec], values: &[String]) -> Self {
        let fields = specs.iter().zip(values);
        let fields = fields
            .filter_map(|(spec, value)| Some((spec.name, spec.problem(value)?.to_owned())))
            .collect();
        Self { fields, form: None }
    }

    /// The API's refusal, beside the field it is about.
    pub(crate) fn from_api(specs: &[FieldSpec], error: &ApiError) -> Self {
        let asked_for = |name: &str| specs.iter().find(|spec| spec.name == name);
        let named = error.field.as_deref().and_then(asked_for);
        // Among several fields only this one can be wrong so.
        let proof =
            || asked_for(CURRENT_PASSWORD.name).filter(|_| error.is(ErrorCode::InvalidCredentials));
        match named.or_else(proof) {
            Some(spec) => Self { fields: vec![(spec.name, error.message.clone())], form: None },
            None => Self { fields: Vec::new(), form: Some(error.message.clone()) },
        }
    }

    /// What is wrong with the field `name`.
    pub(crate) fn of_field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, problem)| problem.as_str())
    }

    /// Whether a field is at fault.
    pub(crate) fn has_field(&self) -> bool {
        !self.fields.is_empty()
    }

    /// The same without what was wrong with the field `name`, which is being typed.
    pub(crate) fn without(&self, name: &str) -> Self {
        let fields = self.fields.iter().filter(|(field, _)| *field != name).cloned().collect();
        Self { fields, form: self.form.clone() }
    }
}

fn is_plausible(email: &str) -> bool {
    email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !email.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(specs: &[FieldSpec], values: &[&str]) -> Problems {
        let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
        Problems::of(specs, &values)
    }

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
            let found = problems(&[EMAIL, NEW_PASSWORD], &[email, password]);
            assert_eq!(
                (found.of_field("email").is_none(), found.of_field("password").is_none()),
                (email_ok, password_ok),
                "{email}"
            );
        }
    }

    #[test]
    fn logging_in_asks_only_for_something() {
        assert_eq!(problems(&[EMAIL, PASSWORD], &["ada@example.com", "x"]), Problems::default());
        assert!(problems(&[EMAIL, PASSWORD], &["ada@example.com", ""]).has_field());
    }

    #[test]
    fn the_apis_refusal_stands_beside_its_field() {
        let refusal = |code: &str, field: Option<&str>| ApiError {
            code: code.to_owned(),
            message: "No.".to_owned(),
            field: field.map(str::to_owned),
            status: 409,
        };
        let change = [EMAIL, CURRENT_PASSWORD];
        for (error, at) in [
            (refusal("email_taken", Some("email")), Some("email")),
            (refusal("invalid_credentials", None), Some("current_password")),
            (refusal("weak_password", Some("password")), None),
            (refusal("internal", None), None),
        ] {
            let found = Problems::from_api(&change, &error);
            match at {
                Some(name) => assert_eq!(found.of_field(name), Some("No."), "{error:?}"),
                None => assert_eq!(found.form.as_deref(), Some("No."), "{error:?}"),
            }
        }
        let log_in = Problems::from_api(&[EMAIL, PASSWORD], &refusal("invalid_credentials", None));
        assert_eq!(log_in.form.as_deref(), Some("No."));
    }

    #[test]
    fn typing_takes_a_fields_problem_away() {
        let found = problems(&[EMAIL, PASSWORD], &["", ""]);
        assert!(found.without("email").of_field("email").is_none());
        assert!(found.without("email").of_field("password").is_some());
    }
}
