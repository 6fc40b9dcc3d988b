//! Form fields with their errors, the same on every page.

use maud::{Markup, html};

/// What is wrong with the fields of a form, in the order of the form.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<(&'static str, String)>);

impl Errors {
    /// Says what is wrong with the field whose id is `field`.
    pub(super) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push((field, message.into()));
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with `field`, if anything.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(id, _)| *id == field).map(|(_, message)| message.as_str())
    }

    /// Whether `field` is the one to look at first.
    fn is_first(&self, field: &str) -> bool {
        self.0.first().is_some_and(|(id, _)| *id == field)
    }
}

/// A labelled input. `id` is its name in the form too.
#[derive(Clone, Copy, Default)]
pub(super) struct Field<'a> {
    /// Id and name.
    pub(super) id: &'a str,
    /// The visible label.
    pub(super) label: &'a str,
    /// `type`; empty is `text`.
    pub(super) kind: &'a str,
    /// `autocomplete`, as the HTML standard names it.
    pub(super) autocomplete: &'a str,
    /// Digits only: asks for the keyboard with numbers.
    pub(super) numeric: bool,
    /// An example in the empty field.
    pub(super) placeholder: &'a str,
    /// What stands in it.
    pub(super) value: &'a str,
    /// Shown, but not to be changed.
    pub(super) fixed: bool,
    /// May stay empty.
    pub(super) optional: bool,
}

impl Field<'_> {
    /// The field with its label and error. The first wrong field of the form takes the focus.
    pub(super) fn render(&self, errors: &Errors) -> Markup {
        let error = errors.of(self.id);
        let message_id = format!("{}-error", self.id);
        html! {
            div.field {
                label for=(self.id) { (self.label) }
                input id=(self.id) name=(self.id) value=(self.value)
                    type=(if self.kind.is_empty() { "text" } else { self.kind })
                    autocomplete=(if self.autocomplete.is_empty() { "off" } else { self.autocomplete })
                    inputmode=[self.numeric.then_some("numeric")]
                    placeholder=[Some(self.placeholder).filter(|text| !text.is_empty())]
                    readonly[self.fixed] required[!self.optional && !self.fixed]
                    spellcheck=[(self.kind != "email").then_some("false")]
                    aria-invalid=[error.map(|_| "true")]
                    aria-describedby=[error.map(|_| message_id.as_str())]
                    autofocus[errors.is_first(self.id)];
                @if let Some(error) = error { span.msg id=(message_id) { (error) } }
            }
        }
    }
}

/// The button that sends a form; browser tests find it by `data-testid`.
pub(super) fn submit(label: &str) -> Markup {
    html! { button.btn.wide type="submit" data-testid="submit" { (label) } }
}

/// Whether `text` can be an e-mail address: something, one `@`, a domain with a dot.
pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.split('.').count() > 1
            && domain.split('.').all(|label| !label.is_empty())
            && !text.contains(char::is_whitespace)
            && !domain.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn an_email_has_one_at_and_a_domain() {
        for good in ["ada@example.com", "a.b+c@mail.example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@example..com",
            "a b@example.com",
            "a@b@c.d",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
