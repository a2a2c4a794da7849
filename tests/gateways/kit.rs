//! What every test here needs: gateways, charges, and a way to say what is expected.

use std::{fmt::Debug, sync::Arc, time::Duration};

use dermaga_gateways::{Environment, MidtransConfig, MidtransCore, MidtransSnap, Timeouts, Xendit, XenditConfig};
use dermaga_ports::{
    money::{Currency, Money},
    payments::{
        CardToken, ChargeRef, Found, Method, MethodKind, NewCharge, NewRefund, Outcome, Payer, PaymentGateway,
        RefusalKind, Snapshot,
    },
    system::{Clock, ManualClock},
    time::Timestamp,
};

pub const SERVER_KEY: &str = "SB-Mid-server-EXAMPLE00000000000";
pub const XENDIT_KEY: &str = "xnd_development_EXAMPLE0000";
pub const CARD_TOKEN: &str = "481111-1114-5c1f7b1e-EXAMPLE-SECRET";
pub const CALLBACK_TOKEN: &str = "cb0t0ken-EXAMPLE-0000000000000000";

/// 5 January 2026, 10:00 in Jakarta.
pub fn start() -> Timestamp {
    "2026-01-05T03:00:00Z".parse().expect("a time")
}

pub fn rupiah(amount: i64) -> Money {
    Money::new(amount, Currency::Idr).expect("in range")
}

/// Enough for a busy machine.
const PATIENT: Timeouts = Timeouts { connect: Duration::from_secs(4), total: Duration::from_secs(4) };

/// Little, so that silence does not take long.
pub const HASTY: Timeouts = Timeouts { connect: Duration::from_millis(300), total: Duration::from_millis(300) };

pub fn midtrans_config(url: &str) -> MidtransConfig {
    MidtransConfig {
        core_url: url.to_owned(),
        snap_url: format!("{url}/snap/v1"),
        webhook_url: Some("https://shop.example/webhooks/midtrans".to_owned()),
        return_url: Some("https://shop.example/back".to_owned()),
        timeouts: PATIENT,
        ..MidtransConfig::new(Environment::Sandbox, SERVER_KEY)
    }
}

pub fn xendit_config(url: &str) -> XenditConfig {
    XenditConfig {
        url: url.to_owned(),
        return_url: Some("https://shop.example/back".to_owned()),
        timeouts: PATIENT,
        ..XenditConfig::new(Environment::Sandbox, XENDIT_KEY, CALLBACK_TOKEN)
    }
}

pub fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(start()))
}

pub fn core(url: &str) -> MidtransCore {
    MidtransCore::new(midtrans_config(url), clock()).expect("configured")
}

pub fn snap(url: &str) -> MidtransSnap {
    MidtransSnap::new(midtrans_config(url), clock()).expect("configured")
}

pub fn xendit(url: &str) -> Xendit {
    Xendit::new(xendit_config(url), clock()).expect("configured")
}

/// Each remote gateway with one of its methods; Xendit with one of either kind.
pub fn remote(url: &str) -> Vec<(Box<dyn PaymentGateway>, MethodKind)> {
    remote_within(url, PATIENT)
}

/// The same with other patience.
pub fn remote_within(url: &str, timeouts: Timeouts) -> Vec<(Box<dyn PaymentGateway>, MethodKind)> {
    let midtrans = MidtransConfig { timeouts, ..midtrans_config(url) };
    let xendit = || Xendit::new(XenditConfig { timeouts, ..xendit_config(url) }, clock()).expect("configured");
    vec![
        (Box::new(MidtransCore::new(midtrans.clone(), clock()).expect("configured")), MethodKind::Gopay),
        (Box::new(MidtransSnap::new(midtrans, clock()).expect("configured")), MethodKind::Page),
        (Box::new(xendit()), MethodKind::Page),
        (Box::new(xendit()), MethodKind::Gopay),
    ]
}

/// A charge of Rp 150.000 within an hour.
pub fn charge(reference: &str, kind: MethodKind) -> NewCharge {
    NewCharge {
        reference: reference.to_owned(),
        idempotency_key: format!("key of {reference}"),
        amount: rupiah(150_000),
        method: Method {
            token: (kind == MethodKind::CreditCard).then(|| CardToken(CARD_TOKEN.to_owned())),
            ..Method::plain(kind)
        },
        expires_at: start() + Duration::from_secs(3_600),
        description: None,
        payer: Payer {
            name: Some("Sari Wulandari".to_owned()),
            email: Some("sari@example.com".to_owned()),
            phone: Some("+628110000001".to_owned()),
        },
    }
}

/// The same charge as it is asked about later.
pub fn later(charge: &NewCharge, provider_id: Option<&str>) -> ChargeRef {
    ChargeRef {
        reference: charge.reference.clone(),
        provider_id: provider_id.map(str::to_owned),
        amount: charge.amount,
        kind: charge.method.kind,
    }
}

pub fn refund(key: &str, amount: i64) -> NewRefund {
    NewRefund { key: key.to_owned(), amount: rupiah(amount), reason: "out of stock".to_owned() }
}

#[track_caller]
pub fn done<T: Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(value) => value,
        other => panic!("not done: {other:?}"),
    }
}

#[track_caller]
pub fn refused<T: Debug>(outcome: Outcome<T>) -> RefusalKind {
    match outcome {
        Outcome::Refused(refusal) => {
            assert!(!refusal.reason.is_empty(), "a refusal says why");
            refusal.kind
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
pub fn unknown<T: Debug>(outcome: Outcome<T>) -> String {
    match outcome {
        Outcome::Unknown(told) => told,
        other => panic!("known: {other:?}"),
    }
}

#[track_caller]
pub fn seen(outcome: Outcome<Found>) -> Snapshot {
    match done(outcome) {
        Found::Snapshot(snapshot) => *snapshot,
        Found::Nothing => panic!("nothing was found"),
    }
}
