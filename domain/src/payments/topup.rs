//! Putting money into a wallet through a payment gateway.
//!
//! The transaction is stored before the gateway is called and settled after it answered, and no unit of work is open in
//! between. If the process dies in the gap, the transaction stays PENDING; the repetition of the request finds it, asks
//! the gateway again under the same id, and goes on.

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    ids::{TransactionId, UserId, WalletId},
    ledger::{
        Counterparty, Instruction, Purpose, SystemAccount, Transaction, TransactionKind, TransactionStatus, Wallet,
    },
    payments::{GatewayState, Method, MethodKind, NewCharge, Outcome, Payer, Snapshot},
};

use super::Payments;
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
    ledger::{Draft, Movement, NewTransaction, Party, in_currency, new_transfer, note, payload, person, post, settled},
};

/// How much, and by which of the gateway's methods; the first one unless named.
#[derive(Debug, Clone, Default)]
pub struct Topup {
    pub topup: NewTransaction,
    pub method: Option<String>,
}

impl Payments {
    /// Tops up a wallet of the caller, named or the default one. Idempotent by `id`.
    ///
    /// The transaction is COMPLETED if the gateway has settled at once, and PROCESSING while its answer is not known.
    ///
    /// # Errors
    /// [`Code::WalletNotFound`] for a wallet that is not the caller's, [`Code::PaymentRefused`] with the gateway's
    /// reason, [`Code::Invalid`] for the amount or an unknown method, [`Code::TransferConflict`] for an id that stands
    /// for something else.
    pub async fn topup(&self, by: &Principal, id: TransactionId, into: Party, topup: Topup) -> Result<Movement> {
        let wallet = match into {
            Party::Wallet(wallet) => self.0.own_wallet(by, wallet).await?,
            Party::User(user) => self.own_default_wallet(by, user).await?,
        };
        let method = self.method(topup.method.as_deref())?;
        let topup = in_currency(wallet.currency, topup.topup)?;
        let transaction = self.prepare(by, id, &wallet, &topup, method).await?;
        if transaction.status == TransactionStatus::Pending {
            let charge = NewCharge {
                reference: id.to_string(),
                idempotency_key: id.to_string(),
                amount: transaction.amount,
                method: Method::plain(method),
                expires_at: self.0.now() + self.0.policy.pending_lifetime,
                description: transaction.description.clone(),
                payer: Payer::default(),
            };
            let outcome = self.0.ports.gateway.create(&charge).await;
            self.settle(by, id, outcome).await?;
        }
        self.result(id, wallet.id).await
    }

    async fn own_default_wallet(&self, by: &Principal, user: UserId) -> Result<Wallet> {
        Permission::OwnWallets.check(by)?;
        if person(by)? != user {
            return Err(Error::new(Code::PermissionDenied, "Only the owner tops up a wallet."));
        }
        let found = self.0.ports.store.wallets().default_wallet(user, self.0.now()).await?;
        let (wallet, _) = found.ok_or_else(|| Error::new(Code::UserNotFound, "The account is closed."))?;
        Ok(wallet)
    }

    fn method(&self, wanted: Option<&str>) -> Result<MethodKind> {
        let offered = &self.0.ports.gateway.capabilities().methods;
        let found = match wanted {
            None => offered.first(),
            Some(wanted) => offered.iter().find(|method| method.as_str() == wanted),
        };
        found.copied().ok_or_else(|| match offered.as_slice() {
            [] => Error::fault("/method", "cannot be chosen: this host has no payment gateway"),
            some => {
                let names: Vec<&str> = some.iter().map(|method| method.as_str()).collect();
                Error::fault("/method", format!("must be one of {}", names.join(", ")))
            }
        })
    }

    /// Stores the transaction before anything leaves the house; answers the one that is there if it is a repetition.
    async fn prepare(
        &self,
        by: &Principal,
        id: TransactionId,
        wallet: &Wallet,
        topup: &NewTransaction,
        method: MethodKind,
    ) -> Result<Transaction> {
        let (amount, description, reference) = topup.validate()?;
        let now = self.0.now();
        let gateway = self.0.ports.gateway.name().to_owned();
        let counterparty = Counterparty::Gateway { name: gateway.clone(), method: method.to_string() };
        let draft = Draft { id, kind: TransactionKind::Topup, wallet, counterparty, amount, description, reference };
        let transaction = draft.transaction(TransactionStatus::Pending, now);
        let mut uow = self.0.begin().await?;
        match uow.transactions().add(&transaction).await {
            Ok(()) => {}
            Err(StoreError::Conflict(Unique::Id)) => {
                drop(uow);
                return made_before(self.0.transaction(id).await?, &transaction);
            }
            Err(other) => return Err(other.into()),
        }
        uow.books().open(&SystemAccount::GatewayCash { gateway }.open(amount.currency(), now)).await?;
        self.0.file(&mut *uow, note(Some(by), &transaction), payload(&transaction), now).await?;
        uow.commit().await?;
        Ok(transaction)
    }

    /// Writes down what the gateway answered. What was settled in the meantime stays as it is.
    async fn settle(&self, by: &Principal, id: TransactionId, outcome: Outcome<Snapshot>) -> Result<()> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let found = uow.transactions().find(id).await?;
        let mut transaction = found.ok_or_else(|| Error::internal("a top-up vanished while its gateway answered"))?;
        if transaction.status != TransactionStatus::Pending {
            return Ok(());
        }
        match outcome {
            Outcome::Done(snapshot) if snapshot.state == GatewayState::Paid => {
                let gateway = self.0.ports.gateway.name().to_owned();
                let amount = transaction.amount;
                let debit = SystemAccount::GatewayCash { gateway }.id(amount.currency());
                let instruction = Instruction::Post { debit, credit: transaction.wallet.into(), amount };
                let transfer = new_transfer(id.into(), Purpose::Topup, instruction)?;
                settled(post::one(&mut *uow, transfer.into(), now).await?, amount.currency())?;
                transaction.status = TransactionStatus::Completed;
                transaction.transfer = Some(id.into());
            }
            Outcome::Refused(refusal) => {
                transaction.status = TransactionStatus::Failed;
                transaction.failure = Some(refusal.reason);
            }
            Outcome::Done(_) => transaction.status = TransactionStatus::Processing,
            Outcome::Unknown(reason) => {
                transaction.status = TransactionStatus::Processing;
                transaction.failure = Some(reason);
            }
        }
        transaction.updated_at = now;
        uow.transactions().save(&transaction).await?;
        self.0.file(&mut *uow, note(Some(by), &transaction), payload(&transaction), now).await?;
        Ok(uow.commit().await?)
    }

    async fn result(&self, id: TransactionId, wallet: WalletId) -> Result<Movement> {
        let transaction = self.0.transaction(id).await?;
        if transaction.status == TransactionStatus::Failed {
            let reason = transaction.failure.unwrap_or_default();
            return Err(Error::new(Code::PaymentRefused, format!("The payment gateway refused: {reason}.")));
        }
        let mut uow = self.0.begin().await?;
        let line = uow.books().transfers(&[id.into()]).await?.pop();
        let balance = match line {
            Some(line) => line.credit_balance,
            None => {
                let found = self.0.ports.store.wallets().wallet(wallet, self.0.now()).await?;
                found.map_or(0, |(_, account)| account.counters.balance().posted)
            }
        };
        Ok(Movement { transaction, balance })
    }
}

/// The transaction that an id stands for already, if it is the one that is asked for.
fn made_before(known: Transaction, wanted: &Transaction) -> Result<Transaction> {
    let content = |t: &Transaction| (t.kind, t.wallet, t.amount, t.counterparty.clone());
    if content(&known) == content(wanted) {
        return Ok(known);
    }
    Err(Error::new(Code::TransferConflict, "This id was used for something else."))
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, atomic::Ordering};

    use dermaga_ports::{
        auth::Role,
        ledger::{Account, AccountKind, Floor, WalletName},
        money::Currency,
        payments::Capabilities,
        time::Timestamp,
    };
    use uuid::Uuid;

    use super::*;
    use crate::testing::{Bench, NOW, Shelf, Unit, account, logged_in};

    #[tokio::test]
    async fn the_attempt_is_stored_before_the_call_and_nothing_is_open_during_it() {
        let user = account(1, Role::User);
        let now = Timestamp::from_micros(NOW);
        let wallet = Wallet {
            id: WalletId(Uuid::from_u128(2)),
            owner: user.id,
            name: WalletName::main(),
            currency: Currency::Idr,
            is_default: true,
            closed: false,
            created_at: now,
        };
        let kept =
            Account::open(wallet.id.into(), AccountKind::Wallet, String::new(), Currency::Idr, Floor::AtLeast(0), now);
        let stored: std::sync::Arc<Mutex<Option<Transaction>>> = std::sync::Arc::default();

        let mut preparing = Unit::with_papers();
        preparing.books.expect_open().times(1).returning(|_| Ok(()));
        let place = stored.clone();
        preparing.transactions.expect_add().times(1).returning(move |transaction| {
            *place.lock().expect("no panic") = Some(transaction.clone());
            Ok(())
        });
        let mut settling = Unit::with_papers();
        let place = stored.clone();
        settling.transactions.expect_find().returning(move |_| Ok(place.lock().expect("no panic").clone()));
        let place = stored.clone();
        settling.transactions.expect_save().times(1).returning(move |transaction| {
            *place.lock().expect("no panic") = Some(transaction.clone());
            Ok(())
        });
        let mut reading = Unit::default();
        reading.books.expect_transfers().returning(|_| Ok(vec![]));

        let mut shelf = Shelf::default();
        shelf.units.lock().expect("no panic").extend([preparing, settling, reading]);
        let found = (wallet.clone(), kept);
        shelf.wallets.expect_wallet().returning(move |_, _| Ok(Some(found.clone())));
        let place = stored.clone();
        shelf.transactions.expect_transaction().returning(move |_| Ok(place.lock().expect("no panic").clone()));

        let mut bench = Bench::default();
        let (place, open) = (stored.clone(), shelf.open.clone());
        bench.gateway.expect_name().return_const("played".to_owned());
        bench.gateway.expect_capabilities().return_const(Capabilities {
            methods: vec![MethodKind::Instant],
            banks: vec![],
            unfindable: vec![],
            reviews: false,
        });
        bench.gateway.expect_create().times(1).returning(move |charge| {
            let attempt = place.lock().expect("no panic").clone().expect("stored before the call");
            assert_eq!(
                (attempt.id.to_string(), attempt.status),
                (charge.reference.clone(), TransactionStatus::Pending)
            );
            assert_eq!(open.load(Ordering::SeqCst), 0, "no unit of work is open");
            Outcome::Unknown("no answer".to_owned())
        });

        let topup = Topup { topup: NewTransaction { amount: 5, ..NewTransaction::default() }, method: None };
        let id = TransactionId(Uuid::from_u128(3));
        let app = bench.app(shelf);
        let movement = app.payments.topup(&logged_in(&user), id, Party::Wallet(wallet.id), topup).await;
        assert_eq!(movement.expect("is under way").transaction.status, TransactionStatus::Processing);
    }
}
