//! Passwords, and sign-ins under way (ORG-2).

use argon2::password_hash::phc::PasswordHash;
use chrono::{DateTime, TimeDelta};
use vestibule::domain::passwords::{NOBODY, hash, verify};
use vestibule::domain::sign_in_providers::Attempt;
use vestibule::sealing::SealingKeys;

fn parameters(hash: &str) -> Vec<&str> {
    hash.split('$').take(4).collect()
}

/// ORG-2
#[test]
fn an_unknown_address_costs_as_much_as_a_known_one() {
    let known = hash("correct horse battery").unwrap();
    // If this failed, the library's defaults changed: give NOBODY the new parameters.
    assert_eq!(parameters(NOBODY), parameters(&known));
    assert!(PasswordHash::new(NOBODY).is_ok());
}

/// ORG-2
#[test]
fn a_password_is_verified() {
    let known = hash("correct horse battery").unwrap();
    assert!(verify("correct horse battery", &known));
    assert!(!verify("correct horse batterz", &known));
}

fn keys(text: &str) -> SealingKeys {
    SealingKeys::parse(&text.into()).unwrap()
}

/// ORG-2
#[test]
fn an_attempt_is_opened_by_its_own_key_and_only_for_a_quarter_of_an_hour() {
    let (one, other) = (keys(&format!("a:{}", "11".repeat(32))), keys(&format!("a:{}", "22".repeat(32))));
    let now = DateTime::UNIX_EPOCH;
    let sealed = Attempt::new("acme".into(), 3, now, "state".to_owned()).seal(&one).unwrap();
    assert!(!sealed.contains("acme"));
    let open = |keys: &SealingKeys, text: &str, minutes| {
        Attempt::<String>::open(keys, text, now + TimeDelta::minutes(minutes))
    };
    assert_eq!(open(&one, &sealed, 14).unwrap().remembered, "state");
    assert!(open(&one, &sealed, 15).is_none());
    assert!(open(&other, &sealed, 1).is_none());
    assert!(open(&one, &sealed[..sealed.len() - 2], 1).is_none());
}
