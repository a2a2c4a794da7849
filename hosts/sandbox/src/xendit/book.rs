//! Xendit's books, and what happens in them.
//!
//! Whatever happens goes through [`invoice_act`], [`request_act`] and the functions of `refunds` and `disputes`, which
//! apply it, queue what follows and tell the merchant.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{
    channel::Channel,
    disputes::{self, Dispute},
    invoice::{Illegal, Invoice, InvoiceAct, InvoiceStatus, Paid},
    notify,
    refunds::{self, Refund},
    request::{Payment, Request, RequestAct, Standing},
};
use crate::{
    call::Answer,
    clock::Moment,
    ledger::{Ledger, Sums},
    script::LatePay,
    world::{Due, World},
};

/// How long a hold lasts.
const HOLD: Duration = Duration::from_secs(7 * 86_400);
/// How long after its end a late payment comes.
const LATE: Duration = Duration::from_secs(30);

/// Something that is due at Xendit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The customer pays an invoice.
    PayInvoice(String, Option<LatePay>),
    /// An invoice's money arrives.
    SettleInvoice(String),
    /// An invoice's time runs out.
    ExpireInvoice(String),
    /// The customer pays a request.
    PayRequest(String, Option<LatePay>),
    /// Something else happens to a request.
    Request(String, RequestAct),
    /// A refund ends, well or not.
    EndRefund(String),
    /// A dispute takes the money of that payment back, or that part of it.
    ChargeBack(String, Option<i64>),
}

/// What Xendit knows.
#[derive(Debug, Default)]
pub struct Book {
    /// Invoices by id.
    pub invoices: BTreeMap<String, Invoice>,
    /// Payment requests by id.
    pub requests: BTreeMap<String, Request>,
    /// Refunds by id.
    pub refunds: BTreeMap<String, Refund>,
    /// Disputes by id.
    pub disputes: BTreeMap<String, Dispute>,
    /// How often a script refused a call, by reference.
    pub refused: BTreeMap<String, u32>,
    /// References whose first call was lost before anything was done.
    pub lost: BTreeSet<String>,
    /// Answers by idempotency key, with the body that they belong to.
    pub keys: BTreeMap<String, (String, Answer, Moment)>,
    /// Calls of the running minute by endpoint.
    pub rate: BTreeMap<String, (i64, u32)>,
    /// The number of what was made last.
    pub last: u64,
}

impl Book {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The request that a payment belongs to, and the payment.
    pub fn payment(&self, id: &str) -> Option<(&Request, &Payment)> {
        let of = |request: &'_ Request| request.payments.iter().position(|one| one.id == id);
        self.requests.values().find_map(|request| of(request).map(|place| (request, &request.payments[place])))
    }

    /// What went through Xendit.
    pub fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        for invoice in self.invoices.values() {
            ledger.add(&invoice.external_id, &invoice.currency, Sums::default());
        }
        for request in self.requests.values() {
            ledger.add(&request.reference, &request.currency, Sums::default());
        }
        for funds in self.funds() {
            let refunds = self.refunds.values().filter(|one| one.payment == funds.payment);
            let lost = self.disputes.values().filter(|one| one.payment == funds.payment);
            let sums = Sums {
                captured: funds.amount,
                refunded: refunds.map(Refund::given_back).sum(),
                charged_back: lost.map(Dispute::taken).sum(),
            };
            ledger.add(&funds.reference, &funds.currency, sums);
        }
        ledger
    }
}

/// Runs what is due. Returns whether it did anything.
pub fn run(world: &mut World, event: Event) -> bool {
    match event {
        Event::PayInvoice(id, late) => pay_invoice(world, &id, None, None, late).is_ok(),
        Event::SettleInvoice(id) => invoice_act(world, &id, InvoiceAct::Settle).is_ok(),
        Event::ExpireInvoice(id) => invoice_act(world, &id, InvoiceAct::Expire).is_ok(),
        Event::PayRequest(id, late) => pay_request(world, &id, None, late).is_ok(),
        Event::Request(id, act) => request_act(world, &id, &act).is_ok(),
        Event::EndRefund(id) => refunds::end(world, &id),
        Event::ChargeBack(payment, amount) => disputes::charge_back(world, &payment, amount),
    }
}

/// Queues an event.
pub fn queue(world: &mut World, due: Moment, event: Event) {
    world.queue.push(due, Due::Xendit(event));
}

/// The customer pays an invoice: that amount, there, or as asked for.
///
/// # Errors
/// [`Illegal`] if it cannot be paid now.
pub fn pay_invoice(
    world: &mut World,
    id: &str,
    amount: Option<i64>,
    channel: Option<&'static Channel>,
    late: Option<LatePay>,
) -> Result<(), Illegal> {
    let invoice = world.xendit.invoices.get(id).ok_or(Illegal)?;
    let wanted = invoice.script.looks.payment_type.as_deref().and_then(Channel::of_invoice);
    let channel = channel.or(wanted).unwrap_or_else(|| invoice.default_channel());
    let amount = amount.unwrap_or(invoice.amount + invoice.script.looks.shift);
    let paid = Paid {
        at: world.clock.now(),
        amount,
        channel,
        payment_id: format!("py-{}", world.dice.uuid()),
        method_id: format!("pm-{}", world.dice.uuid()),
        destination: world.dice.digits(13),
    };
    invoice_act(world, id, InvoiceAct::Pay(paid, late))
}

/// Makes something happen to an invoice, with its consequences, and tells the merchant.
///
/// # Errors
/// [`Illegal`] if it may not happen now, or there is no such invoice.
pub fn invoice_act(world: &mut World, id: &str, act: InvoiceAct) -> Result<(), Illegal> {
    let now = world.clock.now();
    let invoice = world.xendit.invoices.get_mut(id).ok_or(Illegal)?;
    let before = invoice.paid.is_some();
    invoice.apply(act, now)?;
    let invoice = invoice.clone();
    let life = &invoice.script.life;
    match (&invoice.paid, invoice.status) {
        (Some(paid), _) if !before => {
            if life.settle {
                queue(world, now, Event::SettleInvoice(id.to_owned()));
            }
            if let Some((after, amount)) = life.chargeback {
                queue(world, now.plus(after), Event::ChargeBack(paid.payment_id.clone(), amount));
            }
        }
        (None, InvoiceStatus::Expired) => {
            if let Some(late) = life.late_pay {
                queue(world, now.plus(LATE), Event::PayInvoice(id.to_owned(), Some(late)));
            }
        }
        // The money's arrival is not told.
        _ => return Ok(()),
    }
    notify::invoice(world, id);
    Ok(())
}

/// The customer pays a request: that amount, or what was asked for.
///
/// # Errors
/// [`Illegal`] if it cannot be paid now.
pub fn pay_request(world: &mut World, id: &str, amount: Option<i64>, late: Option<LatePay>) -> Result<(), Illegal> {
    let now = world.clock.now();
    let request = world.xendit.requests.get(id).ok_or(Illegal)?;
    let amount = amount.unwrap_or(request.amount + request.script.looks.shift);
    let fresh = request.status == Standing::AcceptingPayments;
    let capture = format!("cap-{}", world.dice.uuid());
    if fresh {
        let payment = fresh_payment(world, now);
        if let Some(request) = world.xendit.requests.get_mut(id) {
            request.payments.push(payment);
        }
    }
    request_act(world, id, &RequestAct::Pay { amount, capture, late })
}

/// A payment that waits.
pub fn fresh_payment(world: &mut World, now: Moment) -> Payment {
    Payment {
        id: format!("py-{}", world.dice.uuid()),
        status: Standing::Pending,
        captures: Vec::new(),
        failure: None,
        created: now,
        updated: now,
    }
}

/// Makes something happen to a request, with its consequences, and tells the merchant.
///
/// # Errors
/// [`Illegal`] if it may not happen now, or there is no such request.
pub fn request_act(world: &mut World, id: &str, act: &RequestAct) -> Result<(), Illegal> {
    let now = world.clock.now();
    let request = world.xendit.requests.get_mut(id).ok_or(Illegal)?;
    let event = request.apply(act, now)?;
    let request = request.clone();
    let life = &request.script.life;
    let taken = matches!(act, RequestAct::Capture { .. }) || matches!(act, RequestAct::Pay { .. }) && !request.manual;
    if request.status == Standing::Authorized {
        queue(world, now.plus(HOLD), Event::Request(id.to_owned(), RequestAct::Lapse));
    }
    if let (true, Some((after, amount)), Some(payment)) = (taken, life.chargeback, request.payments.last()) {
        queue(world, now.plus(after), Event::ChargeBack(payment.id.clone(), amount));
    }
    if let (RequestAct::Expire, Some(late)) = (act, life.late_pay) {
        queue(world, now.plus(LATE), Event::PayRequest(id.to_owned(), Some(late)));
    }
    if let Some(event) = event {
        notify::request(world, id, event);
    }
    Ok(())
}
