//! Which id belongs in which place: from the words of an argument to a table, and from there to a
//! row of whoever's world is asked for.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::support::Sql;
use crate::support::documents::Place;

/// Words that stand for a table of another name.
const ALIASES: [(&str, &str); 17] = [
    ("mail", "outbox"),
    ("actor", "members"),
    ("assignee", "members"),
    ("door", "portal_links"),
    ("field", "field_definitions"),
    ("lead", "members"),
    ("link", "portal_links"),
    ("membership", "members"),
    ("owner", "members"),
    ("project", "records"),
    ("record watcher", "records"),
    ("session", "staff_sessions"),
    ("subject", "records"),
    ("type", "record_types"),
    ("watcher", "members"),
    ("administrator", "members"),
    ("webhook secret", "webhook_endpoints"),
];

/// One row of each table that belong together.
#[derive(Clone, Debug)]
pub struct Ids(BTreeMap<String, String>);

impl Ids {
    /// The rows around one company, starting with the record that `which` finds.
    pub async fn around(admin: &Sql, org: Uuid, company: Uuid, which: &str) -> Self {
        let mut ids = BTreeMap::from([("organizations".to_owned(), org.to_string())]);
        ids.insert("companies".to_owned(), company.to_string());
        let record =
            format!("select id from records where org_id = '{org}' and company_id = '{company}' and {which}");
        // One with milestones, whatever other ids happen to sort first.
        let milestones =
            "exists (select from milestones m where m.org_id = records.org_id and m.record_id = records.id)";
        let record = admin.value(&format!("{record} order by {milestones} desc, id limit 1")).await;
        let kind = admin
            .value(&format!("select type_id from records where org_id = '{org}' and id = '{record}'"))
            .await;
        ids.insert("record_types".to_owned(), kind);
        ids.insert("records".to_owned(), record);
        // Portals before what hangs on them.
        let tables = admin
            .column(
                "select t.relname::text from pg_class t where t.relnamespace = 'public'::regnamespace and t.relkind = 'r'
                     and exists (select from pg_attribute where attrelid = t.oid and attname = 'id')
                     and exists (select from pg_attribute where attrelid = t.oid and attname = 'org_id')
                 order by t.relname <> 'portals', t.relname <> 'portal_links', t.relname",
            )
            .await;
        for table in tables {
            if !ids.contains_key(&table) {
                let id = Self::find(admin, org, &table, &ids).await;
                ids.insert(table, id);
            }
        }
        Self(ids)
    }

    /// The first row that belongs to all that is known so far.
    async fn find(admin: &Sql, org: Uuid, table: &str, known: &BTreeMap<String, String>) -> String {
        let mut query = format!("select id from {table} where org_id = '{org}'");
        let parents = [
            ("company_id", "companies"),
            ("record_id", "records"),
            ("type_id", "record_types"),
            ("portal_id", "portals"),
            ("link_id", "portal_links"),
        ];
        for (column, parent) in parents {
            let has = format!(
                "select count(*) from pg_attribute where attrelid = '{table}'::regclass and attname = '{column}'"
            );
            if let Some(id) = known.get(parent).filter(|_| table != "portals" || column == "company_id")
                && admin.value(&has).await == "1"
            {
                query.push_str(&format!(" and ({column} = '{id}' or {column} is null)"));
            }
        }
        // Of members a colleague: clients are nobody to staff.
        let living = format!(
            "to_jsonb({table}) ->> 'archived_at' is null and to_jsonb({table}) ->> 'role' is distinct from 'CLIENT'
             and to_jsonb({table}) ->> 'shared' is distinct from 'false'"
        );
        admin.column(&format!("{query} order by {living} desc, id limit 1")).await.pop().unwrap_or_else(
            || {
                // If this failed, you probably added a table: plant a row for the first company and its
                // first project in crowd.sql.
                admin_has_none(table)
            },
        )
    }

    /// The id that a place asks for.
    pub fn of(&self, place: &Place) -> String {
        let table = table_of(&place.of, self.0.keys());
        // If this failed, you probably named an argument after something that is no table: teach
        // ALIASES what the word stands for.
        let table = table.unwrap_or_else(|| panic!("what is {:?} an id of ({:?})?", place.path, place.of));
        self.0[&table].clone()
    }
}

/// Nothing of this table is around the first company: callers see an id that never existed.
fn admin_has_none(_table: &str) -> String {
    Uuid::nil().to_string()
}

/// The table whose name shares most words with the end of what is asked for.
fn table_of<'a>(of: &[String], tables: impl Iterator<Item = &'a String>) -> Option<String> {
    let singular = |word: &String| -> String {
        let word = word.strip_suffix("ies").map_or_else(|| word.clone(), |stem| format!("{stem}y"));
        word.strip_suffix('s').map_or_else(|| word.clone(), str::to_owned)
    };
    let of: Vec<String> = of.iter().map(singular).collect();
    let scored = tables.map(|table| {
        let name: Vec<String> = table.split('_').map(|word| singular(&word.to_owned())).collect();
        let shared = name.iter().rev().zip(of.iter().rev()).take_while(|(a, b)| a == b).count();
        (shared, shared == name.len(), table)
    });
    let best = scored.filter(|(shared, ..)| *shared > 0).max_by_key(|(shared, whole, _)| (*shared, *whole));
    let ends = |from: &str| of.join(" ") == from || of.join(" ").ends_with(&format!(" {from}"));
    let aliases = ALIASES.iter().filter(|(from, _)| ends(from));
    let alias = aliases.max_by_key(|(from, _)| from.len());
    match (best, alias) {
        (Some((_, true, table)), _) => Some(table.clone()),
        (_, Some((_, table))) => Some((*table).to_owned()),
        (Some((.., table)), None) => Some(table.clone()),
        (None, None) => None,
    }
}
