//! The codes of tickets: what is shown at the door, and what a holder is given.

use dermaga_ports::{
    StoreError, Unique,
    attendance::{SecretKey, SignedCode, Ticket, TicketCode, TicketKey},
    auth::Principal,
    ids::TicketId,
};
use serde_json::json;
use uuid::Uuid;

use super::Attendance;
use crate::{
    auth::Permission,
    core::Note,
    error::{Code, Error, Result},
};

/// What somebody shows at the door, before anybody asked what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// One of our codes, and the signature is ours.
    Signed(TicketCode),
    /// It looks like one of ours.
    Forged,
    /// It begins like one of ours.
    Damaged,
    /// The id of a ticket, typed or read out.
    Id(TicketId),
    /// Something else.
    Other,
}

impl Shown {
    /// The ticket that it names.
    pub fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::Signed(code) => Some(code.ticket),
            Self::Id(id) => Some(*id),
            Self::Forged | Self::Damaged | Self::Other => None,
        }
    }
}

impl Attendance {
    /// Reads what somebody shows.
    pub(super) async fn read(&self, text: &str) -> Result<Shown> {
        let signed = match SignedCode::read(text) {
            Some(Ok(signed)) => signed,
            Some(Err(_)) => return Ok(Shown::Damaged),
            None => return Ok(text.parse::<Uuid>().map_or(Shown::Other, |id| Shown::Id(TicketId(id)))),
        };
        let key = self.0.ports.store.attendance().ticket_key(signed.says.key).await?;
        let signer = &self.0.ports.ticket_signer;
        let genuine = key.is_some_and(|key| signer.verify(&key.public, &signed.body, &signed.signature));
        Ok(if genuine { Shown::Signed(signed.says) } else { Shown::Forged })
    }

    /// The code of a ticket, signed with the newest key. It is made whenever it is asked for and kept nowhere.
    pub(super) async fn code(&self, ticket: &Ticket) -> Result<String> {
        let (key, secret) = self.signing_key().await?;
        let code = TicketCode {
            key: key.number,
            event: ticket.event.clone(),
            ticket: ticket.id,
            ticket_type: ticket.ticket_type,
            valid_from: ticket.valid_from,
            valid_until: ticket.valid_until,
        };
        let signature = self.0.ports.ticket_signer.sign(&secret, &code.body());
        Ok(code.text(signature))
    }

    /// The newest key. The first one is made when it is first needed; of two hosts that do so, one succeeds.
    async fn signing_key(&self) -> Result<(TicketKey, SecretKey)> {
        let store = &self.0.ports.store;
        if let Some(found) = store.attendance().signing_key().await? {
            return Ok(found);
        }
        self.make_key(None, 1).await?;
        let found = store.attendance().signing_key().await?;
        found.ok_or_else(|| Error::internal("a key that was made is not there"))
    }

    /// Makes the key of that number, unless somebody else has.
    async fn make_key(&self, by: Option<&Principal>, number: u32) -> Result<Option<TicketKey>> {
        let (signer, now) = (&self.0.ports.ticket_signer, self.0.now());
        let secret = signer.fresh();
        let key = TicketKey { id: self.0.id(), number, public: signer.public(&secret), created_at: now };
        let mut uow = self.0.begin().await?;
        match uow.ticket_keys().add(&key, &secret).await {
            Err(StoreError::Conflict(Unique::TicketKey)) => return Ok(None),
            added => added?,
        }
        let note = Note {
            actor: by,
            action: "ticket_key.created",
            subject: format!("ticket_key:{number}"),
            detail: String::new(),
        };
        self.0.file(&mut *uow, note, json!({ "number": number }), now).await?;
        uow.commit().await?;
        Ok(Some(key))
    }

    /// Every key, newest first: what a device needs that verifies codes by itself.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`].
    pub async fn keys(&self, by: &Principal) -> Result<Vec<TicketKey>> {
        self.0.authorise(by, Permission::CheckIn).await?;
        self.signing_key().await?;
        Ok(self.0.ports.store.attendance().ticket_keys().await?)
    }

    /// Makes a new key, which signs from now on. What older ones have signed stays good.
    ///
    /// # Errors
    /// [`Code::PermissionDenied`], [`Code::ConcurrentChange`] if somebody else does so at the same moment.
    pub async fn rotate_key(&self, by: &Principal) -> Result<TicketKey> {
        self.0.authorise(by, Permission::ManageTicketKeys).await?;
        let newest = self.0.ports.store.attendance().signing_key().await?;
        let number = newest.map_or(0, |(key, _)| key.number) + 1;
        let made = self.make_key(Some(by), number).await?;
        made.ok_or_else(|| Error::new(Code::ConcurrentChange, "Somebody else has made a new key at this moment."))
    }
}
