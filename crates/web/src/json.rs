//! JSON, as little of it as the API speaks: serde would add a fifth to what a first visit downloads.

use std::str::Chars;

/// A value of a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The API counts in whole seconds and minor units.
    Integer(i64),
    /// A number that is no integer, or too large for one. No field of ours is.
    OtherNumber,
    Text(String),
    List(Vec<Json>),
    Object(Fields),
}

/// What an object holds, in its order.
pub(crate) type Fields = Vec<(String, Json)>;

/// Something that JSON can be understood as.
pub(crate) trait FromJson: Sized {
    /// Understands `json`; `None` when it is something else.
    fn from_json(json: Json) -> Option<Self>;

    /// What stands for a field that is absent.
    fn absent() -> Option<Self> {
        None
    }
}

/// Understands a document.
pub(crate) fn decode<T: FromJson>(text: &str) -> Option<T> {
    T::from_json(parse(text)?)
}

/// Takes a field out of an object. Fields that nobody takes are ignored.
pub(crate) fn take<T: FromJson>(fields: &mut Fields, name: &str) -> Option<T> {
    match take_value(fields, name) {
        Some(json) => T::from_json(json),
        None => T::absent(),
    }
}

fn take_value(fields: &mut Fields, name: &str) -> Option<Json> {
    let place = fields.iter().position(|(key, _)| key == name)?;
    Some(fields.swap_remove(place).1)
}

impl Json {
    /// The fields of an object.
    pub(crate) fn into_fields(self) -> Option<Fields> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }
}

impl FromJson for String {
    fn from_json(json: Json) -> Option<Self> {
        match json {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl FromJson for bool {
    fn from_json(json: Json) -> Option<Self> {
        match json {
            Json::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The API leaves out what is usually false.
    fn absent() -> Option<Self> {
        Some(false)
    }
}

impl FromJson for i64 {
    fn from_json(json: Json) -> Option<Self> {
        match json {
            Json::Integer(value) => Some(value),
            _ => None,
        }
    }
}

impl FromJson for u64 {
    fn from_json(json: Json) -> Option<Self> {
        i64::from_json(json)?.try_into().ok()
    }
}

impl FromJson for u32 {
    fn from_json(json: Json) -> Option<Self> {
        i64::from_json(json)?.try_into().ok()
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: Json) -> Option<Self> {
        match json {
            Json::Null => Some(None),
            json => T::from_json(json).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: Json) -> Option<Self> {
        match json {
            Json::List(items) => items.into_iter().map(T::from_json).collect(),
            _ => None,
        }
    }

    /// The API leaves out what is usually empty.
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

/// An object of texts, which is all that the API is ever sent; absent ones are left out.
pub(crate) fn object(fields: &[(&str, Option<&str>)]) -> String {
    let mut out = String::from("{");
    for (name, value) in fields {
        let Some(value) = value else { continue };
        if out.len() > 1 {
            out.push(',');
        }
        push_text(&mut out, name);
        out.push(':');
        push_text(&mut out, value);
    }
    out.push('}');
    out
}

fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\0'..='\x1f' => {
                let hex = |digit: u32| char::from_digit(digit, 16).unwrap_or('0');
                let code = u32::from(letter);
                out.push_str("\\u00");
                out.extend([hex(code / 16), hex(code % 16)]);
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

/// Deeper nesting is refused, so that no document can exhaust the stack.
const DEEPEST: u32 = 32;

/// Reads a document, which must be nothing but one value.
pub(crate) fn parse(text: &str) -> Option<Json> {
    let mut reader = Reader { rest: text.chars() };
    let json = reader.value(DEEPEST)?;
    reader.skip_space();
    reader.rest.next().is_none().then_some(json)
}

struct Reader<'a> {
    rest: Chars<'a>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\n' | '\r' | '\t')) {
            self.rest.next();
        }
    }

    /// Whether `expected` came next; it is taken.
    fn eat(&mut self, expected: char) -> bool {
        self.skip_space();
        let here = self.peek() == Some(expected);
        if here {
            self.rest.next();
        }
        here
    }

    fn value(&mut self, depth: u32) -> Option<Json> {
        let deeper = depth.checked_sub(1)?;
        self.skip_space();
        match self.peek()? {
            '"' => self.text().map(Json::Text),
            '{' => self.object(deeper),
            '[' => self.list(deeper),
            't' => self.word("true", Json::Bool(true)),
            'f' => self.word("false", Json::Bool(false)),
            'n' => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, json: Json) -> Option<Json> {
        let rest = self.rest.as_str().strip_prefix(word)?;
        self.rest = rest.chars();
        Some(json)
    }

    fn number(&mut self) -> Option<Json> {
        let all = self.rest.as_str();
        let numeric = |letter: char| matches!(letter, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
        let end = all.find(|letter| !numeric(letter)).unwrap_or(all.len());
        let (number, rest) = all.split_at(end);
        self.rest = rest.chars();
        if !number.contains(|letter: char| letter.is_ascii_digit()) {
            return None;
        }
        Some(number.parse().map_or(Json::OtherNumber, Json::Integer))
    }

    fn text(&mut self) -> Option<String> {
        self.rest.next();
        let mut text = String::new();
        loop {
            match self.rest.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escaped()?),
                letter => text.push(letter),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.rest.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\x08',
            'f' => '\x0c',
            'u' => {
                let first = self.hex()?;
                if !(0xD800..0xDC00).contains(&first) {
                    return char::from_u32(first);
                }
                // The first half of a letter beyond the basic plane.
                let second = (self.rest.next()? == '\\' && self.rest.next()? == 'u')
                    .then(|| self.hex())??
                    .checked_sub(0xDC00)?;
                return char::from_u32(0x10000 + ((first - 0xD800) << 10) + second);
            }
            letter @ ('"' | '\\' | '/') => letter,
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + self.rest.next()?.to_digit(16)?;
        }
        Some(code)
    }

    fn list(&mut self, depth: u32) -> Option<Json> {
        self.rest.next();
        let mut items = Vec::new();
        if self.eat(']') {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.eat(']') {
                return Some(Json::List(items));
            }
            if !self.eat(',') {
                return None;
            }
        }
    }

    fn object(&mut self, depth: u32) -> Option<Json> {
        self.rest.next();
        let mut fields = Fields::new();
        if self.eat('}') {
            return Some(Json::Object(fields));
        }
        loop {
            self.skip_space();
            let name = if self.peek() == Some('"') { self.text()? } else { return None };
            if !self.eat(':') {
                return None;
            }
            fields.push((name, self.value(depth)?));
            if self.eat('}') {
                return Some(Json::Object(fields));
            }
            if !self.eat(',') {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn same(json: &Json, value: &Value) -> bool {
        match (json, value) {
            (Json::Null, Value::Null) => true,
            (Json::Bool(a), Value::Bool(b)) => a == b,
            (Json::Integer(a), Value::Number(b)) => Some(*a) == b.as_i64(),
            (Json::OtherNumber, Value::Number(b)) => b.as_i64().is_none(),
            (Json::Text(a), Value::String(b)) => a == b,
            (Json::List(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Json::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
            }
            _ => false,
        }
    }

    #[test]
    fn documents_are_read_as_serde_reads_them() {
        for text in [
            "null",
            " true ",
            "-12",
            "1.5e3",
            "9223372036854775807",
            "9223372036854775808",
            r#""a\"\\\/\b\f\n\r\t\u00e9\ud83c\udfa7é🎧""#,
            "[]",
            "{}",
            r#"[1, [2, {"a": null}], "x"]"#,
            "{\n\t\"a\" : {\"b\":[true,false]} , \"c\":\"\"\r}",
        ] {
            let value: Value = serde_json::from_str(text).expect("JSON");
            assert!(parse(text).is_some_and(|json| same(&json, &value)), "{text}");
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in [
            "",
            " ",
            "nul",
            "{",
            "[1",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "\"",
            "\"\\x\"",
            "\"\\ud83c\"",
            "1 2",
            "-",
            "<html>",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }

    #[test]
    fn what_is_written_is_what_serde_reads() {
        let password = "a \"quoted\" \\ back\u{1}\n ünïcode 🎧";
        let body = object(&[
            ("email", Some("ada@example.com")),
            ("plan", None),
            ("password", Some(password)),
        ]);
        let value: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(value, serde_json::json!({"email": "ada@example.com", "password": password}));
        assert_eq!(object(&[]), "{}");
    }
}
