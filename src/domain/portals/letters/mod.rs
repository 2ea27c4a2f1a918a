//! What is mailed about portals: a shared link (LINK-8), and a way around a locked door (DOOR-3). Each
//! makes the secrets that it carries, as it is sent (LINK-2).

mod rows;

use super::doors;
use crate::db::ids::LinkId;
use crate::domain::mails::{Budget, Desk, Letter};
use crate::domain::tokens::{Token, TokenKind};
use crate::error::Result;

/// A link that staff shared with its recipient.
pub async fn portal_link(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let Some(letter) = to_recipient(desk).await? else { return Ok(None) };
    let token = fresh_token(desk).await?;
    let url = desk.url(&format!("/portal/{}", token.reveal()));
    Ok(Some(letter.button(url).counted(Budget::Staff)))
}

/// What the holder of a dead URL asked for: only the recipient on record gets it.
pub async fn fresh_link(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let letter = portal_link(desk).await?;
    Ok(letter.map(|letter| letter.counted(Budget::Visitor)))
}

/// For staff: somebody opened a link that nobody had opened before.
pub async fn first_view(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let Some(link) = rows::find(desk.tx, LinkId(desk.subject)).await? else { return Ok(None) };
    let Some(maker) = rows::maker_of(desk.tx, LinkId(desk.subject)).await? else { return Ok(None) };
    let Some(letter) = desk.letter(&maker.email, Some(maker.name), None) else { return Ok(None) };
    let who = link.recipient().map(|(email, name, _)| name.unwrap_or(email)).unwrap_or_else(|| "none".into());
    Ok(Some(letter.with("portal", maker.label).with("recipient", who)))
}

/// What a link's recipient asked for at its locked door.
pub async fn door_bypass(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let Some(letter) = to_recipient(desk).await? else { return Ok(None) };
    let token = fresh_token(desk).await?;
    let bypass = doors::make_bypass(desk.tx, desk.clock, LinkId(desk.subject)).await?;
    let url = desk.url(&format!("/portal/{}/bypass/{}", token.reveal(), bypass.reveal()));
    Ok(Some(letter.button(url).counted(Budget::Bypass)))
}

/// A letter to the recipient of a link that opens, or will.
async fn to_recipient(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let link = rows::find(desk.tx, LinkId(desk.subject)).await?;
    let Some(link) = link.filter(|link| desk.house.portal_enabled && link.is_open(desk.clock.now())) else {
        return Ok(None);
    };
    let Some((email, name, language)) = link.recipient() else { return Ok(None) };
    Ok(desk.letter(&email, name, language).map(|letter| letter.with("portal", link.title)))
}

/// Another token for the link's URL. Those of the same generation stay good: a mail that was sent
/// before, perhaps twice, leads to the same door.
async fn fresh_token(desk: &Desk<'_>) -> Result<Token> {
    let token = Token::new(TokenKind::Link)?;
    rows::give_token(desk.tx, LinkId(desk.subject), token.hash()).await?;
    Ok(token)
}
