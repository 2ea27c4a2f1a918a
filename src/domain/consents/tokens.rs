//! What the links of a mail prove: that one reads the address (NOTE-1, NOTE-3). It opens no portal.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::ids::{ConsentId, OrgId};
use crate::db::schema::system::consent_tokens as tokens;
use crate::db::scope::Tx;
use crate::domain::tokens::{Token, TokenKind};
use crate::error::Result;
use crate::sealing::SealingKeys;

/// The token for the mails of a consent, made as one is sent: the same each time for one sealing key, so
/// that the links of a mail sent twice both work, and rows do not grow with mails. Those of earlier keys
/// stay good.
pub async fn mail_token(tx: &Tx<OrgId>, keys: &SealingKeys, consent: ConsentId) -> Result<Token> {
    let org = *tx.scope();
    let purpose = [b"consent/".as_slice(), org.0.as_bytes(), consent.0.as_bytes()].concat();
    let token = Token::derived(TokenKind::Consent, keys.newest(), &purpose);
    let row = (
        tokens::org_id.eq(org),
        tokens::token_hash.eq(token.hash().to_vec()),
        tokens::consent_id.eq(consent),
    );
    diesel::insert_into(tokens::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(&mut tx.connection())
        .await?;
    Ok(token)
}
