//! The seal: a chain of hashes over everything the journal ever took in.
//!
//! # Why
//! Whoever can write to the database can change a line of the journal and every counter with it. The seal makes that
//! visible: each batch of lines is hashed together with the hash of the batch before, so whoever keeps one [`Head`]
//! elsewhere (a mail to oneself is enough) can prove later that nothing up to it was changed, removed or put in between.
//!
//! # Format, version 1
//! All integers are big endian. `text` is its length in bytes as `u32` and then its UTF-8. `option(x)` is a byte 0, or a
//! byte 1 and then `x`. An `id` is its 16 bytes, a `moment` is microseconds since 1970 as `i64`.
//!
//! - `line`: id, text(kind), text(purpose), id of debit, id of credit, amount `i64`, text(currency), option(id it refers
//!   to), option(moment it expires), moment, balance of debit `i64`, balance of credit `i64`, option(id of debit's line
//!   before), option(id of credit's line before), option(text(description)), option(text(actor))
//! - `content`: SHA-256 of `"dermaga batch 1\n"`, the number of lines as `u32`, the lines in order
//! - `link`: SHA-256 of `"dermaga seal 1\n"`, the number of the batch as `u64`, the link of the batch before, `content`
//!
//! The tags keep the two hashes apart, and both from any other use of SHA-256. The first batch has the number 1; before
//! it is a link of 32 zero bytes.

use std::fmt;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Transfer;
use crate::ids::TransferId;

const CONTENT_TAG: &[u8] = b"dermaga batch 1\n";

/// What a link begins with; an adapter that computes it in the database needs it too.
pub const LINK_TAG: &[u8] = b"dermaga seal 1\n";

/// A SHA-256.
pub type Digest = [u8; 32];

/// The end of the chain: how many batches there are, and the link of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub number: u64,
    pub link: Digest,
}

impl Head {
    /// Before the first batch.
    pub const GENESIS: Self = Self { number: 0, link: [0; 32] };

    /// The chain with one more batch.
    pub fn extend(&self, content: &Digest) -> Self {
        let number = self.number + 1;
        let mut hash = Sha256::new();
        hash.update(LINK_TAG);
        hash.update(number.to_be_bytes());
        hash.update(self.link);
        hash.update(content);
        Self { number, link: hash.finalize().into() }
    }
}

/// The chain as it begins.
impl Default for Head {
    fn default() -> Self {
        Self::GENESIS
    }
}

/// The link in hexadecimal.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.link.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A batch as it was sealed, with its lines as the journal has them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBatch {
    /// The chain up to and with this batch, as stored.
    pub head: Head,
    /// The hash of the lines, as stored.
    pub content: Digest,
    /// The lines that were written, in order.
    pub ids: Vec<TransferId>,
    /// Those of them that are there, in the same order.
    pub lines: Vec<Transfer>,
}

/// The hash of a batch of lines.
pub fn content<'a>(lines: impl ExactSizeIterator<Item = &'a Transfer>) -> Digest {
    let mut hash = Sha256::new();
    hash.update(CONTENT_TAG);
    let mut writer = Writer(Vec::with_capacity(256));
    writer.length(lines.len());
    for line in lines {
        writer.line(line);
        // Line by line: a hash takes one long piece faster than twenty short ones.
        hash.update(&writer.0);
        writer.0.clear();
    }
    hash.update(&writer.0);
    hash.finalize().into()
}

/// Writes values in the format above.
struct Writer(Vec<u8>);

impl Writer {
    fn line(&mut self, line: &Transfer) {
        self.id(line.id.0);
        self.text(line.kind.as_str());
        self.text(line.purpose.as_str());
        self.id(line.debit.0);
        self.id(line.credit.0);
        self.integer(line.amount.amount());
        self.text(line.amount.currency().code());
        self.option(line.refers_to, |writer, id| writer.id(id.0));
        self.option(line.expires_at, |writer, moment| writer.integer(moment.micros()));
        self.integer(line.at.micros());
        self.integer(line.debit_balance);
        self.integer(line.credit_balance);
        self.option(line.debit_previous, |writer, id| writer.id(id.0));
        self.option(line.credit_previous, |writer, id| writer.id(id.0));
        self.option(line.description.as_deref(), Self::text);
        self.option(line.actor.as_deref(), Self::text);
    }

    fn id(&mut self, id: Uuid) {
        self.0.extend_from_slice(id.as_bytes());
    }

    fn integer(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn length(&mut self, length: usize) {
        // A batch has thousands of lines and a text hundreds of bytes.
        self.0.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}
