//! What a reviewer should see when it changes: the OpenAPI documents, the permission matrix, the table of problems.
//!
//! A test here fails on drift. To accept the change: `UPDATE_SNAPSHOTS=1 cargo test --workspace --test snapshots`.

use std::{fmt::Write as _, fs, path::PathBuf};

use dermaga_domain::auth::{Grantee, Permission};
use dermaga_http::{edge, slices};

fn compare(path: &str, fresh: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&file, fresh).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if let Some((line, (kept, fresh))) =
        kept.lines().zip(fresh.lines()).enumerate().find(|(_, (kept, fresh))| kept != fresh)
    {
        panic!("{path} differs at line {}:\n- {kept}\n+ {fresh}\n{HOW}", line + 1);
    }
    assert!(kept == fresh, "{path} has {} bytes, fresh ones are {}.\n{HOW}", kept.len(), fresh.len());
}

const HOW: &str = "If the change is meant: UPDATE_SNAPSHOTS=1 cargo test --workspace --test snapshots";

#[test]
fn the_openapi_document_of_the_suite() {
    compare("openapi/suite.json", &slices::suite().document);
}

#[test]
fn the_openapi_document_of_the_wallet() {
    compare("openapi/wallet.json", &slices::wallet().document);
}

#[test]
fn the_openapi_document_of_the_shop() {
    compare("openapi/shop.json", &slices::shop().document);
}

#[test]
fn the_openapi_document_of_the_events_host() {
    compare("openapi/events.json", &slices::events().document);
}

#[test]
fn the_openapi_document_of_the_travel_host() {
    compare("openapi/travel.json", &slices::travel().document);
}

#[test]
fn no_document_says_something_twice() {
    let slices = [slices::suite(), slices::wallet(), slices::travel(), slices::shop(), slices::events()];
    for document in slices.map(|slice| slice.document) {
        // A parser keeps the last of two equal keys, so what it writes again is shorter; browsers refuse it altogether.
        let parsed: serde_json::Value = serde_json::from_str(&document).expect("JSON");
        let again = format!("{}\n", serde_json::to_string_pretty(&parsed).expect("a text"));
        assert_eq!(again.lines().count(), document.lines().count());
    }
}

#[test]
fn the_permission_matrix() {
    let mut page =
        String::from("# Permissions\n\nWho may do what, as `domain/src/auth/policy.rs` says it.\n\n| permission |");
    for grantee in Grantee::ALL {
        write!(page, " {} |", grantee.as_str()).expect("a text");
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(Grantee::ALL.len()));
    for permission in Permission::ALL {
        write!(page, "\n| `{}` |", permission.as_str()).expect("a text");
        for grantee in Grantee::ALL {
            page.push_str(if permission.granted_to(grantee) { " yes |" } else { " |" });
        }
    }
    page.push('\n');
    compare("docs/reference/permissions.md", &page);
}

#[test]
fn the_table_of_problems() {
    let mut page = String::from("# Problems\n\nEvery refusal is `application/problem+json` with one of these codes.\n");
    page.push_str("\n| status | code | meaning |\n|---|---|---|\n");
    for row in edge::table() {
        writeln!(page, "| {} | `{}` | {} |", row.status, row.code, row.title).expect("a text");
    }
    compare("docs/reference/problems.md", &page);
}
