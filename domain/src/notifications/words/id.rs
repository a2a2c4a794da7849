//! Bahasa Indonesia.

use super::{Digits, Sum, Words};
use crate::notifications::notice::{Kind, What};

pub(super) const DIGITS: Digits = Digits { thousands: '.', decimals: ',' };

/// The subject of what staff wrote themselves.
pub(super) const SUBJECT: &str = "Pemberitahuan";

fn rp(sum: Sum) -> String {
    DIGITS.money(sum)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Topup => "top up",
        Kind::Payment => "pembayaran",
        Kind::Transfer => "transfer",
        Kind::Debit => "penarikan",
        Kind::Credit => "penambahan",
    }
}

/// "Alasan: …", or nothing.
fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" Alasan: {}.", reason.trim_end_matches('.'))).unwrap_or_default()
}

/// Subject and message.
#[expect(clippy::too_many_lines, reason = "one arm for each thing that is said")]
pub(super) fn say(what: &What) -> (String, String) {
    match what {
        What::TopupArrived { sum } => {
            ("Top up berhasil".to_owned(), format!("Top up {} berhasil dan sudah masuk ke dompet Anda.", rp(*sum)))
        }
        What::MoneyReceived { sum, from } => {
            let from = from.as_ref().map(|name| format!(" dari {name}")).unwrap_or_default();
            ("Anda menerima uang".to_owned(), format!("Anda menerima {}{from}.", rp(*sum)))
        }
        What::MoneySent { sum, to } => {
            let to = to.as_ref().map(|name| format!(" kepada {name}")).unwrap_or_default();
            ("Transfer berhasil".to_owned(), format!("Transfer Anda sebesar {}{to} berhasil.", rp(*sum)))
        }
        What::MoneyAdded { sum } => {
            ("Saldo bertambah".to_owned(), format!("{} telah ditambahkan ke saldo Anda.", rp(*sum)))
        }
        What::MoneyTaken { sum } => {
            ("Saldo berkurang".to_owned(), format!("{} telah dipotong dari saldo Anda.", rp(*sum)))
        }
        What::TransferWaiting { sum } => (
            "Transfer menunggu konfirmasi".to_owned(),
            format!("Transfer Anda sebesar {} menunggu konfirmasi. Dana sudah dicadangkan.", rp(*sum)),
        ),
        What::TransactionFailed { kind: which, sum } => (
            "Transaksi gagal".to_owned(),
            format!("Transaksi {} sebesar {} gagal. Saldo Anda tidak berkurang.", kind(*which), rp(*sum)),
        ),
        What::TransactionCancelled { kind: which, sum } => (
            "Transaksi dibatalkan".to_owned(),
            format!("Transaksi {} sebesar {} dibatalkan. Saldo Anda tidak berkurang.", kind(*which), rp(*sum)),
        ),
        What::MoneyReturned { kind: which, sum, returned } => (
            "Dana dikembalikan".to_owned(),
            format!(
                "Dari {} sebesar {}, sejauh ini {} telah dikembalikan kepada Anda.",
                kind(*which),
                rp(*sum),
                rp(*returned)
            ),
        ),
        What::MoneyReclaimed { sum, returned } => (
            "Dana ditarik kembali".to_owned(),
            format!(
                "Dari {} yang Anda terima, sejauh ini {} telah dikembalikan kepada pengirim.",
                rp(*sum),
                rp(*returned)
            ),
        ),
        What::PaymentTaken { sum } => {
            ("Pembayaran berhasil".to_owned(), format!("Pembayaran Anda sebesar {} berhasil.", rp(*sum)))
        }
        What::PaymentFailed { sum, reason } => (
            "Pembayaran gagal".to_owned(),
            format!("Pembayaran Anda sebesar {} gagal.{}", rp(*sum), because(reason.as_deref())),
        ),
        What::PaymentExpired { sum } => (
            "Batas waktu pembayaran berakhir".to_owned(),
            format!("Batas waktu pembayaran sebesar {} telah berakhir. Jangan membayar lagi.", rp(*sum)),
        ),
        What::PaymentInReview { sum } => (
            "Pembayaran sedang diperiksa".to_owned(),
            format!("Pembayaran Anda sebesar {} sedang kami periksa. Kami akan mengabari Anda.", rp(*sum)),
        ),
        What::PaymentSurplus { sum } => (
            "Pembayaran terlambat atau ganda".to_owned(),
            format!("Pembayaran Anda sebesar {} masuk terlambat atau ganda. Dana Anda aman.", rp(*sum)),
        ),
        What::RefundMade { sum } => {
            ("Dana dikembalikan".to_owned(), format!("Pengembalian dana sebesar {} telah dilakukan.", rp(*sum)))
        }
        What::RefundFailed { sum } => (
            "Pengembalian dana tertunda".to_owned(),
            format!("Pengembalian dana sebesar {} belum berhasil. Kami sedang menanganinya.", rp(*sum)),
        ),
        What::OrderConfirmed { sum } => {
            let pay = sum.map(|sum| format!(" Silakan bayar {}.", rp(sum))).unwrap_or_default();
            ("Pesanan menunggu pembayaran".to_owned(), format!("Pesanan Anda sudah kami terima.{pay}"))
        }
        What::OrderPaid { sum } => {
            let paid = sum.map(|sum| format!(" sebesar {}", rp(sum))).unwrap_or_default();
            ("Pesanan sudah dibayar".to_owned(), format!("Pembayaran pesanan Anda{paid} sudah kami terima."))
        }
        What::OrderCompleted {} => ("Pesanan selesai".to_owned(), "Pesanan Anda sudah selesai.".to_owned()),
        What::OrderCancelled {} => ("Pesanan dibatalkan".to_owned(), "Pesanan Anda dibatalkan.".to_owned()),
        What::TicketIssued { event } => {
            ("Tiket Anda".to_owned(), format!("Ini tiket Anda untuk {event}. Tunjukkan kodenya di pintu masuk."))
        }
        What::TicketWithdrawn { event } => {
            ("Tiket Anda tidak berlaku lagi".to_owned(), format!("Tiket Anda untuk {event} tidak berlaku lagi."))
        }
        What::OrderExpired {} => (
            "Pesanan kedaluwarsa".to_owned(),
            "Batas waktu pembayaran pesanan Anda telah berakhir, dan pesanan dibatalkan.".to_owned(),
        ),
        What::BookingBought { title } => (
            format!("{title} berhasil dibeli"),
            format!("{title} sudah kami belikan untuk Anda. Silakan lihat di daftar pemesanan Anda."),
        ),
        What::BookingRefused { title, sum } => (
            format!("{title} tidak dapat dibeli"),
            format!("{title} tidak dapat kami belikan. Dana sebesar {} akan dikembalikan kepada Anda.", rp(*sum)),
        ),
        What::BookingCancelled { title } => {
            (format!("{title} dibatalkan"), format!("{title} sudah dibatalkan. Yang telah dibeli tidak berlaku lagi."))
        }
        What::BookingMoved { title } => (
            format!("{title}: jadwal berubah"),
            format!("Jadwal keberangkatan {title} diubah oleh operator. Silakan tanyakan jadwal barunya kepada kami."),
        ),
    }
}

/// The whole e-mail.
pub(super) fn letter(words: &Words, name: Option<&str>) -> String {
    let greeting = name.map_or_else(|| "Halo,".to_owned(), |name| format!("Halo {name},"));
    let reference = match &words.reference {
        Some(number) => {
            format!("\n\nNomor referensi: {number}\nJika Anda tidak mengenali transaksi ini, segera hubungi kami.")
        }
        None => String::new(),
    };
    format!("{greeting}\n\n{}{reference}\n\nPesan ini dikirim secara otomatis.\n", words.message)
}
