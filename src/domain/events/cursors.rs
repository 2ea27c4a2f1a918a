//! Where a reader stands in a log, and the cursor that says so outside: sealed, so that nobody reads
//! numbers, gaps or rates from it, and bound to whose log it is and who reads it (invariant 11).

use aes_siv::aead::{Aead as _, KeyInit as _, Payload};
use aes_siv::{Aes128SivAead, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::deserialize::FromSqlRow;
use diesel::deserialize::{self, FromSql};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;

use crate::db::ids::{OrgId, PortalId};
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;

/// The number of an event in its organisation's log; a reader who stands there has seen it, and all
/// before it. Zero is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::BigInt)]
pub struct Position(pub i64);

impl ToSql<sql_types::BigInt, Pg> for Position {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <i64 as ToSql<sql_types::BigInt, Pg>>::to_sql(&self.0, out)
    }
}

impl FromSql<sql_types::BigInt, Pg> for Position {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <i64 as FromSql<sql_types::BigInt, Pg>>::from_sql(value).map(Self)
    }
}

/// Whose cursors they are: those of one are nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorKey {
    Staff(OrgId),
    Portal(OrgId, PortalId),
}

impl CursorKey {
    fn bound_to(self) -> Vec<u8> {
        match self {
            Self::Staff(org) => [b"staff".as_slice(), org.0.as_bytes()].concat(),
            Self::Portal(org, portal) => {
                [b"portal".as_slice(), org.0.as_bytes(), portal.0.as_bytes()].concat()
            }
        }
    }

    /// The cursor of a position. The same position has the same cursor.
    pub fn seal(self, keys: &SealingKeys, position: Position) -> String {
        let payload = position.0.to_be_bytes();
        let sealed = cipher(&keys.newest().derive(b"event cursor"))
            .encrypt(&Nonce::default(), Payload { msg: &payload, aad: &self.bound_to() })
            .expect("eight bytes can be sealed");
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The position of a cursor.
    pub fn open(self, keys: &SealingKeys, cursor: &str) -> Result<Position> {
        let unknown = || Error::invalid("after", "That is not a cursor of these events.");
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| unknown())?;
        let payload = Payload { msg: &sealed, aad: &self.bound_to() };
        let opened = keys.each().find_map(|key| {
            let opened = cipher(&key.derive(b"event cursor"))
                .decrypt(&Nonce::default(), Payload { msg: payload.msg, aad: payload.aad });
            opened.ok().and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes)
        });
        opened.map(Position).ok_or_else(unknown)
    }
}

fn cipher(key: &[u8; 32]) -> Aes128SivAead {
    Aes128SivAead::new(key.into())
}
