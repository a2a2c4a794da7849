//! Webhooks: signed over their bytes, and hints all the same.

use dermaga_ports::booking::{Hint, NotAuthentic};
use serde::Deserialize;

use crate::wire::{
    Secret, mask,
    outcome::reference,
    signature::{check_plain, digest, header},
    text::Text,
};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Body {
    data: Option<Told>,
    hook_id: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Told {
    ref_id: Text,
    trx_id: Text,
    status: Text,
    rc: Text,
    sn: Text,
}

pub(super) fn read(headers: &[(String, String)], body: &[u8], secret: Option<&Secret>) -> Result<Hint, NotAuthentic> {
    check_plain(header(headers, "x-hub-signature"), secret, body)?;
    let malformed = || NotAuthentic::Malformed("the body is no webhook of Digiflazz".to_owned());
    let body: Body = serde_json::from_slice(body).map_err(|_| malformed())?;
    let Some(told) = body.data else {
        // Somebody pressed the button that tries the address.
        let ping = body.hook_id.get().ok_or_else(malformed)?;
        let dedupe_key = digest(&["digiflazz", "ping", ping]);
        return Ok(Hint { reference: None, supplier_id: None, dedupe_key, claims: "ping".to_owned() });
    };
    let parts = [&told.ref_id, &told.status, &told.rc, &told.sn].map(Text::or_empty);
    Ok(Hint {
        reference: told.ref_id.owned().filter(|ours| reference(ours).is_ok()),
        supplier_id: told.trx_id.owned().map(|id| id.chars().take(100).collect()),
        dedupe_key: digest(&["digiflazz", parts[0], parts[1], parts[2], parts[3]]),
        claims: mask::words(&format!("{} {}", parts[1], parts[2]), &[]),
    })
}
