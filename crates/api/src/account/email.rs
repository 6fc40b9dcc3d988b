//! E-mail addresses: parsed once, at the edge.

use std::fmt;

/// Characters of an address at the most (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const MAX_LENGTH: usize = 254;

/// Characters of the part before the @ at the most (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_LENGTH: usize = 64;

/// What separates addresses and names in a mail's header, and would let one address become several.
const SEPARATORS: &[char] = &['<', '>', '(', ')', '[', ']', ',', ';', ':', '"', '\\'];

/// An address in lower case: two that differ by case alone are the same account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

/// Text that is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Reads an address, trimmed and lower-cased.
    ///
    /// Only mail can tell whether an address works, so this refuses no more than what cannot be one.
    /// A domain without a dot is taken: `ada@localhost` is a fine address on a developer's machine.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let fits = text.len() <= MAX_LENGTH && local.len() <= MAX_LOCAL_LENGTH;
        let plain = !text
            .contains(|c: char| c.is_whitespace() || c.is_control() || SEPARATORS.contains(&c));
        let dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
        let named = domain.split('.').all(|label| {
            !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-' || !c.is_ascii())
        });
        if fits && plain && dotted(local) && dotted(domain) && named {
            Ok(Self(text))
        } else {
            Err(InvalidEmail)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_lower_cased() {
        for (text, expected) in [
            ("ada@example.com", "ada@example.com"),
            (" Ada.Lovelace+Podcast@Example.COM\n", "ada.lovelace+podcast@example.com"),
            ("ada@localhost", "ada@localhost"),
            ("jörg@bücher.example", "jörg@bücher.example"),
            ("o'neil@mail-1.example.co.uk", "o'neil@mail-1.example.co.uk"),
        ] {
            assert_eq!(Email::parse(text).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("ada@{}.example", "a".repeat(250));
        for text in [
            "",
            "ada",
            "@",
            "ada@",
            "@example.com",
            "ada@@example.com",
            "ada@ex@ample.com",
            "ada lovelace@example.com",
            "ada@example..com",
            ".ada@example.com",
            "ada@-example.com",
            "ada@exam_ple.com",
            "ada@example.com.",
            "ada@example.com\nBcc: eve@example.com",
            "ada@example.com,eve@example.com",
            "Ada <ada@example.com>",
            "ada\u{0}@example.com",
            &long_local,
            &long,
        ] {
            assert_eq!(Email::parse(text), Err(InvalidEmail), "{text:?}");
        }
    }
}
