//! Paying over HTTP: from a wallet at once, or through a gateway.

mod attempts;
mod cards;
mod checkout;
mod inbox;
mod proofs;
mod wire;

pub use attempts::AttemptsApi;
pub use cards::refuse as refuse_cards;
pub use checkout::PaymentChoice;
use dermaga_domain::{
    ledger::{NewTransaction, TransferOrder},
    payments::MerchantPayment,
};
pub use inbox::InboxApi;
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Header};
pub use proofs::ProofsApi;
use uuid::Uuid;
pub use wire::PaymentBody;

use crate::{
    answer::{Created, Request, content},
    caller::Person,
    deps::Deps,
    edge::{ApiResult, Json},
    ledger::{MovementBody, receiver},
    tags::Tag,
    wire::{CurrencyCode, currency_text},
};

/// `/payments`
pub struct PaymentsApi;

/// A payment to a merchant.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct Pay {
    wallet_id: Uuid,
    /// The merchant's name
    merchant: String,
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: i64,
    /// The wallet's currency unless named
    currency: Option<CurrencyCode>,
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

/// A transfer to another user, by user or by wallet.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct Transfer {
    from_wallet_id: Uuid,
    /// The receiver; the wallet in the currency of the amount gets the money
    to_user_id: Option<Uuid>,
    /// The receiver's wallet, instead of the receiver
    to_wallet_id: Option<Uuid>,
    /// In the currency's smallest unit; more than 0
    #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
    amount: i64,
    /// The wallet's currency unless named
    currency: Option<CurrencyCode>,
    #[oai(validator(max_length = 255))]
    description: Option<String>,
}

#[OpenApi(prefix_path = "/payments", tag = "Tag::Payments")]
impl PaymentsApi {
    /// Pay a merchant from a wallet, at once
    #[oai(path = "/pay", method = "post", operation_id = "pay_merchant")]
    async fn pay(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<Pay>,
    ) -> ApiResult<Created<MovementBody>> {
        let by = &person.0;
        let content = content(&key, &body.0);
        let request = Request { deps: &deps, caller: Some(by), operation: "pay_merchant", key: key.0, content };
        let once = request.once(|seed| async move {
            let Pay { wallet_id, merchant, amount, currency, description } = body.0;
            let payment = NewTransaction { amount, currency: currency_text(currency), description, reference: None };
            let payment = MerchantPayment { merchant, payment };
            let movement = deps.app.payments.pay(by, seed.into(), wallet_id.into(), payment).await?;
            Ok(MovementBody::from(movement))
        });
        Ok(once.await?.into())
    }

    /// Send money to another user, at once
    #[oai(path = "/transfer", method = "post", operation_id = "transfer")]
    async fn transfer(
        &self,
        person: Person,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<Transfer>,
    ) -> ApiResult<Created<MovementBody>> {
        let by = &person.0;
        let receiver = receiver(body.0.to_user_id, body.0.to_wallet_id)?;
        let content = content(&key, &body.0);
        let request = Request { deps: &deps, caller: Some(by), operation: "transfer", key: key.0, content };
        let once = request.once(|seed| async move {
            let Transfer { from_wallet_id, amount, currency, description, .. } = body.0;
            let new = NewTransaction { amount, currency: currency_text(currency), description, reference: None };
            let order = TransferOrder { id: seed.into(), from: from_wallet_id.into(), to: receiver, terms: new };
            Ok(MovementBody::from(deps.app.transactions.transfer(by, order).await?))
        });
        Ok(once.await?.into())
    }
}
