//! API versions. The sandbox keeps one canonical object, in the newest version's shape; older ones are made of it.
//!
//! As with Stripe, each change of the API's shapes is a small unit that knows how to undo itself. An answer at an old
//! version is the canonical one with every later change undone, newest first. Requests are read by the version they
//! name (see `Request::is_before`); a webhook's payload is of its endpoint's version, or the account's.
//!
//! Events are not answers at a version: they keep the one they were made at, whoever reads them.

mod basil;
mod clover;
mod dahlia;
mod endive;
mod known;
mod year_2022;
mod year_2024;

use serde_json::Value;

use self::known::KNOWN;
use super::{error::ApiError, store::Tx};

/// A version of Stripe's API. They are ordered by their date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Version(Option<&'static str>);

impl Version {
    /// The newest, in whose shape objects are kept.
    pub(crate) const NEWEST: &'static str = "2026-10-28.endive";
    /// The oldest whose shapes are known here.
    const OLDEST: &'static str = "2020-08-27";

    /// Reads `Stripe-Version`; flags of previews after a semicolon are not looked at.
    pub(crate) fn parse(text: &str) -> Result<Version, ApiError> {
        let name = text.split(';').next().unwrap_or_default().trim();
        let known = KNOWN.iter().find(|known| **known == name);
        let Some(known) = known else {
            return Err(ApiError::invalid(format!("Invalid Stripe API version: {text}")));
        };
        if *known < Version::OLDEST {
            return Err(ApiError::invalid(format!(
                "Invalid Stripe API version: {text}. This sandbox answers versions from {} on.",
                Version::OLDEST
            )));
        }
        Ok(Version(Some(known)))
    }

    /// As in `Stripe-Version`.
    pub(crate) fn name(self) -> &'static str {
        self.0.unwrap_or(Version::NEWEST)
    }

    /// Whether it is older than the version of this date.
    pub(crate) fn is_before(self, date: &str) -> bool {
        self.name() < date
    }
}

/// One change of the API's shapes.
struct Change {
    /// The version that brought it.
    since: &'static str,
    /// The kinds of object it is about, by their `object`.
    objects: &'static [&'static str],
    /// Gives an object its shape from before.
    undo: fn(&mut Tx<'_>, &mut Value) -> Result<(), ApiError>,
}

/// Every change, newest first.
fn changes() -> impl Iterator<Item = &'static Change> {
    [
        endive::CHANGES,
        dahlia::CHANGES,
        clover::CHANGES,
        basil::CHANGES,
        year_2024::CHANGES,
        year_2022::CHANGES,
    ]
    .into_iter()
    .flatten()
}

/// Gives `body`, which is of the newest version, the shape of `version`, with all objects in it.
pub(crate) fn downgrade(
    tx: &mut Tx<'_>,
    version: Version,
    body: &mut Value,
) -> Result<(), ApiError> {
    for change in changes().filter(|change| version.is_before(change.since)) {
        undo(tx, change, body)?;
    }
    Ok(())
}

/// Gives `body`, which is of the newest version and belongs into an object that already has the shape from just before
/// `since`, that shape as well, but for the changes of `since` itself.
fn follow(tx: &mut Tx<'_>, since: &str, body: &mut Value) -> Result<(), ApiError> {
    for change in changes().filter(|change| change.since > since) {
        undo(tx, change, body)?;
    }
    Ok(())
}

/// Undoes a change in every object it is about, the inner ones first.
fn undo(tx: &mut Tx<'_>, change: &Change, node: &mut Value) -> Result<(), ApiError> {
    match node {
        Value::Array(elements) => {
            elements.iter_mut().try_for_each(|element| undo(tx, change, element))
        }
        Value::Object(fields) => {
            let kind = fields.get("object").and_then(Value::as_str).unwrap_or_default();
            if kind == "event" {
                return Ok(());
            }
            let is_about = change.objects.contains(&kind) && !fields.contains_key("deleted");
            fields.values_mut().try_for_each(|field| undo(tx, change, field))?;
            if is_about { (change.undo)(tx, node) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// Removes members of an object.
fn remove(object: &mut Value, names: &[&str]) {
    if let Some(fields) = object.as_object_mut() {
        for name in names {
            fields.remove(*name);
        }
    }
}

/// Removes a member and gives its value; null when there is none.
fn take(object: &mut Value, name: &str) -> Value {
    object.as_object_mut().and_then(|fields| fields.remove(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_registered_newest_first_and_their_versions_exist() {
        let since: Vec<&str> = changes().map(|change| change.since).collect();
        assert!(since.is_sorted_by(|newer, older| newer >= older), "{since:?}");
        for version in since {
            assert!(KNOWN.contains(&version), "{version}");
        }
        assert_eq!(KNOWN.last(), Some(&Version::NEWEST));
    }

    #[test]
    fn versions_are_read_strictly() {
        for good in [
            "2020-08-27",
            "2025-03-31.basil",
            " 2026-10-28.endive",
            "2026-03-25.dahlia; feature=v1",
        ] {
            assert!(Version::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "2019-12-03", "2025-03-31", "2026-10-28.Endive", "2026-13-01", "latest"] {
            let error = Version::parse(bad).unwrap_err();
            assert!(
                error.status == 400 && error.message.starts_with("Invalid Stripe API version"),
                "{bad}"
            );
        }
        assert!(Version::parse("2025-02-24.acacia").unwrap().is_before("2025-03-31"));
        assert!(!Version::default().is_before(Version::NEWEST));
    }
}
