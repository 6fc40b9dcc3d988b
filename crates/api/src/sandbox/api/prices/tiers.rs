//! The parts of a price that say how quantities are charged: tiers, packages, and amounts that the payer chooses.

use serde_json::{Value, json};

use crate::sandbox::{billing::pricing, error::ApiError, params::Params};

/// `tiers`, in the shape in which they are shown: `up_to` is null in the last one.
pub(super) fn take_tiers(params: &mut Params) -> Result<Option<Value>, ApiError> {
    let tiers = params.hashes("tiers", |tier| {
        let up_to = match tier.required("up_to")?.as_str() {
            "inf" => Value::Null,
            number => json!(number.parse::<u64>().map_err(|_| {
                ApiError::invalid_param(tier.name("up_to"), format!("Invalid integer: {number}"))
            })?),
        };
        let (flat_amount, flat_amount_decimal) = take_amount(tier, "flat_amount")?;
        let (unit_amount, unit_amount_decimal) = take_amount(tier, "unit_amount")?;
        Ok(json!({
            "flat_amount": flat_amount,
            "flat_amount_decimal": flat_amount_decimal,
            "unit_amount": unit_amount,
            "unit_amount_decimal": unit_amount_decimal,
            "up_to": up_to,
        }))
    })?;
    let Some(tiers) = tiers else { return Ok(None) };
    if tiers.last().is_none_or(|last| !last["up_to"].is_null()) {
        return Err(ApiError::invalid_param(
            params.name("tiers"),
            "The last price tier must have `up_to` set to `inf`",
        ));
    }
    let bounds: Vec<u64> = tiers.iter().filter_map(|tier| tier["up_to"].as_u64()).collect();
    if bounds.len() + 1 != tiers.len() || !bounds.is_sorted_by(|one, next| one < next) {
        return Err(ApiError::invalid_param(
            params.name("tiers"),
            "Tiers must be ordered by `up_to`, and only the last one may be `inf`",
        ));
    }
    if let Some(place) = tiers.iter().position(|tier| {
        tier["unit_amount_decimal"].is_null() && tier["flat_amount_decimal"].is_null()
    }) {
        return Err(ApiError::invalid_param(
            format!("{}[{place}]", params.name("tiers")),
            "Each tier needs a `unit_amount`, a `flat_amount`, or both",
        ));
    }
    Ok(Some(tiers.into()))
}

/// An amount of a tier: whole minor units, or `…_decimal`.
fn take_amount(tier: &mut Params, name: &str) -> Result<(Option<i64>, Option<String>), ApiError> {
    let decimal_name = format!("{name}_decimal");
    let (whole, decimal) = (tier.integer_from(name, 0)?, tier.string(&decimal_name)?);
    if let Some(whole) = whole {
        return Ok((Some(whole), Some(whole.to_string())));
    }
    let Some(decimal) = decimal else { return Ok((None, None)) };
    let (whole, decimal) = pricing::shown(&decimal).ok_or_else(|| {
        let message = format!("Invalid decimal: {decimal}");
        ApiError::invalid_param(tier.name(&decimal_name), message)
    })?;
    Ok((whole, Some(decimal)))
}

/// `transform_quantity`.
pub(super) fn take_transform_quantity(params: &mut Params) -> Result<Option<Value>, ApiError> {
    params.hash("transform_quantity", |transform| {
        let divide_by = transform
            .integer_from("divide_by", 1)?
            .ok_or_else(|| ApiError::missing(transform.name("divide_by")))?;
        let round = transform
            .choice("round", &["down", "up"])?
            .ok_or_else(|| ApiError::missing(transform.name("round")))?;
        Ok(json!({ "divide_by": divide_by, "round": round }))
    })
}

/// `custom_unit_amount`; null unless it is enabled.
pub(super) fn take_custom_unit_amount(params: &mut Params) -> Result<Option<Value>, ApiError> {
    params.hash("custom_unit_amount", |custom| {
        let is_enabled =
            custom.boolean("enabled")?.ok_or_else(|| ApiError::missing(custom.name("enabled")))?;
        let bounds = json!({
            "maximum": custom.integer_from("maximum", 0)?,
            "minimum": custom.integer_from("minimum", 0)?,
            "preset": custom.integer_from("preset", 0)?,
        });
        Ok(if is_enabled { bounds } else { Value::Null })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::form;

    fn params(encoded: &str) -> Params {
        Params::new(form::decode(encoded.as_bytes()).unwrap())
    }

    #[test]
    fn tiers_end_with_an_open_one() {
        let tiers = "tiers[0][up_to]=5&tiers[0][unit_amount]=700&tiers[1][up_to]=inf&tiers[1][flat_amount]=9";
        let taken = take_tiers(&mut params(tiers)).unwrap().unwrap();
        assert_eq!((&taken[0]["up_to"], &taken[0]["unit_amount"]), (&json!(5), &json!(700)));
        assert_eq!(
            (&taken[1]["up_to"], &taken[1]["flat_amount_decimal"]),
            (&Value::Null, &json!("9"))
        );
        for wrong in [
            "tiers[0][up_to]=5",
            "tiers[0][unit_amount]=5",
            "tiers[0][up_to]=inf&tiers[0][price]=1",
            "tiers[0][up_to]=inf",
            "tiers[0][up_to]=5&tiers[0][unit_amount]=1&tiers[1][up_to]=5&tiers[1][unit_amount]=1&tiers[2][up_to]=inf",
        ] {
            assert!(take_tiers(&mut params(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn packages_need_a_size_and_a_direction() {
        let packages = "transform_quantity[divide_by]=10&transform_quantity[round]=up";
        let taken = take_transform_quantity(&mut params(packages)).unwrap();
        assert_eq!(taken, Some(json!({ "divide_by": 10, "round": "up" })));
        let error =
            take_transform_quantity(&mut params("transform_quantity[divide_by]=0")).unwrap_err();
        assert_eq!(error.param.as_deref(), Some("transform_quantity[divide_by]"));
    }
}
