//! Transfers at once, from wallet to wallet: one, or up to a thousand in a request.
//!
//! Such a transfer needs no papers. Its line in the journal says who paid whom, what was written on it and who asked for
//! it; the transaction that people see, the event and the entry in the audit trail are views of that line. This is the
//! path that carries nearly all traffic, so nothing is asked of the store that cannot be remembered.

use std::collections::HashMap;

use dermaga_ports::{
    auth::Principal,
    ids::{TransactionId, TransferId, UserId, WalletId},
    ledger::{
        Counterparty, Instruction, MAX_LINKED, NewTransfer, Outcome, Posted, Posting, Purpose, RefusalReason, Title,
        Transaction, TransactionKind, TransactionStatus, Voucher,
    },
    money::Money,
};

use super::{
    Movement, NewTransaction, Party, Transactions, in_currency,
    refusal::{explain, settled},
    transactions::no_recipient,
    voucher::new_transfer,
    wallets::wallet_not_found,
};
use crate::{
    auth::Permission,
    error::{Code, Error, Result},
};

/// The most transfers in one request.
pub const MAX_BATCH: usize = MAX_LINKED;

/// A transfer that is asked for.
#[derive(Debug, Clone)]
pub struct TransferOrder {
    /// The caller's, and the key of idempotence.
    pub id: TransferId,
    pub from: WalletId,
    pub to: Party,
    pub terms: NewTransaction,
}

/// What a transfer of a batch left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub id: TransferId,
    /// The payer's posted balance right after it, in smallest units.
    pub balance: i64,
    /// It had been made before: this is the first answer again.
    pub replayed: bool,
}

/// An order that may be carried out, as far as can be told without looking at a balance.
struct Ready {
    transfer: NewTransfer,
    payer: (UserId, WalletId),
    payee: (UserId, WalletId),
    amount: Money,
}

impl Transactions {
    /// Moves money between two wallets at once. Idempotent by the order's id.
    ///
    /// # Errors
    /// [`Code::WalletNotFound`] for a wallet that is not the caller's, [`Code::RecipientNotFound`],
    /// [`Code::SelfTransfer`], [`Code::CurrencyMismatch`], [`Code::InsufficientFunds`], [`Code::Invalid`].
    pub async fn transfer(&self, by: &Principal, order: TransferOrder) -> Result<Movement> {
        let titles = self.titles(std::slice::from_ref(&order)).await?;
        let ready = self.prepare(by, order, &titles).await?;
        let line = match self.0.ports.ledger.post(vec![ready.voucher()]).await?.pop() {
            Some(outcome) => ready.settle(outcome)?,
            None => return Err(nothing_answered()),
        };
        let balance = line.transfer.debit_balance;
        let transaction = if line.replayed {
            self.0.transaction(TransactionId(line.transfer.id.0)).await?
        } else {
            ready.transaction(line)
        };
        Ok(Movement { transaction, balance })
    }

    /// Moves money between many pairs of wallets: each order for itself, with an answer of its own. Idempotent by their
    /// ids. People move from their own wallets, services from any.
    ///
    /// # Errors
    /// [`Code::Invalid`] for no orders or more than [`MAX_BATCH`]; otherwise only when the store fails. What is wrong
    /// with an order is its own answer, the same as for a single transfer.
    pub async fn transfer_each(&self, by: &Principal, orders: Vec<TransferOrder>) -> Result<Vec<Result<Receipt>>> {
        let prepared = self.prepare_all(by, orders).await?;
        let vouchers = prepared.iter().flatten().map(Ready::voucher).collect();
        let mut outcomes = self.0.ports.ledger.post(vouchers).await?.into_iter();
        let answer = |ready: Result<Ready>| {
            let ready = ready?;
            let line = ready.settle(outcomes.next().ok_or_else(nothing_answered)?)?;
            Ok(receipt(line))
        };
        Ok(prepared.into_iter().map(answer).collect())
    }

    /// The same for all of them or none.
    ///
    /// # Errors
    /// Those of a single transfer, for the first order that cannot be carried out; pointers begin with its place, as in
    /// `/transfers/7/amount`. Nothing was moved then.
    pub async fn transfer_all(&self, by: &Principal, orders: Vec<TransferOrder>) -> Result<Vec<Receipt>> {
        let mut ready = Vec::with_capacity(orders.len());
        for (place, prepared) in self.prepare_all(by, orders).await?.into_iter().enumerate() {
            ready.push(prepared.map_err(|error| error.within(&pointer(place)))?);
        }
        let transfers = ready.iter().map(|ready| ready.transfer.clone()).collect();
        let posting = Posting::linked(transfers).ok_or_else(wrong_number)?;
        let outcome = self.0.ports.ledger.post(vec![posting.into()]).await?.pop().ok_or_else(nothing_answered)?;
        match outcome {
            Ok(lines) => Ok(lines.into_iter().map(receipt).collect()),
            Err(refusal) => {
                let place = refusal.index;
                let error = match ready.get(place) {
                    Some(ready) => ready.explain(&refusal.reason),
                    None => Error::internal("a refusal of a transfer that was not asked for"),
                };
                Err(error.within(&pointer(place)))
            }
        }
    }

    async fn prepare_all(&self, by: &Principal, orders: Vec<TransferOrder>) -> Result<Vec<Result<Ready>>> {
        if !(1..=MAX_BATCH).contains(&orders.len()) {
            return Err(wrong_number());
        }
        let titles = self.titles(&orders).await?;
        let mut prepared = Vec::with_capacity(orders.len());
        for order in orders {
            prepared.push(match self.prepare(by, order, &titles).await {
                Err(error) if error.code().is_about_the_system() => return Err(error),
                prepared => prepared,
            });
        }
        Ok(prepared)
    }

    /// The titles of all wallets that are named.
    async fn titles(&self, orders: &[TransferOrder]) -> Result<HashMap<WalletId, Title>> {
        let mut named: Vec<WalletId> = Vec::with_capacity(2 * orders.len());
        for order in orders {
            named.push(order.from);
            if let Party::Wallet(to) = order.to {
                named.push(to);
            }
        }
        named.sort_unstable();
        named.dedup();
        Ok(self.0.ports.store.wallets().titles(&named).await?.into_iter().collect())
    }

    async fn prepare(&self, by: &Principal, order: TransferOrder, titles: &HashMap<WalletId, Title>) -> Result<Ready> {
        if order.id.0.is_nil() {
            return Err(Error::fault("/id", "must not be all zeros"));
        }
        let title = titles.get(&order.from).ok_or_else(wallet_not_found)?;
        let allowed =
            self.0.authorise_owner(by, title.owner, Permission::OwnWallets, Permission::TransferForOthers).await;
        allowed.map_err(|error| error.hidden_behind(wallet_not_found))?;
        let (amount, description, reference) = in_currency(title.currency, order.terms)?.validate()?;
        if reference.is_some() {
            return Err(Error::fault("/reference", "must be left out: a transfer at once is known by its id"));
        }
        let payee = match order.to {
            Party::Wallet(to) => {
                let receiver = titles.get(&to).ok_or_else(no_recipient)?;
                if receiver.currency != amount.currency() {
                    let told = format!("The receiver's wallet is kept in {}.", receiver.currency);
                    return Err(Error::new(Code::CurrencyMismatch, told));
                }
                (receiver.owner, to)
            }
            Party::User(user) => {
                let wallet = self.0.recipient(user, amount.currency()).await?;
                (wallet.owner, wallet.id)
            }
        };
        let (debit, credit) = (order.from.into(), payee.1.into());
        let transfer = new_transfer(order.id, Purpose::Transfer, Instruction::Post { debit, credit, amount })?;
        let is_owner = matches!(by, Principal::User { id, .. } if *id == title.owner);
        let actor = (!is_owner).then(|| String::from(by));
        let transfer = transfer.described(description).by(actor);
        Ok(Ready { transfer, payer: (title.owner, order.from), payee, amount })
    }
}

impl Ready {
    fn voucher(&self) -> Voucher {
        Posting::from(self.transfer.clone()).into()
    }

    fn settle(&self, outcome: Outcome) -> Result<Posted> {
        match outcome {
            Err(refusal) => Err(self.explain(&refusal.reason)),
            settled_well => settled(settled_well, self.amount.currency()),
        }
    }

    fn explain(&self, reason: &RefusalReason) -> Error {
        match reason {
            RefusalReason::AccountClosed(account) if *account == self.payee.1.into() => no_recipient(),
            reason => explain(reason, self.amount.currency()),
        }
    }

    /// The transaction that people see in a line that was just made.
    fn transaction(self, line: Posted) -> Transaction {
        let line = line.transfer;
        Transaction {
            id: TransactionId(line.id.0),
            kind: TransactionKind::Transfer,
            status: TransactionStatus::Completed,
            user: self.payer.0,
            wallet: self.payer.1,
            counterparty: Counterparty::User { user: self.payee.0, wallet: self.payee.1 },
            amount: line.amount,
            refunded: 0,
            description: line.description,
            reference: None,
            failure: None,
            transfer: Some(line.id),
            expires_at: None,
            created_at: line.at,
            updated_at: line.at,
        }
    }
}

fn receipt(line: Posted) -> Receipt {
    Receipt { id: line.transfer.id, balance: line.transfer.debit_balance, replayed: line.replayed }
}

fn pointer(place: usize) -> String {
    format!("/transfers/{place}")
}

fn wrong_number() -> Error {
    Error::fault("/transfers", format!("must have 1 to {MAX_BATCH} transfers"))
}

fn nothing_answered() -> Error {
    Error::internal("the ledger answered nothing for a voucher")
}
