//! Products.

use serde_json::{Value, json};

use super::{Outcome, Page, Request, prices};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    params::{Metadata, Params},
    store::{Listing, Tx},
};

/// Parameters that create and update share.
struct Fields {
    active: Option<bool>,
    texts: Vec<(&'static str, Option<Option<String>>)>,
    images: Option<Vec<String>>,
    marketing_features: Option<Vec<Value>>,
    shippable: Option<bool>,
    package_dimensions: Option<Option<Value>>,
    metadata: Option<Metadata>,
}

impl Fields {
    fn take(params: &mut Params) -> Result<Fields, ApiError> {
        let mut texts = Vec::new();
        for name in ["description", "statement_descriptor", "tax_code", "unit_label", "url"] {
            texts.push((name, params.clearable(name)?));
        }
        Ok(Fields {
            active: params.boolean("active")?,
            texts,
            images: params.strings("images")?,
            marketing_features: params.hashes("marketing_features", |feature| {
                Ok(json!({ "name": feature.required("name")? }))
            })?,
            shippable: params.boolean("shippable")?,
            package_dimensions: params.clearable_hash("package_dimensions", take_dimensions)?,
            metadata: params.metadata()?,
        })
    }

    fn apply(self, body: &mut Value) {
        for (name, value) in self.texts {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let changes = [
            ("active", self.active.map(Value::from)),
            ("images", self.images.map(Value::from)),
            ("marketing_features", self.marketing_features.map(Value::from)),
            ("shippable", self.shippable.map(Value::from)),
            ("package_dimensions", self.package_dimensions.map(Value::from)),
        ];
        for (name, change) in changes {
            if let Some(value) = change {
                body[name] = value;
            }
        }
        Metadata::apply(self.metadata, body);
    }
}

/// Inches and ounces.
fn take_dimensions(params: &mut Params) -> Result<Value, ApiError> {
    let mut dimensions = json!({});
    for name in ["height", "length", "weight", "width"] {
        let text = params.required(name)?;
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
        let number = number.ok_or_else(|| {
            ApiError::invalid_param(params.name(name), format!("Invalid decimal: {text}"))
        })?;
        dimensions[name] = json!(number);
    }
    Ok(dimensions)
}

pub(super) fn create(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let id = params.string("id")?.unwrap_or_else(|| Kind::Product.new_id());
    let name = params.required("name")?;
    let kind = params.choice("type", &["good", "service"])?;
    let fields = Fields::take(&mut params)?;
    let default_price = params.hash("default_price_data", prices::NewPrice::take_for_product)?;
    params.finish()?;

    let mut product = Object::with_id(Kind::Product, id, tx.now(), blank(&name, tx.now()));
    if let Some(kind) = kind {
        product.body["type"] = json!(kind);
    }
    fields.apply(&mut product.body);
    tx.create(&product)?;
    if let Some(new) = default_price {
        let price = new.create(tx, &product.id)?;
        product.body["default_price"] = json!(price.id);
        tx.save(&product)?;
    }
    Ok(product.body)
}

/// A product with nothing but a name.
pub(super) fn blank(name: &str, now: i64) -> Value {
    json!({
        "active": true,
        "default_price": null,
        "description": null,
        "images": [],
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": null,
        "shippable": null,
        "statement_descriptor": null,
        "tax_code": null,
        "tax_details": null,
        "type": "service",
        "unit_label": null,
        "updated": now,
        "url": null,
    })
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let id = request.id().to_owned();
    request.params.finish()?;
    Ok(find(tx, &id)?.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let name = params.string("name")?;
    let default_price = params.clearable("default_price")?;
    let fields = Fields::take(&mut params)?;
    params.finish()?;

    let mut product = before.clone();
    if let Some(name) = name {
        product.body["name"] = json!(name);
    }
    if let Some(default_price) = default_price {
        if let Some(price) = &default_price {
            tx.get(Kind::Price, price, "default_price")?;
        }
        product.body["default_price"] = json!(default_price);
    }
    fields.apply(&mut product.body);
    if product != before {
        product.body["updated"] = json!(tx.now());
    }
    tx.update(&before, &product)?;
    Ok(product.body)
}

pub(super) fn delete(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let product = find(tx, request.id())?;
    request.params.finish()?;
    let (prices, _) =
        tx.list(Kind::Price, &Listing { limit: 1, ..Listing::of_parent(&product.id) }, |_| true)?;
    if !prices.is_empty() {
        return Err(ApiError::invalid_param(
            "id",
            "This product cannot be deleted because it has one or more user-created prices.",
        ));
    }
    tx.delete(&product)?;
    tx.emit("product.deleted", &product, None)?;
    Ok(json!({ "id": product.id, "object": "product", "deleted": true }))
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let mut params = request.params;
    let page = Page::take(&mut params)?;
    let active = params.boolean("active")?;
    let ids = params.strings("ids")?;
    let created = params.time_range("created")?;
    let shippable = params.boolean("shippable")?;
    let url = params.string("url")?;
    let kind = params.string("type")?;
    params.finish()?;
    page.answer(tx, "/v1/products", Kind::Product, Listing::default(), |product| {
        active.is_none_or(|active| product.is("active") == active)
            && ids.as_ref().is_none_or(|ids| ids.contains(&product.id))
            && created.contains(product.integer("created").unwrap_or(0))
            && shippable.is_none_or(|shippable| product.body["shippable"] == shippable)
            && url.as_deref().is_none_or(|url| product.text("url") == Some(url))
            && kind.as_deref().is_none_or(|kind| product.text("type") == Some(kind))
    })
}

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::Product, id, "id").map_err(ApiError::in_path)
}
