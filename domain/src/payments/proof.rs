//! What a payer shows to prove a manual transfer, for whoever reviews it.

use dermaga_ports::{
    auth::Principal,
    ids::PaymentId,
    payments::{Payment, PaymentState, Picture, Proof},
    time::Timestamp,
};

use super::{MANUAL, Payments};
use crate::{
    core::Note,
    error::{Code, Error, Result},
    faults::Faults,
};

/// The largest picture that is kept, in bytes.
pub const MAX_PICTURE: usize = 512 * 1024;

/// What somebody shows.
#[derive(Debug, Clone, Default)]
pub struct NewProof {
    pub bank: Option<String>,
    pub sender: Option<String>,
    pub amount: Option<i64>,
    pub transferred_at: Option<Timestamp>,
    pub note: Option<String>,
    pub picture: Option<Vec<u8>>,
}

impl Payments {
    /// Shows a proof of a manual transfer, which says "I have paid" as well: the payment goes to review. What was shown
    /// before is replaced.
    ///
    /// # Errors
    /// [`Code::PaymentNotFound`], [`Code::IllegalTransition`] for a payment that no person reviews,
    /// [`Code::PaymentWindowClosed`], [`Code::Invalid`].
    pub async fn show(&self, by: &Principal, id: PaymentId, new: NewProof) -> Result<Payment> {
        let payment = self.own(by, id).await?;
        if payment.gateway != MANUAL {
            let told = format!("The payment is {}'s to confirm, and needs no proof.", payment.gateway);
            return Err(Error::new(Code::IllegalTransition, told));
        }
        let now = self.0.now();
        let proof = proof(id, new, now)?;
        let open = matches!(payment.state, PaymentState::Pending | PaymentState::Review);
        if !open {
            let told = format!("The payment is {}: a proof changes nothing any more.", payment.state.as_str());
            return Err(Error::new(Code::IllegalTransition, told));
        }
        let confirmed = self.confirm(by, id).await?;
        let mut uow = self.0.begin().await?;
        uow.manual_transfers().show(&proof).await?;
        let note = Note {
            actor: Some(by),
            action: "payment.proof_shown",
            subject: format!("payment:{id}"),
            // Who sent it from where is personal, and the trail never forgets.
            detail: if proof.picture.is_some() { "with a picture" } else { "without a picture" }.to_owned(),
        };
        uow.audit().record(&self.0.entry(note, now)).await?;
        uow.commit().await?;
        Ok(confirmed)
    }

    /// What was shown for a payment of the caller, or anybody's for who may manage payments.
    ///
    /// # Errors
    /// [`Code::PaymentNotFound`], also if nothing was shown.
    pub async fn proof(&self, by: &Principal, id: PaymentId) -> Result<Proof> {
        let payment = self.own(by, id).await?;
        let mut uow = self.0.begin().await?;
        let found = uow.manual_transfers().proof(id).await?;
        if !matches!(by, Principal::User { id, .. } if *id == payment.user) {
            // Who looks at other people's papers is written down.
            let note = Note {
                actor: Some(by),
                action: "payment.proof_seen",
                subject: format!("payment:{id}"),
                detail: String::new(),
            };
            uow.audit().record(&self.0.entry(note, self.0.now())).await?;
            uow.commit().await?;
        }
        found.ok_or_else(|| Error::new(Code::PaymentNotFound, format!("Nothing was shown for payment {id}.")))
    }
}

/// A proof whose fields are all right.
fn proof(payment: PaymentId, new: NewProof, now: Timestamp) -> Result<Proof> {
    let mut faults = Faults::default();
    let bank = faults.text("/bank", new.bank.as_deref(), 50);
    let sender = faults.text("/sender_name", new.sender.as_deref(), 100);
    let note = faults.text("/note", new.note.as_deref(), 500);
    if new.amount.is_some_and(|amount| amount <= 0) {
        faults.add("/amount", "must be more than 0");
    }
    if new.transferred_at.is_some_and(|at| at > now + dermaga_ports::time::DAY) {
        faults.add("/transferred_at", "must not be in the future");
    }
    let picture = new.picture.map(|bytes| {
        if bytes.len() > MAX_PICTURE {
            faults.add("/image", format!("must have at most {MAX_PICTURE} bytes"));
        }
        let media_type = Picture::media_type(&bytes).unwrap_or_else(|| {
            faults.add("/image", "must be a PNG, JPEG or WebP picture");
            ""
        });
        Picture { media_type, bytes }
    });
    faults.check()?;
    Ok(Proof {
        payment,
        bank,
        sender,
        amount: new.amount,
        transferred_at: new.transferred_at,
        note,
        picture,
        shown_at: now,
    })
}
