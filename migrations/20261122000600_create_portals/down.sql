drop table portal_sessions;
drop table portal_links;
drop table portals;
