//! Disputes. Test cards open them; evidence and `close` end them.

use super::{Outcome, Request, charges};
use crate::sandbox::{
    error::ApiError,
    object::{Kind, Object},
    params::Metadata,
    payment::dispute::{EVIDENCE, Verdict, is_open},
    store::Tx,
};

fn find(tx: &mut Tx<'_>, id: &str) -> Result<Object, ApiError> {
    tx.get(Kind::Dispute, id, "dispute").map_err(ApiError::in_path)
}

pub(super) fn retrieve(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let dispute = find(tx, request.id())?;
    request.params.finish()?;
    Ok(dispute.body)
}

pub(super) fn update(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let before = find(tx, request.id())?;
    let mut params = request.params;
    let metadata = params.metadata()?;
    let submits = params.boolean("submit")?.unwrap_or(true);
    let texts = params.hash("evidence", |evidence| {
        evidence.kept("enhanced_evidence")?;
        let mut texts = Vec::new();
        for name in EVIDENCE {
            if let Some(text) = evidence.clearable(name)? {
                texts.push((*name, text));
            }
        }
        Ok(texts)
    })?;
    params.finish()?;
    let mut dispute = before.clone();
    Metadata::apply(metadata, &mut dispute.body);
    let texts = texts.unwrap_or_default();
    if texts.is_empty() {
        tx.update(&before, &dispute)?;
        return Ok(dispute.body);
    }
    refuse_closed(&before)?;
    Ok(tx.give_evidence(&before, dispute, texts, submits)?.body)
}

pub(super) fn close(tx: &mut Tx<'_>, request: Request) -> Outcome {
    let dispute = find(tx, request.id())?;
    request.params.finish()?;
    refuse_closed(&dispute)?;
    Ok(tx.end_dispute(dispute, Verdict::Lost)?.body)
}

fn refuse_closed(dispute: &Object) -> Result<(), ApiError> {
    if is_open(dispute) {
        return Ok(());
    }
    Err(ApiError::invalid("This dispute is already closed"))
}

pub(super) fn list(tx: &mut Tx<'_>, request: Request) -> Outcome {
    charges::list_behind(tx, request, "/v1/disputes", Kind::Dispute)
}
