//! The signature of a notification.

use std::fmt::Write;

use sha2::{Digest, Sha512};

use crate::wire::Secret;

/// SHA-512 over order, code, amount and key, as lower-case hexadecimal. The texts are taken as they were sent: the amount
/// with its decimals, the code of that very message.
fn signature(order: &str, code: &str, amount: &str, key: &Secret) -> String {
    let mut hash = Sha512::new();
    for part in [order, code, amount, key.expose()] {
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().fold(String::with_capacity(128), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether Midtrans, or somebody else who has the key, signed these three texts.
pub(super) fn is_authentic(order: &str, code: &str, amount: &str, given: &str, key: &Secret) -> bool {
    Secret::new(signature(order, code, amount, key)).is(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: [(&str, &str, &str, &str, &str); 7] = [
        (
            "SB-Mid-server-EXAMPLE00000000000",
            "DCF-20260105-000123",
            "200",
            "150000.00",
            "0f76ab02450f91ea65280ca8b0b8efef272598e87f9af26862a89f9a6fd3384d5ff9d25c30b6ee93d9f2eb3741878359fde49392a1be70a0075f1718a6203d51",
        ),
        (
            "SB-Mid-server-EXAMPLE00000000000",
            "DCF-20260105-000123",
            "201",
            "150000.00",
            "c91a74eaba595c75812a952a8d82a9534f3eb73aab0b6c23d9903d6f5c87d8e842c80e5e4ed5a56c0f6e9b1eae2f41e8abf39a36a5488af708c13dee9b0525bb",
        ),
        (
            "SB-Mid-server-EXAMPLE00000000000",
            "DCF-20260105-000123",
            "202",
            "150000.00",
            "7f6ebdb2f27f3df91592f353aaa02ad73d6277ae390aa99835428d938c57b607222cc5d0fece9862b3704e8834b0c02e1eea77f1e1029f3809274dbcc5d09f96",
        ),
        (
            "SB-Mid-server-EXAMPLE00000000000",
            "DCF-20260105-000123",
            "407",
            "150000.00",
            "0cc558d85ec5c47369b9ec1b1b334ccc0ae83e28a7f28abd22374c375802761012aae2ccec00592589e0db7f9ef3a1b6fa571a65c31fd3645b598cbaf124e213",
        ),
        (
            "SB-Mid-server-test",
            "ORDER-sandbox-0002",
            "201",
            "75000.00",
            "db70270f6c27da2b564d4fffd9df3eeae578a7afba22bf5e6071711c7914d7a3d22ccaa533e864cf53742ca73c9e63016b0cbc1f97ee253a77b24b7a410d876a",
        ),
        (
            "SB-Mid-server-test",
            "ORDER-sandbox-0003",
            "202",
            "50000.00",
            "a51d1bd2aa8b1dca9228f3827cd641b6dadf52ebb9ed40fb45db6a06dbb33de7cde8e80caa93dfb5e6beeaaf44f698dc7f6f56edd46556eddaa2a774ff7692c6",
        ),
        (
            "SB-Mid-server-test",
            "ORDER-refund-0001",
            "200",
            "150000.00",
            "066b9923b82f27ba2aaa61bdea78133dcf3d442709a678c86dda29c6656c4cb9d11995e4357e074694e3da2e8d0e25d5afe0578df9f35d85a0365c197387d525",
        ),
    ];

    #[test]
    fn the_published_vectors_are_signed_alike() {
        for (key, order, code, amount, signed) in VECTORS {
            let key = Secret::new(key);
            assert_eq!(signature(order, code, amount, &key), signed, "{order} {code}");
            assert!(is_authentic(order, code, amount, signed, &key));
        }
    }

    #[test]
    fn c10_07_nothing_but_the_very_texts_and_case_are_authentic() {
        let (key, order, code, amount, signed) = VECTORS[0];
        let secret = Secret::new(key);
        let is = |order: &str, code: &str, amount: &str, given: &str| is_authentic(order, code, amount, given, &secret);
        assert!(is(order, code, amount, signed));
        assert!(!is(order, code, amount, &signed.to_uppercase()));
        assert!(!is(order, code, amount, &signed[..127]));
        assert!(!is(order, code, amount, ""));
        assert!(!is(order, "201", amount, signed));
        assert!(!is(order, code, "150000", signed));
        assert!(!is("DCF-20260105-000124", code, amount, signed));
        assert!(!is_authentic(order, code, amount, signed, &Secret::new("SB-Mid-server-other")));
    }
}
