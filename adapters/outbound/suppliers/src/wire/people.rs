//! Names, telephone numbers and dates of birth as carriers take them.

use dermaga_ports::booking::{Day, Personal, Traveller};

use super::outcome::{Result, invalid};

/// Given and family name. Who has one name only is written with it twice, which is what airlines ask for.
pub(crate) fn names(traveller: &Traveller, at: usize) -> Result<(&str, &str)> {
    let given = name(&traveller.given_name, &format!("travellers[{at}].given_name"))?;
    let family = match &traveller.family_name {
        Some(family) => name(family, &format!("travellers[{at}].family_name"))?,
        None => given,
    };
    Ok((given, family))
}

/// A name as a ticket takes it.
pub(crate) fn name<'n>(name: &'n Personal, field: &str) -> Result<&'n str> {
    if name.fits_a_ticket() {
        return Ok(name.reveal().trim());
    }
    Err(invalid(field, "a name has 1 to 20 Latin letters, blanks, hyphens or apostrophes, as in the passport"))
}

/// `+6281234567890`.
pub(crate) fn phone(phone: &Personal) -> Result<&str> {
    if phone.is_international() {
        return Ok(phone.reveal());
    }
    Err(invalid("contact.phone", "a telephone number is written as +6281234567890"))
}

/// An address that has the form of one.
pub(crate) fn email(email: &Personal) -> Result<&str> {
    let text = email.reveal();
    let whole = text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if whole && !text.contains(char::is_whitespace) {
        return Ok(text);
    }
    Err(invalid("contact.email", "an e-mail address is written as name@example.com"))
}

/// A day of birth, where the carrier wants one.
pub(crate) fn born_on(traveller: &Traveller, at: usize) -> Result<&str> {
    let field = format!("travellers[{at}].born_on");
    let Some(born) = &traveller.born_on else { return Err(invalid(field, "the carrier wants the day of birth")) };
    match born.reveal().parse::<Day>() {
        Ok(_) => Ok(born.reveal()),
        Err(error) => Err(invalid(field, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::booking::{RefusalKind, TravellerKind};

    use super::*;
    use crate::wire::outcome::NotDone;

    fn traveller(given: &str, family: Option<&str>) -> Traveller {
        Traveller {
            kind: TravellerKind::Adult,
            title: None,
            gender: None,
            given_name: given.into(),
            family_name: family.map(Into::into),
            born_on: Some("1987-07-24".into()),
            document: None,
        }
    }

    #[test]
    fn trap_30_one_name_is_written_twice() {
        let (suharto, budi) = (traveller("Suharto", None), traveller("Budi", Some("Santoso")));
        assert_eq!(names(&suharto, 0), Ok(("Suharto", "Suharto")));
        assert_eq!(names(&budi, 0), Ok(("Budi", "Santoso")));
    }

    #[test]
    fn a_name_is_latin_and_no_longer_than_a_ticket() {
        for good in ["José María", "O'Neill", "Anne-Lise", "Łukasz"] {
            let traveller = traveller(good, None);
            assert!(names(&traveller, 0).is_ok(), "{good}");
        }
        for bad in ["", " ", "Budi1", "ブディ", "a×b", &"x".repeat(21)] {
            let traveller = traveller("Budi", Some(bad));
            let told = names(&traveller, 2);
            let field = "travellers[2].family_name".to_owned();
            assert!(
                matches!(told, Err(NotDone::Refused(no)) if no.kind == RefusalKind::InvalidInput { field }),
                "{bad}"
            );
        }
    }

    #[test]
    fn telephone_numbers_are_international_and_addresses_have_two_sides() {
        assert!(phone(&"+6281234567890".into()).is_ok() && email(&"budi@example.com".into()).is_ok());
        for bad in ["081234567890", "+62 812", "+", ""] {
            assert!(phone(&bad.into()).is_err(), "{bad}");
        }
        for bad in ["budi", "@example.com", "budi@x", "b udi@example.com"] {
            assert!(email(&bad.into()).is_err(), "{bad}");
        }
    }
}
