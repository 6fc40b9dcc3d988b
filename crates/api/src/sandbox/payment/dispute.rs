//! Disputes: a cardholder's bank takes a charge back, and evidence decides who keeps the money.

use serde_json::{Value, json};

use super::balance::Booking;
use crate::sandbox::{
    cards::Ground,
    error::ApiError,
    object::{Kind, Object},
    store::Tx,
};

/// Seconds in which evidence can be handed in.
const EVIDENCE_TIME: i64 = 9 * 86_400;

/// Texts of evidence, in the API's order.
pub(crate) const EVIDENCE: &[&str] = &[
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Won,
    Lost,
}

/// What the bank makes of evidence: in test mode Stripe goes by these words in `uncategorized_text`.
fn judged(evidence: &Value) -> Option<Verdict> {
    match evidence["uncategorized_text"].as_str()? {
        "winning_evidence" => Some(Verdict::Won),
        "losing_evidence" => Some(Verdict::Lost),
        _ => None,
    }
}

/// Whether it waits for evidence or for the bank.
pub(crate) fn is_open(dispute: &Object) -> bool {
    !matches!(dispute.text("status"), Some("won" | "lost" | "warning_closed" | "prevented"))
}

/// Whether it is a question that has taken no money yet.
fn is_inquiry(dispute: &Object) -> bool {
    dispute.text("status").is_some_and(|status| status.starts_with("warning"))
}

impl Tx<'_> {
    /// Opens a dispute of a charge. Unless it is a mere inquiry, the money is taken at once.
    pub(crate) fn open_dispute(
        &mut self,
        mut charge: Object,
        ground: Ground,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let mut evidence = json!({ "enhanced_evidence": {} });
        for name in EVIDENCE {
            evidence[*name] = Value::Null;
        }
        let details = &charge.body["billing_details"];
        evidence["customer_email_address"] = details["email"].clone();
        evidence["customer_name"] = details["name"].clone();
        let brand = &charge.body["payment_method_details"]["card"]["brand"];
        let dispute = Object::new(
            Kind::Dispute,
            now,
            json!({
                "amount": charge.body["amount"],
                "balance_transactions": [],
                "charge": charge.id,
                "currency": charge.body["currency"],
                "enhanced_eligibility_types": [],
                "evidence": evidence,
                "evidence_details": {
                    "due_by": now + EVIDENCE_TIME, "enhanced_eligibility": {}, "has_evidence": false,
                    "past_due": false, "submission_count": 0,
                },
                "is_charge_refundable": ground.is_inquiry,
                "metadata": {},
                "payment_intent": charge.body["payment_intent"],
                "payment_method_details": { "type": "card", "card": {
                    "brand": brand, "case_type": if ground.is_inquiry { "inquiry" } else { "chargeback" },
                    "network": brand, "network_reason_code": ground.network_reason_code,
                } },
                "reason": ground.reason,
                "status": if ground.is_inquiry { "warning_needs_response" } else { "needs_response" },
            }),
        );
        self.create(&dispute)?;
        let before = charge.clone();
        charge.body["disputed"] = json!(true);
        charge.private["is_charged_back"] = json!(!ground.is_inquiry);
        self.update(&before, &charge)?;
        if !ground.is_inquiry {
            self.withdraw(dispute)?;
        }
        Ok(())
    }

    fn withdraw(&mut self, mut dispute: Object) -> Result<(), ApiError> {
        let booked = self.book(Booking::withdrawal(&dispute))?;
        book_on(&mut dispute, booked);
        self.save(&dispute)?;
        self.emit("charge.dispute.funds_withdrawn", &dispute, None)
    }

    /// Hands evidence in: `texts` are set or cleared, and the bank decides when it is submitted.
    pub(crate) fn give_evidence(
        &mut self,
        before: &Object,
        mut dispute: Object,
        texts: Vec<(&'static str, Option<String>)>,
        submits: bool,
    ) -> Result<Object, ApiError> {
        for (name, text) in &texts {
            dispute.body["evidence"][*name] = json!(text);
        }
        let has_evidence = EVIDENCE.iter().any(|name| !dispute.body["evidence"][*name].is_null());
        dispute.body["evidence_details"]["has_evidence"] = json!(has_evidence);
        let submits = submits && !texts.is_empty();
        if submits {
            let count = &mut dispute.body["evidence_details"]["submission_count"];
            *count = json!(count.as_i64().unwrap_or(0) + 1);
            dispute.body["status"] =
                json!(if is_inquiry(before) { "warning_under_review" } else { "under_review" });
        }
        self.update(before, &dispute)?;
        match judged(&dispute.body["evidence"]).filter(|_| submits) {
            Some(verdict) => self.end_dispute(dispute, verdict),
            None => Ok(dispute),
        }
    }

    /// Ends a dispute; money that was taken comes back when it is won.
    pub(crate) fn end_dispute(
        &mut self,
        mut dispute: Object,
        verdict: Verdict,
    ) -> Result<Object, ApiError> {
        let before = dispute.clone();
        let was_inquiry = is_inquiry(&dispute);
        dispute.body["status"] = json!(match (was_inquiry, verdict) {
            (true, _) => "warning_closed",
            (false, Verdict::Won) => "won",
            (false, Verdict::Lost) => "lost",
        });
        dispute.body["is_charge_refundable"] = json!(was_inquiry);
        self.save(&dispute)?;
        self.emit_change("charge.dispute.closed", &before, &dispute)?;
        if verdict == Verdict::Won && !was_inquiry {
            let booked = self.book(Booking::reinstatement(&dispute))?;
            book_on(&mut dispute, booked);
            self.save(&dispute)?;
            self.emit("charge.dispute.funds_reinstated", &dispute, None)?;
        }
        Ok(dispute)
    }

    /// What the clock does to a dispute whose time for evidence is over.
    pub(crate) fn miss_dispute(&mut self, mut dispute: Object) -> Result<(), ApiError> {
        dispute.body["evidence_details"]["past_due"] = json!(true);
        self.end_dispute(dispute, Verdict::Lost).map(drop)
    }
}

fn book_on(dispute: &mut Object, booked: Object) {
    if let Some(bookings) = dispute.body["balance_transactions"].as_array_mut() {
        bookings.push(booked.body);
    }
}
