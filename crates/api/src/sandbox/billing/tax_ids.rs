//! Tax ids: the numbers under which customers are known to their tax offices, and how they are verified.

use serde_json::{Value, json};

use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    store::{Listing, Tx},
};

/// The kinds there are, separated by spaces.
const KINDS: &str = "\
    ad_nrt ae_trn al_tin am_tin ao_tin ar_cuit au_abn au_acn au_arn au_wpn aw_tin az_tin ba_tin bb_tin \
    bd_bin bf_ifu bg_uic bh_vat bj_ifu bo_tin br_cnpj br_cpf bs_tin bw_vat by_tin ca_bn ca_gst_hst \
    ca_pst_bc ca_pst_mb ca_pst_sk ca_qst cd_nif ch_uid ch_vat ci_vat cl_tin cm_niu cn_tin co_nit cr_tin \
    cv_nif cz_dic de_stn do_rcn ec_ruc eg_tin es_cif et_tin eu_oss_vat eu_vat fo_vat fr_siren fr_siret \
    fr_spi gb_vat ge_vat gh_tin gi_tin gn_nif hk_br hr_oib hu_tin ic_nif id_npwp il_vat in_gst is_kt \
    is_vat it_cf jp_cn jp_rn jp_trn ke_pin kg_tin kh_tin kr_brn kz_bin la_tin li_uid li_vat lk_vat \
    ma_vat md_cf md_vat me_pib mk_vat mr_nif mu_vat mx_rfc my_frp my_itn my_sst mz_nuit ng_tin no_vat \
    no_voec np_pan nz_bn nz_gst om_vat pe_ruc ph_tin pl_nip pt_nif py_ruc ro_tin rs_pib ru_inn ru_kpp \
    sa_vat sg_gst sg_uen si_tin sm_coe sn_ninea sr_fin sv_nit th_vat tj_tin tr_tin tt_bir tt_vat tw_vat \
    tz_vat ua_vat ug_tin us_ein uy_ruc uz_tin uz_vat ve_rif vn_tin za_vat zm_tin zw_tin";

/// Kinds that Stripe verifies with the offices that give them out.
const VERIFIED: &[&str] = &["au_abn", "eu_vat", "gb_vat"];
/// Most tax ids of one customer.
const MOST: usize = 5;

/// A tax id to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewTaxId {
    /// `eu_vat`, `us_ein`, …
    pub(crate) kind: String,
    pub(crate) value: String,
}

/// The kinds that a page offers, those of the account's neighbours first, with how one of them reads.
pub(crate) const OFFERED: &[(&str, &str)] = &[
    ("eu_vat", "EU VAT: DE123456789"),
    ("gb_vat", "UK VAT: GB123456789"),
    ("us_ein", "US EIN: 12-3456789"),
    ("ch_vat", "Swiss VAT: CHE-123.456.789 MWST"),
    ("no_vat", "Norwegian VAT: 123456789MVA"),
    ("ca_gst_hst", "Canadian GST/HST: 123456789RT0002"),
    ("au_abn", "Australian ABN: 12345678912"),
    ("nz_gst", "New Zealand GST: 123456789"),
    ("in_gst", "Indian GST: 12ABCDE3456FGZH"),
    ("jp_trn", "Japanese registration: T1234567891234"),
];

/// Whether a value can be one of its kind. Only what is met most is looked at closely.
fn is_well_formed(kind: &str, value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // Stripe's values that stand for the outcome of a verification.
    if VERIFIED.contains(&kind) && outcome(value).is_some() {
        return true;
    }
    match kind {
        "eu_vat" => value.split_at_checked(2).is_some_and(|(country, number)| {
            country.bytes().all(|byte| byte.is_ascii_uppercase())
                && (2..=12).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+*".contains(&byte))
        }),
        "gb_vat" => value.strip_prefix("GB").is_some_and(|number| number.len() >= 5),
        "us_ein" => value.split_once('-').is_some_and(|(area, number)| {
            area.len() == 2 && number.len() == 7 && digits(area) && digits(number)
        }),
        "au_abn" => value.len() == 11 && digits(value),
        _ => !value.trim().is_empty(),
    }
}

/// What Stripe's test values of nine equal digits stand for.
fn outcome(value: &str) -> Option<&'static str> {
    match value.trim_start_matches(|letter: char| letter.is_ascii_uppercase()) {
        "000000000" => Some("verified"),
        "111111111" => Some("unverified"),
        "222222222" => Some("pending"),
        _ => None,
    }
}

/// The country that gave the number out.
fn country(new: &NewTaxId) -> Option<String> {
    let place = match new.kind.as_str() {
        "eu_oss_vat" => return None,
        "eu_vat" => new.value.get(..2)?,
        kind => kind.get(..2)?,
    };
    let place = place.to_ascii_uppercase();
    let is_country = place.bytes().all(|byte| byte.is_ascii_uppercase());
    // Greek numbers begin with the Greek name of Greece.
    is_country.then(|| if place == "EL" { "GR".to_owned() } else { place })
}

/// Refuses what is no tax id. `param` names the kind.
pub(crate) fn check(new: &NewTaxId, param: &str) -> Result<(), ApiError> {
    if !KINDS.split_whitespace().any(|kind| kind == new.kind) {
        let message = format!("Invalid type: {} is no type of tax ID", new.kind);
        return Err(ApiError::invalid_param(param, message));
    }
    if !is_well_formed(&new.kind, &new.value) {
        let message = format!("Invalid value for {}.", new.kind);
        return Err(ApiError::invalid_param("value", message).code("tax_id_invalid"));
    }
    Ok(())
}

impl Tx<'_> {
    /// Adds a tax id, of a customer or of the account itself. What is verified is so in a later event.
    pub(crate) fn add_tax_id(
        &mut self,
        customer: Option<&Object>,
        new: &NewTaxId,
    ) -> Result<Object, ApiError> {
        if let Some(customer) = customer {
            let (held, _) =
                self.list(Kind::TaxId, &Listing::of_customer(&customer.id), |_| true)?;
            if held.len() >= MOST {
                return Err(ApiError::invalid(format!(
                    "A customer can have at most {MOST} tax IDs."
                )));
            }
        }
        let is_verified = VERIFIED.contains(&new.kind.as_str());
        let status = if is_verified { "pending" } else { "unavailable" };
        let owner = match customer {
            Some(customer) => {
                json!({ "customer": customer.id, "customer_account": null, "type": "customer" })
            }
            None => json!({ "customer_account": null, "type": "self" }),
        };
        let body = json!({
            "country": country(new),
            "customer": customer.map(|customer| &customer.id),
            "customer_account": null,
            "owner": owner,
            "type": new.kind,
            "value": new.value,
            "verification": { "status": status, "verified_address": null, "verified_name": null },
        });
        let added = Object::new(Kind::TaxId, self.now(), body);
        self.insert(&added)?;
        let Some(customer) = customer else { return Ok(added) };
        self.emit("customer.tax_id.created", &added, None)?;
        let found = outcome(&new.value).unwrap_or("verified");
        if is_verified && found != "pending" {
            let mut verified = added.clone();
            verified.body["verification"] = match found {
                "verified" => json!({
                    "status": "verified", "verified_address": null, "verified_name": customer.body["name"],
                }),
                other => {
                    json!({ "status": other, "verified_address": null, "verified_name": null })
                }
            };
            self.save(&verified)?;
            self.emit_change("customer.tax_id.updated", &added, &verified)?;
        }
        Ok(added)
    }

    /// Removes a tax id.
    pub(crate) fn remove_tax_id(&mut self, tax_id: &Object) -> Result<(), ApiError> {
        self.delete(tax_id)?;
        if tax_id.body["customer"].is_null() {
            return Ok(());
        }
        self.emit("customer.tax_id.deleted", tax_id, None)
    }

    /// A customer's tax ids as invoices and sessions show them, oldest first.
    pub(crate) fn shown_tax_ids(&mut self, customer: &str) -> Result<Vec<Value>, ApiError> {
        let (mut held, _) = self.list(Kind::TaxId, &Listing::of_customer(customer), |_| true)?;
        held.reverse();
        let shown =
            |tax_id: &Object| json!({ "type": tax_id.body["type"], "value": tax_id.body["value"] });
        Ok(held.iter().map(shown).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_of_their_kind_and_country() {
        for (kind, value, expected) in [
            ("eu_vat", "DE123456789", Some("DE")),
            ("eu_vat", "EL123456789", Some("GR")),
            ("gb_vat", "GB000000000", Some("GB")),
            ("us_ein", "12-3456789", Some("US")),
            ("is_kt", "123456", Some("IS")),
            ("eu_vat", "123456789", None),
            ("us_ein", "123456789", None),
            ("au_abn", "12", None),
            ("no_vat", " ", None),
            ("xx_vat", "1", None),
        ] {
            let new = NewTaxId { kind: kind.to_owned(), value: value.to_owned() };
            let found = check(&new, "type").ok().and_then(|()| country(&new));
            assert_eq!(found.as_deref(), expected, "{kind} {value}");
        }
        for (kind, _) in OFFERED {
            assert!(KINDS.split_whitespace().any(|known| known == *kind), "{kind}");
        }
    }
}
