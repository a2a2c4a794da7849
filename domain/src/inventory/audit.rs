//! The counters of the stock, counted again from their journal and from the orders, and mended.

use dermaga_ports::{
    auth::Principal,
    ids::{ItemId, MovementId},
    inventory::{Movement, MovementKind, Recount},
    paging::PageRequest,
};
use serde_json::json;

use super::Inventory;
use crate::{auth::Permission, core::Note, error::Result};

/// How many items are recounted at once.
const AT_ONCE: u32 = 200;

/// An item whose counters are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockFinding {
    pub recount: Recount,
    /// Whether it was mended.
    pub repaired: bool,
}

impl Inventory {
    /// Counts every item again: its counters must be the sums of its journal, and what is allocated must be what paid
    /// orders wait for. Answers the items where it is not so, and how many items there are.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`].
    pub async fn verify(&self, by: &Principal) -> Result<(u64, Vec<StockFinding>)> {
        self.0.authorise(by, Permission::VerifyStock).await?;
        let (mut count, mut findings) = (0, Vec::new());
        let mut page = PageRequest::first(AT_ONCE);
        loop {
            let found = self.0.ports.store.inventory().recounts(page).await?;
            count += found.items.len() as u64;
            let wrong = found.items.into_iter().filter(|recount| !recount.agrees());
            findings.extend(wrong.map(|recount| StockFinding { recount, repaired: false }));
            match found.next {
                Some(next) => page = PageRequest::new(Some(next), AT_ONCE),
                None => return Ok((count, findings)),
            }
        }
    }

    /// The same, and mends what is wrong: counters are set to the journal's sums, and a movement sets right what is
    /// allocated beside the orders. What cannot be mended so, because more is promised than is there, is answered as not
    /// repaired: goods have to come in, or orders have to be cancelled.
    ///
    /// # Errors
    /// [`crate::Code::PermissionDenied`].
    pub async fn repair(&self, by: &Principal) -> Result<(u64, Vec<StockFinding>)> {
        let (count, found) = self.verify(by).await?;
        let mut findings = Vec::new();
        for finding in found {
            findings.extend(self.repair_one(by, finding.recount.kept.item).await?);
        }
        Ok((count, findings))
    }

    async fn repair_one(&self, by: &Principal, item: ItemId) -> Result<Option<StockFinding>> {
        let now = self.0.now();
        let mut uow = self.0.begin().await?;
        // Again, locked: it may have been in the middle of a change.
        let Some(recount) = uow.stock().recount(item).await?.filter(|recount| !recount.agrees()) else {
            return Ok(None);
        };
        let Recount { counted, promised, .. } = recount;
        let sane = (0..=counted.on_hand).contains(&counted.allocated);
        if !sane || promised > counted.on_hand {
            return Ok(Some(StockFinding { recount, repaired: false }));
        }
        uow.stock().reset(counted).await?;
        if promised != counted.allocated {
            let movement = Movement {
                id: self.0.id::<MovementId>(),
                item,
                kind: MovementKind::Repaired,
                on_hand: 0,
                allocated: promised - counted.allocated,
                order: None,
                reason: Some("what is allocated is what paid orders wait for".to_owned()),
                actor: by.into(),
                at: now,
            };
            uow.stock().record(&movement).await?;
        }
        let (kept, mended) = (recount.kept, (counted.on_hand, promised));
        let note = Note {
            actor: Some(by),
            action: "stock.repaired",
            subject: format!("product:{item}"),
            detail: format!("({}, {}) -> ({}, {})", kept.on_hand, kept.allocated, mended.0, mended.1),
        };
        let facts = json!({ "item_id": item, "on_hand": mended.0, "allocated": mended.1 });
        self.0.file(&mut *uow, note, facts, now).await?;
        uow.commit().await?;
        Ok(Some(StockFinding { recount, repaired: true }))
    }
}
