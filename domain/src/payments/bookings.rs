//! What payments do to the books: gateway cash on one side, and on the other whoever the money belongs to.
//!
//! ```text
//! paid         gateway_cash ─> wallet (top-up) or merchant (purchase)
//! fee          gateway_fees ─> gateway_cash
//! late, twice  gateway_cash ─> surplus ─> wallet, or back by a refund
//! wrong sum    gateway_cash ─> suspense
//! refund       whoever has it ─> gateway_cash       (reserved first, moved when the gateway is sure)
//! taken back   whoever has it, or else chargebacks ─> gateway_cash
//! ```
//!
//! The id of each movement follows from the payment, so whatever is told twice is booked once.

use dermaga_ports::{
    ids::{AccountId, TransferId},
    ledger::{Counterparty, Instruction, Purpose, SystemAccount, Transaction, TransactionKind},
    money::Money,
    payments::{Payment, Refund, Use},
    store::UnitOfWork,
    time::Timestamp,
};
use uuid::Uuid;

use super::pay::slug;
use crate::{
    core::Policy,
    error::{Code, Error, Result},
    ledger::{new_transfer, post, settled},
};

/// The movement of a payment that is called so.
pub(super) fn line(of: Uuid, what: &str) -> TransferId {
    TransferId(Uuid::new_v5(&of, what.as_bytes()))
}

/// A payment's books inside a unit of work.
pub(super) struct Bookings<'u> {
    pub uow: &'u mut dyn UnitOfWork,
    pub now: Timestamp,
}

/// The accounts that a gateway has with us.
fn cash(payment: &Payment) -> SystemAccount {
    SystemAccount::GatewayCash { gateway: payment.gateway.clone() }
}

fn surplus(payment: &Payment) -> SystemAccount {
    SystemAccount::Surplus { gateway: payment.gateway.clone() }
}

fn suspense(payment: &Payment) -> SystemAccount {
    SystemAccount::Suspense { gateway: payment.gateway.clone() }
}

fn chargebacks(payment: &Payment) -> SystemAccount {
    SystemAccount::Chargebacks { gateway: payment.gateway.clone() }
}

impl Bookings<'_> {
    /// The account of the system, opened if it is not there.
    async fn system(&mut self, account: &SystemAccount, amount: Money) -> Result<AccountId> {
        self.uow.books().open(&account.open(amount.currency(), self.now)).await?;
        Ok(account.id(amount.currency()))
    }

    /// Locks every account that the payment may move money on, in one order for everybody: one movement after the other
    /// would take them as they come, and two payments would wait for each other.
    pub async fn lock(&mut self, payment: &Payment, transaction: &Transaction) -> Result<()> {
        let fees = SystemAccount::GatewayFees { gateway: payment.gateway.clone() };
        let of_the_system = [cash(payment), surplus(payment), suspense(payment), chargebacks(payment), fees];
        let mut accounts: Vec<AccountId> =
            of_the_system.iter().map(|account| account.id(payment.amount.currency())).collect();
        accounts.extend([transaction.wallet.into(), self.destination(transaction).await?]);
        // With the other side of what is overdue on them: a movement would release that, and lock it out of turn.
        Ok(post::release(self.uow, &accounts, self.now).await?)
    }

    /// Posts, unless the state of the accounts forbids it; answers whether it was posted.
    async fn post(
        &mut self,
        id: TransferId,
        purpose: Purpose,
        instruction: Instruction,
        amount: Money,
    ) -> Result<bool> {
        let transfer = new_transfer(id, purpose, instruction)?;
        let outcome = post::one(self.uow, transfer.into(), self.now).await?;
        match settled(outcome, amount.currency()) {
            Ok(_) => Ok(true),
            Err(refused) if forbidden(refused.code()) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The account that a transaction's money goes to.
    async fn destination(&mut self, transaction: &Transaction) -> Result<AccountId> {
        match (&transaction.kind, &transaction.counterparty) {
            (TransactionKind::Payment, Counterparty::Merchant { name }) => {
                let slug = slug(name).ok_or_else(|| Error::internal("a merchant without a name"))?;
                self.system(&SystemAccount::Merchant { slug }, transaction.amount).await
            }
            _ => Ok(transaction.wallet.into()),
        }
    }

    /// The account that has the payment's money now.
    async fn holder(&mut self, payment: &Payment, transaction: &Transaction) -> Result<AccountId> {
        match payment.used {
            Use::Funding => self.destination(transaction).await,
            Use::Surplus => self.system(&surplus(payment), payment.amount).await,
            Use::Nothing | Use::Suspense => self.system(&suspense(payment), payment.amount).await,
        }
    }

    /// Takes the payment's money in for its transaction; answers its movement, or `None` if the receiver cannot take it.
    pub async fn fund(&mut self, payment: &Payment, transaction: &Transaction) -> Result<Option<TransferId>> {
        let amount = Money::new(payment.net(), payment.amount.currency())?;
        let debit = self.system(&cash(payment), amount).await?;
        let credit = self.destination(transaction).await?;
        let purpose = match transaction.kind {
            TransactionKind::Payment => Purpose::Payment,
            _ => Purpose::Topup,
        };
        let id = line(payment.id.0, "funding");
        let posted = self.post(id, purpose, Instruction::Post { debit, credit, amount }, amount).await?;
        Ok(posted.then_some(id))
    }

    /// Gives the code of a manual transfer to the payer's wallet, or to the merchant if the wallet cannot take it; answers
    /// whether the payer has it.
    pub async fn return_code(&mut self, payment: &Payment, transaction: &Transaction, code: i64) -> Result<bool> {
        let amount = Money::new(code, payment.amount.currency())?;
        let debit = self.system(&cash(payment), amount).await?;
        let id = line(payment.id.0, "code");
        let own = transaction.wallet.into();
        let to_wallet = Instruction::Post { debit, credit: own, amount };
        if self.post(id, Purpose::Surplus, to_wallet, amount).await? {
            return Ok(true);
        }
        let credit = self.destination(transaction).await?;
        self.post(id, Purpose::Payment, Instruction::Post { debit, credit, amount }, amount).await?;
        Ok(false)
    }

    /// What the gateway keeps for its work.
    pub async fn fee(&mut self, payment: &Payment, policy: &Policy) -> Result<()> {
        let Some(amount) = policy.fee(payment) else { return Ok(()) };
        let fees = SystemAccount::GatewayFees { gateway: payment.gateway.clone() };
        let debit = self.system(&fees, amount).await?;
        let credit = self.system(&cash(payment), amount).await?;
        let id = line(payment.id.0, "fee");
        self.post(id, Purpose::Fee, Instruction::Post { debit, credit, amount }, amount).await.map(drop)
    }

    /// Takes in money that came too late or twice.
    pub async fn surplus(&mut self, payment: &Payment) -> Result<()> {
        let amount = payment.amount;
        let debit = self.system(&cash(payment), amount).await?;
        let credit = self.system(&surplus(payment), amount).await?;
        let id = line(payment.id.0, "surplus");
        self.post(id, Purpose::Surplus, Instruction::Post { debit, credit, amount }, amount).await.map(drop)
    }

    /// Gives surplus money to the payer's wallet; answers whether the wallet could take it.
    pub async fn credit_surplus(&mut self, payment: &Payment, transaction: &Transaction) -> Result<bool> {
        let amount = payment.amount;
        let debit = self.system(&surplus(payment), amount).await?;
        let credit = transaction.wallet.into();
        let id = line(payment.id.0, "surplus to the wallet");
        self.post(id, Purpose::Surplus, Instruction::Post { debit, credit, amount }, amount).await
    }

    /// Gives money of a purchase to the payer's wallet; answers whether the wallet could take it.
    pub async fn credit(&mut self, payment: &Payment, transaction: &Transaction, amount: Money) -> Result<bool> {
        let debit = self.holder(payment, transaction).await?;
        let credit = transaction.wallet.into();
        // What was credited before is part of the name: there may be more than one refund that fails.
        let id = line(payment.id.0, &format!("credited after {}", payment.sums.credited));
        self.post(id, Purpose::Refund, Instruction::Post { debit, credit, amount }, amount).await
    }

    /// Takes in money that nobody can place.
    pub async fn suspense(&mut self, payment: &Payment, amount: Money) -> Result<()> {
        let debit = self.system(&cash(payment), amount).await?;
        let credit = self.system(&suspense(payment), amount).await?;
        let id = line(payment.id.0, "suspense");
        self.post(id, Purpose::Suspense, Instruction::Post { debit, credit, amount }, amount).await.map(drop)
    }

    /// Books money that the gateway took back, by itself or for the payer's bank. Answers whether whoever had it could
    /// give it; otherwise it is a claim that a person has to follow up.
    pub async fn take_back(
        &mut self,
        payment: &Payment,
        transaction: &Transaction,
        amount: Money,
        what: &str,
    ) -> Result<bool> {
        self.lock(payment, transaction).await?;
        let credit = self.system(&cash(payment), amount).await?;
        let debit = self.holder(payment, transaction).await?;
        let id = line(payment.id.0, what);
        let given = payment.used != Use::Surplus
            && self.post(id, Purpose::Chargeback, Instruction::Post { debit, credit, amount }, amount).await?;
        if !given {
            let debit = self.system(&chargebacks(payment), amount).await?;
            let id = line(payment.id.0, &format!("{what}, claimed"));
            self.post(id, Purpose::Chargeback, Instruction::Post { debit, credit, amount }, amount).await?;
        }
        Ok(given)
    }

    /// Reserves a refund's money.
    ///
    /// # Errors
    /// [`Code::InsufficientFunds`] when whoever has it has spent it.
    pub async fn reserve(&mut self, refund: &Refund, payment: &Payment, transaction: &Transaction) -> Result<()> {
        let amount = refund.amount;
        let debit = self.holder(payment, transaction).await?;
        let credit = self.system(&cash(payment), amount).await?;
        let instruction = Instruction::Hold { debit, credit, amount, expires_at: None };
        let transfer = new_transfer(refund.id.0.into(), Purpose::Refund, instruction)?;
        settled(post::one(self.uow, transfer.into(), self.now).await?, amount.currency())?;
        Ok(())
    }

    /// Moves a refund's reserved money to the gateway, or sets it free.
    pub async fn close_refund(&mut self, refund: &Refund, succeeded: bool) -> Result<()> {
        let hold = TransferId(refund.id.0);
        let (what, instruction) = if succeeded {
            ("made", Instruction::PostHold { hold, amount: None })
        } else {
            ("released", Instruction::VoidHold { hold })
        };
        let posted = self.post(line(refund.id.0, what), Purpose::Refund, instruction, refund.amount).await?;
        if posted { Ok(()) } else { Err(Error::internal(format!("the money of refund {} is not reserved", refund.id))) }
    }
}

/// Refusals that say something about the accounts, and nothing about the program.
fn forbidden(code: Code) -> bool {
    matches!(code, Code::InsufficientFunds | Code::AccountClosed | Code::BalanceLimit | Code::CurrencyMismatch)
}
