//! A statement as CSV: streamed page by page, so that its length costs no memory.

use std::sync::Arc;

use dermaga_domain::App;
use dermaga_ports::{
    auth::Principal,
    ids::WalletId,
    ledger::Entry,
    paging::{MAX_LIMIT, PageRequest},
    time::Timestamp,
};
use futures::stream;
use poem::Body;

use crate::wire::{Csv, CsvRows};

/// Where the stream stands.
struct Reader {
    app: Arc<App>,
    principal: Principal,
    wallet: WalletId,
    to: Option<Timestamp>,
    from: Option<Timestamp>,
    after: Option<Timestamp>,
    begun: bool,
    done: bool,
}

/// The statement of a wallet that the caller has been allowed to read.
pub fn csv(
    app: Arc<App>,
    principal: Principal,
    wallet: WalletId,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Csv {
    let start = Reader { app, principal, wallet, from, to, after: None, begun: false, done: false };
    let pages = stream::try_unfold(start, |mut reader| async move {
        if reader.done {
            return Ok(None);
        }
        let page = PageRequest::new(reader.after, MAX_LIMIT);
        let read = reader.app.wallets.statement(&reader.principal, reader.wallet, reader.from, reader.to, page).await;
        let (_, entries) = read.map_err(std::io::Error::other)?;
        let mut rows = CsvRows::default();
        if !reader.begun {
            rows.row(["at", "transfer_id", "purpose", "amount", "balance", "refers_to"]);
            reader.begun = true;
        }
        entries.items.iter().for_each(|entry| write(&mut rows, entry));
        reader.after = entries.next;
        reader.done = entries.next.is_none();
        Ok::<_, std::io::Error>(Some((rows.into_bytes(), reader)))
    });
    Csv(Body::from_bytes_stream(pages))
}

fn write(rows: &mut CsvRows, entry: &Entry) {
    rows.row([
        &entry.transfer.at.to_string(),
        &entry.transfer.id.to_string(),
        entry.transfer.purpose.as_str(),
        &entry.amount.to_string(),
        &entry.balance.to_string(),
        &entry.transfer.refers_to.map(|id| id.to_string()).unwrap_or_default(),
    ]);
}
