//! Topping up a wallet, named by itself or by its owner.

use dermaga_domain::{ledger::Party, payments::Topup};
use dermaga_ports::auth::Principal;
use poem_openapi::types::ToJSON;

use super::wire::{TopupAnswer, TopupBody};
use crate::{
    answer::{Request, Taken},
    deps::Deps,
    edge::ApiResult,
};

/// Tops up once for each key.
pub async fn top_up(
    deps: &Deps,
    by: &Principal,
    operation: &'static str,
    key: Option<String>,
    into: Party,
    body: TopupBody,
) -> ApiResult<Taken<TopupAnswer>> {
    body.refuse_cards()?;
    let content = format!("{into:?} {}", body.to_json_string());
    let request = Request { deps, caller: Some(by), operation, key, content };
    let once = request.once(|seed| async move {
        let (movement, payment) = deps.app.payments.topup(by, seed.into(), into, Topup::from(body)).await?;
        Ok(TopupAnswer::of(movement, payment))
    });
    Ok(once.await?.into())
}
