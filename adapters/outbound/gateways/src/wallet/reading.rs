//! Where a charge stands, read back from its movements.

use dermaga_ports::{
    ids::TransferId,
    ledger::{Hold, HoldState},
    payments::{GatewayState, SeenAmount, Snapshot},
};

use super::{Movements, Till, lost};
use crate::wire::NotDone;

/// A charge as the books have it.
pub(super) struct Charge {
    pub hold: Hold,
    pub snapshot: Snapshot,
}

impl Till {
    /// `None` if the ledger has no hold for the reference.
    pub(super) async fn read(&self, reference: &str) -> Result<Option<Charge>, NotDone> {
        let ids = Movements::of(reference)?;
        // One unit of work, so that all of it is of one moment; nothing is written.
        let mut uow = self.store.begin().await.map_err(lost)?;
        let Some(hold) = uow.books().holds(&[ids.hold]).await.map_err(lost)?.pop() else { return Ok(None) };
        let lines = uow.books().transfers(&[ids.capture, ids.expiry]).await.map_err(lost)?;
        let reversed = uow.books().reversed(&[ids.capture]).await.map_err(lost)?;
        drop(uow);
        let find = |id: TransferId| lines.iter().find(|line| line.id == id);
        let captured = find(ids.capture).map(|line| line.amount);
        let state = match hold.state {
            HoldState::Posted => GatewayState::Paid,
            HoldState::Voided if find(ids.expiry).is_some() => GatewayState::Expired,
            HoldState::Voided => GatewayState::Cancelled,
            HoldState::Expired => GatewayState::Expired,
            HoldState::Open if hold.reserves(self.clock.now()) => GatewayState::Authorized,
            HoldState::Open => GatewayState::Expired,
        };
        let snapshot = Snapshot {
            settled: state == GatewayState::Paid,
            amount: SeenAmount::Exact(hold.amount),
            captured: captured.filter(|captured| *captured != hold.amount).map(|captured| captured.amount()),
            refunds: vec![],
            refunded: captured.map(|_| reversed.iter().map(|reversed| reversed.total).sum()),
            disputes: vec![],
            provider_id: Some(hold.id.to_string()),
            action: None,
            expires_at: hold.expires_at,
            raw: format!("{{\"hold\":\"{}\",\"state\":\"{}\"}}", hold.id, hold.state.as_str()),
            state,
        };
        Ok(Some(Charge { hold, snapshot }))
    }

    /// Whether a line with this id is in the journal.
    pub(super) async fn is_posted(&self, id: TransferId) -> Result<bool, NotDone> {
        let mut uow = self.store.begin().await.map_err(lost)?;
        let found = uow.books().transfers(&[id]).await.map_err(lost)?;
        Ok(!found.is_empty())
    }
}
