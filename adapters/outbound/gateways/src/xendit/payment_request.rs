//! Payment requests (version 3): one method that we chose.
//!
//! Xendit finds them by its own id alone. A creation whose answer was lost is heard of by its webhook, which names both
//! ids, or never.

use dermaga_ports::{
    money::{Currency, Money},
    payments::{ChargeRef, GatewayState, MethodKind, NewCharge, PayAction, RefusalKind, SeenAmount, Snapshot},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Client, channel, error};
use crate::wire::{
    NotDone, amount,
    http::{Answer, Call, unreadable},
    invalid,
    lenient::{Text, list},
    link::is_harmless,
    mask, moment,
    reference::{clip, foreign, reference},
    refused,
};

/// The version that these bodies are of.
const VERSION: &str = "2024-11-11";

/// A payment request, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentRequest {
    payment_request_id: Text,
    reference_id: Text,
    pub latest_payment_id: Text,
    status: Text,
    request_amount: Text,
    currency: Text,
    capture_method: Text,
    channel_code: Text,
    failure_code: Text,
    channel_properties: Option<ChannelProperties>,
    #[serde(deserialize_with = "list")]
    actions: Vec<Action>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ChannelProperties {
    expires_at: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Action {
    descriptor: Text,
    value: Text,
}

/// One attempt to pay a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payment {
    payment_request_id: Text,
    status: Text,
    #[serde(deserialize_with = "list")]
    captures: Vec<Capture>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Capture {
    capture_amount: Text,
}

impl PaymentRequest {
    fn state(&self) -> GatewayState {
        let failure = || {
            let code = self.failure_code.word();
            if code.is_empty() { "no reason was given".to_owned() } else { mask::words(&code, &[]) }
        };
        match self.status.word().as_str() {
            "ACCEPTING_PAYMENTS" | "REQUIRES_ACTION" | "PENDING" => GatewayState::Pending,
            "AUTHORIZED" | "AWAITING_CAPTURE" => GatewayState::Authorized,
            "SUCCEEDED" => GatewayState::Paid,
            "FAILED" if error::is_decline(&self.failure_code.word()) => GatewayState::Denied { reason: failure() },
            "FAILED" => GatewayState::Failed { reason: failure() },
            "CANCELED" | "CANCELLED" | "VOIDED" => GatewayState::Cancelled,
            "EXPIRED" => GatewayState::Expired,
            _ => GatewayState::Unrecognised(mask::words(self.status.or_empty(), &[])),
        }
    }

    fn snapshot(&self, raw: &str) -> Snapshot {
        let state = self.state();
        let waits = state == GatewayState::Pending;
        let expires_at = self.channel_properties.as_ref().and_then(|channel| channel.expires_at.get());
        Snapshot {
            // No later status tells of the payout, and nothing is left to ask for.
            settled: state == GatewayState::Paid,
            amount: amount::seen(self.request_amount.get(), self.currency.get()),
            captured: None,
            refunds: vec![],
            refunded: None,
            disputes: vec![],
            provider_id: self.payment_request_id.owned(),
            action: waits.then(|| self.action()).flatten(),
            expires_at: expires_at.and_then(|text| text.parse().ok()),
            raw: mask::answer(raw),
            state,
        }
    }

    /// What the payer has to do: something to show is better than a page, a page better than an application's link.
    fn action(&self) -> Option<PayAction> {
        let find = |descriptor: &str| {
            let action = self.actions.iter().find(|action| action.descriptor.word() == descriptor);
            action.and_then(|action| action.value.owned())
        };
        let channel = self.channel_code.or_empty().to_ascii_lowercase();
        if let Some(number) = find("VIRTUAL_ACCOUNT_NUMBER") {
            return Some(PayAction::VirtualAccount { bank: channel.replace("_virtual_account", ""), number });
        }
        if let Some(qr) = find("QR_STRING") {
            return Some(PayAction::Qr { qr: Some(qr), image: None });
        }
        if let Some(code) = find("PAYMENT_CODE") {
            return Some(PayAction::CounterCode { store: channel, code });
        }
        let url = find("WEB_URL").or_else(|| find("DEEPLINK_URL"))?;
        is_harmless(&url).then_some(PayAction::Open { url })
    }
}

impl Client {
    pub(super) async fn create_request(&self, charge: &NewCharge) -> Result<Snapshot, NotDone> {
        let body = self.request(charge)?;
        let call = Call::post("Xendit payment request", self.url("/v3/payment_requests")).json(&body);
        let answer = self.send(call.header("api-version", VERSION)).await?;
        let request: PaymentRequest = error::read(&answer, &self.told(charge))?;
        if request.reference_id.get() != Some(&charge.reference) || request.payment_request_id.get().is_none() {
            return Err(unreadable(&answer, "it is not the request that was asked for"));
        }
        let snapshot = request.snapshot(&answer.body);
        match snapshot.state {
            GatewayState::Denied { reason, .. } | GatewayState::Failed { reason } => {
                Err(refused(RefusalKind::Declined, reason))
            }
            _ => Ok(snapshot),
        }
    }

    fn request(&self, charge: &NewCharge) -> Result<Value, NotDone> {
        self.remaining(charge)?;
        let mut body = json!({
            "reference_id": reference(&charge.reference)?,
            "type": "PAY",
            "country": "ID",
            "currency": charge.amount.currency().code(),
            "request_amount": charge.amount.amount(),
            "capture_method": if charge.method.authorize_only { "MANUAL" } else { "AUTOMATIC" },
        });
        body["channel_code"] = channel::code(&charge.method)?.into();
        if charge.method.kind == MethodKind::CreditCard {
            let token = charge.method.token.as_ref().ok_or_else(|| invalid("a card is paid with by its token"))?;
            body["payment_token_id"] = token.0.as_str().into();
        }
        let mut properties = json!({"expires_at": moment::to_iso(charge.expires_at)});
        if let Some(name) = channel::name_member(charge.method.kind) {
            properties[name] = clip(charge.payer.name.as_deref().unwrap_or("Customer"), 50).into();
        }
        for (name, url) in
            [("success_return_url", self.config.return_url.as_ref()), ("failure_return_url", self.config.failure_url())]
        {
            if let Some(url) = url {
                properties[name] = url.as_str().into();
            }
        }
        body["channel_properties"] = properties;
        if let Some(description) = &charge.description {
            body["description"] = clip(description, 255).into();
            body["metadata"] = json!({"note": clip(description, 255)});
        }
        Ok(body)
    }

    /// The request as it stands, with what was captured of it; `None` if Xendit does not know it, or we not its id.
    pub(super) async fn read_request(&self, charge: &ChargeRef) -> Result<Option<(Snapshot, PaymentRequest)>, NotDone> {
        let Some((answer, request)) = self.request_by_id(charge).await? else { return Ok(None) };
        let mut snapshot = request.snapshot(&answer.body);
        // Money that comes after the end leaves the request as it ended; then the payment alone tells.
        let open =
            matches!(snapshot.state, GatewayState::Pending | GatewayState::Authorized | GatewayState::Unrecognised(_));
        if !open && let Some(id) = request.latest_payment_id.get() {
            self.add_payment(&mut snapshot, &request, id).await?;
        }
        Ok(Some((snapshot, request)))
    }

    async fn request_by_id(&self, charge: &ChargeRef) -> Result<Option<(Answer, PaymentRequest)>, NotDone> {
        let wanted = reference(&charge.reference)?;
        let Some(id) = &charge.provider_id else { return Ok(None) };
        let url = self.url(&format!("/v3/payment_requests/{}", foreign(id)?));
        match self.get::<PaymentRequest>("Xendit payment request", url).await {
            Ok((answer, request)) if request.reference_id.get() == Some(wanted) => Ok(Some((answer, request))),
            Ok((answer, _)) => Err(unreadable(&answer, "it speaks of another payment")),
            Err(NotDone::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn add_payment(&self, snapshot: &mut Snapshot, request: &PaymentRequest, id: &str) -> Result<(), NotDone> {
        let url = self.url(&format!("/v3/payments/{}", foreign(id)?));
        let (answer, payment) = self.get::<Payment>("Xendit payment", url).await?;
        if payment.payment_request_id.get() != request.payment_request_id.get() {
            return Err(unreadable(&answer, "it speaks of another payment"));
        }
        if payment.status.word() != "SUCCEEDED" {
            return Ok(());
        }
        (snapshot.state, snapshot.settled) = (GatewayState::Paid, true);
        // Without a currency the amount is unreadable already, and so is what was captured.
        let Some(currency) = request.currency.get().and_then(|code| code.parse::<Currency>().ok()) else {
            return Ok(());
        };
        let mut sum = 0_i64;
        for capture in &payment.captures {
            let Some(units) = amount::units(capture.capture_amount.or_empty(), currency) else {
                let text = format!("captured {}", mask::words(capture.capture_amount.or_empty(), &[]));
                snapshot.amount = SeenAmount::Unreadable(text);
                return Ok(());
            };
            sum += units;
        }
        if payment.captures.is_empty() {
            return Ok(());
        }
        if request.capture_method.word() == "MANUAL" {
            let whole = matches!(snapshot.amount, SeenAmount::Exact(money) if money.amount() == sum);
            snapshot.captured = (!whole).then_some(sum);
        } else {
            // Nobody asked for a part: what was captured is what was paid.
            snapshot.amount = Money::new(sum, currency)
                .map_or_else(|_| SeenAmount::Unreadable(format!("captured {sum}")), SeenAmount::Exact);
        }
        Ok(())
    }

    /// Cancels what waits for the payer, or releases what was authorised.
    pub(super) async fn cancel_request(&self, charge: &ChargeRef) -> Result<(), NotDone> {
        let Some((_, request)) = self.request_by_id(charge).await? else { return Err(not_known()) };
        let state = request.state();
        let path = match state {
            GatewayState::Cancelled => return Ok(()),
            GatewayState::Pending => format!("/v3/payment_requests/{}/cancel", path_of(&request.payment_request_id)?),
            GatewayState::Authorized => format!("/v3/payments/{}/cancel", path_of(&request.latest_payment_id)?),
            _ => return Err(refused(RefusalKind::WrongState, "it is closed already")),
        };
        self.act("Xendit cancel", &path, &json!({})).await
    }

    pub(super) async fn capture_request(&self, charge: &ChargeRef, part: i64) -> Result<(), NotDone> {
        let Some((_, request)) = self.request_by_id(charge).await? else { return Err(not_known()) };
        if request.state() != GatewayState::Authorized {
            return Err(refused(RefusalKind::WrongState, "nothing is reserved"));
        }
        let path = format!("/v3/payments/{}/capture", path_of(&request.latest_payment_id)?);
        self.act("Xendit capture", &path, &json!({"capture_amount": part})).await
    }

    async fn act(&self, what: &'static str, path: &str, body: &Value) -> Result<(), NotDone> {
        let call = Call::post(what, self.url(path)).json(body).header("api-version", VERSION);
        let answer = self.send(call).await?;
        let after: PaymentRequest = error::read(&answer, &self.confidential())?;
        match after.state() {
            GatewayState::Denied { reason, .. } | GatewayState::Failed { reason } => {
                Err(refused(RefusalKind::Declined, reason))
            }
            _ => Ok(()),
        }
    }

    /// A read of the third version.
    async fn get<T: DeserializeOwned>(&self, what: &'static str, url: String) -> Result<(Answer, T), NotDone> {
        let answer = self.send(Call::get(what, url).header("api-version", VERSION)).await?;
        let body = error::read(&answer, &self.confidential())?;
        Ok((answer, body))
    }
}

fn path_of(id: &Text) -> Result<&str, NotDone> {
    foreign(id.or_empty())
}

fn not_known() -> NotDone {
    refused(RefusalKind::NotFound, "Xendit's id of the payment is not known")
}
