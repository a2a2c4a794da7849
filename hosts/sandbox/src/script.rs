//! Scripts: what shall happen to a payment, said in the payment itself.
//!
//! A script is a list of tokens, each with `~` in front: `ORDER-7~pay1s~dup3` is paid after a second, and each
//! notification is sent three times. It stands in `metadata.sandbox`, in `custom_field3` or at the end of the caller's
//! reference, so that a test needs no second connection to say what it wants. Times are virtual.

mod read;

use std::time::Duration;

use serde::Serialize;

/// What a payment's tokens ask for. In listings it is shown as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Script {
    /// The tokens as they were written.
    pub tokens: String,
    /// What happens to the payment.
    #[serde(skip)]
    pub life: Life,
    /// How its notifications travel.
    #[serde(skip)]
    pub delivery: Delivery,
    /// How it looks in notifications and in answers to who asks.
    #[serde(skip)]
    pub looks: Looks,
    /// What the call that creates it meets.
    #[serde(skip)]
    pub call: Call,
    /// Tokens that nobody knows. They do nothing, and the listing shows them.
    pub unknown: Vec<String>,
}

/// What happens to the payment, and when, counted from its creation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    /// `~pay<d>`: the customer pays.
    pub pay: Option<Duration>,
    /// `~settle`: the money arrives at once.
    pub settle: bool,
    /// `~exp<d>`: time runs out.
    pub expire: Option<Duration>,
    /// `~latepay`: the customer pays half a minute after time ran out.
    pub late_pay: Option<LatePay>,
    /// `~deny`: refused at once.
    pub deny: bool,
    /// `~fail<d>`: something breaks at the provider.
    pub fail: Option<Duration>,
    /// `~challenge`: a person has to look at the card payment.
    pub challenge: bool,
    /// `~denyshape.<s>`: how a challenge that was turned down looks.
    pub deny_shape: DenyShape,
    /// `~3ds`: the card's bank asks its owner.
    pub three_ds: Option<ThreeDs>,
    /// `~auth`: the money is held, not taken.
    pub authorize: bool,
    /// `~cancel<d>`: somebody cancels it in the dashboard.
    pub cancel: Option<Duration>,
    /// `~reverse<d>`: the bank takes the payment back, counted from the payment.
    pub reverse: Option<Duration>,
    /// `~cb<d>` and `~cbp<d>.<n>`: a chargeback, counted from the payment; of that amount or of all.
    pub chargeback: Option<(Duration, Option<i64>)>,
    /// `~rfdeny`: refunds are refused.
    pub refund_denied: bool,
    /// `~rfpend<d>`: a refund takes that long.
    pub refund_pending: Option<Duration>,
}

/// What a late payment does to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatePay {
    /// It becomes paid.
    Revives,
    /// `~latepay.keep`: the money is there, the status stays expired (Xendit does that).
    Keeps,
}

/// How a challenge that was turned down looks. Both were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DenyShape {
    /// Status `deny`.
    #[default]
    Deny,
    /// Status `cancel`.
    Cancel,
}

/// How the bank's question ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreeDs {
    /// With a payment.
    Passes,
    /// Not at all.
    Abandoned,
    /// With a refusal.
    Fails,
}

/// How notifications travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `~dup<n>`: each is sent that often.
    pub copies: usize,
    /// `~reorder`: the first waits for the second and comes after it.
    pub reorder: bool,
    /// `~early`: it arrives before the answer to the call that caused it.
    pub early: bool,
    /// `~drop`: it never arrives.
    pub drop: bool,
    /// `~delay<d>`: it comes that much later.
    pub delay: Duration,
    /// `~badsig` and `~nosig`.
    pub signature: Signature,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            copies: 1,
            reorder: false,
            early: false,
            drop: false,
            delay: Duration::ZERO,
            signature: Signature::default(),
        }
    }
}

/// What proves that a notification is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signature {
    /// The right proof.
    #[default]
    Right,
    /// A wrong one.
    Wrong,
    /// None.
    Missing,
}

/// How the payment looks in notifications and in answers to who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// `~amt.p<n>`, `~amt.m<n>`: the amount paid differs from the amount asked for.
    pub shift: i64,
    /// `~amtfmt.<x>`: the amount is spelled oddly.
    pub amount: AmountText,
    /// `~cur.<XXX>`, `~cur.none`.
    pub currency: Currency,
    /// `~ptype.<t>`: paid in another way than asked for.
    pub payment_type: Option<String>,
    /// `~st.<s>`: a status that nobody knows.
    pub status: Option<String>,
    /// `~upper`: the status in capitals.
    pub upper: bool,
    /// `~shape.odd`: numbers as texts, members that are new or null.
    pub odd: bool,
    /// `~nest`: a refund's notification has an envelope too many.
    pub nested: bool,
}

/// How an amount is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AmountText {
    /// As documented.
    #[default]
    Plain,
    /// Without decimals.
    Int,
    /// With half a rupiah.
    Dec50,
    /// With an exponent.
    Exp,
    /// Below zero.
    Neg,
    /// More than anybody has.
    Huge,
}

/// Which currency is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Currency {
    /// The right one.
    #[default]
    Right,
    /// Another.
    Other(String),
    /// None.
    Absent,
}

/// What the call that creates the payment meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Call {
    /// `~hang.after`, `~hang.before`: the answer does not come.
    pub hang: Option<Hang>,
    /// `~inproc`: for three seconds the answer is "still at it".
    pub in_process: bool,
    /// `~e<code>` and `~e<code>.<n>`: refused with that code, the first n times or always.
    pub refuse: Option<(u16, Option<u32>)>,
}

/// On which side of the commit the answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hang {
    /// The payment is there.
    After,
    /// The payment is not there. Only the first call meets it.
    Before,
}

impl Script {
    /// The script of the first source that has one.
    pub fn first_of(sources: &[Option<&str>]) -> Self {
        let texts = sources.iter().flatten();
        let script = texts.filter_map(|text| text.find('~').map(|start| &text[start..])).next();
        script.map(Self::parse).unwrap_or_default()
    }

    /// Whether something will happen to the payment without anybody's doing.
    pub fn moves(&self) -> bool {
        let still = Life {
            settle: self.life.settle,
            deny_shape: self.life.deny_shape,
            refund_denied: self.life.refund_denied,
            refund_pending: self.life.refund_pending,
            ..Life::default()
        };
        self.life != still
    }
}
