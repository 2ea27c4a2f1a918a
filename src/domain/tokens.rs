//! Secrets that people and programs hold: made from the operating system's random source, shown
//! once, kept only as a hash (LINK-2, invariant 14).

use rand::TryRng as _;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret as _, SecretString};

use super::callers::hash_token;
use crate::db::scope::CredentialHash;
use crate::error::{Error, Result};
use crate::sealing::SealingKey;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CODED: &str = "vp_code_";
/// 32 of 62 characters: 190 bits.
const LENGTH: usize = 32;

/// A new secret on its way to its holder. Cannot be printed.
#[derive(Debug)]
pub struct Token {
    secret: SecretString,
    hash: CredentialHash,
}

/// What a secret is for; the prefix makes a leaked one findable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Ends a portal's URL: no prefix, exactly 32 characters.
    Link,
    /// `vs_…`
    StaffSession,
    /// `vk_…`
    ApiKey,
    /// `vp_…`
    PortalSession,
    /// `vp_code_…`: of a door with an access code, so that only these ask Redis what they passed.
    CodedSession,
    /// `vw_…`: staff looking through a portal's eyes.
    Preview,
    /// `vb_…`: a way around a locked door.
    Bypass,
    /// `vi_…`: accepts an invitation.
    Invitation,
    /// `vn_…`: that one reads the address of a consent.
    Consent,
    /// `vm_…`: accepts a colleague's invitation.
    MemberInvitation,
    /// `vr_…`: chooses a new password.
    PasswordReset,
    /// `vl_…`: signs in, in the browser that asked.
    SignInLink,
    /// `va_…`: somebody who proved an address.
    Visitor,
    /// `vq_…`: kept by the browser that asked for a sign-in link.
    SignInAsk,
    /// `vc_…`: reads a portal's calendar.
    Calendar,
}

impl TokenKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Link => "",
            Self::StaffSession => "vs_",
            Self::ApiKey => "vk_",
            Self::PortalSession => "vp_",
            Self::CodedSession => CODED,
            Self::Preview => "vw_",
            Self::Bypass => "vb_",
            Self::Invitation => "vi_",
            Self::Consent => "vn_",
            Self::MemberInvitation => "vm_",
            Self::PasswordReset => "vr_",
            Self::SignInLink => "vl_",
            Self::Visitor => "va_",
            Self::SignInAsk => "vq_",
            Self::Calendar => "vc_",
        }
    }
}

impl Token {
    /// A fresh secret.
    pub fn new(kind: TokenKind) -> Result<Self> {
        let mut text = String::with_capacity(kind.prefix().len() + LENGTH);
        text.push_str(kind.prefix());
        let mut bytes = [0u8; 64];
        while text.len() < kind.prefix().len() + LENGTH {
            SysRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
            let missing = kind.prefix().len() + LENGTH - text.len();
            // Bytes above the largest multiple of 62 are thrown away: every character is equally likely.
            let fair = bytes.iter().filter(|b| **b < 248).map(|b| char::from(ALPHABET[usize::from(b % 62)]));
            text.extend(fair.take(missing));
        }
        Ok(Self { hash: hash_token(&text), secret: text.into() })
    }

    /// The same secret each time for one key and purpose, where a secret that is kept nowhere has to be
    /// mailed more than once.
    pub fn derived(kind: TokenKind, key: &SealingKey, purpose: &[u8]) -> Self {
        let text = format!("{}{}", kind.prefix(), hex::encode(key.derive(purpose)));
        Self { hash: hash_token(&text), secret: text.into() }
    }

    /// What the database keeps.
    pub fn hash(&self) -> CredentialHash {
        self.hash
    }

    /// Its last four characters, by which people tell tokens apart.
    pub fn hint(&self) -> String {
        let secret = self.secret.expose_secret();
        secret[secret.len() - 4..].to_owned()
    }

    /// The secret, for its holder.
    pub fn reveal(&self) -> String {
        self.secret.expose_secret().to_owned()
    }
}

/// A portal session as its holder presents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    pub hash: CredentialHash,
    /// Whether it claims to have passed an access code. What it passed, only Redis knows.
    pub coded: bool,
}

impl Presented {
    /// Reads the text of a token, whatever it is.
    pub fn of(token: &str) -> Self {
        Self { hash: hash_token(token), coded: token.starts_with(CODED) }
    }
}

/// The hash to look up for what stands in a portal's address. Text that has not the form of a
/// link's token is hashed and looked up all the same, so that no answer or time tells it apart
/// (LINK-5), but never finds anything: a session's token is no address.
pub fn hash_link(text: &str) -> CredentialHash {
    if has_link_form(text) { hash_token(text) } else { hash_token(&format!("malformed link {text}")) }
}

/// The hash to look up for who asks for a fresh link (LINK-10): with the token of one that is dead, or
/// with that of a mail about its portal.
pub fn hash_former_link(text: &str) -> CredentialHash {
    if text.starts_with(TokenKind::Consent.prefix()) { hash_token(text) } else { hash_link(text) }
}

fn has_link_form(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|b| ALPHABET.contains(&b))
}
