//! The code of a ticket: what stands in its QR, and proves it without asking anybody.
//!
//! # Format
//! `DMG1` and then Base32 (RFC 4648, without padding) of these bytes; numbers are big-endian:
//!
//! ```text
//! version 1 (1) | key (4) | length of the event (1) | event | ticket (16) | ticket type or zeros (16)
//! | valid from (5) | valid until (5) | Ed25519 signature of everything before it (64)
//! ```
//!
//! The two moments are seconds since 1970, zero for none. Upper-case letters and digits are what a QR calls
//! alphanumeric: five and a half bits for each, where anything else needs eight. Nothing in it tells who the holder is.

use data_encoding::BASE32_NOPAD;
use uuid::Uuid;

use super::EventSlug;
use crate::{
    ids::{TicketId, TicketTypeId},
    time::Timestamp,
};

/// How every code begins; no id and no code of somebody else's does.
pub const CODE_PREFIX: &str = "DMG1";
const VERSION: u8 = 1;
const SIGNATURE: usize = 64;
/// Seconds that fit into five bytes; the year 9999 does.
const LONGEST: i64 = (1 << 40) - 1;

/// What a code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketCode {
    /// The number of the key that signs it.
    pub key: u32,
    pub event: EventSlug,
    pub ticket: TicketId,
    pub ticket_type: Option<TicketTypeId>,
    /// To the second.
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
}

/// What a code says, and a signature that is still to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCode {
    pub says: TicketCode,
    /// The bytes that were signed.
    pub body: Vec<u8>,
    pub signature: [u8; SIGNATURE],
}

/// It begins like a code and is none: cut off, misread, or of a version to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code is damaged or incomplete")]
pub struct CodeFault;

fn seconds(moment: Option<Timestamp>) -> [u8; 5] {
    let count = moment.map_or(0, |moment| moment.micros().div_euclid(1_000_000).clamp(1, LONGEST));
    let [.., a, b, c, d, e] = count.to_be_bytes();
    [a, b, c, d, e]
}

fn moment(bytes: [u8; 5]) -> Option<Timestamp> {
    let [a, b, c, d, e] = bytes;
    let count = i64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
    (count != 0).then(|| Timestamp::from_micros(count.saturating_mul(1_000_000)))
}

impl TicketCode {
    /// The bytes to sign.
    pub fn body(&self) -> Vec<u8> {
        let event = self.event.as_str().as_bytes();
        let mut body = Vec::with_capacity(48 + event.len());
        body.push(VERSION);
        body.extend(self.key.to_be_bytes());
        // A slug has 64 bytes at most.
        body.push(u8::try_from(event.len()).unwrap_or(u8::MAX));
        body.extend(event);
        body.extend(self.ticket.0.as_bytes());
        body.extend(self.ticket_type.map_or(Uuid::nil(), Uuid::from).as_bytes());
        body.extend(seconds(self.valid_from));
        body.extend(seconds(self.valid_until));
        body
    }

    /// The text of the code with its signature.
    pub fn text(&self, signature: [u8; SIGNATURE]) -> String {
        let mut bytes = self.body();
        bytes.extend(signature);
        format!("{CODE_PREFIX}{}", BASE32_NOPAD.encode(&bytes))
    }
}

/// Reads from the front.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CodeFault> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(CodeFault)?;
        self.0 = rest;
        Ok(*taken)
    }
}

impl SignedCode {
    /// Reads a code; `None` if the text is something else altogether. The case of letters does not matter.
    pub fn read(text: &str) -> Option<Result<Self, CodeFault>> {
        let (prefix, rest) = text.split_at_checked(CODE_PREFIX.len())?;
        prefix.eq_ignore_ascii_case(CODE_PREFIX).then(|| Self::parse(rest))
    }

    fn parse(text: &str) -> Result<Self, CodeFault> {
        let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).map_err(|_| CodeFault)?;
        let (body, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(CodeFault)?;
        let mut reader = Reader(body);
        if reader.take()? != [VERSION] {
            return Err(CodeFault);
        }
        let key = u32::from_be_bytes(reader.take()?);
        let [length] = reader.take()?;
        let (event, rest) = reader.0.split_at_checked(usize::from(length)).ok_or(CodeFault)?;
        reader.0 = rest;
        let event = std::str::from_utf8(event).ok().and_then(|event| event.parse().ok()).ok_or(CodeFault)?;
        let ticket = TicketId(Uuid::from_bytes(reader.take()?));
        let ticket_type = Uuid::from_bytes(reader.take()?);
        let (valid_from, valid_until) = (moment(reader.take()?), moment(reader.take()?));
        if !reader.0.is_empty() {
            return Err(CodeFault);
        }
        let ticket_type = (!ticket_type.is_nil()).then_some(TicketTypeId(ticket_type));
        let says = TicketCode { key, event, ticket, ticket_type, valid_from, valid_until };
        Ok(Self { says, body: body.to_vec(), signature: *signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> TicketCode {
        TicketCode {
            key: 7,
            event: "evt1".parse().expect("a slug"),
            ticket: TicketId(Uuid::from_u128(1)),
            ticket_type: Some(TicketTypeId(Uuid::from_u128(2))),
            valid_from: Some(Timestamp::from_micros(1_767_225_600_000_000)),
            valid_until: None,
        }
    }

    #[test]
    fn a_code_reads_back_and_is_alphanumeric_to_a_qr() {
        for code in [code(), TicketCode { ticket_type: None, valid_from: None, ..code() }] {
            let text = code.text([9; SIGNATURE]);
            assert!(text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()), "{text}");
            let read = SignedCode::read(&text).expect("a code").expect("whole");
            assert_eq!((&read.says, read.signature), (&code, [9; SIGNATURE]));
            assert_eq!(read.body, code.body());
            assert_eq!(SignedCode::read(&text.to_lowercase()), Some(Ok(read)));
        }
    }

    #[test]
    fn what_is_cut_or_lengthened_is_damaged_and_what_is_no_code_is_none() {
        let text = code().text([9; SIGNATURE]);
        for length in CODE_PREFIX.len()..text.len() {
            assert_eq!(SignedCode::read(&text[..length]), Some(Err(CodeFault)), "{length}");
        }
        for wrong in [format!("{text}AAAAAAAA"), text.replace('D', "1"), format!("{text} ")] {
            assert!(matches!(SignedCode::read(&wrong), None | Some(Err(CodeFault))), "{wrong}");
        }
        for other in ["TICKET123", "", "DMG", "🎫🎫"] {
            assert_eq!(SignedCode::read(other), None, "{other}");
        }
    }
}
