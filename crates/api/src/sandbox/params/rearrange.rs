//! Parameters moved: from the path, from an older name, into a hash.

use serde_json::{Map, Value, json};

use super::Params;

impl Params {
    /// Sets a parameter that the path gives.
    pub(crate) fn set(&mut self, name: &str, text: &str) {
        self.tree.insert(name.to_owned(), json!(text));
    }

    /// Gives a parameter its newer name.
    pub(crate) fn rename(&mut self, name: &str, renamed: &str) {
        if let Some(node) = self.tree.remove(name) {
            self.tree.insert(renamed.to_owned(), node);
        }
    }

    /// Moves a parameter into a hash.
    pub(crate) fn put_into(&mut self, hash: &str, name: &str) {
        let Some(node) = self.tree.remove(name) else { return };
        let hash = self.tree.entry(hash).or_insert_with(|| Value::Object(Map::new()));
        if let Some(hash) = hash.as_object_mut() {
            hash.insert(name.to_owned(), node);
        }
    }

    /// Whether the parameter is given, as a hash or a list.
    pub(crate) fn is_hash(&self, name: &str) -> bool {
        self.tree.get(name).is_some_and(Value::is_object)
    }
}
