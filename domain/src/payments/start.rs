//! Starting an attempt: stored first, sent second, and never sent while a unit of work is open.

use std::time::Duration;

use dermaga_ports::{
    auth::Principal,
    ids::{PaymentId, TransactionId},
    ledger::{Counterparty, Transaction, TransactionKind, TransactionStatus, Wallet},
    payments::{
        CardToken, ChargeRef, MethodKind, NewCharge, Outcome, PayAction, Payer, Payment, PaymentState, RefusalKind,
        Snapshot, Sums, Use,
    },
    store::UnitOfWork,
    time::Timestamp,
};
use uuid::Uuid;

use super::{MANUAL, Payments, apply::facts, schedule::next_check};
use crate::{
    core::Note,
    error::{Code, Error, Result},
    ledger::person,
};

/// What the money is asked for beyond the payer's own time: a payment in the last second is told a little later.
const TOLD_LATER: Duration = Duration::from_secs(5 * 60);

/// How somebody wants to pay.
#[derive(Debug, Clone, Default)]
pub struct MethodChoice {
    /// The gateway's default method unless named.
    pub method: Option<String>,
    /// The first that offers the method unless named.
    pub gateway: Option<String>,
    pub bank: Option<String>,
    pub store: Option<String>,
    pub token: Option<CardToken>,
    pub authorize_only: bool,
    /// The wallet to pay from, for the method `wallet`.
    pub wallet: Option<dermaga_ports::ids::WalletId>,
}

/// As both sides call it.
pub(super) fn charge_ref(payment: &Payment) -> ChargeRef {
    ChargeRef {
        reference: payment.reference.clone(),
        provider_id: payment.provider_id.clone(),
        amount: payment.amount,
        kind: payment.method.kind,
    }
}

impl Payments {
    /// An attempt to fund a transaction, ready to be stored. `window` is the payer's time.
    pub(super) fn attempt(
        &self,
        id: PaymentId,
        transaction: &Transaction,
        choice: &MethodChoice,
        window: Duration,
        now: Timestamp,
    ) -> Result<Payment> {
        let (gateway, method) = self.0.ports.gateways.choose(choice)?;
        let manual = gateway == MANUAL;
        let account = self.0.ports.gateways.manual_account().unwrap_or_default().to_owned();
        let mut payment = Payment {
            id,
            transaction: transaction.id,
            user: transaction.user,
            reference: format!("DMG-{}", id.0.simple()),
            provider_id: None,
            amount: transaction.amount,
            method,
            state: if manual { PaymentState::Pending } else { PaymentState::Created },
            used: Use::Nothing,
            sums: Sums::default(),
            settled: false,
            late: false,
            reason: None,
            frozen: false,
            action: manual.then_some(PayAction::TransferAndConfirm { account }),
            description: transaction.description.clone(),
            idempotency_key: id.to_string(),
            sent_at: None,
            expires_at: now + window,
            verified_at: None,
            next_check_at: None,
            checks: 0,
            raw: None,
            created_at: now,
            updated_at: now,
            revision: 0,
            gateway,
        };
        payment.next_check_at = next_check(&payment, now);
        Ok(payment)
    }

    /// Stores an attempt with its papers.
    pub(super) async fn store(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<()> {
        uow.payments().add(payment).await?;
        let note = Note {
            actor: Some(by),
            action: "payment.created",
            subject: format!("payment:{}", payment.id),
            detail: format!("{} by {} {}", payment.amount, payment.gateway, payment.method.kind),
        };
        self.0.file(uow, note, facts(payment), now).await
    }

    /// Sends an attempt that is stored and not sent, and writes down the answer.
    pub(super) async fn submit(&self, id: PaymentId) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, id).await?;
        if payment.state != PaymentState::Created {
            return Ok(payment);
        }
        payment.state = PaymentState::Submitting;
        payment.sent_at = Some(now);
        payment.checks = 0;
        payment.next_check_at = Some(now + super::schedule::LEASE);
        payment.updated_at = now;
        uow.payments().save(&payment).await?;
        uow.commit().await?;
        payment.revision += 1;
        self.send(payment).await
    }

    /// Sends a charge that is SUBMITTING and writes down the answer.
    pub(super) async fn send(&self, payment: Payment) -> Result<Payment> {
        let Some(gateway) = self.0.ports.gateways.named(&payment.gateway) else {
            return self.unheard(payment.id, format!("this host has no gateway {}", payment.gateway)).await;
        };
        let user = self.0.ports.store.users().user(payment.user).await?;
        let payer = user.map_or_else(Payer::default, |user| Payer {
            name: user.full_name,
            email: user.email.map(|email| email.to_string()),
            phone: user.phone.map(|phone| phone.to_string()),
        });
        let charge = NewCharge {
            reference: payment.reference.clone(),
            idempotency_key: payment.idempotency_key.clone(),
            amount: payment.amount,
            method: payment.method.clone(),
            expires_at: payment.expires_at,
            description: payment.description.clone(),
            payer,
        };
        match gateway.create(&charge).await {
            Outcome::Done(snapshot) => self.created(&payment, &snapshot).await,
            Outcome::Refused(refusal) => match refusal.kind {
                // It is there, or it may be there soon: a read tells.
                RefusalKind::Duplicate | RefusalKind::TryLater => self.unheard(payment.id, refusal.reason).await,
                _ => self.refused(payment.id, refusal.reason).await,
            },
            Outcome::Unknown(reason) => self.unheard(payment.id, reason).await,
        }
    }

    /// The gateway has taken the charge. A webhook may have been quicker, so this is applied to whatever is known now:
    /// an answer to a creation is never newer than a read.
    async fn created(&self, sent: &Payment, snapshot: &Snapshot) -> Result<Payment> {
        let (id, now) = (sent.id, self.0.now());
        let mut uow = self.0.begin().await?;
        let payment = self.locked(&mut *uow, id).await?;
        let overtaken = payment.revision != sent.revision;
        let applied = self.apply(&mut *uow, payment, snapshot, now).await?;
        // A webhook may have come before anybody knew whose it was.
        let adopted = uow.inbox().adopt(&applied.gateway, &applied.reference, id).await?;
        // The look that a quicker webhook wanted is still due: the answer is older than what it spoke of.
        if overtaken || adopted {
            uow.payments().wake(id, now).await?;
        }
        uow.commit().await?;
        Ok(applied)
    }

    /// The gateway said no: nothing is there, and nothing will come.
    pub(super) async fn refused(&self, id: PaymentId, reason: String) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, id).await?;
        if payment.state == PaymentState::Submitting {
            payment.method.token = None;
            self.close(&mut *uow, &mut payment, PaymentState::Failed, Some(reason), now).await?;
            uow.commit().await?;
        }
        Ok(payment)
    }

    /// Nobody knows what became of a call: it is asked about soon.
    pub(super) async fn unheard(&self, id: PaymentId, reason: String) -> Result<Payment> {
        self.later(id, reason, next_check).await
    }

    /// Nothing came of a look: the next one is as planned, or sooner.
    pub(super) async fn later(
        &self,
        id: PaymentId,
        reason: String,
        next: fn(&Payment, Timestamp) -> Option<Timestamp>,
    ) -> Result<Payment> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        let mut payment = self.locked(&mut *uow, id).await?;
        if payment.frozen {
            return Ok(payment);
        }
        if payment.state == PaymentState::Submitting {
            payment.reason = Some(reason);
        }
        payment.next_check_at = next(&payment, now);
        payment.checks = payment.checks.saturating_add(1);
        uow.payments().save(&payment).await?;
        uow.commit().await?;
        Ok(payment)
    }

    /// Ends an attempt without money, by our own decision.
    pub(super) async fn close(
        &self,
        uow: &mut dyn UnitOfWork,
        payment: &mut Payment,
        state: PaymentState,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<()> {
        payment.state = state;
        payment.reason = reason;
        payment.checks = 0;
        self.closed(uow, payment, now).await?;
        payment.next_check_at = next_check(payment, now);
        payment.updated_at = now;
        self.tell(uow, payment, now).await?;
        Ok(uow.payments().save(payment).await?)
    }

    /// An attempt that must be there, locked.
    pub(super) async fn locked(&self, uow: &mut dyn UnitOfWork, id: PaymentId) -> Result<Payment> {
        uow.payments().find(id).await?.ok_or_else(|| missing(id))
    }
}

pub(super) fn missing(id: PaymentId) -> Error {
    Error::new(Code::PaymentNotFound, format!("There is no payment {id} among yours."))
}

/// A purchase to pay through a gateway.
#[derive(Debug, Clone)]
pub struct Purchase {
    pub merchant: String,
    pub terms: crate::ledger::NewTransaction,
}

/// What an attempt is to fund.
#[derive(Debug, Clone)]
pub enum Payable {
    /// A purchase that is PENDING: another attempt.
    Transaction(TransactionId),
    /// A new one.
    Purchase(Purchase),
}

impl Payments {
    /// Starts an attempt to pay. Idempotent by `id`, which is also the id of a new transaction.
    ///
    /// # Errors
    /// [`Code::TransactionNotFound`], [`Code::PaymentWindowClosed`], [`Code::IllegalTransition`] if it is paid,
    /// [`Code::WalletNotFound`], [`Code::Invalid`], [`Code::PaymentRefused`] never: a refusal is a FAILED payment.
    pub async fn start(&self, by: &Principal, id: Uuid, payable: Payable, choice: MethodChoice) -> Result<Payment> {
        crate::auth::Permission::OwnWallets.check(by)?;
        let payer = person(by)?;
        let id = PaymentId(id);
        if let Some(known) = self.0.ports.store.payments().payment(id).await? {
            if known.user != payer {
                return Err(Error::new(Code::TransferConflict, "This id was used for something else."));
            }
            return if known.state == PaymentState::Created { self.submit(id).await } else { Ok(known) };
        }
        if let Some(wallet) = choice.wallet {
            self.0.own_wallet(by, wallet).await.map_err(|error| error.at("/wallet_id"))?;
        } else if choice.method.as_deref() == Some(MethodKind::Wallet.as_str()) {
            return Err(Error::fault("/wallet_id", "is required to pay from a wallet"));
        }
        let now = self.0.now();
        let window = self.0.policy.payment_window;
        let mut uow = self.0.begin().await?;
        let (transaction, window) = match payable {
            Payable::Transaction(id) => {
                let transaction = self.to_be_paid(&mut *uow, by, id, now).await?;
                let deadline = transaction.expires_at.map_or(window, |at| at.since(now).saturating_sub(TOLD_LATER));
                (transaction, window.min(deadline))
            }
            Payable::Purchase(purchase) => {
                let new = self.purchase(by, TransactionId(id.0), &purchase, now).await?;
                uow.transactions().add(&new).await?;
                (new, window)
            }
        };
        let payment = self.attempt(id, &transaction, &choice, window, now)?;
        if payment.gateway != MANUAL {
            let cash = dermaga_ports::ledger::SystemAccount::GatewayCash { gateway: payment.gateway.clone() };
            uow.books().open(&cash.open(payment.amount.currency(), now)).await?;
        }
        self.store(&mut *uow, by, &payment, now).await?;
        uow.commit().await?;
        if payment.gateway == MANUAL { Ok(payment) } else { self.submit(id).await }
    }

    /// A new purchase of the caller, whose surplus money goes to the caller's wallet in that currency.
    async fn purchase(
        &self,
        by: &Principal,
        id: TransactionId,
        purchase: &Purchase,
        now: Timestamp,
    ) -> Result<Transaction> {
        let payer = person(by)?;
        let (amount, description, reference) = purchase.terms.validate()?;
        let name = purchase.merchant.trim().to_owned();
        super::pay::slug(&name).ok_or_else(super::pay::no_merchant)?;
        let wallet: Option<Wallet> = self.0.wallet_of(payer, amount.currency()).await?;
        let wallet = wallet.ok_or_else(|| {
            let told = format!(
                "You have no wallet in {}; open one first: money that comes too late goes there.",
                amount.currency()
            );
            Error::new(Code::WalletNotFound, told)
        })?;
        let draft = crate::ledger::Draft {
            id,
            kind: TransactionKind::Payment,
            wallet: &wallet,
            counterparty: Counterparty::Merchant { name },
            amount,
            description,
            reference,
        };
        let expires_at = Some(now + self.0.policy.payment_window + TOLD_LATER);
        Ok(Transaction { expires_at, ..draft.transaction(TransactionStatus::Pending, now) })
    }

    /// The caller's purchase that still waits for money.
    async fn to_be_paid(
        &self,
        uow: &mut dyn UnitOfWork,
        by: &Principal,
        id: TransactionId,
        now: Timestamp,
    ) -> Result<Transaction> {
        let missing = || Error::new(Code::TransactionNotFound, format!("There is no transaction {id} among yours."));
        let owner = person(by)?;
        let transaction = uow.transactions().find(id).await?.filter(|found| found.user == owner).ok_or_else(missing)?;
        if transaction.kind != TransactionKind::Payment {
            let told = format!("A {} is not paid through a gateway again.", transaction.kind.as_str());
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if transaction.status != TransactionStatus::Pending {
            let told = format!("The transaction is {}; only a PENDING one can be paid.", transaction.status.as_str());
            return Err(Error::new(Code::IllegalTransition, told));
        }
        if transaction.expires_at.is_none_or(|at| at.since(now) <= TOLD_LATER) {
            return Err(Error::new(Code::PaymentWindowClosed, "The time to pay it is over."));
        }
        Ok(transaction)
    }
}
