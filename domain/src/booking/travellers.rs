//! Who travels and whom to write to, looked at before anybody is asked.

use dermaga_ports::{
    auth::Email,
    booking::{Contact, IdentityDocument, IdentityKind, Personal, Traveller, TravellerKind},
};

use crate::faults::Faults;

/// The most letters of a whole name, or a plate.
const LONGEST: usize = 100;
/// The most of what somebody asks of a house.
const WISHES: usize = 500;

/// Notes what is wrong with who travels: they have to be those who were looked for, in that order.
pub(super) fn check_passengers(faults: &mut Faults, travellers: &[Traveller], seats: &[TravellerKind]) {
    if travellers.len() != seats.len() {
        faults.add("/passengers", format!("must name the {} who were searched for", seats.len()));
    }
    for (at, traveller) in travellers.iter().enumerate() {
        let place = format!("/passengers/{at}");
        if let Some(kind) = seats.get(at).filter(|kind| **kind != traveller.kind) {
            faults.add(&format!("{place}/kind"), format!("must be {}: so it was searched for", kind.as_str()));
        }
        check_name(faults, &format!("{place}/given_name"), &traveller.given_name);
        if let Some(family) = &traveller.family_name {
            check_name(faults, &format!("{place}/family_name"), family);
        }
        if let Some(document) = &traveller.document {
            check_document(faults, &format!("{place}/document"), document);
        }
    }
}

/// A name as tickets have it. Whoever books hears it now rather than after paying.
pub(super) fn check_name(faults: &mut Faults, place: &str, name: &Personal) {
    if !name.fits_a_ticket() {
        faults.add(place, "must have 1 to 20 Latin letters, blanks, hyphens or apostrophes, as in the passport");
    }
}

/// Notes who has no identity card or passport, where everybody has to show one.
pub(super) fn check_documents(faults: &mut Faults, travellers: &[Traveller]) {
    for (at, _) in travellers.iter().enumerate().filter(|(_, traveller)| traveller.document.is_none()) {
        faults.add(&format!("/passengers/{at}/document"), "is wanted of everybody: an identity card or a passport");
    }
}

/// Notes what airlines want to know besides: of everybody, and before anything is paid.
pub(super) fn check_fliers(faults: &mut Faults, travellers: &[Traveller]) {
    for (at, traveller) in travellers.iter().enumerate() {
        let known = [
            ("title", traveller.title.is_some()),
            ("gender", traveller.gender.is_some()),
            ("born_on", traveller.born_on.is_some()),
        ];
        for (field, _) in known.iter().filter(|(_, known)| !known) {
            faults.add(&format!("/passengers/{at}/{field}"), "is wanted by airlines of everybody");
        }
        let passport = traveller.document.as_ref().filter(|document| document.kind == IdentityKind::Passport);
        if passport.is_some_and(|passport| passport.expires_on.is_none()) {
            faults.add(&format!("/passengers/{at}/document/expires_on"), "is wanted of a passport");
        }
    }
    let of = |kind| travellers.iter().filter(|traveller| traveller.kind == kind).count();
    if of(TravellerKind::Infant) > of(TravellerKind::Adult) {
        faults.add("/passengers", "must have an adult for each infant");
    }
}

/// Notes what is wrong with a text that is not a name.
pub(super) fn check_text(faults: &mut Faults, place: &str, text: &Personal) {
    if faults.text(place, Some(text.reveal()), LONGEST).is_none() {
        faults.add(place, "must not be empty");
    }
}

fn check_document(faults: &mut Faults, place: &str, document: &IdentityDocument) {
    let fits = match document.kind {
        IdentityKind::Nik => document.number.is_nik(),
        IdentityKind::Passport => {
            let number = document.number.reveal();
            (5..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
    };
    if !fits {
        let wanted = match document.kind {
            IdentityKind::Nik => "must have the 16 digits of an identity card",
            IdentityKind::Passport => "must have 5 to 20 letters and digits, as in the passport",
        };
        faults.add(&format!("{place}/number"), wanted);
    }
    let country = &document.issued_by;
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        faults.add(&format!("{place}/issued_by"), "must be a country's two capital letters, as ID");
    }
}

/// Notes what is wrong with the contact.
pub(super) fn check_contact(faults: &mut Faults, contact: &Contact) {
    check_text(faults, "/contact/name", &contact.name);
    faults.parse::<Email>("/contact/email", Some(contact.email.reveal()));
    if !contact.phone.is_international() {
        faults.add("/contact/phone", "must be written as +6281234567890");
    }
}

/// Notes what is wrong with a wish, and gives it trimmed.
pub(super) fn wish(faults: &mut Faults, place: &str, text: Option<&str>) -> Option<Personal> {
    faults.text(place, text, WISHES).map(Personal::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn traveller(kind: TravellerKind) -> Traveller {
        let document = IdentityDocument {
            kind: IdentityKind::Nik,
            number: "3174012345678901".into(),
            issued_by: "ID".to_owned(),
            expires_on: None,
        };
        Traveller {
            kind,
            title: None,
            gender: None,
            given_name: "Budi".into(),
            family_name: None,
            born_on: None,
            document: Some(document),
        }
    }

    fn faults_of(travellers: &[Traveller], seats: &[TravellerKind]) -> Vec<String> {
        let mut faults = Faults::default();
        check_passengers(&mut faults, travellers, seats);
        let told: Option<Error> = faults.check().err();
        told.map(|error| error.faults().iter().map(|fault| fault.pointer.clone()).collect()).unwrap_or_default()
    }

    #[test]
    fn everybody_who_was_searched_for_travels_and_nobody_else() {
        use TravellerKind::{Adult, Child};
        assert!(faults_of(&[traveller(Adult), traveller(Child)], &[Adult, Child]).is_empty());
        assert_eq!(faults_of(&[traveller(Adult)], &[Adult, Child]), ["/passengers"]);
        assert_eq!(faults_of(&[traveller(Child)], &[Adult]), ["/passengers/0/kind"]);
        let nameless = Traveller { given_name: " ".into(), ..traveller(Adult) };
        assert_eq!(faults_of(&[nameless], &[Adult]), ["/passengers/0/given_name"]);
    }

    #[test]
    fn numbers_of_papers_have_their_form() {
        let with = |kind, number: &str, issued_by: &str| {
            let document =
                IdentityDocument { kind, number: number.into(), issued_by: issued_by.to_owned(), expires_on: None };
            let one = Traveller { document: Some(document), ..traveller(TravellerKind::Adult) };
            faults_of(&[one], &[TravellerKind::Adult])
        };
        assert!(with(IdentityKind::Passport, "X1234567", "ID").is_empty());
        let number = ["/passengers/0/document/number"];
        assert_eq!(with(IdentityKind::Nik, "31740123456789", "ID"), number);
        assert_eq!(with(IdentityKind::Passport, "X 12", "ID"), number);
        assert_eq!(with(IdentityKind::Passport, "X1234567", "Indonesia"), ["/passengers/0/document/issued_by"]);
    }
}
