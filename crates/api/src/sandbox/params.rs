//! Parameters of a request, taken one by one: what is left at the end is unknown.
//!
//! An operation parses everything it accepts before it acts, and calls [`Params::finish`].

mod kept;
mod rearrange;

use serde_json::{Map, Value, json};

use super::{billing::amounts, error::ApiError, form};

/// Stripe's limits of metadata: keys of an object, and characters of a key and of a value.
const METADATA_KEYS: usize = 50;
const METADATA_KEY: usize = 40;
const METADATA_VALUE: usize = 500;

/// The parameters not taken yet, at one level of nesting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    tree: Map<String, Value>,
    /// The name of the hash they are in, empty at the top.
    path: String,
}

/// A change to `metadata`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Metadata {
    /// `metadata=`
    Clear,
    /// Keys to set, or to remove when `None`.
    Merge(Vec<(String, Option<String>)>),
}

impl Metadata {
    /// Changes the `metadata` of `body`.
    pub(crate) fn apply(change: Option<Metadata>, body: &mut Value) {
        match change {
            None => {}
            Some(Metadata::Clear) => body["metadata"] = json!({}),
            Some(Metadata::Merge(entries)) => {
                for (key, value) in entries {
                    match value {
                        Some(value) => body["metadata"][key] = json!(value),
                        None => {
                            body["metadata"].as_object_mut().map(|metadata| metadata.remove(&key));
                        }
                    }
                }
            }
        }
    }

    /// The `metadata` of a new object.
    pub(crate) fn new_value(change: Option<Metadata>) -> Value {
        let mut body = json!({ "metadata": {} });
        Metadata::apply(change, &mut body);
        body["metadata"].take()
    }
}

impl Params {
    pub(crate) fn new(tree: Map<String, Value>) -> Params {
        Params { tree, path: String::new() }
    }

    /// The full name of a parameter at this level.
    pub(crate) fn name(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}[{name}]", self.path) }
    }

    /// Whether the parameter is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tree.contains_key(name)
    }

    /// Refuses what no accessor has taken.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        let unknown: Vec<String> = self.tree.keys().map(|key| self.name(key)).collect();
        refuse_unknown(&unknown)
    }

    /// A string; an empty one unsets: `Some(None)`.
    pub(crate) fn clearable(&mut self, name: &str) -> Result<Option<Option<String>>, ApiError> {
        match self.tree.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(Some(None)),
            Some(Value::String(text)) => Ok(Some(Some(text))),
            Some(_) => Err(ApiError::invalid_param(
                self.name(name),
                "Invalid string: expected a string, not a hash",
            )),
        }
    }

    /// A string that cannot be unset.
    pub(crate) fn string(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.clearable(name)? {
            Some(None) => Err(ApiError::invalid_param(
                self.name(name),
                format!(
                    "You passed an empty string for '{0}'. We assume empty values are an attempt to unset a parameter; \
                     however '{0}' cannot be unset. You should remove '{0}' from your request or supply a non-empty value.",
                    self.name(name)
                ),
            )
            .code("parameter_invalid_empty")),
            Some(text) => Ok(text),
            None => Ok(None),
        }
    }

    pub(crate) fn required(&mut self, name: &str) -> Result<String, ApiError> {
        self.string(name)?.ok_or_else(|| ApiError::missing(self.name(name)))
    }

    /// A currency, in lower case.
    pub(crate) fn currency(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        let Some(given) = self.string(name)? else { return Ok(None) };
        let currency = given.to_ascii_lowercase();
        if amounts::CURRENCIES.split_whitespace().any(|known| known == currency) {
            return Ok(Some(currency));
        }
        let known: Vec<&str> = amounts::CURRENCIES.split_whitespace().collect();
        let message = format!(
            "Invalid currency: {given}. Stripe currently supports these currencies: {}",
            known.join(", ")
        );
        Err(ApiError::invalid_param(self.name(name), message))
    }

    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, ApiError> {
        self.string(name)?.map(|text| self.parse_integer(name, &text)).transpose()
    }

    /// An integer not below `least`.
    pub(crate) fn integer_from(&mut self, name: &str, least: i64) -> Result<Option<i64>, ApiError> {
        match self.integer(name)? {
            Some(number) if number < least => {
                let message = format!("Invalid integer: must be greater than or equal to {least}");
                let error = ApiError::invalid_param(self.name(name), message);
                Err(error.code("parameter_invalid_integer"))
            }
            number => Ok(number),
        }
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.string(name)?.as_deref() {
            None => Ok(None),
            Some("true" | "True" | "1") => Ok(Some(true)),
            Some("false" | "False" | "0") => Ok(Some(false)),
            Some(other) => {
                Err(ApiError::invalid_param(self.name(name), format!("Invalid boolean: {other}")))
            }
        }
    }

    /// One of a closed set of words.
    pub(crate) fn choice(
        &mut self,
        name: &str,
        choices: &[&str],
    ) -> Result<Option<String>, ApiError> {
        match self.string(name)? {
            Some(word) if !choices.contains(&word.as_str()) => Err(ApiError::invalid_param(
                self.name(name),
                format!("Invalid {}: must be one of {}", self.name(name), one_of(choices)),
            )),
            word => Ok(word),
        }
    }

    /// A list of strings; an empty value is the empty list.
    pub(crate) fn strings(&mut self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(node) = self.tree.remove(name) else { return Ok(None) };
        if node == "" {
            return Ok(Some(Vec::new()));
        }
        let strings = form::elements(&node).and_then(|elements| {
            elements
                .into_iter()
                .map(|(_, value)| value.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        strings.map(Some).ok_or_else(|| ApiError::invalid_param(self.name(name), "Invalid array"))
    }

    /// A hash, read by `read`, which must take all it knows; the rest is unknown.
    pub(crate) fn hash<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Params) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        let path = self.name(name);
        match self.tree.remove(name) {
            None => Ok(None),
            Some(node) => read_hash(node, path, read).map(Some),
        }
    }

    /// A hash that an empty value unsets: `Some(None)`.
    pub(crate) fn clearable_hash<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Params) -> Result<T, ApiError>,
    ) -> Result<Option<Option<T>>, ApiError> {
        if self.tree.get(name).is_some_and(|node| node == "") {
            self.tree.remove(name);
            return Ok(Some(None));
        }
        Ok(self.hash(name, read)?.map(Some))
    }

    /// A list of hashes, each read by `read`. An empty value is the empty list.
    pub(crate) fn hashes<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Params) -> Result<T, ApiError>,
    ) -> Result<Option<Vec<T>>, ApiError> {
        let path = self.name(name);
        let Some(node) = self.tree.remove(name) else { return Ok(None) };
        if node == "" {
            return Ok(Some(Vec::new()));
        }
        let elements =
            form::elements(&node).ok_or_else(|| ApiError::invalid_param(&path, "Invalid array"))?;
        let read_one = |(index, element): (u64, &Value)| {
            read_hash(element.clone(), format!("{path}[{index}]"), &mut read)
        };
        elements.into_iter().map(read_one).collect::<Result<_, _>>().map(Some)
    }

    /// `metadata`.
    pub(crate) fn metadata(&mut self) -> Result<Option<Metadata>, ApiError> {
        match self.tree.remove("metadata") {
            None => Ok(None),
            Some(Value::Object(entries)) if entries.len() > METADATA_KEYS => {
                let message = format!("You can have at most {METADATA_KEYS} metadata keys.");
                Err(ApiError::invalid_param(self.name("metadata"), message))
            }
            Some(Value::Object(entries)) => {
                let mut changes = Vec::new();
                for (key, value) in entries {
                    let refused = |message: &str| {
                        ApiError::invalid_param(
                            format!("{}[{key}]", self.name("metadata")),
                            message,
                        )
                    };
                    let Some(text) = value.as_str() else {
                        return Err(refused("Metadata values must be strings"));
                    };
                    if key.chars().count() > METADATA_KEY {
                        let message = format!(
                            "Invalid metadata key: must be at most {METADATA_KEY} characters"
                        );
                        return Err(refused(&message));
                    }
                    if text.chars().count() > METADATA_VALUE {
                        let message =
                            format!("Invalid string: must be at most {METADATA_VALUE} characters");
                        return Err(refused(&message));
                    }
                    changes.push((key, (!text.is_empty()).then(|| text.to_owned())));
                }
                Ok(Some(Metadata::Merge(changes)))
            }
            Some(Value::String(text)) if text.is_empty() => Ok(Some(Metadata::Clear)),
            Some(_) => Err(ApiError::invalid_param(self.name("metadata"), "Invalid hash")),
        }
    }

    /// A point or range of time: `created=1` or `created[gte]=1`. Bounds are inclusive.
    pub(crate) fn time_range(&mut self, name: &str) -> Result<TimeRange, ApiError> {
        if matches!(self.tree.get(name), Some(Value::String(_))) {
            let exact = self.integer(name)?;
            return Ok(TimeRange { from: exact, to: exact });
        }
        let range = self.hash(name, |range| {
            let (gt, gte) = (range.integer("gt")?, range.integer("gte")?);
            let (lt, lte) = (range.integer("lt")?, range.integer("lte")?);
            let from = gt.map(|time| time.saturating_add(1)).max(gte);
            let to = match (lt.map(|time| time.saturating_sub(1)), lte) {
                (Some(lt), Some(lte)) => Some(lt.min(lte)),
                (lt, lte) => lt.or(lte),
            };
            Ok(TimeRange { from, to })
        })?;
        Ok(range.unwrap_or_default())
    }

    fn parse_integer(&self, name: &str, text: &str) -> Result<i64, ApiError> {
        text.parse().map_err(|_| {
            ApiError::invalid_param(self.name(name), format!("Invalid integer: {text}"))
                .code("parameter_invalid_integer")
        })
    }
}

/// Inclusive bounds in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TimeRange {
    from: Option<i64>,
    to: Option<i64>,
}

impl TimeRange {
    pub(crate) fn contains(&self, time: i64) -> bool {
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time <= to)
    }
}

/// Refuses parameters by their full names, if there are any.
fn refuse_unknown(unknown: &[String]) -> Result<(), ApiError> {
    let Some(first) = unknown.first() else { return Ok(()) };
    let plural = if unknown.len() == 1 { "" } else { "s" };
    let message = format!("Received unknown parameter{plural}: {}", unknown.join(", "));
    Err(ApiError::invalid(message).code("parameter_unknown").param(first))
}

fn read_hash<T>(
    node: Value,
    path: String,
    read: impl FnOnce(&mut Params) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let Value::Object(tree) = node else {
        return Err(ApiError::invalid_param(path, "Invalid hash"));
    };
    let mut params = Params { tree, path };
    let value = read(&mut params)?;
    params.finish()?;
    Ok(value)
}

/// `a, b, or c`.
fn one_of(choices: &[&str]) -> String {
    match choices {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, second] => format!("{first} or {second}"),
        [rest @ .., last] => format!("{}, or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(encoded: &str) -> Params {
        Params::new(form::decode(encoded.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_not_taken_is_unknown() {
        let mut taken = params("name=a&items[0][price]=p&items[0][prize]=q");
        taken.string("name").unwrap();
        let error = taken.hashes("items", |item| item.string("price")).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("parameter_unknown"));
        assert_eq!(error.param.as_deref(), Some("items[0][prize]"));
    }

    #[test]
    fn empty_values_unset_only_what_can_be_unset() {
        assert_eq!(params("description=").clearable("description"), Ok(Some(None)));
        assert_eq!(
            params("name=").string("name").unwrap_err().code.as_deref(),
            Some("parameter_invalid_empty")
        );
    }

    #[test]
    fn metadata_merges_and_unsets() {
        let mut body = json!({ "metadata": { "a": "1", "b": "2" } });
        Metadata::apply(params("metadata[a]=&metadata[c]=3").metadata().unwrap(), &mut body);
        assert_eq!(body["metadata"], json!({ "b": "2", "c": "3" }));
        Metadata::apply(params("metadata=").metadata().unwrap(), &mut body);
        assert_eq!(body["metadata"], json!({}));
    }

    #[test]
    fn time_ranges_are_inclusive_once_read() {
        let range = params("created[gt]=10&created[lte]=20").time_range("created").unwrap();
        assert_eq!([10, 11, 20, 21].map(|time| range.contains(time)), [false, true, true, false]);
    }
}
