//! What an invoice says besides its money: parameters that making and changing one share.

use serde_json::{Value, json};

use crate::sandbox::{
    error::ApiError,
    object::Object,
    params::{Metadata, Params},
};

/// Texts that can be unset.
const TEXTS: &[&str] = &["description", "footer", "number", "statement_descriptor"];
/// Days to pay a sent invoice when nothing says how many.
pub(super) const DAYS_TO_PAY: i64 = 30;

/// Parameters, each as it came.
pub(super) struct Fields {
    texts: Vec<(&'static str, Option<Option<String>>)>,
    custom_fields: Option<Vec<Value>>,
    due_date: Option<i64>,
    effective_at: Option<i64>,
    payment_settings: Option<Value>,
    rendering: Option<Value>,
    shipping_details: Option<Option<Value>>,
    metadata: Option<Metadata>,
}

impl Fields {
    pub(super) fn take(params: &mut Params) -> Result<Fields, ApiError> {
        let mut texts = Vec::new();
        for name in TEXTS {
            texts.push((*name, params.clearable(name)?));
        }
        Ok(Fields {
            texts,
            custom_fields: params.hashes("custom_fields", |field| {
                Ok(json!({ "name": field.required("name")?, "value": field.required("value")? }))
            })?,
            due_date: params.integer("due_date")?,
            effective_at: params.integer("effective_at")?,
            payment_settings: params.kept("payment_settings")?,
            rendering: params.kept("rendering")?,
            shipping_details: params.clearable_hash("shipping_details", |details| {
                Ok(json!({
                    "address": details.hash("address", address)?,
                    "name": details.required("name")?,
                    "phone": details.clearable("phone")?.flatten(),
                }))
            })?,
            metadata: params.metadata()?,
        })
    }

    /// Whether they say when the invoice is due.
    pub(super) fn has_due_date(&self) -> bool {
        self.due_date.is_some()
    }

    /// Changes the invoice, whose `collection_method` is what it will be.
    pub(super) fn apply(self, invoice: &mut Object) -> Result<(), ApiError> {
        if self.has_due_date() && invoice.text("collection_method") != Some("send_invoice") {
            return Err(ApiError::invalid_param(
                "due_date",
                "You can only specify `due_date` when `collection_method` is `send_invoice`.",
            ));
        }
        let body = &mut invoice.body;
        for (name, value) in self.texts {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        if let Some(fields) = self.custom_fields {
            body["custom_fields"] = if fields.is_empty() { Value::Null } else { json!(fields) };
        }
        if let Some(details) = self.shipping_details {
            body["shipping_details"] = json!(details);
        }
        for (name, time) in [("due_date", self.due_date), ("effective_at", self.effective_at)] {
            if let Some(time) = time {
                body[name] = json!(time);
            }
        }
        let unset = json!({
            "amount_tax_display": null, "pdf": null, "template": null, "template_version": null,
        });
        for (name, given, unset) in [
            ("payment_settings", self.payment_settings, body["payment_settings"].clone()),
            ("rendering", self.rendering, unset),
        ] {
            if let Some(Value::Object(given)) = given {
                body[name] = unset;
                body[name].as_object_mut().into_iter().for_each(|all| all.extend(given.clone()));
            }
        }
        Metadata::apply(self.metadata, body);
        Ok(())
    }
}

fn address(params: &mut Params) -> Result<Value, ApiError> {
    let mut address = json!({});
    for name in ["city", "country", "line1", "line2", "postal_code", "state"] {
        address[name] = json!(params.clearable(name)?.flatten());
    }
    Ok(address)
}
