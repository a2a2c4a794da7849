//! `/transfers`: many transfers in one request.

use dermaga_domain::{
    Error, Result,
    ledger::{NewTransaction, Party, Receipt, TransferOrder},
};
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi, param::Header};
use uuid::Uuid;

use crate::{
    answer::{Done, Request, content},
    caller::Caller,
    deps::Deps,
    edge::{ApiError, ApiResult, Json, Problem},
    tags::Tag,
    wire::{CurrencyCode, currency_text},
};

/// `/transfers`
pub struct TransfersApi;

/// One of many transfers.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct BatchTransfer {
    /// Your own id for it: repeated with the same content, it moves nothing and answers the same. One is made if you
    /// leave it out
    id: Option<Uuid>,
    from_wallet_id: Uuid,
    /// The receiver's wallet
    to_wallet_id: Option<Uuid>,
    /// The receiver, instead of a wallet; the wallet in the currency of the amount gets the money
    to_user_id: Option<Uuid>,
    /// In the currency's smallest unit; more than 0
    amount: i64,
    /// The paying wallet's currency unless named
    currency: Option<CurrencyCode>,
    description: Option<String>,
}

/// Up to a thousand transfers.
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
struct Batch {
    #[oai(validator(min_items = "1", max_items = "1000"))]
    transfers: Vec<BatchTransfer>,
    /// All of them or none; otherwise each for itself
    #[oai(default)]
    atomic: bool,
}

/// What became of a transfer.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "BatchTransferStatus", rename_all = "UPPERCASE")]
enum ResultStatus {
    Completed,
    Refused,
}

/// The answer to one of the transfers, in the order they were sent.
#[derive(Debug, Clone, Object)]
#[oai(rename = "BatchTransferResult", skip_serializing_if_is_none)]
struct ResultBody {
    id: Uuid,
    status: ResultStatus,
    /// The paying wallet's balance right after it
    balance: Option<i64>,
    /// `true` if it had been made before, and this is the first answer again
    replayed: Option<bool>,
    /// Why it was refused. The pointers in it are relative to this transfer: `/amount`, wherever it is in the batch
    problem: Option<Problem>,
}

/// The answers to a batch.
#[derive(Debug, Clone, Object)]
struct BatchResult {
    results: Vec<ResultBody>,
}

/// Who gets the money: a person, or one of their wallets, but not both.
///
/// # Errors
/// A fault at `/to_user_id` or `/to_wallet_id`, in a body that has both fields at its root.
pub fn receiver(to_user_id: Option<Uuid>, to_wallet_id: Option<Uuid>) -> Result<Party> {
    match (to_user_id, to_wallet_id) {
        (Some(user), None) => Ok(Party::User(user.into())),
        (None, Some(wallet)) => Ok(Party::Wallet(wallet.into())),
        (None, None) => Err(Error::fault("/to_user_id", "is required, unless to_wallet_id is given")),
        (Some(_), Some(_)) => Err(Error::fault("/to_wallet_id", "must not be given together with to_user_id")),
    }
}

impl BatchTransfer {
    /// The transfer as the rules know it; `made` is the id if the caller has none.
    fn order(self, made: Uuid) -> Result<TransferOrder> {
        let to = receiver(self.to_user_id, self.to_wallet_id)?;
        let terms = NewTransaction {
            amount: self.amount,
            currency: currency_text(self.currency),
            description: self.description,
            reference: None,
        };
        Ok(TransferOrder { id: self.id.unwrap_or(made).into(), from: self.from_wallet_id.into(), to, terms })
    }
}

impl From<Receipt> for ResultBody {
    fn from(receipt: Receipt) -> Self {
        Self {
            id: receipt.id.into(),
            status: ResultStatus::Completed,
            balance: Some(receipt.balance),
            replayed: receipt.replayed.then_some(true),
            problem: None,
        }
    }
}

impl ResultBody {
    fn refused(id: Uuid, error: Error) -> Self {
        let problem = Some(ApiError::from(error).problem(None));
        Self { id, status: ResultStatus::Refused, balance: None, replayed: None, problem }
    }
}

#[OpenApi(prefix_path = "/transfers", tag = "Tag::Payments")]
impl TransfersApi {
    /// Move money between many pairs of wallets, at once
    ///
    /// People move from their own wallets, services from any. The order is kept, and each transfer sees what those
    /// before it left behind.
    ///
    /// If the whole batch is refused, pointers in the problem lead into the body: `/transfers/3/amount`. If only one of
    /// its transfers is, pointers in that result's `problem` are relative to the transfer: `/amount`.
    #[oai(path = "/batch", method = "post", operation_id = "transfer_batch")]
    async fn batch(
        &self,
        caller: Caller,
        deps: Data<&Deps>,
        /// Repeat the request safely: the same key and body get the same answer. Ids of your own do the same for each
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: Json<Batch>,
    ) -> ApiResult<Done<BatchResult>> {
        let by = &caller.0;
        let content = content(&key, &body.0);
        let request = Request { deps: &deps, caller: Some(by), operation: "transfer_batch", key: key.0, content };
        let once = request.once(|seed| async move {
            let Batch { transfers, atomic } = body.0;
            let mut orders = Vec::with_capacity(transfers.len());
            for (place, transfer) in transfers.into_iter().enumerate() {
                // Follows from the seed, so that a repetition after a crash finds what was done. The seed's own time
                // stays in front: ids in the order of time are what lists and the journal's index are best at.
                let made = Uuid::from_u128(seed.as_u128() ^ place as u128);
                let order = transfer.order(made);
                orders.push(order.map_err(|error| error.within(&format!("/transfers/{place}")))?);
            }
            let ids: Vec<Uuid> = orders.iter().map(|order| order.id.into()).collect();
            let transactions = &deps.app.transactions;
            let results = if atomic {
                transactions.transfer_all(by, orders).await?.into_iter().map(ResultBody::from).collect()
            } else {
                let receipts = transactions.transfer_each(by, orders).await?.into_iter().zip(ids);
                let result = |(receipt, id): (Result<Receipt>, Uuid)| match receipt {
                    Ok(receipt) => receipt.into(),
                    Err(error) => ResultBody::refused(id, error),
                };
                receipts.map(result).collect()
            };
            Ok(BatchResult { results })
        });
        Ok(once.await?.into())
    }
}
