//! People of an organisation besides its owner, signed in. Arranged by SQL: staff invitations are
//! not there yet.

use uuid::Uuid;
use vestibule::demo::data::PlantedOrganization;
use vestibule::domain::tokens::{Token, TokenKind};

use super::TestApp;

/// A member who is signed in.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// The member.
    pub id: Uuid,
    /// Their session.
    pub session_id: Uuid,
    /// What they send as `Authorization: Bearer …`.
    pub token: String,
    /// Where they get mail.
    pub email: String,
}

impl TestApp {
    /// The token of a new MEMBER who holds `permissions`.
    pub async fn member_of(&self, org: &PlantedOrganization, permissions: &[&str]) -> String {
        self.colleague_of(org, "MEMBER", permissions).await.token
    }

    /// A new member with a role, and for a MEMBER the permissions granted.
    pub async fn colleague_of(
        &self,
        org: &PlantedOrganization,
        role: &str,
        permissions: &[&str],
    ) -> Colleague {
        let clock = &self.app.clock;
        let (person, id, session_id) = (clock.id(), clock.id(), clock.id());
        let email = format!("{}@{}.example", id.simple(), org.slug);
        let token = Token::new(TokenKind::StaffSession).unwrap();
        let hash = hex::encode(token.hash());
        let (org, permissions) = (org.id, permissions.join(","));
        self.arrange(&format!(
            "insert into people (id, email, password_hash, password_proved) values ('{person}', '{email}', 'never', true);
             insert into members (org_id, id, person_id, role, permissions, name, email)
             values ('{org}', '{id}', '{person}', '{role}', '{{{permissions}}}', 'Kim Adeyemi', '{email}');
             insert into staff_sessions (org_id, id, member_id, token_hash, expires_at)
             values ('{org}', '{session_id}', '{id}', '\\x{hash}', now() + interval '1 day')",
        ))
        .await;
        Colleague { id, session_id, token: token.reveal(), email }
    }
}
